/** What load control did to each target, as report.json tells it. */

import type { Budget } from '../rules/rule-set.ts';
import type { BudgetAccount } from '../send/budgets.ts';
import type { TargetLoad } from '../send/target-control.ts';

const BUDGET_KEYS = ['requests', 'bytes', 'durationMs'] as const;

export interface BudgetPart {
  readonly used: number;
  readonly limit: number;
}

/** One entry of `targets` in report.json. */
export interface TargetReport extends TargetLoad {
  /** By what is limited; `null` for a target without a budget. */
  readonly budget: Readonly<Partial<Record<keyof Budget, BudgetPart>>> | null;
}

const budgetOf = ({ limit, used }: BudgetAccount): NonNullable<TargetReport['budget']> => {
  const parts: Partial<Record<keyof Budget, BudgetPart>> = {};
  for (const key of BUDGET_KEYS) {
    const most = limit[key];
    if (most !== undefined) parts[key] = { used: used[key], limit: most };
  }
  return parts;
};

const untouched = (name: string): TargetLoad => ({
  name,
  level: 1,
  lowestLevel: 1,
  cuts: 0,
  opens: 0,
  windows: 0,
  overWindows: 0,
  probes: 0,
});

/** An entry for each of `names`, in that order; a target that backoff does not know had all of its traffic all the time. */
export const reportTargets = (
  names: readonly string[],
  loads: readonly TargetLoad[],
  budgets: readonly BudgetAccount[],
): readonly TargetReport[] =>
  names.map((name) => {
    const account = budgets.find((one) => one.kind === 'target' && one.name === name);
    const load = loads.find((one) => one.name === name) ?? untouched(name);
    const { level, lowestLevel, cuts, opens, windows, overWindows, probes } = load;
    const budget = account === undefined ? null : budgetOf(account);
    return { name, level, lowestLevel, cuts, opens, windows, overWindows, probes, budget };
  });
