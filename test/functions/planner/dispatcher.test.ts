import { describe, expect, it } from 'vitest';
import type { Slice } from '../../../core/pace/grid.ts';
import { parseSliceEvent } from '../../../core/pace/slice.ts';
import { NO_REST } from '../../../functions/planner/progress.ts';
import { dispatcherOf, every, START_MS, slicesOf } from '../../support/dispatcher-world.ts';
import { requestsIn } from '../../support/planner-world.ts';

describe('a dispatched slice', () => {
  it('says all that a sender needs', async () => {
    const { dispatcher, payloads } = dispatcherOf();
    const [, slice] = await slicesOf(every(1_000, 10));
    await dispatcher.dispatch(slice as Slice, NO_REST);
    const { data, ...event } = parseSliceEvent(JSON.parse(payloads[0] ?? ''));
    expect(event).toEqual({
      version: 1,
      run: 'run',
      object: { bucket: 'b', key: 'k', etag: 'e' },
      index: 1,
      rulesHash: 'hash',
      target: 't',
      startAtMs: START_MS + 5_000,
      notAfterMs: START_MS + 9_000 + 5_000,
      requests: 5,
      planned: 5,
      share: 1,
      recordedP95Ms: 12,
    });
    expect(requestsIn({ ...event, data }).map(({ n, request }) => [n, request.dueMs])).toEqual([
      [0, 0],
      [1, 1_000],
      [2, 2_000],
      [3, 3_000],
      [4, 4_000],
    ]);
    await dispatcher.drain();
    expect(dispatcher.lastDueAtMs()).toBe(START_MS + 9_000);
    expect(dispatcher.lastMarked()).toBe(1);
  });

  it('says what was recorded of the rules that are in it, as far as there is room', async () => {
    const asked: (readonly string[])[] = [];
    const { dispatcher, payloads } = dispatcherOf({
      options: {
        recordedP95MsOf: (rules) => {
          asked.push(rules);
          return { r: 40 };
        },
      },
    });
    const [slice] = await slicesOf(every(10, 100, (i) => ({ rule: i < 2 ? 'often' : `r${i}` })));
    await dispatcher.dispatch(slice as Slice, NO_REST);
    expect(parseSliceEvent(JSON.parse(payloads[0] ?? '')).recordedP95MsOf).toEqual({ r: 40 });
    expect([asked[0]?.length, asked[0]?.[0]]).toEqual([48, 'often']);
  });

  it('is marked with its own counts before it is invoked', async () => {
    const order: string[] = [];
    const { dispatcher } = dispatcherOf({
      options: {
        mark: async (index, counts) => {
          order.push(`mark ${index} ${JSON.parse(counts).dispatch.r.dispatched}`);
          return true;
        },
        invoke: async () => {
          order.push('invoke');
          return 'accepted';
        },
      },
    });
    for (const slice of await slicesOf(every(1_000, 10))) await dispatcher.dispatch(slice, NO_REST);
    expect(order).toEqual(['mark 0 5', 'invoke', 'mark 1 10', 'invoke']);
  });

  it('is not invoked where the lease is lost', async () => {
    const { dispatcher, payloads } = dispatcherOf({ options: { mark: async () => false } });
    const [slice] = await slicesOf(every(1_000, 2));
    await expect(dispatcher.dispatch(slice as Slice, NO_REST)).rejects.toMatchObject({
      code: 'LEASE_LOST',
      message: 'someone else plans the object of run run by now',
    });
    expect(payloads).toEqual([]);
  });

  it('waits where eight invocations are under way', async () => {
    const accept: (() => void)[] = [];
    const { dispatcher, marks } = dispatcherOf({
      options: { invoke: () => new Promise((resolve) => accept.push(() => resolve('accepted'))) },
    });
    const slices = await slicesOf(every(5_000, 12));
    const all = (async () => {
      for (const slice of slices) await dispatcher.dispatch(slice, NO_REST);
      await dispatcher.drain();
    })();
    await new Promise(setImmediate);
    expect([accept.length, marks.length]).toEqual([8, 8]);
    for (let i = 0; i < 12; i += 1) {
      accept[i]?.();
      await new Promise(setImmediate);
    }
    await all;
    expect(accept).toHaveLength(12);
  });
});

describe('what may not go', () => {
  it('is what the switch leaves out, and the rest keeps its places', async () => {
    const { dispatcher, payloads, progress, paths } = dispatcherOf({ share: 0.25 });
    const [slice] = await slicesOf(every(1_000, 4, (i) => ({ share: i / 4 })));
    await dispatcher.dispatch(slice as Slice, NO_REST);
    expect(paths()).toEqual(['/0']);
    expect(parseSliceEvent(JSON.parse(payloads[0] ?? ''))).toMatchObject({
      requests: 1,
      planned: 4,
      share: 0.25,
    });
    expect(progress.state().dispatch).toEqual({ r: { dispatched: 1, heldBack: { kill_switch: 3 } } });
  });

  it('is all where the switch is off, and nothing is marked', async () => {
    const { dispatcher, marks, progress } = dispatcherOf({ share: 0 });
    const [slice] = await slicesOf(every(1_000, 4));
    await dispatcher.dispatch(slice as Slice, NO_REST);
    expect(marks).toEqual([]);
    expect(progress.state().dispatch).toEqual({ r: { dispatched: 0, heldBack: { kill_switch: 4 } } });
  });

  it('is what is more than 5 s past due', async () => {
    const { dispatcher, time, progress, paths } = dispatcherOf();
    const [slice] = await slicesOf(every(1_000, 5));
    time.skip(3_000 + 7_001);
    await dispatcher.dispatch(slice as Slice, NO_REST);
    expect(paths()).toEqual(['/3000', '/4000']);
    expect(progress.state().dispatch).toEqual({ r: { dispatched: 2, heldBack: { late: 3 } } });
  });

  it('is what is over the rate of its second, the same clients first', async () => {
    const asks: unknown[] = [];
    const { dispatcher, progress, paths } = dispatcherOf({
      target: { maxRatePerSecond: 2 },
      options: {
        takeRate: async (ask) => {
          asks.push(ask);
          return Math.min(ask.count, 2);
        },
      },
    });
    const [slice] = await slicesOf(every(250, 6, (i) => ({ share: (9 - i) / 10 })));
    await dispatcher.dispatch(slice as Slice, NO_REST);
    const second = START_MS / 1_000;
    expect(asks).toEqual([
      { target: 't', dueSecond: second, count: 4, maxPerSecond: 2 },
      { target: 't', dueSecond: second + 1, count: 2, maxPerSecond: 2 },
    ]);
    expect(paths()).toEqual(['/500', '/750', '/1000', '/1250']);
    expect(progress.state().dispatch).toEqual({ r: { dispatched: 4, heldBack: { max_rate: 2 } } });
  });
});
