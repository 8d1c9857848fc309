import { describe, expect, it } from 'vitest';
import type { Slice } from '../../../core/pace/grid.ts';
import { parseSliceEvent } from '../../../core/pace/slice.ts';
import { DEFAULT_BACKOFF } from '../../../core/rules/rule-set.ts';
import type { TakeRate } from '../../../functions/planner/limit-slice.ts';
import { NO_REST } from '../../../functions/planner/progress.ts';
import {
  type DispatcherWorld,
  dispatcherOf,
  every,
  START_MS,
  slicesOf,
} from '../../support/dispatcher-world.ts';
import { planRule } from '../../support/plan.ts';
import { requestsIn } from '../../support/planner-world.ts';

const SECOND = START_MS / 1_000;

/** Shares from 0 on in steps of a tenth, ten requests a second. */
const tenths = (count: number) => every(100, count, (i) => ({ share: (i % 10) / 10 }));

/** Dispatches the first slice of requests. */
const dispatched = async (world: DispatcherWorld, requests = tenths(20)) => {
  const made = dispatcherOf(world);
  const [slice] = await slicesOf(requests);
  await made.dispatcher.dispatch(slice as Slice, NO_REST);
  await made.dispatcher.drain();
  const sent = made.payloads.flatMap((payload) => requestsIn(parseSliceEvent(JSON.parse(payload))));
  return { ...made, sent, counts: made.progress.state().dispatch };
};

describe('backoff of a target', () => {
  it('thins what the switch lets through, under a reason of its own', async () => {
    const { counts, payloads } = await dispatched({ share: 0.5, level: { level: 0.4 } });
    expect(counts).toEqual({ r: { dispatched: 4, heldBack: { backoff: 6, kill_switch: 10 } } });
    expect(parseSliceEvent(JSON.parse(payloads[0] ?? ''))).toMatchObject({
      requests: 4,
      planned: 20,
      share: 0.2,
    });
  });

  it('leaves rules alone that have it off, also while the target is left alone', async () => {
    const rules = [planRule({ backoff: DEFAULT_BACKOFF }), planRule({ name: 'free' })];
    const requests = every(100, 20, (i) => ({ share: 0.9, rule: i % 2 === 0 ? 'r' : 'free' }));
    const level = { level: 0.1, retryAtMs: START_MS + 60_000 };
    const { counts } = await dispatched({ rules, level }, requests);
    expect(counts).toEqual({
      r: { dispatched: 0, heldBack: { backoff: 10 } },
      free: { dispatched: 10, heldBack: {} },
    });
  });

  it('holds back what is due before the target wants to be asked again, and no more', async () => {
    const { paths, counts } = await dispatched(
      { level: { level: 1, retryAtMs: START_MS + 1_500 } },
      every(500, 6),
    );
    expect(paths()).toEqual(['/1500', '/2000', '/2500']);
    expect(counts).toEqual({ r: { dispatched: 3, heldBack: { backoff: 3 } } });
  });

  it('is told with each slice that it thinned', async () => {
    const seen: unknown[] = [];
    const ignore = (): void => undefined;
    const levelSeen = ({ target, startMs }: { target: string; startMs: number }, level: number): void => {
      seen.push([target, startMs, level]);
    };
    const metrics = { decided: ignore, noted: ignore, settled: ignore, flush: ignore, levelSeen };
    await dispatched({ level: { level: 0.4 }, options: { metrics } });
    expect(seen).toEqual([['t', 0, 0.4]]);
  });

  it('is known before a slice is thinned', async () => {
    const order: string[] = [];
    const options = {
      begin: async (target: string) => void order.push(`begin ${target}`),
      levelOf: () => {
        order.push('level');
        return { level: 1 };
      },
    };
    await dispatched({ options });
    expect(order).toEqual(['begin t', 'level']);
  });
});

describe('a probe', () => {
  const open = { level: 0 };

  it('is the request that would go first, in each second in which nothing goes', async () => {
    const asks: unknown[] = [];
    const takeRate: TakeRate = async (ask) => {
      asks.push(ask);
      return 1;
    };
    const requests = every(100, 20, (i) => ({ share: ((i + 3) % 10) / 10 }));
    const { sent, counts } = await dispatched({ level: open, options: { takeRate } }, requests);
    expect(sent.map(({ n, request: { path, isProbe, share } }) => [n, path, isProbe, share])).toEqual([
      [7, '/700', true, 0],
      [17, '/1700', true, 0],
    ]);
    expect(asks).toEqual([
      { target: 'probe:t', dueSecond: SECOND, count: 1, maxPerSecond: 1 },
      { target: 'probe:t', dueSecond: SECOND + 1, count: 1, maxPerSecond: 1 },
    ]);
    expect(counts).toEqual({ r: { dispatched: 2, heldBack: { backoff: 18 } } });
  });

  it('is not sent beside others that tell as much', async () => {
    const asks: unknown[] = [];
    const takeRate: TakeRate = async (ask) => {
      asks.push(ask.dueSecond);
      return 1;
    };
    const requests = every(500, 4, (i) => ({ share: i === 0 ? 0.05 : 0.9 }));
    const { sent } = await dispatched({ level: { level: 0.1 }, options: { takeRate } }, requests);
    expect(sent.map(({ request }) => [request.path, request.isProbe])).toEqual([
      ['/0', undefined],
      ['/1000', true],
    ]);
    expect(asks).toEqual([SECOND + 1]);
  });

  it('is sent beside those of rules whose backoff is off: they tell nothing', async () => {
    const rules = [planRule({ backoff: DEFAULT_BACKOFF }), planRule({ name: 'free' })];
    const requests = every(100, 10, (i) => ({ rule: i % 2 === 0 ? 'free' : 'r', share: 0.5 }));
    const { counts } = await dispatched({ rules, level: open }, requests);
    expect(counts).toEqual({
      free: { dispatched: 5, heldBack: {} },
      r: { dispatched: 1, heldBack: { backoff: 4 } },
    });
  });

  it.each<[string, DispatcherWorld, number]>([
    ['another planner has sent it', { level: open, options: { takeRate: async () => 0 } }, 0],
    ['the target has asked to be left alone', { level: { ...open, retryAtMs: START_MS + 9_000 } }, 0],
    ['the switch is off', { level: open, share: 0 }, 0],
  ])('is not sent where %s', async (_, world, dispatchedCount) => {
    const { counts, marks } = await dispatched(world);
    expect(counts.r?.dispatched).toBe(dispatchedCount);
    expect(marks).toEqual([]);
  });

  it('does not go through the switch', async () => {
    const { sent } = await dispatched(
      { share: 0.2, level: open },
      every(100, 10, () => ({ share: 0.2 })),
    );
    expect(sent).toEqual([]);
  });

  it('costs no slice where the table cannot be asked', async () => {
    const takeRate: TakeRate = async () => {
      throw new Error('no table');
    };
    const { counts, problems } = await dispatched({ level: open, options: { takeRate } });
    expect(counts).toEqual({ r: { dispatched: 0, heldBack: { backoff: 20 } } });
    expect(problems).toHaveLength(2);
  });

  it('is one also where it is all of its slice', async () => {
    const { sent } = await dispatched({ level: open }, every(100, 1));
    expect(sent.map(({ n, request: { isProbe } }) => [n, isProbe])).toEqual([[0, true]]);
  });
});
