import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { usedBytes } from '../support/gc.ts';
import { httpAnswer } from '../support/recording-server.ts';
import { plannedRequest, send, sendingSetup, sendMany } from '../support/send.ts';

const { clock, serve, senderTo, closeAll } = sendingSetup();
afterEach(closeAll);

const TIMEOUT_MS = 250;

/** Writes `text` for ever, as fast as it is taken. */
const flood = (socket: Socket, text: string): void => {
  const chunk = text.repeat(Math.ceil(16_384 / text.length));
  const more = (): void => {
    while (socket.writable && socket.write(chunk));
  };
  socket.on('drain', more);
  more();
};

const OK = 'HTTP/1.1 200 x\r\n';
const CHUNKED = `${OK}transfer-encoding: chunked\r\n\r\n`;

describe('a target that never comes to an end', () => {
  const floodFrom = async (start: string, endless: string, timeoutMs: number) => {
    const server = await serve({
      answer: (_request, socket) => {
        socket.write(start);
        flood(socket, endless);
        return undefined;
      },
      keep: false,
    });
    const sender = senderTo(server.url, { timeoutMs, maxInFlight: 2 });
    await sendMany(sender, 2);
    await expect.poll(() => server.open).toBe(0);
    sender.warm('t', 2);
    await expect.poll(() => server.open).toBe(2);
    const beforeBytes = usedBytes();
    const startMs = clock();
    const outcomes = await sendMany(sender, 2);
    expect(clock() - startMs).toBeLessThan(timeoutMs + 1_000);
    await expect.poll(() => server.open, { timeout: 5_000 }).toBe(0);
    await expect.poll(() => usedBytes() - beforeBytes, { timeout: 5_000 }).toBeLessThan(8_000_000);
    return outcomes;
  };

  it.each([
    ['a body without length', `${OK}\r\n`, 'x'],
    ['a body of a length beyond all reason', `${OK}content-length: 9223372036854775807\r\n\r\n`, 'x'],
    ['chunks of one byte', CHUNKED, '1\r\nx\r\n'],
    ['the extension of a chunk', `${CHUNKED}5;a=`, 'x'],
    ['the words behind the status', 'HTTP/1.1 200 ', 'x'],
    ['empty lines before an answer', '', '\r\n'],
  ])('is left by the time limit: %s', async (_name, start, endless) => {
    for (const outcome of await floodFrom(start, endless, TIMEOUT_MS)) {
      expect(outcome).toMatchObject({
        kind: 'failed',
        code: 'timeout',
        detail: expect.stringMatching(/^(no answer|answer not complete) after 250 ms$/),
      });
    }
  });

  it.each([
    ['headers', OK, 'a: b\r\n', 'UND_ERR_HEADERS_OVERFLOW'],
    ['headers without a value', OK, 'a:\r\n', 'UND_ERR_HEADERS_OVERFLOW'],
    ['the name of a header', OK, 'x', 'UND_ERR_HEADERS_OVERFLOW'],
    ['trailers', `${CHUNKED}0\r\n`, 'a: b\r\n', 'UND_ERR_HEADERS_OVERFLOW'],
    ['1xx answers', '', 'HTTP/1.1 103 x\r\nlink: </a>\r\n\r\n', 'too many 1xx answers'],
  ])('is left long before the time limit: %s', async (_name, start, endless, detail) => {
    const startMs = clock();
    for (const outcome of await floodFrom(start, endless, 60_000)) {
      expect(outcome).toMatchObject({ kind: 'failed', code: 'protocol', detail });
    }
    expect(clock() - startMs).toBeLessThan(10_000);
  });

  it('is left at two thousand headers of no length, which take far more memory than their bytes', async () => {
    const server = await serve({
      answer: ({ turn }) => `${OK}${'a:\r\n'.repeat(turn === 0 ? 450 : 2_000)}content-length: 0\r\n\r\n`,
    });
    const sender = senderTo(server.url, { maxInFlight: 1 });
    expect(await send(sender, plannedRequest())).toMatchObject({ kind: 'answered', status: 200 });
    expect(await send(sender, plannedRequest())).toMatchObject({
      code: 'protocol',
      detail: 'UND_ERR_HEADERS_OVERFLOW',
    });
  });

  it('takes no more memory with each round of requests that it leaves hanging', {
    timeout: 30_000,
  }, async () => {
    const server = await serve({ answer: () => undefined, keep: false });
    const sender = senderTo(
      server.url,
      { timeoutMs: 10_000, maxInFlight: 999 },
      {},
      { timeoutMsOf: () => 300 },
    );
    const request = plannedRequest({ method: 'POST', body: 'x'.repeat(20_000) });
    let usedBefore = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 4; round += 1) {
      const outcomes = await Promise.all(Array.from({ length: 999 }, () => send(sender, request)));
      expect(
        outcomes.filter((outcome) => outcome.kind === 'failed' && outcome.code === 'timeout'),
      ).toHaveLength(999);
      await expect.poll(() => server.open, { timeout: 5_000 }).toBe(0);
      // The bodies of one round alone are 20 MB.
      await expect.poll(() => usedBytes() - usedBefore, { timeout: 5_000 }).toBeLessThan(8_000_000);
      if (round === 1) usedBefore = usedBytes();
    }
  });

  it('may say a hundred times that it is still at work', async () => {
    const server = await serve({
      answer: () => 'HTTP/1.1 102 x\r\n\r\n'.repeat(100) + httpAnswer(200, 'done'),
    });
    expect(await send(senderTo(server.url), plannedRequest())).toMatchObject({ status: 200, bytes: 4 });
  });
});

describe('an answer that is none', () => {
  it.each([
    ['a status of 0', 'HTTP/1.1 000 x\r\ncontent-length: 0\r\n\r\n', 'bad status'],
    ['a status below 100', 'HTTP/1.1 099 x\r\ncontent-length: 0\r\n\r\n', 'bad status'],
    ['an upgrade without its headers', 'HTTP/1.1 101 x\r\n\r\n', 'bad upgrade'],
    ['an upgrade and an answer', `HTTP/1.1 101 x\r\n\r\n${httpAnswer(200)}`, 'bad upgrade'],
    ['100, and an answer', `HTTP/1.1 100 x\r\n\r\n${httpAnswer(200)}`, 'bad response'],
    ['an answer behind the last', `HTTP/1.1 102 x\r\nconnection: close\r\n\r\n${httpAnswer(200)}`, undefined],
    [
      'a length and chunks',
      `${OK}content-length: 5\r\n${CHUNKED.slice(OK.length)}3\r\nabc\r\n0\r\n\r\n`,
      undefined,
    ],
    [
      'chunks and a length',
      `${OK}transfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
      undefined,
    ],
    ['a length twice', `${OK}content-length: 3\r\ncontent-length: 3\r\n\r\nabc`, undefined],
    ['a list of lengths', `${OK}content-length: 3, 3\r\n\r\nabc`, undefined],
    ['a negative length', `${OK}content-length: -1\r\n\r\n`, undefined],
    ['a chunk of a size beyond all reason', `${CHUNKED}fffffffffffffffff\r\nabc`, undefined],
    ['a chunk of negative size', `${CHUNKED}-1\r\nabc`, undefined],
    ['a folded header', `${OK}a: b\r\n c\r\ncontent-length: 0\r\n\r\n`, undefined],
    ['a NUL in a header', `${OK}a: b\0c\r\ncontent-length: 0\r\n\r\n`, undefined],
    ['bare newlines', 'HTTP/1.1 200 x\ncontent-length: 0\n\n', undefined],
    ['a page without a head', '<html>hello</html>', undefined],
    ['10 MB of headers', `${OK}a: ${'y'.repeat(10_000_000)}\r\n\r\n`, 'UND_ERR_HEADERS_OVERFLOW'],
  ])('gives protocol, and the next request a new connection: %s', async (_name, answer, detail) => {
    const server = await serve({ answer: ({ connection }) => (connection === 0 ? answer : httpAnswer(200)) });
    const sender = senderTo(server.url, { maxInFlight: 1 });
    expect(await send(sender, plannedRequest())).toMatchObject({
      code: 'protocol',
      detail: detail ?? expect.any(String),
    });
    expect(await send(sender, plannedRequest())).toMatchObject({ kind: 'answered', status: 200 });
    expect(server.requests.map(({ connection }) => connection)).toEqual([0, 1]);
  });

  it.each(['HTTP/1.1', 'HTTP/1.0'])(
    'gives reset where a body without length ends with one: %s',
    async (version) => {
      const server = await serve({
        answer: (_request, socket) => {
          setTimeout(() => socket.resetAndDestroy(), 20);
          return `${version} 200 x\r\nconnection: close\r\n\r\nabc`;
        },
      });
      expect(await send(senderTo(server.url), plannedRequest())).toMatchObject({
        code: 'reset',
        detail: 'ECONNRESET',
      });
    },
  );
});

describe('a connection whose other end is gone without a word', () => {
  it('ends by the time limit, and is not used again', async () => {
    const server = await serve({
      answer: ({ connection, turn }, socket) => {
        if (connection > 0 || turn === 0) return httpAnswer(200);
        // Neither reads, nor writes, nor closes.
        socket.pause();
        return undefined;
      },
    });
    const sender = senderTo(server.url, { maxInFlight: 1, timeoutMs: 1_000 });
    expect(await send(sender, plannedRequest())).toMatchObject({ status: 200 });
    expect(await send(sender, plannedRequest())).toMatchObject({
      code: 'timeout',
      detail: 'no answer after 1000 ms',
    });
    expect(await send(sender, plannedRequest())).toMatchObject({ status: 200 });
    expect(server.requests.map(({ connection }) => connection)).toEqual([0, 0, 1]);
  });

  it('ends by the time limit when it takes in only a part of the request', async () => {
    const server = await serve({ onConnection: (socket) => socket.pause() });
    const sender = senderTo(server.url, { maxInFlight: 1, timeoutMs: 1_000 });
    const request = plannedRequest({ method: 'POST', body: 'x'.repeat(10_000_000) });
    expect(await send(sender, request)).toMatchObject({ code: 'timeout', detail: 'no answer after 1000 ms' });
    expect(server.requests).toHaveLength(0);
  });
});
