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

  it.each<[string, DispatcherWorld, number, number]>([
    ['the level that it was thinned by', { level: { level: 0.4 } }, 0.4, 0.4],
    [
      'nothing while the target is left alone',
      { level: { level: 1, retryAtMs: START_MS + 9_000 } },
      0,
      Number.NaN,
    ],
    [
      'the level, once the target is left alone no more',
      { level: { level: 0.6, retryAtMs: START_MS + 500 } },
      0,
      0.6,
    ],
    [
      'all, where no rule in it backs off',
      { level: { level: 0.4, retryAtMs: START_MS + 9_000 }, rules: [planRule()] },
      1,
      1,
    ],
  ])('is told as %s', async (_, world, lowest, share) => {
    const seen: number[] = [];
    const ignore = (): void => undefined;
    const levelSeen = (_slice: unknown, level: number) => seen.push(level);
    const metrics = { decided: ignore, noted: ignore, settled: ignore, flush: ignore, levelSeen };
    const { payloads } = await dispatched({ ...world, options: { metrics } });
    expect(seen).toEqual([lowest]);
    const shares = payloads.map((payload) => parseSliceEvent(JSON.parse(payload)).share);
    expect(shares).toEqual(Number.isNaN(share) ? [] : [share]);
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
      begin: async ({ target }: Slice) => void order.push(`begin ${target}`),
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

  it('is of a rule that its limits leave room for, whichever would go first', async () => {
    const requests = every(50, 100, (i) => ({ rule: i % 10 === 0 ? 'free' : 'spent', share: (i % 7) / 10 }));
    const rules = [
      planRule({ name: 'spent', backoff: DEFAULT_BACKOFF, budget: { requests: 10 } }),
      planRule({ name: 'free', backoff: DEFAULT_BACKOFF }),
    ];
    const asks: string[] = [];
    const options: DispatcherWorld['options'] = {
      takeRate: async ({ target }) => {
        asks.push(target);
        return 1;
      },
      takeBudget: async ({ name }) => {
        asks.push(name);
        return 0;
      },
    };
    const { sent } = await dispatched(
      { rules, level: open, target: { maxRatePerSecond: 1 }, options },
      requests,
    );
    expect(sent.map(({ request: { rule, isProbe } }) => [rule, isProbe])).toEqual(
      Array.from({ length: 5 }, () => ['free', true]),
    );
    // A budget that is used up is asked for once.
    expect(asks.filter((name) => name === 'rule:spent')).toHaveLength(1);
  });

  it('leaves the rate of its target to rules that may send one', async () => {
    const rules = [
      planRule({ name: 'slow', backoff: DEFAULT_BACKOFF, maxRatePerSecond: 0.01 }),
      planRule({ name: 'r', backoff: DEFAULT_BACKOFF }),
    ];
    const left: Record<string, number> = { t: 1, 'rule:slow': 0, 'probe:t': 1 };
    const takeRate: TakeRate = async ({ target }) => {
      const isLeft = (left[target] ?? 0) > 0;
      left[target] = 0;
      return Number(isLeft);
    };
    const world = { rules, level: open, target: { maxRatePerSecond: 1 }, options: { takeRate } };
    const requests = every(100, 10, (i) => ({ rule: i === 3 ? 'slow' : 'r', share: i === 3 ? 0 : 0.5 }));
    expect((await dispatched(world, requests)).sent.map(({ request }) => request.path)).toEqual(['/0']);
  });

  it('gives budgets back where another planner has sent it', async () => {
    const left: Record<string, number> = { t: 10, 'rule:r': 10 };
    const options: DispatcherWorld['options'] = {
      takeRate: async () => 0,
      takeBudget: async ({ name, count }) => {
        left[name] = (left[name] ?? 0) - count;
        return count;
      },
      giveBackBudget: async ({ name, unsent }) => {
        left[name] = (left[name] ?? 0) + unsent;
      },
    };
    const rules = [planRule({ backoff: DEFAULT_BACKOFF, budget: { requests: 10 } })];
    const { sent } = await dispatched({ rules, level: open, target: { budget: { requests: 10 } }, options });
    expect(sent).toEqual([]);
    expect(left).toEqual({ t: 10, 'rule:r': 10 });
  });

  it('costs no slice where the table cannot be asked', async () => {
    const takeRate: TakeRate = async () => {
      throw new Error('no table');
    };
    const { counts, problems } = await dispatched({ level: open, options: { takeRate } });
    expect(counts).toEqual({ r: { dispatched: 0, heldBack: { backoff: 20 } } });
    // Two seconds want one: a table that is slow to fail is asked once.
    expect(problems).toHaveLength(1);
  });

  it('is one also where it is all of its slice', async () => {
    const { sent } = await dispatched({ level: open }, every(100, 1));
    expect(sent.map(({ n, request: { isProbe } }) => [n, isProbe])).toEqual([[0, true]]);
  });
});
