import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FLOOR, NEW_BACKOFF } from '../../../core/send/backoff.ts';
import { createHealthWriter, type HealthWriter } from '../../../io/aws/target-health.ts';
import type { JudgedWindow } from '../../../io/aws/window-steps.ts';
import { clientConfig } from '../../support/aws/client-config.ts';
import {
  at,
  atOnce,
  LIMITS,
  levels,
  START_MS,
  seen,
  useHealthTable,
  WINDOW_MS,
} from '../../support/health-table.ts';

const { client, dynamo, one, read, sendersTo } = useHealthTable();

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

describe('what is long past', () => {
  const HOUR_MS = 3_600_000;

  it('is not judged the next day, nor what was carried then', async () => {
    const { writers, judged } = sendersTo('next-day', 3);
    const [a, b, c] = writers as [HealthWriter, HealthWriter, HealthWriter];
    await a.write(seen(at(0), 100, { failed: 100 }));
    const morning = 15 * HOUR_MS;
    expect(await b.write(seen(at(morning), 19, { failed: 1 }))).toMatchObject({ level: 1, n: 19, failed: 1 });
    const later = await c.write(seen(at(morning + 40 * HOUR_MS), 3));
    expect(later).toMatchObject({ level: 1, current: { n: 3, failed: 0 }, last: { n: 19, inFlight: 0 } });
    await c.write(seen(at(morning + 40 * HOUR_MS + WINDOW_MS), 20));
    expect(judged).toMatchObject([{ counts: { n: 23, failed: 0 } }]);
  });

  it('is a window twice its length after its start, or a minute where it was too little to judge by', async () => {
    const much = one('much');
    await much.writer.write(seen(at(0), 30, { failed: 30 }));
    expect(await much.writer.write(seen(at(2 * WINDOW_MS), 5))).toMatchObject({ level: 1, n: 5 });
    const little = one('little');
    await little.writer.write(seen(at(0), 15, { failed: 15 }));
    expect(await little.writer.write(seen(at(59_999), 5, { failed: 5 }))).toMatchObject({ level: 0.5 });
    const late = one('late');
    await late.writer.write(seen(at(0), 15, { failed: 15 }));
    expect(await late.writer.write(seen(at(60_000), 5))).toMatchObject({ level: 1, n: 5, failed: 0 });
    expect([much, late].map(({ judged }) => judged.length)).toEqual([0, 0]);
  });

  it('is no limit that was reached all the time, whatever is in flight at the first look after it', async () => {
    const { writers, judged } = sendersTo('cold', 2);
    const [a, b] = writers as [HealthWriter, HealthWriter];
    await a.write(seen(at(0), 5, { inFlight: 0 }));
    await b.write(seen(at(30_000), 0, { inFlight: 100 }));
    expect(judged).toEqual([]);
  });

  it('is not told any more by a sender that could not tell it then', async () => {
    const { writers, judged } = sendersTo('untold', 2);
    const [a, b] = writers as [HealthWriter, HealthWriter];
    await a.write(seen(at(0), 0));
    dynamo().fail({ operation: 'UpdateItem', status: 500, code: 'InternalServerError' });
    await a.write(seen(at(1_000), 60, { failed: 60 })).catch(() => undefined);
    await b.write(seen(at(HOUR_MS), 30));
    expect(await a.write(seen(at(HOUR_MS + 4_000), 2))).toMatchObject({ n: 32, failed: 0 });
    expect(judged).toEqual([]);
  });
});

describe('a target that nothing is judged of', () => {
  it('stays as it is, however much is in flight and fails', async () => {
    const writer = createHealthWriter(client(), dynamo().table, 'unjudged', { wait: atOnce });
    for (let ms = 0; ms <= 70_000; ms += 1_000)
      await writer.write(seen(at(ms), 10, { failed: 10, inFlight: 1_000 }));
    expect(await read('unjudged')).toMatchObject({ level: 1, isOpen: false });
  });
});

describe('a crowd of senders', () => {
  /** As many wake before the first of them is done. */
  const EARLY = 10;
  const crowd = (target: string, count: number) => {
    const judged: JudgedWindow[] = [];
    const opened = Promise.withResolvers<void>();
    let waiting = 0;
    const options = {
      limits: { ...LIMITS, maxInFlight: 1_000_000 },
      windowMs: WINDOW_MS,
      wait: async () => {
        waiting += 1;
        if (waiting > EARLY && waiting < count) await opened.promise;
      },
      onJudged: (one: JudgedWindow) => {
        judged.push(one);
        opened.resolve();
      },
    };
    const writers = Array.from({ length: count }, () =>
      createHealthWriter(client(), dynamo().table, target, options),
    );
    const writeAll = (ms: number, over: number) =>
      Promise.all(writers.map((writer) => writer.write(seen(at(ms), 5, { over }))));
    /** Opens a window that all are in. */
    const open = async (over: number): Promise<void> => {
      await writers[0]?.write(seen(at(0), 5, { over }));
      await Promise.all(writers.slice(1).map((writer) => writer.write(seen(at(0), 5, { over }))));
      waiting = 0;
    };
    /** Calls that a second of all of them costs. */
    const costOf = async (ms: number, over: number) => {
      const before = [dynamo().count('UpdateItem'), dynamo().count('GetItem')] as const;
      await writeAll(ms, over);
      return [dynamo().count('UpdateItem') - before[0], dynamo().count('GetItem') - before[1]] as const;
    };
    return { open, costOf, judged };
  };

  it('makes two writes each where two hundred come to the end of a window at once, and few more', async () => {
    const { open, costOf, judged } = crowd('crowd', 200);
    await open(0);
    const [updates, reads] = await costOf(WINDOW_MS, 0);
    expect(updates).toBeLessThanOrEqual(2 * 200 + EARLY);
    expect(reads).toBeLessThanOrEqual(200 + EARLY);
    expect(judged).toHaveLength(1);
    expect(await read('crowd')).toMatchObject({ inFlight: 200 });
  });

  it('does not try to close what is lost each for itself', async () => {
    const { open, costOf, judged } = crowd('lost-at-once', 40);
    await open(0);
    // The counts of one of them decide; those before it see nothing yet, and those after it wait.
    const [updates, reads] = await costOf(2_000, 5);
    expect(updates).toBeLessThanOrEqual(40 + EARLY + 5);
    expect(reads).toBeLessThanOrEqual(40);
    expect(judged).toMatchObject([{ after: { level: 0.5 } }]);
  });

  it('closes what is lost also where nobody’s own counts have made it so', async () => {
    const { open, costOf, judged } = crowd('lost-from-the-start', 40);
    await open(5);
    expect(judged).toEqual([]);
    const [updates] = await costOf(1_000, 5);
    expect(updates).toBeLessThanOrEqual(40 + 2 * EARLY);
    expect(judged).toMatchObject([{ after: { level: 0.5 } }]);
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
    const own = new DynamoDBClient({ ...clientConfig(dynamo().endpoint), maxAttempts: 3 });
    const again = createHealthWriter(own, dynamo().table, 'lost', {
      ...{ limits: LIMITS, windowMs: WINDOW_MS, wait: atOnce },
    });
    await a.write(seen(at(0), 30, { over: 9 }));
    await again.write(seen(at(100), 0));
    const isClose = ({ body }: { readonly body: Buffer }) => body.includes(':old');
    dynamo().fail({ operation: 'UpdateItem', when: isClose, reset: 'after' });
    expect(await again.write(seen(at(5_000), 0))).toMatchObject({ level: 0.5 });
    expect(await b.write(seen(at(5_100), 0))).toMatchObject({ level: 0.5, last: { n: 30 } });
    expect(judged).toEqual([]);
    own.destroy();
  });

  it('that throttles has what was seen told later, in the window of then', async () => {
    const { writer, judged } = one('throttled');
    await writer.write(seen(at(0), 5, { over: 5 }));
    const code = 'ProvisionedThroughputExceededException';
    dynamo().fail({ operation: 'UpdateItem', status: 400, code, times: 4 });
    for (const ms of [1_000, 2_000]) await writer.write(seen(at(ms), 5)).catch(() => undefined);
    dynamo().heal();
    await writer.write(seen(at(3_000), 30));
    expect(await writer.write(seen(at(5_000), 5))).toMatchObject({ level: 0.5 });
    expect(judged).toMatchObject([{ counts: { n: 50, over: 5 } }]);
  });

  it('whose read fails at a close leaves the close to the next write', async () => {
    const { writer, judged } = one('unread');
    await writer.write(seen(at(0), 30, { over: 9 }));
    dynamo().fail({ operation: 'GetItem', status: 500, code: 'InternalServerError' });
    await expect(writer.write(seen(at(5_000), 1))).rejects.toMatchObject({ code: 'AWS_FAILED' });
    expect(await writer.write(seen(at(6_000), 1))).toMatchObject({ level: 0.5 });
    expect(judged).toMatchObject([{ counts: { n: 32, over: 9 } }]);
  });
});
