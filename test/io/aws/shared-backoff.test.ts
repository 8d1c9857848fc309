import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FLOOR, NEW_BACKOFF } from '../../../core/send/backoff.ts';
import { MAX_RETRY_AFTER_MS } from '../../../core/send/retry-after.ts';
import { createHealthWriter, type HealthWriter, type JudgedWindow } from '../../../io/aws/target-health.ts';
import { leaveAlone, startTarget } from '../../../io/aws/target-moves.ts';
import { QUIET_MS, readTarget } from '../../../io/aws/target-state.ts';
import { clientConfig } from '../../support/aws/client-config.ts';
import { type DynamoEndpoint, startDynamo } from '../../support/aws/dynamo.ts';

const START_MS = 1_790_000_000_000;
const WINDOW_MS = 5_000;
const LIMITS = { errorShare: 0.1, maxInFlight: 100 };

let dynamo: DynamoEndpoint;
let client: DynamoDBClient;
beforeAll(async () => {
  dynamo = await startDynamo();
  client = new DynamoDBClient(clientConfig(dynamo.endpoint));
});
afterAll(async () => {
  client.destroy();
  await dynamo.close();
});

interface Senders {
  readonly writers: readonly HealthWriter[];
  /** Windows that were closed and judged, whoever did it. */
  readonly judged: readonly JudgedWindow[];
}

const sendersTo = (target: string, count: number): Senders => {
  const judged: JudgedWindow[] = [];
  const options = { limits: LIMITS, windowMs: WINDOW_MS, onJudged: (one: JudgedWindow) => judged.push(one) };
  const writers = Array.from({ length: count }, () =>
    createHealthWriter(client, dynamo.table, target, options),
  );
  return { writers, judged };
};
const one = (target: string): { writer: HealthWriter; judged: readonly JudgedWindow[] } => {
  const { writers, judged } = sendersTo(target, 1);
  return { writer: writers[0] as HealthWriter, judged };
};
const read = (target: string) => readTarget(client, dynamo.table, target, { consistent: true });

const seen = (nowMs: number, n: number, { over = 0, failed = 0, inFlight = 1 } = {}) => ({
  ...{ nowMs, n, over, failed, inFlight },
});
const at = (ms: number): number => START_MS + ms;
const levels = (judged: readonly JudgedWindow[]): readonly number[] => judged.map(({ after }) => after.level);

describe('the backoff that senders share', () => {
  it('is stepped by the first of two that writes past the end of a window, and known to both', async () => {
    const { writers, judged } = sendersTo('two', 2);
    const [a, b] = writers as [HealthWriter, HealthWriter];
    await a.write(seen(at(0), 15, { over: 2 }));
    expect(await b.write(seen(at(4_900), 15, { over: 2 }))).toMatchObject({ level: 1, n: 30 });
    expect(judged).toEqual([]);
    // What who closes has still to tell belongs to the window that it closes.
    expect(await b.write(seen(at(5_100), 5))).toMatchObject({ level: 0.5, n: 0, inFlight: 2 });
    expect(judged).toMatchObject([{ counts: { n: 35, over: 4, failed: 0 }, after: { level: 0.5 } }]);
    expect(await a.write(seen(at(5_200), 0))).toMatchObject({
      level: 0.5,
      isOpen: false,
      backoff: { level: 0.5, ceiling: 1, wasOver: true, floorWindows: 0, isOpen: false },
      current: { startedAtMs: at(5_000), inFlight: 2 },
      last: { startedAtMs: at(0), n: 35, over: 4 },
    });
    expect(judged).toHaveLength(1);
  });

  it('is stepped at once where a window is over its limit by far, and the next one lasts as long as any', async () => {
    const { writers, judged } = sendersTo('by-far', 2);
    const [a, b] = writers as [HealthWriter, HealthWriter];
    await a.write(seen(at(0), 15, { over: 15 }));
    expect(await b.write(seen(at(1_000), 15, { over: 15 }))).toMatchObject({ level: 0.5, n: 0 });
    expect(judged).toMatchObject([{ counts: { n: 30, over: 30 } }]);
    expect(await a.write(seen(at(1_500), 30))).toMatchObject({ n: 0, current: { startedAtMs: at(1_000) } });
    expect(await a.write(seen(at(5_500), 30))).toMatchObject({ n: 30, current: { startedAtMs: at(1_000) } });
    await b.write(seen(at(6_100), 1));
    expect(judged).toHaveLength(2);
  });

  it('is stepped once where ten come together, window after window, and loses no count', async () => {
    const { writers, judged } = sendersTo('ten', 10);
    let told = 0;
    const counted = new Map<number, number>();
    for (let second = 0; second < 21; second += 1) {
      const states = await Promise.all(writers.map((writer) => writer.write(seen(at(second * 1_000), 2))));
      told += 20;
      for (const { current, last } of states)
        for (const window of [current, last])
          if (window !== undefined)
            counted.set(window.startedAtMs, Math.max(counted.get(window.startedAtMs) ?? 0, window.n));
    }
    expect(judged).toHaveLength(4);
    expect([...counted.keys()]).toEqual([0, 5_000, 10_000, 15_000, 20_000].map(at));
    expect([...counted.values()].reduce((sum, n) => sum + n, 0)).toBe(told);
    expect(await read('ten')).toMatchObject({ level: 1, inFlight: 10 });
  });

  it('goes from state to state without a gap, whatever is seen and whoever closes', async () => {
    const anySeen = fc.record({
      over: fc.nat(3),
      failed: fc.nat(3),
      wait: fc.integer({ min: 200, max: 3_000 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.uuid(),
        fc.array(anySeen, { minLength: 8, maxLength: 25 }),
        async (target, steps) => {
          const { writers, judged } = sendersTo(target, 4);
          let nowMs = START_MS;
          for (const { over, failed, wait } of steps) {
            nowMs += wait;
            await Promise.all(writers.map((writer, i) => writer.write(seen(nowMs + i, 8, { over, failed }))));
          }
          const [first, ...rest] = judged;
          expect(first?.before ?? NEW_BACKOFF).toEqual(NEW_BACKOFF);
          for (const [i, { before }] of rest.entries()) expect(before).toEqual(judged[i]?.after);
          expect((await read(target))?.backoff).toEqual(judged.at(-1)?.after ?? NEW_BACKOFF);
        },
      ),
      { numRuns: 8 },
    );
  });

  it('carries what is too little to judge by, and counts anew what is in flight', async () => {
    const { writers, judged } = sendersTo('carried', 2);
    const [a, b] = writers as [HealthWriter, HealthWriter];
    await a.write(seen(at(0), 4, { over: 3, inFlight: 9 }));
    await b.write(seen(at(0), 4, { over: 3, inFlight: 9 }));
    expect(await a.write(seen(at(5_000), 4, { inFlight: 2 }))).toMatchObject({
      level: 1,
      current: { startedAtMs: at(5_000), n: 12, over: 6, inFlight: 2 },
      last: { startedAtMs: at(0), n: 12, inFlight: 18 },
    });
    expect(await b.write(seen(at(6_500), 4, { inFlight: 3 }))).toMatchObject({ n: 16, inFlight: 5 });
    expect(judged).toEqual([]);
    expect(await b.write(seen(at(10_000), 4, { inFlight: 3 }))).toMatchObject({ level: 0.5, n: 0 });
    expect(judged).toMatchObject([{ counts: { n: 20, over: 6 } }]);
  });

  it('takes over nothing of an old level into the window after a cut', async () => {
    const { writers } = sendersTo('old', 3);
    const [a, b, c] = writers as [HealthWriter, HealthWriter, HealthWriter];
    await Promise.all(writers.map((writer) => writer.write(seen(at(0), 10, { over: 5 }))));
    await a.write(seen(at(5_000), 0));
    expect(await b.write(seen(at(5_100), 9, { over: 9, inFlight: 7 }))).toMatchObject({
      level: 0.5,
      current: { n: 0, over: 0, inFlight: 8 },
    });
    // Who has read of the cut sends at the new level, and that counts.
    await c.read(at(5_200));
    expect(await c.write(seen(at(5_900), 6, { over: 1 }))).toMatchObject({ current: { n: 6, over: 1 } });
  });

  it('cuts where in flight is never seen below its limit, and not where it is once', async () => {
    const { writer, judged } = one('pinned');
    const look = (ms: number, inFlight: number) => writer.write(seen(at(ms), 1, { inFlight }));
    for (const ms of [0, 1_000, 2_000, 3_000, 4_000]) await look(ms, 100);
    expect(await look(5_000, 100)).toMatchObject({ level: 0.5 });
    for (const ms of [6_000, 7_000, 8_000]) await look(ms, 100);
    await look(9_000, 99);
    expect(await look(10_000, 100)).toMatchObject({ level: 0.5 });
    expect(levels(judged)).toEqual([0.5]);
  });

  it('does not take a burst that a newcomer sees at the close for a limit that was reached all the time', async () => {
    const { writers, judged } = sendersTo('newcomer', 2);
    const [a, b] = writers as [HealthWriter, HealthWriter];
    await a.write(seen(at(0), 1, { inFlight: 3 }));
    await a.write(seen(at(4_900), 1, { inFlight: 60 }));
    await b.write(seen(at(5_000), 0, { inFlight: 60 }));
    expect(judged).toEqual([]);
  });

  it('comes to probes alone after three bad windows at the floor, and back in steps', async () => {
    const { writer, judged } = one('floor');
    let nowMs = 0;
    const window = async (n: number, failed: number) => {
      nowMs += WINDOW_MS;
      return writer.write(seen(at(nowMs), n, { failed }));
    };
    await writer.write(seen(at(0), 0));
    while ((judged.at(-1)?.after.level ?? 1) > FLOOR) await window(20, 20);
    await window(3, 3);
    await window(3, 3);
    expect(await window(3, 3)).toMatchObject({ level: 0, isOpen: true, backoff: { level: FLOOR } });
    expect(await window(2, 0)).toMatchObject({ level: 0, isOpen: true });
    expect(await window(1, 0)).toMatchObject({ level: FLOOR, isOpen: false });
    expect((await window(3, 0)).level).toBeCloseTo(FLOOR * 1.5);
  });
});

describe('clocks that differ', () => {
  it('by seconds leave windows at their length', async () => {
    const { writers, judged } = sendersTo('seconds', 4);
    for (let ms = 0; ms <= 60_000; ms += 1_000)
      await Promise.all(writers.map((writer, i) => writer.write(seen(at(ms + i * 1_300), 2))));
    expect(judged.length).toBeGreaterThanOrEqual(11);
    expect(judged.length).toBeLessThanOrEqual(13);
  });

  it('by an hour neither stop the windows nor shorten them', async () => {
    const { writers, judged } = sendersTo('hour', 3);
    const [ahead, b, c] = writers as [HealthWriter, HealthWriter, HealthWriter];
    await b.write(seen(at(0), 30));
    await ahead.write(seen(at(3_600_000), 1));
    for (let ms = 1_000; ms <= 31_000; ms += 1_000) {
      await b.write(seen(at(ms), 15));
      await c.write(seen(at(ms + 100), 15));
    }
    const alone = judged.length;
    expect(alone).toBeGreaterThanOrEqual(6);
    expect(alone).toBeLessThanOrEqual(8);
    for (let ms = 32_000; ms <= 62_000; ms += 1_000) {
      await ahead.write(seen(at(ms + 3_600_000), 15));
      await b.write(seen(at(ms), 15));
    }
    expect(judged.length - alone).toBeGreaterThanOrEqual(5);
    expect(judged.length - alone).toBeLessThanOrEqual(8);
  });
});

describe('a table in trouble', () => {
  it('that loses the answer to a close has the level cut once', async () => {
    const { writers, judged } = sendersTo('lost', 2);
    const [a, b] = writers as [HealthWriter, HealthWriter];
    const own = new DynamoDBClient({ ...clientConfig(dynamo.endpoint), maxAttempts: 3 });
    const again = createHealthWriter(own, dynamo.table, 'lost', { limits: LIMITS, windowMs: WINDOW_MS });
    await a.write(seen(at(0), 30, { over: 9 }));
    await again.write(seen(at(100), 0));
    const isClose = ({ body }: { readonly body: Buffer }) => body.includes(':old');
    dynamo.fail({ operation: 'UpdateItem', when: isClose, reset: 'after' });
    expect(await again.write(seen(at(5_000), 0))).toMatchObject({ level: 0.5 });
    expect(await b.write(seen(at(5_100), 0))).toMatchObject({ level: 0.5, last: { n: 30 } });
    expect(judged).toEqual([]);
    own.destroy();
  });

  it('that throttles has what was seen told later, in the window of then', async () => {
    const { writer, judged } = one('throttled');
    await writer.write(seen(at(0), 5, { over: 5 }));
    const code = 'ProvisionedThroughputExceededException';
    dynamo.fail({ operation: 'UpdateItem', status: 400, code, times: 4 });
    for (const ms of [1_000, 2_000]) await writer.write(seen(at(ms), 5)).catch(() => undefined);
    dynamo.heal();
    await writer.write(seen(at(3_000), 30));
    expect(await writer.write(seen(at(5_000), 5))).toMatchObject({ level: 0.5 });
    expect(judged).toMatchObject([{ counts: { n: 50, over: 5 } }]);
  });

  it('whose read fails at a close leaves the close to the next write', async () => {
    const { writer, judged } = one('unread');
    await writer.write(seen(at(0), 30, { over: 9 }));
    dynamo.fail({ operation: 'GetItem', status: 500, code: 'InternalServerError' });
    await expect(writer.write(seen(at(5_000), 1))).rejects.toMatchObject({ code: 'AWS_FAILED' });
    expect(await writer.write(seen(at(6_000), 1))).toMatchObject({ level: 0.5 });
    expect(judged).toMatchObject([{ counts: { n: 32, over: 9 } }]);
  });
});

describe('a target that asks to be left alone', () => {
  const ask = (target: string, untilMs: number, nowMs = START_MS) =>
    leaveAlone(client, dynamo.table, target, { untilMs, nowMs });

  it('is, up to the latest instant that anybody was told', async () => {
    expect(await ask('retry', at(5_000))).toBe(true);
    expect(await ask('retry', at(4_000))).toBe(false);
    expect((await read('retry'))?.retryAtMs).toBe(at(5_000));
    expect(await ask('retry', at(9_000))).toBe(true);
    expect((await read('retry'))?.retryAtMs).toBe(at(9_000));
  });

  it('is not for longer than five minutes', async () => {
    await ask('forever', at(86_400_000));
    expect((await read('forever'))?.retryAtMs).toBe(at(MAX_RETRY_AFTER_MS));
  });

  it('is told with the answer to any write', async () => {
    const { writer } = one('answer');
    await writer.write(seen(at(0), 1));
    await ask('answer', at(7_000));
    expect((await writer.write(seen(at(1_000), 1))).retryAtMs).toBe(at(7_000));
  });
});

describe('traffic that begins above what was recorded', () => {
  const start = (target: string, level: number, nowMs: number) =>
    startTarget(client, dynamo.table, target, { level, nowMs });

  it('begins at the recorded rate where the target was quiet, once', async () => {
    expect(await start('new', 0.25, at(0))).toBe(true);
    expect(await start('new', 0.25, at(10))).toBe(false);
    const { writer, judged } = one('new');
    await writer.write(seen(at(3_000), 30));
    expect(await read('new')).toMatchObject({ level: 0.25 });
    expect(await start('new', 0.1, at(4_000))).toBe(false);
    await writer.write(seen(at(5_000), 0));
    expect(levels(judged)).toEqual([0.375]);
  });

  it('begins there again after a minute of quiet, and what was counted before does not raise it', async () => {
    const { writer, judged } = one('again');
    await writer.write(seen(at(0), 30));
    expect(await start('again', 0.5, at(QUIET_MS - 1))).toBe(false);
    expect(await start('again', 0.5, at(QUIET_MS + 1))).toBe(true);
    expect(await writer.write(seen(at(QUIET_MS + 4_000), 5))).toMatchObject({ level: 0.5, n: 5 });
    expect(judged).toEqual([]);
  });

  it('leaves a level that is lower as it is', async () => {
    const { writer } = one('low');
    await writer.write(seen(at(0), 30, { failed: 30 }));
    await writer.write(seen(at(5_000), 0));
    await writer.write(seen(at(6_000), 30, { failed: 30 }));
    await writer.write(seen(at(10_000), 0));
    const { level = 1 } = (await read('low')) ?? {};
    expect(level).toBeLessThan(0.5);
    expect(await start('low', 0.5, at(600_000))).toBe(false);
    expect((await read('low'))?.level).toBe(level);
  });
});
