/** What load control did to each target, as report.json tells it. */

import type { Budget, Target } from '../rules/rule-set.ts';
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
  /** Such as `https://staging.example.com`; `null` where it is not known, as in a report that was made of results alone. */
  readonly origin: string | null;
  readonly budget: BudgetReport;
  /** Nobody told the report what backoff did to it, so that all numbers of that are as if nothing had been sent: not to be shown. */
  readonly isLoadUnknown?: true;
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

/** What is told of a target of which nothing but its name is known. */
export type NamedTarget = Pick<Target, 'name'> & { readonly origin: string | null };

/** An entry for each of `targets`, in that order; a target that backoff does not know had all of its traffic all the time. */
export const reportTargets = (
  targets: readonly NamedTarget[],
  loads: readonly TargetLoad[],
  budgets: readonly BudgetAccount[],
): readonly TargetReport[] =>
  targets.map(({ name, origin }) => ({
    // Keys always in the same order.
    ...{ name, origin },
    ...untouched(name),
    ...loads.find((one) => one.name === name),
    budget: reportBudget('target', name, budgets),
  }));

/** Entries of targets of whose load nothing is known, as in reports that are made of results. */
export const reportUnknownLoads = (targets: readonly NamedTarget[]): readonly TargetReport[] =>
  reportTargets(targets, [], []).map((target) => ({ ...target, isLoadUnknown: true }));
