import type { LookupFunction } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { PlannedRequest } from '../../core/types.ts';
import { httpAnswer } from '../support/recording-server.ts';
import { plannedRequest, send, sendingSetup } from '../support/send.ts';

const { clock, serve, senderTo, closeAll } = sendingSetup();
afterEach(closeAll);

/** `fast` and `slow` have limits of their own, other rules that of their target. */
const limits: Readonly<Record<string, number>> = { fast: 60, slow: 1_000 };
const timeoutMsOf = ({ rule }: PlannedRequest): number | undefined => limits[rule];

const sentBy = (rule: string): PlannedRequest => plannedRequest({ rule });

describe('the time limit of a rule', () => {
  it('holds for its own requests where it is the shorter one, else that of the target', async () => {
    const server = await serve({ answer: () => undefined });
    const sender = senderTo(server.url, { timeoutMs: 300 }, {}, { timeoutMsOf });
    sender.warm('t', 4);
    await expect.poll(() => server.open).toBe(4);
    const startMs = clock();
    const outcomes = await Promise.all(
      ['slow', 'other', 'fast', 'other'].map((rule) => send(sender, sentBy(rule))),
    );
    expect(outcomes).toMatchObject([
      { code: 'timeout', detail: 'no answer after 300 ms' },
      { code: 'timeout', detail: 'no answer after 300 ms' },
      { code: 'timeout', detail: 'no answer after 60 ms' },
      { code: 'timeout', detail: 'no answer after 300 ms' },
    ]);
    const tookMs = outcomes.map(({ endMs }) => endMs - startMs);
    [300, 300, 60, 300].forEach((limitMs, i) => {
      expect(tookMs[i]).toBeGreaterThanOrEqual(limitMs - 1);
      expect(tookMs[i]).toBeLessThan(limitMs + 1_000);
    });
  });

  it('shares the connections of the target', async () => {
    const server = await serve();
    const ofTheirOwn = ({ rule }: PlannedRequest) => (rule === 'other' ? undefined : 3_000 + rule.length);
    const sender = senderTo(server.url, { maxInFlight: 1 }, {}, { timeoutMsOf: ofTheirOwn });
    for (const rule of ['slow', 'other', 'faster']) {
      expect(await send(sender, sentBy(rule))).toMatchObject({ status: 200 });
    }
    expect(server.connections).toBe(1);
  });

  it('leaves nothing out when all are aborted, or the sender is closed', async () => {
    const server = await serve({ answer: () => undefined });
    const sender = senderTo(server.url, {}, {}, { timeoutMsOf: () => undefined });
    const other = senderTo(
      server.url,
      { timeoutMs: 5_000 },
      {},
      { timeoutMsOf: ({ rule }) => 4_000 + rule.length },
    );
    for (const [one, end] of [
      [sender, (): void => sender.abortAll()],
      [other, (): void => other.abortAll()],
      [other, (): unknown => other.close()],
    ] as const) {
      const outcomes = Promise.all(['a', 'bb', 'ccc'].map((rule) => send(one, sentBy(rule))));
      const received = server.requests.length;
      await expect.poll(() => server.requests.length).toBe(received + 3);
      end();
      for (const outcome of await outcomes) expect(outcome).toMatchObject({ code: 'aborted' });
    }
  });

  it('keeps connections from being renewed while one of its requests is under way', async () => {
    const wall = { nowMs: 0 };
    const server = await serve({
      answer: async () => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        return httpAnswer(200);
      },
    });
    const options = { timeoutMsOf, wallClock: () => wall.nowMs };
    const sender = senderTo(server.url, {}, {}, options);
    const under = send(sender, sentBy('slow'));
    await expect.poll(() => server.requests.length).toBe(1);
    wall.nowMs += 60_000;
    sender.renewIdle();
    expect(await under).toMatchObject({ status: 200 });
  });
});

describe('a request that is given up before it has a connection', () => {
  /** Never answers, and says for how many names it was asked. */
  const silentLookup = (): { readonly lookup: LookupFunction; readonly count: () => number } => {
    let count = 0;
    const lookup = (): void => {
      count += 1;
    };
    return { lookup, count: () => count };
  };

  it('leaves its place to the next at once, though the target may take longer to connect', async () => {
    const { lookup, count } = silentLookup();
    const target = { timeoutMs: 60_000, maxInFlight: 5 };
    const sender = senderTo('http://silent.invalid', target, { lookup }, { timeoutMsOf });
    for (let round = 1; round <= 4; round += 1) {
      const outcomes = await Promise.all(Array.from({ length: 5 }, () => send(sender, sentBy('fast'))));
      for (const outcome of outcomes) {
        expect(outcome).toMatchObject({ code: 'timeout', detail: 'not connected after 60 ms' });
        expect(outcome).not.toHaveProperty('serviceMs');
      }
      expect(count()).toBe(round * 5);
    }
  });

  it('takes no place any more where it had to wait for one', async () => {
    const { lookup, count } = silentLookup();
    const target = { timeoutMs: 60_000, maxInFlight: 2 };
    const sender = senderTo('http://silent.invalid', target, { lookup }, { timeoutMsOf });
    await Promise.all(Array.from({ length: 20 }, () => send(sender, sentBy('fast'))));
    await new Promise((resolve) => setTimeout(resolve, 20));
    const before = count();
    await Promise.all(Array.from({ length: 2 }, () => send(sender, sentBy('fast'))));
    expect(count()).toBe(before + 2);
  });

  it('leaves no connection behind whose handshake hangs', async () => {
    const server = await serve();
    const sender = senderTo(
      server.url.replace('http:', 'https:'),
      { timeoutMs: 60_000, maxInFlight: 1 },
      {},
      { timeoutMsOf },
    );
    for (let round = 1; round <= 3; round += 1) {
      expect(await send(sender, sentBy('fast'))).toMatchObject({ detail: 'not connected after 60 ms' });
      await expect.poll(() => server.connections).toBe(round);
    }
    await expect.poll(() => server.open).toBe(0);
  });

  it('stops connecting when it is aborted', async () => {
    const { lookup, count } = silentLookup();
    const sender = senderTo('http://silent.invalid', { timeoutMs: 60_000, maxInFlight: 1 }, { lookup });
    for (let round = 1; round <= 3; round += 1) {
      const outcome = send(sender, plannedRequest());
      expect(count()).toBe(round);
      sender.abortAll();
      expect(await outcome).toMatchObject({ code: 'aborted' });
      await new Promise((resolve) => setImmediate(resolve));
    }
  });

  it('keeps the connection opened ahead that it waited for', async () => {
    const server = await serve();
    const answers: (() => void)[] = [];
    const lookup: LookupFunction = (_hostname, _options, callback) => {
      answers.push(() => callback(null, [{ address: '127.0.0.1', family: 4 }]));
    };
    const sender = senderTo(
      `http://late.invalid:${server.port}`,
      { timeoutMs: 60_000, maxInFlight: 1 },
      { lookup },
      { timeoutMsOf },
    );
    sender.warm('t', 1);
    expect(await send(sender, sentBy('fast'))).toMatchObject({ detail: 'not connected after 60 ms' });
    expect(answers).toHaveLength(1);
    for (const answer of answers) answer();
    await expect.poll(() => server.open).toBe(1);
    expect(await send(sender, sentBy('slow'))).toMatchObject({ status: 200 });
    expect(answers).toHaveLength(1);
    expect(server.connections).toBe(1);
  });
});
