import { describe, expect, it } from 'vitest';
import type { Slice } from '../../../core/pace/grid.ts';
import type { GiveBackBudget, TakeBudget } from '../../../functions/planner/budgets.ts';
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

const RULES = [planRule({ maxRatePerSecond: 2 }), planRule({ name: 'other' })];

const dispatched = async (world: DispatcherWorld, requests: Parameters<typeof slicesOf>[0]) => {
  const made = dispatcherOf(world);
  for (const slice of await slicesOf(requests)) await made.dispatcher.dispatch(slice as Slice, NO_REST);
  await made.dispatcher.drain();
  return { ...made, counts: made.progress.state().dispatch };
};

/** A table that keeps to what it is asked for, and remembers it. */
const rates = () => {
  const asks: string[] = [];
  const takeRate: TakeRate = async ({ target, dueSecond, count, maxPerSecond }) => {
    asks.push(`${target} ${dueSecond - START_MS / 1_000} ${count}`);
    return Math.min(count, maxPerSecond);
  };
  return { asks, takeRate };
};

/** Budgets by name, of requests alone, and what was asked of them. */
const budgets = (left: Record<string, number>) => {
  const asks: string[] = [];
  const takeBudget: TakeBudget = async ({ name, rulesHash, count, nowMs }) => {
    asks.push(`${name} ${rulesHash} ${count} at ${nowMs - START_MS}`);
    const room = Math.max(0, Math.min(count, left[name] ?? 0));
    left[name] = (left[name] ?? 0) - room;
    return room;
  };
  const giveBackBudget: GiveBackBudget = async ({ name, unsent }) => {
    left[name] = (left[name] ?? 0) + unsent;
  };
  return { asks, left, takeBudget, giveBackBudget };
};

describe('rates', () => {
  it('of rules hold inside that of their target, which is asked for what they leave', async () => {
    const { asks, takeRate } = rates();
    const requests = every(100, 10, (i) => ({ rule: i % 2 === 0 ? 'r' : 'other', share: i / 10 }));
    const { counts, paths } = await dispatched(
      { rules: RULES, target: { maxRatePerSecond: 6 }, options: { takeRate } },
      requests,
    );
    expect(asks).toEqual(['rule:r 0 5', 't 0 7']);
    expect(paths()).toEqual(['/0', '/100', '/200', '/300', '/500', '/700']);
    expect(counts).toEqual({
      r: { dispatched: 2, heldBack: { max_rate: 3 } },
      other: { dispatched: 4, heldBack: { max_rate: 1 } },
    });
  });

  it('are not asked for what backoff holds back', async () => {
    const { asks, takeRate } = rates();
    const level = { level: 0.1, retryAtMs: START_MS + 60_000 };
    const rules = [{ ...dispatcherRule, maxRatePerSecond: 2 }];
    await dispatched({ rules, level, options: { takeRate } }, every(100, 10));
    expect(asks).toEqual([]);
  });

  it('hold for probes as well', async () => {
    const asked: string[] = [];
    const takeRate: TakeRate = async ({ target }) => {
      asked.push(target);
      return target === 't' ? 0 : 1;
    };
    const { counts } = await dispatched(
      { level: { level: 0 }, target: { maxRatePerSecond: 5 }, options: { takeRate } },
      every(100, 10),
    );
    // Who has no room must not keep others from the probe.
    expect(asked).toEqual(['t']);
    expect(counts).toEqual({ r: { dispatched: 0, heldBack: { backoff: 10 } } });
  });
});

const dispatcherRule = planRule({
  backoff: {
    kind: 'on',
    latency: { kind: 'absolute', ms: 100 },
    errorShare: 0.1,
    windowMs: 5_000,
  },
});

describe('budgets', () => {
  it('are asked for last and once a slice, and hold back what is beyond', async () => {
    const { asks, takeBudget, giveBackBudget } = budgets({ t: 7 });
    const { counts, paths } = await dispatched(
      { target: { budget: { requests: 7 } }, options: { takeBudget, giveBackBudget } },
      every(1_000, 10, (i) => ({ share: i / 10 })),
    );
    expect(asks).toEqual(['t hash 5 at 0', 't hash 5 at 5000']);
    expect(paths()).toEqual(['/0', '/1000', '/2000', '/3000', '/4000', '/5000', '/6000']);
    expect(counts).toEqual({ r: { dispatched: 7, heldBack: { budget: 3 } } });
  });

  it('of rules get back what the target has no room for', async () => {
    const { left, takeBudget, giveBackBudget } = budgets({ t: 3, 'rule:r': 100 });
    const { counts } = await dispatched(
      {
        rules: [planRule({ budget: { requests: 100 } })],
        target: { budget: { requests: 3 } },
        options: { takeBudget, giveBackBudget },
      },
      every(1_000, 5),
    );
    expect(counts).toEqual({ r: { dispatched: 3, heldBack: { budget: 2 } } });
    expect(left).toEqual({ t: 0, 'rule:r': 97 });
  });

  it('of a duration are asked for second by second of due time', async () => {
    const { asks, takeBudget, giveBackBudget } = budgets({ t: 100 });
    await dispatched(
      { target: { budget: { durationMs: 60_000 } }, options: { takeBudget, giveBackBudget } },
      every(500, 6),
    );
    expect(asks).toEqual(['t hash 2 at 0', 't hash 2 at 1000', 't hash 2 at 2000']);
  });

  it('get back what no sender could take', async () => {
    const { left, takeBudget, giveBackBudget } = budgets({ t: 10, 'rule:r': 10 });
    const made = dispatcherOf({
      rules: [planRule({ budget: { requests: 10 } })],
      target: { budget: { requests: 10 } },
      options: { takeBudget, giveBackBudget, invoke: async () => 'throttled' },
    });
    const [slice] = await slicesOf(every(1_000, 5));
    await made.time.run(made.dispatcher.dispatch(slice as Slice, NO_REST).then(made.dispatcher.drain));
    expect(made.progress.state().dispatch).toEqual({ r: { dispatched: 0, heldBack: { throttled: 5 } } });
    expect(left).toEqual({ t: 10, 'rule:r': 10 });
  });

  it('get back what was taken where one of them cannot be asked', async () => {
    const { left, takeBudget, giveBackBudget } = budgets({ t: 10, 'rule:r': 10, 'rule:other': 10 });
    const isAsked = { fails: true };
    const rules = ['r', 'other'].map((name) => planRule({ name, budget: { requests: 10 } }));
    const made = dispatcherOf({
      rules,
      target: { budget: { requests: 10, durationMs: 60_000 } },
      options: {
        takeBudget: async (ask) => {
          // Of the target's seconds, the second.
          if (ask.name === 't' && ask.nowMs > START_MS && isAsked.fails) throw new Error('no table');
          return takeBudget(ask);
        },
        giveBackBudget,
      },
    });
    const [slice] = await slicesOf(every(500, 4, (i) => ({ rule: i % 2 === 0 ? 'r' : 'other' })));
    await expect(made.dispatcher.dispatch(slice as Slice, NO_REST)).rejects.toThrow('no table');
    expect(left).toEqual({ t: 10, 'rule:r': 10, 'rule:other': 10 });
    isAsked.fails = false;
    await made.dispatcher.dispatch(slice as Slice, NO_REST);
    await made.dispatcher.drain();
    expect(left).toEqual({ t: 6, 'rule:r': 8, 'rule:other': 8 });
  });

  it('of one rule wait for those of others before they are given back', async () => {
    const { left, takeBudget, giveBackBudget } = budgets({ 'rule:slow': 10 });
    const rules = ['fails', 'slow'].map((name) => planRule({ name, budget: { requests: 10 } }));
    const made = dispatcherOf({
      rules,
      options: {
        takeBudget: async (ask) => {
          if (ask.name === 'rule:fails') throw new Error('no table');
          await made.time.sleep(500);
          return takeBudget(ask);
        },
        giveBackBudget,
      },
    });
    const [slice] = await slicesOf(every(500, 4, (i) => ({ rule: i % 2 === 0 ? 'fails' : 'slow' })));
    const dispatching = made.dispatcher.dispatch(slice as Slice, NO_REST);
    await made.time.run(expect(dispatching).rejects.toThrow('no table'));
    expect(left).toEqual({ 'rule:slow': 10 });
  });

  it.each<[string, () => Promise<boolean>, number]>([
    ['get back what a slice has taken that another planner dispatches', async () => false, 10],
    [
      'keep what a slice has taken of which nobody knows whether it is marked',
      async () => {
        throw new Error('no answer');
      },
      5,
    ],
  ])('%s', async (_, mark, kept) => {
    const { left, takeBudget, giveBackBudget } = budgets({ t: 10, 'rule:r': 10 });
    const made = dispatcherOf({
      rules: [planRule({ budget: { requests: 10 } })],
      target: { budget: { requests: 10 } },
      options: { takeBudget, giveBackBudget, mark },
    });
    const [slice] = await slicesOf(every(1_000, 5));
    await expect(made.dispatcher.dispatch(slice as Slice, NO_REST)).rejects.toThrow();
    expect(left).toEqual({ t: kept, 'rule:r': kept });
  });

  it('that cannot be given back are a problem, and nothing more', async () => {
    const { takeBudget } = budgets({ t: 10 });
    const made = dispatcherOf({
      target: { budget: { requests: 10 } },
      options: {
        takeBudget,
        giveBackBudget: async () => {
          throw new Error('no table');
        },
        invoke: async () => 'throttled',
      },
    });
    const [slice] = await slicesOf(every(1_000, 5));
    await made.time.run(made.dispatcher.dispatch(slice as Slice, NO_REST).then(made.dispatcher.drain));
    expect(made.problems).toHaveLength(1);
  });
});
