import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { MAX_RETRY_AFTER_MS } from '../../core/send/retry-after.ts';
import type { PlannedRequest } from '../../core/types.ts';
import { httpAnswer } from '../support/recording-server.ts';
import { plannedRequest, send, sendingSetup } from '../support/send.ts';

const { clock, serve, senderTo, closeAll } = sendingSetup();
afterEach(closeAll);

const wallClock = (): number => Date.UTC(2030, 0, 1);

const outcomeOf = async (answer: string) => {
  const server = await serve({ answer: () => answer });
  return send(senderTo(server.url, {}, {}, { wallClock }), plannedRequest());
};

describe('Retry-After', () => {
  it.each([
    ['seconds', 429, ['retry-after: 7'], 7_000],
    ['a 503, whatever the case', 503, ['RETRY-AFTER: 0'], 0],
    ['a date', 503, ['Retry-After: Tue, 01 Jan 2030 00:00:20 GMT'], 20_000],
    ['a date that is past', 429, ['Retry-After: Mon, 31 Dec 2029 23:59:59 GMT'], 0],
    ['an absurd time', 429, ['Retry-After: 99999999999999999999999'], MAX_RETRY_AFTER_MS],
    ['the longest of several', 429, ['Retry-After: 3', 'retry-after: 9', 'Retry-After: 5'], 9_000],
    ['the valid one of several', 503, ['Retry-After: soon', 'Retry-After: 0', 'Retry-After: -1'], 0],
    ['it beside a body', 503, ['Retry-After: 1', 'X-Other: 5'], 1_000],
  ])('is told: %s', async (_name, status, headers, retryAfterMs) => {
    const outcome = await outcomeOf(httpAnswer(status, 'busy', headers));
    expect(outcome).toMatchObject({ kind: 'answered', status, bytes: 4 });
    // From the end of the answer on, which comes within no time of its head.
    expect(outcome.retryAfterMs).toBeLessThanOrEqual(retryAfterMs);
    expect(outcome.retryAfterMs).toBeGreaterThanOrEqual(Math.max(0, retryAfterMs - 500));
  });

  it.each([
    ['it is no time', httpAnswer(429, '', ['Retry-After: 1h'])],
    ['two times are in one line', httpAnswer(503, '', ['Retry-After: 5, 6'])],
    ['it is empty', httpAnswer(503, '', ['Retry-After:'])],
    ['there is none', httpAnswer(429)],
    ['the status is another', httpAnswer(301, '', ['Retry-After: 5'])],
    ['it came with an early answer', `HTTP/1.1 103 x\r\nretry-after: 5\r\n\r\n${httpAnswer(503)}`],
    [
      'it came behind the body',
      'HTTP/1.1 503 x\r\ntransfer-encoding: chunked\r\n\r\n0\r\nretry-after: 5\r\n\r\n',
    ],
  ])('is not told where %s', async (_name, answer) => {
    const outcome = await outcomeOf(answer);
    expect(outcome).toMatchObject({ kind: 'answered' });
    expect(outcome).not.toHaveProperty('retryAfterMs');
  });

  it.each([
    ['breaks off', (socket?: Socket) => setTimeout(() => socket?.resetAndDestroy(), 20), 'reset'],
    ['dribbles until its time is up', () => undefined, 'timeout'],
  ])('is told where the body %s, and known from the head of the answer on', async (_name, then, code) => {
    const asked: number[] = [];
    let inFlight = true;
    let headMs = Number.NaN;
    let answered: Socket | undefined;
    const server = await serve({
      answer: (_request, socket) => {
        answered = socket;
        return 'HTTP/1.1 503 x\r\nretry-after: 60\r\ncontent-length: 100\r\n\r\nx';
      },
    });
    const onRetryAfter = (_request: PlannedRequest, ms: number): void => {
      expect(inFlight).toBe(true);
      asked.push(ms);
      headMs = clock();
      // Not before: a reset takes with it what was not read yet.
      then(answered);
    };
    const sender = senderTo(server.url, { timeoutMs: 1_000 }, {}, { onRetryAfter });
    const sentMs = clock();
    const outcome = await send(sender, plannedRequest());
    inFlight = false;
    expect(outcome).toMatchObject({ kind: 'failed', code });
    expect(asked).toEqual([60_000]);
    // What is left of it at the end: it is not asked for twice.
    expect(outcome.endMs - headMs).toBeGreaterThan(10);
    expect(outcome.retryAfterMs).toBeLessThanOrEqual(60_000 - (outcome.endMs - headMs) + 1);
    expect(outcome.retryAfterMs).toBeGreaterThan(60_000 - (outcome.endMs - sentMs) - 1);
  });

  it('is measured on the clock of the system where none is given', async () => {
    const date = new Date(Date.now() + 60_000).toUTCString();
    const server = await serve({ answer: () => httpAnswer(503, '', [`Retry-After: ${date}`]) });
    const outcome = await send(senderTo(server.url), plannedRequest());
    expect(outcome).toMatchObject({ status: 503, retryAfterMs: expect.any(Number) });
    if (outcome.kind === 'answered') expect(outcome.retryAfterMs).toBeGreaterThan(50_000);
  });
});
