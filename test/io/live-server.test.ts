import { createServer } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RepriseError } from '../../core/errors.ts';
import type { LiveCommand, LiveFrame, LiveNow } from '../../core/pages/live-state.ts';
import { type LiveServer, openLiveServer } from '../../io/live-server.ts';
import { ask, command, type EventStream, listen } from '../support/live-page.ts';

const NOW: LiveNow = {
  head: { tone: 'good', title: 'Running', detail: '', doneShare: null },
  ...{ tiles: [], gates: [], targets: [], heldBack: [], statuses: [], failures: [], notes: [] },
  control: null,
};
const PAGE: LiveFrame['page'] = { kind: 'run', title: 'a.log', charts: [] };

let server: LiveServer;
let commands: LiveCommand[] = [];
let refusal: Error | undefined;
let padding = '';
let looks = 0;
const streams: EventStream[] = [];

/** Each look at the course has one row more. */
const courseOf = (isWhole: boolean) => ({
  isWhole,
  ...{ fromMs: null, endMs: looks },
  rows: isWhole ? Array.from({ length: looks + 1 }, (_, at) => [at]) : [[looks]],
});
const now = (): LiveNow => ({ ...NOW, notes: [padding] });

beforeEach(async () => {
  [commands, refusal, padding, looks] = [[], undefined, '', 0];
  server = await openLiveServer({
    port: 0,
    files: {
      '': { type: 'text/html', text: '<!doctype html>é' },
      'live.js': { type: 'text/javascript', text: ';' },
    },
    feed: {
      whole: () => ({ page: PAGE, course: courseOf(true), now: now() }),
      changes: () => {
        looks += 1;
        return { course: courseOf(false), now: now() };
      },
    },
    control: (given) => {
      if (refusal !== undefined) throw refusal;
      commands.push(given);
    },
  });
});
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.close();
  await server.end();
});

const open = async (): Promise<EventStream> => {
  const stream = await listen(server.url);
  streams.push(stream);
  return stream;
};
const portOf = (): string => new URL(server.url).port;
const host = (): string => `127.0.0.1:${portOf()}`;
const JSON_TYPE = { 'content-type': 'application/json' };

describe('the address of the page', () => {
  it('is on loopback, behind 128 random bits', async () => {
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{22}\/$/);
    const other = await openLiveServer({
      ...{ port: 0, files: {}, control: () => undefined },
      feed: NO_FEED,
    });
    expect(new URL(other.url).pathname).not.toBe(new URL(server.url).pathname);
    await other.end();
  });

  it('serves the page and what lies beside it, and nothing that a browser may keep or embed', async () => {
    const { status, headers, text } = await ask(server.url);
    expect({ status, text }).toEqual({ status: 200, text: '<!doctype html>é' });
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
      'cache-control': 'no-store',
    });
    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect((await ask(`${server.url}live.js`)).headers['content-type']).toBe(
      'text/javascript; charset=utf-8',
    );
  });

  it.each([
    ['another token', () => `http://${host()}/${'A'.repeat(22)}/`],
    ['a shorter token', () => server.url.slice(0, -2)],
    ['no token', () => `http://${host()}/`],
    ['the token without its slash', () => server.url.slice(0, -1)],
    ['a file that is not there', () => `${server.url}favicon.ico`],
    ['a name of every object', () => `${server.url}constructor`],
    ['a path beyond', () => `${server.url}a/b`],
    ['a query', () => `${server.url}?a`],
  ])('answers 404 without a word to %s', async (_what, url) => {
    expect(await ask(url())).toMatchObject({ status: 404, text: '' });
  });

  it.each(['POST', 'PUT', 'OPTIONS', 'DELETE'])('answers 404 to %s of the page', async (method) => {
    expect(await ask(server.url, { method })).toMatchObject({ status: 404, text: '' });
  });
});

describe('a request that comes by way of another page', () => {
  it.each([
    'evil.example',
    'evil.example:80',
    '127.0.0.1',
    '127.0.0.1:1',
    'localhost',
    '[::1]',
    '127.0.0.1.evil.example',
  ])('is refused with the host %s', async (given) => {
    expect(await ask(server.url, { headers: { host: given } })).toMatchObject({ status: 403, text: '' });
    const headers = { ...JSON_TYPE, host: given, origin: `http://${given}` };
    const body = '{"do":"stop"}';
    expect(await ask(`${server.url}control`, { method: 'POST', headers, body })).toMatchObject({
      status: 403,
    });
    expect(commands).toEqual([]);
  });

  it.each(['http://evil.example', 'null', 'https://127.0.0.1', 'http://localhost:1', ''])(
    'is refused with the origin "%s"',
    async (origin) => {
      const headers = { ...JSON_TYPE, origin };
      const body = '{"do":"stop"}';
      expect(await ask(`${server.url}control`, { method: 'POST', headers, body })).toMatchObject({
        status: 403,
      });
      expect(await ask(`${server.url}events`, { headers: { origin } })).toMatchObject({
        status: 403,
        text: '',
      });
      expect(commands).toEqual([]);
    },
  );

  it('is refused where it controls without an origin', async () => {
    const sent = { method: 'POST', headers: JSON_TYPE, body: '{"do":"stop"}' };
    expect(await ask(`${server.url}control`, sent)).toMatchObject({ status: 403, text: '' });
    expect(commands).toEqual([]);
  });

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'text/plain; application/json',
    'application/jsonx',
  ])('is refused where it controls as %s', async (type) => {
    const headers = { origin: `http://${host()}`, 'content-type': type };
    expect(
      await ask(`${server.url}control`, { method: 'POST', headers, body: '{"do":"stop"}' }),
    ).toMatchObject({
      status: 403,
    });
    expect(commands).toEqual([]);
  });

  it('is answered by the name localhost, too', async () => {
    const name = `localhost:${portOf()}`;
    expect(await ask(server.url, { headers: { host: name } })).toMatchObject({ status: 200 });
    const headers = { ...JSON_TYPE, host: name, origin: `http://${name}` };
    const body = '{"do":"pause"}';
    expect(await ask(`${server.url}control`, { method: 'POST', headers, body })).toMatchObject({
      status: 200,
    });
    expect(commands).toEqual([{ do: 'pause' }]);
  });
});

describe('a command', () => {
  it.each([
    { do: 'pause' },
    { do: 'resume' },
    { do: 'stop' },
    { do: 'set', share: 0 },
    { do: 'set', share: 0.25 },
  ])('is obeyed: %j', async (given) => {
    expect(await command(server.url, given)).toMatchObject({ status: 200, text: '{}' });
    expect(commands).toEqual([given]);
  });

  it.each([
    ['{'],
    ['null'],
    ['"stop"'],
    ['[{"do":"stop"}]'],
    ['{"do":"restart"}'],
    ['{"do":"set"}'],
    ['{"do":"set","share":"0.5"}'],
    ['{"do":"set","share":1.01}'],
    ['{"do":"set","share":-0.1}'],
    ['{"do":"set","share":null}'],
    [''],
  ])('is refused when it is none: %s', async (body) => {
    const headers = { ...JSON_TYPE, origin: `http://${host()}` };
    expect(await ask(`${server.url}control`, { method: 'POST', headers, body })).toMatchObject({
      status: 400,
    });
    expect(commands).toEqual([]);
  });

  it('is not read to its end where it is too long', async () => {
    const body = JSON.stringify({ do: 'stop', why: 'x'.repeat(2_000) });
    const headers = { ...JSON_TYPE, origin: `http://${host()}` };
    expect(await ask(`${server.url}control`, { method: 'POST', headers, body })).toMatchObject({
      status: 413,
    });
    const inParts = { ...headers, 'transfer-encoding': 'chunked' };
    expect(await ask(`${server.url}control`, { method: 'POST', headers: inParts, body })).toMatchObject({
      status: 413,
    });
    expect(commands).toEqual([]);
  });

  it('that fails says why', async () => {
    refusal = new RepriseError('AWS_DENIED', 'the switch of prod was NOT changed');
    expect(await command(server.url, { do: 'pause' })).toMatchObject({
      status: 502,
      text: '{"message":"the switch of prod was NOT changed"}',
    });
  });

  it('is followed at once by what came of it', async () => {
    const { events } = await open();
    const startedMs = performance.now();
    for (let count = 1; count <= 5; count += 1) {
      await command(server.url, { do: 'pause' });
      await vi.waitFor(() => expect(events.length).toBeGreaterThan(count), { timeout: 5_000, interval: 10 });
    }
    // Once a second would take four at least.
    expect(performance.now() - startedMs).toBeLessThan(3_000);
  });
});

describe('the events', () => {
  it('begin with all there is, then tell once a second what has changed, without a gap', async () => {
    const { events, status } = await open();
    expect(status).toBe(200);
    await vi.waitFor(() => expect(events.length).toBeGreaterThan(2), { timeout: 8_000 });
    expect(events.slice(0, 3).map(({ event }) => event)).toEqual(['whole', 'changes', 'changes']);
    const [first, second, third] = events;
    expect(first?.frame).toMatchObject({ page: PAGE, course: { isWhole: true } });
    const seq = first?.frame.seq ?? 0;
    expect([second, third].map((event) => event?.frame.seq)).toEqual([seq + 1, seq + 2]);
    expect(second?.frame).toMatchObject({ course: { isWhole: false }, now: NOW_HEAD });
  });

  it('give all there is to each page that comes, and to one that comes again', async () => {
    const before = await open();
    await vi.waitFor(() => expect(before.events).toHaveLength(2), { timeout: 8_000 });
    before.close();
    const again = await open();
    await vi.waitFor(() => expect(again.events).not.toEqual([]), { timeout: 8_000 });
    expect(again.events[0]).toMatchObject({ event: 'whole', frame: { seq: before.events[1]?.frame.seq } });
    expect(again.events[0]?.frame.course.rows.length).toBeGreaterThan(1);
  });

  it('go to twenty pages at most', async () => {
    for (let i = 0; i < 20; i += 1) expect((await open()).status).toBe(200);
    expect((await open()).status).toBe(503);
    streams[0]?.close();
    await vi.waitFor(async () => expect((await open()).status).toBe(200), { timeout: 8_000 });
  });

  it('pile up for nobody: who reads too slowly gets the newest state', async () => {
    padding = 'x'.repeat(1_000_000);
    const slow = await open();
    await vi.waitFor(() => expect(slow.events).not.toEqual([]), { timeout: 8_000 });
    slow.pause();
    const before = process.memoryUsage();
    for (let i = 0; i < 300; i += 1) {
      server.push();
      await new Promise(setImmediate);
    }
    const after = process.memoryUsage();
    // 300 MB, had they been kept.
    expect(after.arrayBuffers + after.external - before.arrayBuffers - before.external).toBeLessThan(30e6);
    slow.resume();
    const wholes = () => slow.events.filter(({ event }) => event === 'whole').length;
    await vi.waitFor(() => expect(wholes()).toBeGreaterThan(1), { timeout: 30_000 });
    const last = slow.events.findLast(({ event }) => event === 'whole');
    expect(last?.frame.seq).toBeGreaterThanOrEqual(300);
    expect(slow.events.length).toBeLessThan(100);
  });

  it('are made for nobody while nobody looks', async () => {
    server.push();
    server.push();
    expect(looks).toBe(0);
  });

  it('end with the last state, and with the server', async () => {
    const { events, closed } = await open();
    await server.end();
    await closed;
    expect(events.at(-1)).toMatchObject({ event: 'end', frame: { page: PAGE, course: { isWhole: true } } });
    await expect(ask(server.url)).rejects.toThrow(/ECONNREFUSED/);
  });
});

describe('the server', () => {
  it('says which port it cannot have, before anything is done', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => {
      taken.listen(0, '127.0.0.1', resolve);
    });
    const { port } = taken.address() as { port: number };
    const opening = openLiveServer({ ...{ port, files: {}, control: () => undefined }, feed: NO_FEED });
    await expect(opening).rejects.toMatchObject({
      code: 'LIVE_PORT_UNUSABLE',
      message: `cannot show a page on port ${port}: another process listens there`,
      hint: 'give another with --ui=PORT; --ui alone takes one that is free',
      exitCode: 2,
    });
    taken.close();
  });

  it('can be reached again soon after someone has taken all of its connections, and says nothing', async () => {
    const idle = Array.from({ length: 100 }, () => connect(Number(portOf()), '127.0.0.1'));
    for (const socket of idle) socket.on('error', () => undefined);
    await vi.waitFor(() => expect(idle.filter(({ closed }) => closed)).toHaveLength(36), { timeout: 8_000 });
    await expect(ask(server.url)).rejects.toThrow(/hang up|ECONNRESET/);
    await vi.waitFor(async () => expect(await ask(server.url)).toMatchObject({ status: 200 }), {
      timeout: 8_000,
      interval: 500,
    });
    for (const socket of idle) socket.destroy();
  });

  it('ends at once, whoever still holds a connection', async () => {
    const idle = connect(Number(portOf()), '127.0.0.1');
    const half = connect(Number(portOf()), '127.0.0.1', () => half.write('GET / HTTP/1.1\r\n'));
    for (const socket of [idle, half]) socket.on('error', () => undefined);
    const slow = await open();
    slow.pause();
    const startedMs = performance.now();
    await server.end();
    expect(performance.now() - startedMs).toBeLessThan(1_500);
  });
});

const NOW_HEAD = { head: NOW.head };
const NO_FEED = {
  whole: () => ({ page: PAGE, course: courseOf(true), now: NOW }),
  changes: () => ({ course: courseOf(false), now: NOW }),
};
