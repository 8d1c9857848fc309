import { afterEach, describe, expect, it } from 'vitest';
import type { Sender } from '../../core/ports.ts';
import type { PlannedRequest } from '../../core/types.ts';
import { startClock } from '../../io/clock.ts';
import { createHttpSender } from '../../io/http-sender.ts';
import { httpAnswer, type RecordingServer, startRecordingServer } from '../support/recording-server.ts';
import { plannedRequest, send, targetAt } from '../support/send.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const open = async (
  env: Readonly<Record<string, string>> = {},
): Promise<{ server: RecordingServer; sender: Sender }> => {
  const server = await startRecordingServer({ answer: () => httpAnswer(200, 'hello') });
  const sender = createHttpSender({
    targets: [targetAt(server.url)],
    clock: startClock(),
    env: (name) => env[name],
  });
  closers.push(server.close, sender.close);
  return { server, sender };
};

const sendOne = async (changes: Partial<PlannedRequest>, env: Readonly<Record<string, string>> = {}) => {
  const { server, sender } = await open(env);
  const outcome = await send(sender, plannedRequest(changes));
  return { outcome, received: server.requests[0], server };
};

describe('what goes onto the wire', () => {
  it('is the request line, Host first, then the planned headers in order, case and number', async () => {
    const { received, outcome, server } = await sendOne({
      path: '/a?b=c',
      headers: [
        ['User-Agent', 'x/1 reprise'],
        ['X-MiXed', 'one'],
        ['accept', '*/*'],
        ['X-MiXed', 'two, three'],
        ['x-mixed', ''],
        ['x-reprise-id', 'abc'],
      ],
    });
    expect(outcome).toMatchObject({ kind: 'answered', status: 200, bytes: 5 });
    expect(received?.requestLine).toBe('GET /a?b=c HTTP/1.1');
    expect(received?.rawHeaders).toEqual([
      ['host', `127.0.0.1:${server.port}`],
      ['connection', 'keep-alive'],
      ['User-Agent', 'x/1 reprise'],
      ['X-MiXed', 'one'],
      ['accept', '*/*'],
      ['X-MiXed', 'two, three'],
      ['x-mixed', ''],
      ['x-reprise-id', 'abc'],
    ]);
  });

  it('has the planned Host instead of the target’s', async () => {
    const { received } = await sendOne({ host: 'Shop.Example.com:8080', headers: [['a', 'b']] });
    expect(received?.rawHeaders).toEqual([
      ['host', 'Shop.Example.com:8080'],
      ['connection', 'keep-alive'],
      ['a', 'b'],
    ]);
  });

  it('adds no user agent and nothing else of its own', async () => {
    const { received, server } = await sendOne({});
    expect(received?.rawHeaders).toEqual([
      ['host', `127.0.0.1:${server.port}`],
      ['connection', 'keep-alive'],
    ]);
  });

  it.each([
    '/a/../b',
    '/./x',
    '//x',
    '//evil.example/x',
    '/%2F%2f%25%zz',
    '/?',
    '/q??a=b?c#frag',
    '/|"{}\\^`<>[]',
    `/${Array.from({ length: 94 }, (_, i) => String.fromCharCode(0x21 + i)).join('')}`,
    `/long?${'x'.repeat(9_000)}`,
  ])('keeps the path byte for byte: %s', async (path) => {
    const { received } = await sendOne({ path });
    expect(received?.requestLine).toBe(`GET ${path} HTTP/1.1`);
  });

  it.each(['GET', 'HEAD', 'OPTIONS', 'DELETE', 'PURGE', 'PROPFIND', 'get'])(
    'keeps the method %s',
    async (method) => {
      const { server, sender } = await open();
      const first = send(sender, plannedRequest({ method }));
      expect(server.requests).toHaveLength(0);
      if (method !== 'HEAD') await first;
      else await expect.poll(() => server.requests.length).toBe(1);
      expect(server.requests[0]?.requestLine).toBe(`${method} / HTTP/1.1`);
      expect(server.requests[0]?.rawHeaders[1]).toEqual(['connection', 'keep-alive']);
    },
  );

  it('turns text into UTF-8, and lone surrogates into the bytes that they stand for', async () => {
    const { received } = await sendOne({
      headers: [
        ['a', 'Bräuser 日本 🚀'],
        ['b', 'raw-\udce9\udcff-bytes'],
        ['c', 'mixed ü\udc80ü \ud83d\udc80'],
        ['d', 'tab\there'],
      ],
      host: 'b\u00fccher.example',
    });
    const bytes = (text: string): string => Buffer.from(text).toString('latin1');
    expect(received?.rawHeaders).toEqual([
      ['host', bytes('bücher.example')],
      ['connection', 'keep-alive'],
      ['a', bytes('Bräuser 日本 🚀')],
      ['b', 'raw-\xe9\xff-bytes'],
      ['c', `mixed ${bytes('ü')}\x80${bytes('ü')} ${bytes('\ud83d\udc80')}`],
      ['d', 'tab\there'],
    ]);
  });

  it('sends a body with its length, raw bytes included, and a keep-alive connection even with GET', async () => {
    const { received, server } = await sendOne({ method: 'GET', body: 'ü\udcff\n"}', headers: [['x', 'y']] });
    expect(received?.body).toEqual(Buffer.from([0xc3, 0xbc, 0xff, 0x0a, 0x22, 0x7d]));
    expect(received?.rawHeaders).toEqual([
      ['host', `127.0.0.1:${server.port}`],
      ['connection', 'keep-alive'],
      ['x', 'y'],
      ['content-length', '6'],
    ]);
  });

  it('gives an empty POST the length 0', async () => {
    const { received } = await sendOne({ method: 'POST', body: '' });
    expect(received?.rawHeaders.at(-1)).toEqual(['content-length', '0']);
  });

  it('resolves header values from the environment', async () => {
    const { received } = await sendOne(
      { headers: [['Authorization', { fromEnv: 'STAGING_TOKEN' }]] },
      { STAGING_TOKEN: 'Bearer invented-ü' },
    );
    expect(received?.rawHeaders.at(-1)).toEqual([
      'Authorization',
      Buffer.from('Bearer invented-ü').toString('latin1'),
    ]);
  });
});

describe('what cannot be sent', () => {
  it.each<[string, Partial<PlannedRequest>, string]>([
    ['a bad header value', { headers: [['x-bad', 'a\u0001secret']] }, 'invalid x-bad header'],
    ['a bad header name', { headers: [['x bad', 'secret']] }, 'invalid header key'],
    ['a path with a blank', { path: '/a b' }, 'invalid request path'],
    ['a path without a slash', { path: '*' }, 'path must be an absolute URL or start with a slash'],
    ['a second Host', { host: 'a', headers: [['Host', 'secret']] }, 'duplicate host header'],
    ['CONNECT', { method: 'CONNECT', path: 'a:443' }, 'invalid onRequestUpgrade method'],
  ])('fails as protocol without a word of the content: %s', async (_name, changes, detail) => {
    const { outcome, server } = await sendOne(changes);
    expect(outcome).toEqual({ kind: 'failed', code: 'protocol', detail, endMs: expect.any(Number) });
    expect(server.connections).toBe(0);
  });

  it('fails as blocked when a variable is not set, and opens no connection', async () => {
    const { outcome, server } = await sendOne({ headers: [['authorization', { fromEnv: 'NOT_THERE' }]] });
    const detail = 'environment variable NOT_THERE is not set';
    expect(outcome).toEqual({ kind: 'failed', code: 'blocked', detail, endMs: expect.any(Number) });
    expect(server.connections).toBe(0);
  });

  it('fails as blocked when the target is not one of the targets', async () => {
    const { outcome } = await sendOne({ target: 'production' });
    expect(outcome).toMatchObject({ kind: 'failed', code: 'blocked', detail: 'not one of the targets' });
  });

  it('is told once, and never from inside dispatch', async () => {
    const { sender } = await open();
    for (const changes of [{ path: '/a b' }, { target: 'nowhere' }, {}]) {
      const events: string[] = [];
      await new Promise<void>((resolve) => {
        sender.dispatch(plannedRequest(changes), () => {
          events.push('done');
          setImmediate(resolve);
        });
        events.push('dispatched');
      });
      expect(events).toEqual(['dispatched', 'done']);
    }
  });
});
