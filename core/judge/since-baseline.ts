/** Whether a run became worse than its baseline, as one gate of its verdict: so every view of the verdict tells of it. */

import type { Report } from '../report/report-json.ts';
import { compareReports } from './compare.ts';
import type { Comparison, GroupChange, Outcome, RouteChange } from './comparison.ts';
import {
  BASELINE_GATE,
  type GateMeasured,
  type GateOutcome,
  type GateResult,
  type RouteMeasured,
  type Verdict,
} from './verdict.ts';

const MAX_ROUTES = 10;

const outcomesOf = ({ latency, errors, statusMatch }: GroupChange): readonly Outcome[] => [
  latency.outcome,
  errors.outcome,
  statusMatch.outcome,
];

const isWorse = (change: GroupChange): boolean => outcomesOf(change).includes('worse');
const isJudged = (change: GroupChange): boolean =>
  outcomesOf(change).some((outcome) => outcome !== 'too_few');

const shares = ({ before, after }: GroupChange['errors']): string =>
  `${after.count} of ${after.of}, before ${before.count} of ${before.of}`;

/** What is worse, and by how much. */
const noteOf = ({ latency, errors, statusMatch }: GroupChange): string | null => {
  const words = [
    ...(latency.outcome === 'worse' && latency.shift !== null
      ? [`slower, ${latency.shift.estimate.toFixed(2)}x`]
      : []),
    ...(errors.outcome === 'worse' ? [`more errors: ${shares(errors)}`] : []),
    ...(statusMatch.outcome === 'worse' ? [`fewer answered as recorded: ${shares(statusMatch)}`] : []),
  ];
  return words.length === 0 ? null : words.join('; ');
};

const ofTotal = (note: string | null): string | null =>
  note === null ? null : `all requests together: ${note}`;

const outcomeOf = (change: GroupChange): GateOutcome => {
  if (isWorse(change)) return 'failed';
  return isJudged(change) ? 'held' : 'missed';
};

/** As a report has what gates measured: six decimals. */
const shown = (factor: number): number => Math.round(factor * 1e6) / 1e6;

const measuredOf = (change: GroupChange, confidence: number): GateMeasured => {
  const { shift, before, after } = change.latency;
  return {
    count: after.count,
    measured: shift === null ? null : shown(shift.estimate),
    interval: shift === null ? null : { low: shown(shift.low), high: shown(shift.high), confidence },
    value: after.p50,
    reference: before.p50,
    outcome: outcomeOf(change),
    note: noteOf(change),
  };
};

const routeOf = (change: RouteChange, confidence: number): RouteMeasured => ({
  route: change.route,
  ...measuredOf(change, confidence),
});

/** The comparison as a gate on all requests and on each route: the median latency beside that of the baseline, and the shift of the whole. */
const gateOfComparison = (comparison: Comparison): GateResult => {
  const { total, routes, confidence, toleranceShare } = comparison;
  const judged = routes.filter(isJudged);
  const failed = judged.filter(isWorse);
  const isMissed = !comparison.isJudged;
  const note = isMissed ? 'fewer than 50 requests in one of both' : ofTotal(noteOf(total));
  return {
    ...measuredOf(total, confidence),
    gate: BASELINE_GATE,
    rule: null,
    isOptional: false,
    unit: 'factor',
    op: '<=',
    limit: 1 + toleranceShare,
    outcome: isMissed ? 'missed' : comparison.regressions > 0 ? 'failed' : 'held',
    note,
    routes: isMissed
      ? null
      : {
          judged: judged.length,
          tooFew: routes.length - judged.length,
          failed: failed.length,
          worst: [...failed, ...judged.filter((route) => !isWorse(route))]
            .slice(0, MAX_ROUTES)
            .map((route) => routeOf(route, confidence)),
        },
  };
};

const withGate = (verdict: Verdict, gate: GateResult): Verdict => ({
  ...verdict,
  outcome: gate.outcome === 'held' && verdict.outcome !== 'failed' ? 'held' : 'failed',
  gates: [...verdict.gates, gate],
});

/** The report with the comparison to its baseline in its verdict, and the comparison itself; `toleranceShare` as `compareReports` has it. */
export const judgeSince = (
  baseline: Report,
  report: Report,
  { toleranceShare }: { readonly toleranceShare?: number | undefined } = {},
): { readonly report: Report; readonly comparison: Comparison } => {
  const comparison = compareReports(baseline, report, toleranceShare === undefined ? {} : { toleranceShare });
  return {
    report: { ...report, verdict: withGate(report.verdict, gateOfComparison(comparison)) },
    comparison,
  };
};
