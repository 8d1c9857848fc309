/** Holds what switch and backoff let through to the limits of rules and targets: the rates of each second, and budgets. */

import { byDueSecond, inOrderOfShare } from '../../core/pace/due-seconds.ts';
import type { SlicedRequest } from '../../core/pace/grid.ts';
import type { Rule, Target } from '../../core/rules/rule-set.ts';
import { type BudgetDeps, type Budgeted, giveAllBack, overBudget } from './budgets.ts';
import { holdBackAlso, type ThinnedSlice } from './thin-slice.ts';

/** Asks for `count` requests in one second of due time; resolves with how many of them may be sent. */
export type TakeRate = (ask: {
  /** Of a target, or `rule:<name>`, or `probe:<target>`. */
  readonly target: string;
  readonly dueSecond: number;
  readonly count: number;
  readonly maxPerSecond: number;
}) => Promise<number>;

export type RuleLimits = Pick<Rule, 'name' | 'backoff' | 'maxRatePerSecond' | 'budget'>;
type TargetLimits = Pick<Target, 'maxRatePerSecond' | 'budget'>;

export interface LimitDeps extends BudgetDeps {
  readonly targets: Readonly<Record<string, TargetLimits>>;
  readonly rules: ReadonlyMap<string, RuleLimits>;
  readonly takeRate: TakeRate;
}

/** Requests that share limits: those of a rule, or all of a target. */
interface Limited extends Budgeted {
  readonly maxRatePerSecond?: number | undefined;
}

/** All of a target. */
export const limitedByTarget = (
  target: string,
  requests: readonly SlicedRequest[],
  { targets }: Pick<LimitDeps, 'targets'>,
): Limited => ({ ...targets[target], name: target, requests });

/** By rule. */
export const limitedByRules = (
  requests: readonly SlicedRequest[],
  { rules }: Pick<LimitDeps, 'rules'>,
): readonly Limited[] =>
  [...Map.groupBy(requests, ({ request }) => request.rule)].map(([rule, own]) => ({
    ...rules.get(rule),
    name: `rule:${rule}`,
    requests: own,
  }));

/**
 * Those over the rate in any second. The rest is what a lower percentage would have kept, so that a client's stay or go
 * together.
 *
 * @throws RepriseError AWS_…; none of them may be sent then
 */
export const overRate = async (
  { name, maxRatePerSecond: maxPerSecond, requests }: Limited,
  { startAtMs, takeRate }: LimitDeps,
): Promise<readonly SlicedRequest[]> => {
  if (maxPerSecond === undefined) return [];
  const over = [...byDueSecond(requests, startAtMs)].map(async ([dueSecond, asked]) => {
    const count = asked.length;
    const allowed = await takeRate({ target: name, dueSecond, count, maxPerSecond });
    return allowed >= count ? [] : inOrderOfShare(asked).slice(Math.max(0, allowed));
  });
  return (await Promise.all(over)).flat();
};

/** Asks for each rule; throws only once nothing is under way any more. */
const overRules = async (
  requests: readonly SlicedRequest[],
  over: (limited: Limited) => Promise<readonly SlicedRequest[]>,
  deps: LimitDeps,
): Promise<readonly SlicedRequest[]> => {
  const asked = limitedByRules(requests, deps).map(over);
  await Promise.allSettled(asked);
  return (await Promise.all(asked)).flat();
};

/** Gives back what budgets have room for by these requests, of which no sender has any. */
export const giveBackBudgets = async (
  target: string,
  requests: readonly SlicedRequest[],
  deps: LimitDeps,
): Promise<void> => {
  await giveAllBack([limitedByTarget(target, requests, deps), ...limitedByRules(requests, deps)], deps);
};

/** Takes room in budgets: first those of rules, which lie inside those of the target. */
const withinBudgets = async (
  thinned: ThinnedSlice,
  target: string,
  deps: LimitDeps,
): Promise<ThinnedSlice> => {
  const taken: Budgeted[] = [];
  const overBudgetOf = (limited: Limited) => overBudget(limited, deps, taken);
  try {
    const overOwn = await overRules(thinned.send, overBudgetOf, deps);
    const left = holdBackAlso(thinned, overOwn, 'budget');
    const over = await overBudgetOf(limitedByTarget(target, left.send, deps));
    await giveAllBack(limitedByRules(over, deps), deps);
    return holdBackAlso(left, over, 'budget');
  } catch (error) {
    // The slice will be tried again, and takes its room anew.
    await giveAllBack(taken, deps);
    throw error;
  }
};

/**
 * Holds back what is over a limit: of the rules first, which lie inside those of the target, and budgets last, so that nothing uses one
 * up that is held back for another reason.
 *
 * @throws RepriseError AWS_… where a limit cannot be asked for; what was taken of budgets is given back then
 */
export const limitSlice = async (
  thinned: ThinnedSlice,
  target: string,
  deps: LimitDeps,
): Promise<ThinnedSlice> => {
  const overRateOf = (limited: Limited) => overRate(limited, deps);
  let left = thinned;
  left = holdBackAlso(left, await overRules(left.send, overRateOf, deps), 'max_rate');
  left = holdBackAlso(left, await overRateOf(limitedByTarget(target, left.send, deps)), 'max_rate');
  return withinBudgets(left, target, deps);
};
