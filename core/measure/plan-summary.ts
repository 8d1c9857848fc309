/** Sums up a plan without sending it: what each rule would send where and when, and what is left out and why. */

import { HELD_BACK_REASONS, type HeldBackReason, type PlannedRequest } from '../types.ts';
import type { Accounting } from './accounting.ts';
import { type AccountingReport, type Parts, reportAccounting } from './accounting-report.ts';
import { createPeakRate } from './peak-rate.ts';
import { routeOf } from './route.ts';
import { createTopCounter, type NamedCount } from './top-counter.ts';

const SHOWN = 10;

/** Names with the highest counts, and the sum of the rest. */
export interface TopCounts {
  readonly named: readonly NamedCount[];
  readonly others: number;
}

/** What one rule would do. `byHost` (recorded hosts), `byRoute` and `byMethod` are of what would be sent. */
export interface PlanRule {
  readonly name: string;
  /** Absent while the rule has planned nothing. */
  readonly target?: string;
  readonly matched: number;
  readonly notReplayable: Parts;
  readonly sampledOut: number;
  readonly chosen: number;
  readonly planned: number;
  readonly heldBack: Parts;
  /** Planned, less what would be held back. */
  readonly wouldSend: number;
  /** Instants on the log's clock, epoch ms, of the first and the last planned request. */
  readonly firstAtMs?: number;
  readonly lastAtMs?: number;
  /** Their due instants, from the start of the run. */
  readonly firstDueMs?: number;
  readonly lastDueMs?: number;
  readonly durationMs: number;
  /** Of those that would be sent; `null` for fewer than two, or where all are due at once. */
  readonly averageRatePerSecond: number | null;
  /** Most in any second of due time. */
  readonly peakRatePerSecond: number;
  readonly byHost: TopCounts;
  readonly byRoute: TopCounts;
  readonly byMethod: TopCounts;
}

/** What `reprise plan` prints. */
export interface PlanReport {
  readonly accounting: AccountingReport;
  readonly rules: readonly PlanRule[];
}

export interface PlanSummaryCollector {
  planned(request: PlannedRequest): void;
  /** A request, counted by `planned` before, would not be sent. */
  heldBack(request: PlannedRequest, reason: HeldBackReason): void;
  snapshot(accounting: Accounting): PlanReport;
}

const NO_COUNTS: Parts = { total: 0, by: {} };

const newRulePlan = () => ({
  target: undefined as string | undefined,
  planned: 0,
  heldBack: {} as Partial<Record<HeldBackReason, number>>,
  at: { first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY },
  due: { first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY },
  byHost: createTopCounter(),
  byRoute: createTopCounter(),
  byMethod: createTopCounter(),
  peak: createPeakRate(),
});

type RulePlan = ReturnType<typeof newRulePlan>;

const countSends = (plan: RulePlan, request: PlannedRequest, by: number): void => {
  const { recordedHost, method, path, dueMs } = request;
  plan.byHost.add((recordedHost ?? '(none)').toLowerCase(), by);
  plan.byRoute.add(routeOf(recordedHost, method, path), by);
  plan.byMethod.add(method, by);
  plan.peak.add(dueMs, by);
};

const countPlanned = (plan: RulePlan, request: PlannedRequest): void => {
  const { at, due } = plan;
  plan.planned += 1;
  plan.target ??= request.target;
  at.first = Math.min(at.first, request.logAtMs);
  at.last = Math.max(at.last, request.logAtMs);
  due.first = Math.min(due.first, request.dueMs);
  due.last = Math.max(due.last, request.dueMs);
  countSends(plan, request, 1);
};

const countHeldBack = (plan: RulePlan, request: PlannedRequest, reason: HeldBackReason): void => {
  plan.heldBack[reason] = (plan.heldBack[reason] ?? 0) + 1;
  countSends(plan, request, -1);
};

const heldBackParts = (counts: RulePlan['heldBack']): Parts => {
  const reasons = HELD_BACK_REASONS.filter((reason) => counts[reason] !== undefined);
  const by = Object.fromEntries(reasons.map((reason) => [reason, counts[reason] ?? 0]));
  return { total: Object.values(by).reduce((sum, count) => sum + count, 0), by };
};

const describePlan = (plan: RulePlan) => {
  const { target, planned, at, due } = plan;
  const heldBack = heldBackParts(plan.heldBack);
  const wouldSend = planned - heldBack.total;
  const durationMs = planned === 0 ? 0 : due.last - due.first;
  const times = { firstAtMs: at.first, lastAtMs: at.last, firstDueMs: due.first, lastDueMs: due.last };
  return {
    ...(target === undefined ? {} : { target }),
    planned,
    heldBack,
    wouldSend,
    ...(planned === 0 ? {} : times),
    durationMs,
    averageRatePerSecond: wouldSend > 1 && durationMs > 0 ? ((wouldSend - 1) * 1000) / durationMs : null,
    peakRatePerSecond: plan.peak.perSecond(),
    byHost: plan.byHost.top(SHOWN),
    byRoute: plan.byRoute.top(SHOWN),
    byMethod: plan.byMethod.top(SHOWN),
  };
};

/** An empty sum of a plan. Rules are reported in the order of `ruleNames`, also those that plan nothing. */
export const createPlanSummary = (ruleNames: readonly string[]): PlanSummaryCollector => {
  const rules = new Map(ruleNames.map((name) => [name, newRulePlan()]));
  const find = (name: string): RulePlan => {
    const known = rules.get(name);
    if (known !== undefined) return known;
    const made = newRulePlan();
    rules.set(name, made);
    return made;
  };

  return {
    planned: (request) => countPlanned(find(request.rule), request),
    heldBack: (request, reason) => countHeldBack(find(request.rule), request, reason),
    snapshot(counts) {
      const accounting = reportAccounting(counts);
      const described = Array.from(rules, ([name, rule]): PlanRule => {
        const counted = accounting.rules.find((one) => one.name === name);
        const { matched = 0, notReplayable = NO_COUNTS, sampledOut = 0, chosen = 0 } = counted ?? {};
        return { name, matched, notReplayable, sampledOut, chosen, ...describePlan(rule) };
      });
      return { accounting, rules: described };
    },
  };
};
