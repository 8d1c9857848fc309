/** Holds what switch and backoff let through to the limits of rules and targets: the rates of each second, and budgets. */

import { byDueSecond, inOrderOfShare } from '../../core/pace/due-seconds.ts';
import type { SlicedRequest } from '../../core/pace/grid.ts';
import type { Rule, Target } from '../../core/rules/rule-set.ts';
import { type BudgetDeps, type Budgeted, giveBack, overBudget } from './budgets.ts';
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

const limitedByTarget = (
  target: string,
  requests: readonly SlicedRequest[],
  { targets }: LimitDeps,
): Limited => ({ ...targets[target], name: target, requests });

const limitedByRules = (
  requests: readonly SlicedRequest[],
  { rules }: Pick<LimitDeps, 'rules'>,
): readonly Limited[] =>
  [...Map.groupBy(requests, ({ request }) => request.rule)].map(([rule, own]) => ({
    ...rules.get(rule),
    name: `rule:${rule}`,
    requests: own,
  }));

/** Those over the rate in any second. The rest is what a lower percentage would have kept, so that a client's stay or go together. */
const overRate = async (
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

type Over = (limited: Limited, deps: LimitDeps) => Promise<readonly SlicedRequest[]>;

const overRules = async (
  requests: readonly SlicedRequest[],
  over: Over,
  deps: LimitDeps,
): Promise<readonly SlicedRequest[]> =>
  (await Promise.all(limitedByRules(requests, deps).map((limited) => over(limited, deps)))).flat();

/** Gives back what budgets have room for by these requests, of which no sender has any. */
export const giveBackBudgets = async (
  target: string,
  requests: readonly SlicedRequest[],
  deps: LimitDeps,
): Promise<void> => {
  const limited = [limitedByTarget(target, requests, deps), ...limitedByRules(requests, deps)];
  await Promise.all(limited.map((one) => giveBack(one, deps)));
};

/**
 * Holds back what is over a limit: of the rules first, which lie inside those of the target, and budgets last, so that nothing uses one
 * up that is held back for another reason.
 *
 * @throws RepriseError AWS_… where a limit cannot be asked for
 */
export const limitSlice = async (
  thinned: ThinnedSlice,
  target: string,
  deps: LimitDeps,
): Promise<ThinnedSlice> => {
  let left = thinned;
  left = holdBackAlso(left, await overRules(left.send, overRate, deps), 'max_rate');
  left = holdBackAlso(left, await overRate(limitedByTarget(target, left.send, deps), deps), 'max_rate');
  left = holdBackAlso(left, await overRules(left.send, overBudget, deps), 'budget');
  const over = await overBudget(limitedByTarget(target, left.send, deps), deps);
  await Promise.all(limitedByRules(over, deps).map((limited) => giveBack(limited, deps)));
  return holdBackAlso(left, over, 'budget');
};
