import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import type { SendOutcome } from '../../core/ports.ts';
import type { HttpSender } from '../../io/http-sender.ts';
import type { RecordingServer } from '../support/recording-server.ts';
import { plannedRequest, send, sendingSetup, sendMany } from '../support/send.ts';

const { clock, serve, senderTo, closeAll } = sendingSetup();
afterEach(closeAll);

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Late by at most this much on a busy machine; undici’s own limits would be up to a second late. */
const SLACK_MS = 1_000;

/** Connections that are open, so that no part of a time limit goes by on opening them. */
const warmed = async (server: RecordingServer, timeoutMs: number, count: number): Promise<HttpSender> => {
  const sender = senderTo(server.url, { timeoutMs });
  sender.warm('t', count);
  await expect.poll(() => server.open).toBe(count);
  return sender;
};

const expectTimeouts = (
  outcomes: readonly SendOutcome[],
  startMs: number,
  timeoutMs: number,
  detail: string,
) => {
  for (const outcome of outcomes) {
    expect(outcome).toMatchObject({ kind: 'failed', code: 'timeout', detail });
    expect(outcome.endMs - startMs).toBeGreaterThanOrEqual(timeoutMs - 1);
    expect(outcome.endMs - startMs).toBeLessThan(timeoutMs + SLACK_MS);
  }
};

describe('the time limit', () => {
  it('ends what is never answered, on time', async () => {
    const server = await serve({ answer: () => undefined });
    const sender = await warmed(server, 200, 50);
    const startMs = clock();
    const outcomes = await sendMany(sender, 50);
    expectTimeouts(outcomes, startMs, 200, 'no answer after 200 ms');
    expect(server.requests).toHaveLength(50);
    await expect.poll(() => server.open).toBe(0);
  });

  it('ends an answer that dribbles, on time', async () => {
    const server = await serve({
      answer: (_request, socket) => {
        const timer = setInterval(() => socket.write('x'), 20);
        socket.on('close', () => clearInterval(timer));
        return 'HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n';
      },
    });
    const sender = await warmed(server, 400, 5);
    const startMs = clock();
    const outcomes = await sendMany(sender, 5);
    expectTimeouts(outcomes, startMs, 400, 'answer not complete after 400 ms');
  });

  it('ends what cannot connect, on time, and leaves no connection attempt behind', async () => {
    const calls: string[] = [];
    const lookup = (hostname: string): void => void calls.push(hostname);
    const sender = senderTo('http://slow-dns.invalid', { timeoutMs: 150, maxInFlight: 5 }, { lookup });
    for (let round = 0; round < 3; round += 1) {
      const startMs = clock();
      const outcomes = await sendMany(sender, 5);
      expectTimeouts(outcomes, startMs, 150, 'not connected after 150 ms');
      for (const outcome of outcomes) expect(outcome).not.toHaveProperty('serviceMs');
    }
    // Each round used the five slots anew: none was still held by a request that had been given up.
    expect(calls).toHaveLength(15);
  });

  it('counts from each dispatch on its own', async () => {
    const server = await serve({ answer: () => undefined });
    const sender = await warmed(server, 150, 2);
    const firstAtMs = clock();
    const first = send(sender, plannedRequest());
    await new Promise((resolve) => setTimeout(resolve, 70));
    const secondAtMs = clock();
    const second = send(sender, plannedRequest());
    const [one, two] = await Promise.all([first, second]);
    expectTimeouts([one], firstAtMs, 150, 'no answer after 150 ms');
    expectTimeouts([two], secondAtMs, 150, 'no answer after 150 ms');
  });

  it('holds for each of many that follow one another', async () => {
    const server = await serve({ answer: () => undefined, keep: false });
    const sender = senderTo(server.url, { timeoutMs: 100 });
    const lateMs: number[] = [];
    const follow = async (rounds: number): Promise<void> => {
      // As late as a timer of the same length is of the machine's doing.
      const timer = new Promise<number>((resolve) => setTimeout(() => resolve(clock()), 100));
      const { endMs } = await send(sender, plannedRequest());
      lateMs.push(endMs - (await timer));
      if (rounds > 1) await follow(rounds - 1);
    };
    // Started one after the other, so that each time limit falls between those of others.
    await Promise.all(
      Array.from({ length: 9 }, async (_, i) => {
        await new Promise((resolve) => setTimeout(resolve, i * 10));
        await follow(4);
      }),
    );
    expect(lateMs).toHaveLength(36);
    // Half of them, since a busy machine may be late for some: a timer set for the wrong request would be late for most.
    expect(lateMs.toSorted((a, b) => a - b)[18]).toBeLessThan(30);
  });

  it('holds nothing of the requests that it gave up', async () => {
    const server = await serve({ answer: () => undefined, keep: false });
    const sender = senderTo(server.url, { timeoutMs: 20, maxInFlight: 50 });
    const freed: string[] = [];
    const registry = new FinalizationRegistry((id: string) => freed.push(id));
    const sent = 300;
    for (let i = 0; i < sent; i += 50) {
      await Promise.all(
        Array.from({ length: 50 }, (_, n) => {
          const request = plannedRequest({ id: `${i + n}`, body: 'x'.repeat(1_000) });
          return new Promise<void>((resolve) => {
            const done = (): void => resolve();
            registry.register(done, `${i + n}`);
            sender.dispatch(request, done);
          });
        }),
      );
    }
    await expect
      .poll(() => {
        collectGarbage();
        return freed.length;
      })
      .toBeGreaterThan(sent - 100);
  });
});
