/** What load control did to each target, as report.json tells it. */

import type { Budget } from '../rules/rule-set.ts';
import type { BudgetAccount } from '../send/budgets.ts';
import type { TargetLoad } from '../send/target-control.ts';

const BUDGET_KEYS = ['requests', 'bytes', 'durationMs'] as const;

export interface BudgetPart {
  readonly used: number;
  readonly limit: number;
}

/** What was used of a budget, by what is limited; `null` where there is none. */
export type BudgetReport = Readonly<Partial<Record<keyof Budget, BudgetPart>>> | null;

/** One entry of `targets` in report.json. */
export interface TargetReport extends TargetLoad {
  readonly budget: BudgetReport;
}

/** What was used of the budget of that target or rule. */
export const reportBudget = (
  kind: BudgetAccount['kind'],
  name: string,
  accounts: readonly BudgetAccount[],
): BudgetReport => {
  const account = accounts.find((one) => one.kind === kind && one.name === name);
  if (account === undefined) return null;
  const parts: Partial<Record<keyof Budget, BudgetPart>> = {};
  for (const key of BUDGET_KEYS) {
    const most = account.limit[key];
    if (most !== undefined) parts[key] = { used: account.used[key], limit: most };
  }
  return parts;
};

const untouched = (name: string): TargetLoad => ({
  ...{ name, level: 1, lowestLevel: 1, startLevel: 1, cuts: 0, opens: 0 },
  ...{ windows: 0, overWindows: 0, slowWindows: 0, failedWindows: 0, pinnedWindows: 0 },
  ...{ probes: 0, retryAfters: 0, hasRelativeLatency: false },
});

/** An entry for each of `names`, in that order; a target that backoff does not know had all of its traffic all the time. */
export const reportTargets = (
  names: readonly string[],
  loads: readonly TargetLoad[],
  budgets: readonly BudgetAccount[],
): readonly TargetReport[] =>
  names.map((name) => ({
    // Keys always in the same order.
    ...untouched(name),
    ...loads.find((one) => one.name === name),
    budget: reportBudget('target', name, budgets),
  }));
