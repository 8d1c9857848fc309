/** Budgets of targets and rules, taken slice by slice before anything of it is dispatched. */

import { byDueSecond, inOrderOfShare } from '../../core/pace/due-seconds.ts';
import type { SlicedRequest } from '../../core/pace/grid.ts';
import type { Budget } from '../../core/rules/rule-set.ts';

interface BudgetItem {
  /** Of a target, or `rule:<name>`. */
  readonly name: string;
  /** A budget begins anew with other rules. */
  readonly rulesHash: string;
}

/**
 * Asks for room for `count` requests; resolves with how many of them may be sent.
 *
 * @param ask.nowMs - epoch instant at which they are due: what a duration is counted by
 */
export type TakeBudget = (
  ask: BudgetItem & { readonly budget: Budget; readonly count: number; readonly nowMs: number },
) => Promise<number>;

/** Gives the room back of requests that are not sent after all. */
export type GiveBackBudget = (
  room: BudgetItem & { readonly unsent: number; readonly nowMs: number },
) => Promise<unknown>;

export interface BudgetDeps {
  readonly takeBudget: TakeBudget;
  readonly giveBackBudget: GiveBackBudget;
  readonly rulesHash: string;
  /** Epoch instant that due offsets count from. */
  readonly startAtMs: number;
  readonly onProblem: (error: unknown) => void;
}

/** Requests that share a limit. */
export interface Budgeted {
  readonly name: string;
  readonly budget?: Budget | undefined;
  readonly requests: readonly SlicedRequest[];
}

type Asked = readonly [dueSecond: number, requests: readonly SlicedRequest[]];

/** A duration ends within a slice; the rest of a budget is asked for once. */
const asksOf = (requests: readonly SlicedRequest[], { durationMs }: Budget, startAtMs: number) => {
  const seconds: readonly Asked[] = [...byDueSecond(requests, startAtMs)].toSorted(([a], [b]) => a - b);
  const [first] = seconds;
  if (durationMs !== undefined || first === undefined) return seconds;
  return [[first[0], requests]] satisfies readonly Asked[];
};

/**
 * Those for which there is no room in the budget: the rest is what a lower percentage would have kept.
 *
 * @param taken - what there was room for is added to it, also where it throws
 * @throws RepriseError AWS_…; none of them may be sent then
 */
export const overBudget = async (
  limited: Budgeted,
  { takeBudget, rulesHash, startAtMs }: BudgetDeps,
  taken: Budgeted[],
): Promise<readonly SlicedRequest[]> => {
  const { name, budget, requests } = limited;
  if (budget === undefined || requests.length === 0) return [];
  const over: SlicedRequest[] = [];
  // One after the other: the first second that is asked for is the one that a duration counts from.
  for (const [dueSecond, asked] of asksOf(requests, budget, startAtMs)) {
    const ask = { name, rulesHash, budget, count: asked.length, nowMs: dueSecond * 1_000 };
    const allowed = Math.max(0, await takeBudget(ask));
    const inOrder = inOrderOfShare(asked);
    taken.push({ ...limited, requests: inOrder.slice(0, allowed) });
    over.push(...inOrder.slice(allowed));
  }
  return over;
};

/** Gives the room of requests back. Where that fails the budget is used up sooner: less is sent, never more. */
export const giveBack = async (
  { name, budget, requests }: Budgeted,
  { giveBackBudget, rulesHash, startAtMs, onProblem }: BudgetDeps,
): Promise<void> => {
  if (budget?.requests === undefined || requests.length === 0) return;
  const nowMs = startAtMs + Math.max(...requests.map(({ request }) => request.dueMs));
  await giveBackBudget({ name, rulesHash, unsent: requests.length, nowMs }).catch(onProblem);
};

/** Gives back what several budgets have given. */
export const giveAllBack = async (taken: readonly Budgeted[], deps: BudgetDeps): Promise<void> => {
  await Promise.all(taken.map((one) => giveBack(one, deps)));
};
