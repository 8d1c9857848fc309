import { readFileSync } from 'node:fs';
import type { LookupFunction } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { startRecordingServer } from '../support/recording-server.ts';
import { lookupOf, plannedRequest, send, sendingSetup } from '../support/send.ts';

const { serve, senderTo, closeAll } = sendingSetup();
afterEach(closeAll);

const tlsFile = (name: string): string =>
  readFileSync(`${import.meta.dirname}/../fixtures/tls/${name}`, 'utf8');
const tls = { key: tlsFile('loopback.key.pem'), cert: tlsFile('loopback.cert.pem') };

const LAST = 'HTTP/1.1 200 OK\r\nconnection: close\r\n';

describe('failure codes', () => {
  it('refused: nobody listens', async () => {
    const server = await startRecordingServer();
    await server.close();
    const outcome = await send(senderTo(server.url), plannedRequest());
    expect(outcome).toEqual({
      kind: 'failed',
      code: 'refused',
      detail: 'ECONNREFUSED',
      endMs: expect.any(Number),
    });
  });

  it('refused: on every address that the name has', async () => {
    const server = await startRecordingServer();
    await server.close();
    const sender = senderTo(
      `http://both.invalid:${server.port}`,
      {},
      { lookup: lookupOf('::1', '127.0.0.1') },
    );
    expect(await send(sender, plannedRequest())).toMatchObject({ code: 'refused', detail: 'ECONNREFUSED' });
  });

  it('answered: by the second address when the first refuses', async () => {
    const server = await serve();
    const sender = senderTo(
      `http://both.invalid:${server.port}`,
      {},
      { lookup: lookupOf('::1', '127.0.0.1') },
    );
    expect(await send(sender, plannedRequest())).toMatchObject({ kind: 'answered', status: 200 });
  });

  it('dns: the name is not known', async () => {
    const lookup: LookupFunction = (hostname, _options, callback) =>
      callback(Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: 'ENOTFOUND' }), '');
    const outcome = await send(senderTo('http://nobody.invalid', {}, { lookup }), plannedRequest());
    expect(outcome).toMatchObject({ kind: 'failed', code: 'dns', detail: 'ENOTFOUND' });
    expect(outcome).not.toHaveProperty('serviceMs');
  });

  it.each([
    ['169.254.169.254', 'metadata.invalid is a link-local address'],
    ['::ffff:169.254.169.254', 'metadata.invalid is a link-local address'],
    ['0.0.0.0', 'metadata.invalid is an unspecified address'],
    ['fd00:ec2::254', 'metadata.invalid is a cloud metadata address'],
  ])('blocked: the name leads to %s', async (address, detail) => {
    const sender = senderTo('http://metadata.invalid', {}, { lookup: lookupOf(address) });
    expect(await send(sender, plannedRequest())).toMatchObject({ code: 'blocked', detail });
  });

  it.each(['http://169.254.169.254', 'http://[fe80::1]', 'http://0.0.0.0:1', 'http://[::ffff:a9fe:a9fe]'])(
    'blocked: the literal address %s',
    async (origin) => {
      expect(await send(senderTo(origin), plannedRequest())).toMatchObject({
        kind: 'failed',
        code: 'blocked',
      });
    },
  );

  it('connects to the allowed address alone when a name has a blocked one too', async () => {
    const server = await serve();
    const lookup = lookupOf('169.254.169.254', '127.0.0.1');
    const sender = senderTo(`http://mixed.invalid:${server.port}`, { timeoutMs: 1_000 }, { lookup });
    expect(await send(sender, plannedRequest())).toMatchObject({ kind: 'answered' });
  });

  it('blocked: loopback, where it is refused', async () => {
    const server = await serve();
    const sender = senderTo(server.url, {}, { refuseLoopback: true });
    const detail = '127.0.0.1 is a loopback address';
    expect(await send(sender, plannedRequest())).toMatchObject({ code: 'blocked', detail });
    expect(server.connections).toBe(0);
  });

  it('tls: the certificate is signed by nobody known', async () => {
    const server = await serve({ tls });
    expect(await send(senderTo(server.url), plannedRequest())).toMatchObject({
      kind: 'failed',
      code: 'tls',
      detail: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    });
    expect(server.requests).toHaveLength(0);
  });

  it('tls: the certificate is for another name, whatever Host is sent', async () => {
    const server = await serve({ tls });
    const network = { ca: tls.cert, lookup: lookupOf('127.0.0.1') };
    const sender = senderTo(`https://other.invalid:${server.port}`, {}, network);
    expect(await send(sender, plannedRequest({ host: 'localhost' }))).toMatchObject({
      code: 'tls',
      detail: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });

  it('tls: the target speaks plain HTTP', async () => {
    const server = await serve({ onConnection: (socket) => socket.write('HTTP/1.1 400 no\r\n\r\n') });
    const sender = senderTo(server.url.replace('http:', 'https:'));
    expect(await send(sender, plannedRequest())).toMatchObject({ kind: 'failed', code: 'tls' });
  });

  it('answered: over TLS on one connection for several Host headers, when the certificate is trusted', async () => {
    const server = await serve({ tls });
    const sender = senderTo(
      `https://localhost:${server.port}`,
      { maxInFlight: 1 },
      { ca: tls.cert, lookup: lookupOf('127.0.0.1') },
    );
    for (const host of ['a.example', 'b.example', 'a.example']) {
      expect(await send(sender, plannedRequest({ host }))).toMatchObject({ kind: 'answered', status: 200 });
    }
    expect(server.connections).toBe(1);
  });

  it.each([
    ['not HTTP', 'SSH-2.0-Go\r\n'],
    ['a bad status line', 'HTTP/1.1 banana\r\n\r\n'],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabc'],
    [
      'an upgrade that nobody asked for',
      'HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
    ],
    ['too many headers', `HTTP/1.1 200 OK\r\nx: ${'y'.repeat(70_000)}\r\n\r\n`],
    ['a bad chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nabc\r\n'],
  ])('protocol: the target answers %s', async (_name, answer) => {
    const server = await serve({ answer: () => answer });
    const outcome = await send(senderTo(server.url), plannedRequest());
    expect(outcome).toMatchObject({ kind: 'failed', code: 'protocol', serviceMs: expect.any(Number) });
  });

  it.each([
    ['before answering', ''],
    ['inside the headers', 'HTTP/1.1 200 OK\r\ncontent-le'],
    ['inside a body of known length', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc'],
    ['inside a chunked body', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab'],
    ['inside a body of known length that is its last', `${LAST}content-length: 100\r\n\r\nabc`],
    ['inside a chunked body that is its last', `${LAST}transfer-encoding: chunked\r\n\r\n5\r\nab`],
    ['after a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n'],
  ])('reset: the target closes or resets %s', async (_name, answer) => {
    for (const isReset of [false, true]) {
      const server = await serve({
        answer: (_request, socket) => {
          socket.write(answer, () =>
            isReset ? setTimeout(() => socket.resetAndDestroy(), 5) : socket.end(),
          );
          return undefined;
        },
      });
      const outcome = await send(senderTo(server.url), plannedRequest());
      expect(outcome).toMatchObject({ kind: 'failed', code: 'reset', serviceMs: expect.any(Number) });
    }
  });

  it('answered: a body without length, which ends with the connection', async () => {
    const server = await serve({
      answer: (_request, socket) => {
        socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nabc');
        return undefined;
      },
    });
    expect(await send(senderTo(server.url), plannedRequest())).toMatchObject({ kind: 'answered', bytes: 3 });
  });
});
