/** Puts together report.json, version 1; `docs/report.md` has every field, `docs/report.schema.json` its shape. */

import type { Verdict } from '../judge/verdict.ts';
import { type Accounting, findImbalances } from '../measure/accounting.ts';
import { type AccountingReport, reportAccounting } from '../measure/accounting-report.ts';
import type { FigureSummary } from '../measure/describe-figures.ts';
import type { RouteSummary, RuleSummary, Summary } from '../measure/summary.ts';
import type { TimelineStep } from '../measure/timeline-step.ts';
import type { BudgetAccount } from '../send/budgets.ts';
import { type BudgetReport, reportBudget, type TargetReport } from './target-report.ts';

/**
 * How a run ended: by itself, at the time it was given (`--for`), because someone stopped it, because a rule gave it up (`abort`), or
 * because it could not go on.
 */
export type EndedBy = 'end' | 'limit' | 'stopped' | 'aborted' | 'error';

export interface ReportInput {
  readonly name: string;
  /** Lines read of it, where they were counted by input. */
  readonly lines?: number;
}

export interface ReportRun {
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly endedAt: string;
  /** Of the monotonic clock, so that it may differ from `endedAt` − `startedAt`. */
  readonly durationMs: number;
  readonly rulesHash: string;
  readonly seed: string;
  readonly endedBy: EndedBy;
  readonly inputs: readonly ReportInput[];
}

/** One entry of `rules`. */
export interface RuleReport extends RuleSummary {
  readonly budget: BudgetReport;
}

/** report.json. */
export interface Report {
  readonly version: 1;
  readonly run: ReportRun;
  /** What the gates came to. */
  readonly verdict: Verdict;
  readonly balanced: boolean;
  /** What does not add up, in words; a bug of this program, whenever it is not empty. */
  readonly imbalances: readonly string[];
  readonly accounting: AccountingReport;
  readonly totals: FigureSummary;
  readonly rules: readonly RuleReport[];
  readonly routes: readonly RouteSummary[];
  /** What backoff and budgets did to each target, in the order of the rule set. */
  readonly targets: readonly TargetReport[];
  /** Length of every step of `timeline`. */
  readonly timelineStepMs: number;
  readonly timeline: readonly TimelineStep[];
}

/** All that a report is made of. */
export interface ReportParts {
  readonly run: ReportRun;
  readonly accounting: Accounting;
  readonly summary: Summary;
  readonly targets: readonly TargetReport[];
  /** Those of rules are told under `rules`. */
  readonly budgets: readonly BudgetAccount[];
  /** Without it there was no gate. */
  readonly verdict?: Verdict;
}

/** Of a run without gates. */
const NO_VERDICT: Verdict = { outcome: 'none', gates: [], likelyCauses: [] };

const DECIMALS = 3;
/** Of shares and factors, which are judged more finely than a latency. */
const SHARE_DECIMALS = 6;

const rounded = <T>(value: T, decimals = DECIMALS): T => {
  if (typeof value === 'number') return (Math.round(value * 10 ** decimals) / 10 ** decimals + 0) as T;
  if (Array.isArray(value)) return value.map((part) => rounded(part, decimals)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, rounded(part, decimals)])) as T;
};

const COUNTS = ['planned', 'sent', 'answered', 'failed', 'heldBack'] as const;

/** What was measured must be what was counted, in sum and over every way to group it. */
const findDifferences = (accounting: AccountingReport, summary: Summary): readonly string[] => {
  const faults: string[] = [];
  const counted = accounting.allRules;
  const sumBy = (groups: readonly FigureSummary[], key: (typeof COUNTS)[number]): number =>
    groups.reduce((sum, { counts }) => sum + counts[key], 0);
  for (const key of COUNTS) {
    const part = counted[key];
    const expected = typeof part === 'number' ? part : part.total;
    const found = {
      measured: summary.totals.counts[key],
      'measured by rule': sumBy(summary.rules, key),
      'measured by route': sumBy(summary.routes, key),
    };
    for (const [how, count] of Object.entries(found)) {
      if (count !== expected) faults.push(`${key}: counted ${expected} ≠ ${how} ${count}`);
    }
  }
  return faults;
};

const reportRules = ({ summary, budgets }: ReportParts): readonly RuleReport[] =>
  summary.rules.map(({ name, target, statusMap, sizeTolerance, ...figures }) => ({
    name,
    ...(target === undefined ? {} : { target }),
    statusMap,
    sizeTolerance: rounded(sizeTolerance, SHARE_DECIMALS),
    budget: reportBudget('rule', name, budgets),
    ...rounded(figures),
  }));

/** The report of a run, numbers rounded to three decimals (shares and factors of gates to six), keys always in the same order. */
export const buildReport = (parts: ReportParts): Report => {
  const { run, accounting, summary, targets, verdict = NO_VERDICT } = parts;
  const accounted = reportAccounting(accounting);
  const imbalances = [...findImbalances(accounting), ...findDifferences(accounted, summary)];
  const { id, startedAt, endedAt, durationMs, rulesHash, seed, endedBy, inputs } = run;
  return {
    version: 1,
    run: { id, startedAt, endedAt, durationMs: rounded(durationMs), rulesHash, seed, endedBy, inputs },
    verdict: rounded(verdict, SHARE_DECIMALS),
    balanced: imbalances.length === 0,
    imbalances,
    accounting: accounted,
    totals: rounded(summary.totals),
    rules: reportRules(parts),
    routes: rounded(summary.routes),
    targets: rounded(targets),
    timelineStepMs: summary.timeline.stepMs,
    timeline: rounded(summary.timeline.steps),
  };
};

/** A list of numbers as JSON.stringify breaks it into lines. */
const BROKEN_NUMBERS = /\[\n\s+(-?[\d.e+-]+(?:,\n\s+-?[\d.e+-]+)*)\n\s+\]/g;

/** The text of report.json: two spaces deep, a list of numbers on one line, since histograms are long. */
export const reportText = (report: Report): string => {
  const text = JSON.stringify(report, null, 2);
  const joined = text.replace(BROKEN_NUMBERS, (_, numbers: string) => `[${numbers.replace(/,\n\s+/g, ',')}]`);
  return `${joined}\n`;
};
