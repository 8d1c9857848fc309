/** The report of objects that were replayed on AWS: their ledgers, and the records of the results stream as they pass by. */

import { judge } from '../judge/judge.ts';
import { type Accounting, type RuleCounts, sumOf } from '../measure/accounting.ts';
import { createResultsCollector, type ResultsCollector } from '../measure/collect-results.ts';
import { resultOf } from '../measure/read-result.ts';
import { DEFAULT_SEED } from '../rules/rule-set.ts';
import { ownOf } from './known-slices.ts';
import type { Ledger } from './ledger.ts';
import { createReconciler, isSettled, type Reconciler } from './reconcile.ts';
import { buildReport, type Report, type ReportInput, type ReportRun } from './report-json.ts';
import type { ReportRules } from './report-rules.ts';
import type { SliceRecord, SliceResult } from './slice-records.ts';
import { createAccountingSum } from './sum-accounting.ts';
import { reportUnknownLoads } from './target-report.ts';

export interface ObjectsReportOptions {
  /** Of the report. */
  readonly id: string;
  /** Of the objects, at least one. */
  readonly ledgers: readonly Ledger[];
  readonly rules: ReportRules;
  readonly baseline?: Report | undefined;
  /** Epoch ms: decides for which objects nothing more can come. */
  readonly nowMs: number;
}

export interface ObjectsReport {
  readonly report: Report;
  /** Requests that may yet end: a report with any is not to be shown as what it came to. */
  readonly open: number;
  readonly objects: number;
  /** Results of these objects, each counted once. */
  readonly results: number;
  /** Results that came again. */
  readonly repeats: number;
}

/** A report in the making. */
export interface ObjectsReportMaker {
  /** Takes a record, in any order; those of other objects are passed over. Keeps a bit of each result while its slice is not whole. */
  take(record: SliceRecord): void;
  /** Puts it together; nothing may be taken after it. */
  end(): ObjectsReport;
}

/** Inputs that are named; of more only the number and the lines are told. */
const MAX_INPUTS = 100;

const inputsOf = (ledgers: readonly Ledger[]): readonly ReportInput[] => {
  const inputs = ledgers.map(({ object: { bucket, key }, lines }) => ({
    name: `s3://${bucket}/${key}`,
    lines: lines.lines,
  }));
  if (inputs.length <= MAX_INPUTS) return inputs;
  const more = inputs.slice(MAX_INPUTS);
  const lines = more.reduce((sum, input) => sum + input.lines, 0);
  return [...inputs.slice(0, MAX_INPUTS), { name: `${more.length} more objects`, lines }];
};

const runOf = (id: string, ledgers: readonly Ledger[], originMs: number, lastMs: number): ReportRun => ({
  id,
  startedAt: new Date(originMs).toISOString(),
  endedAt: new Date(lastMs).toISOString(),
  durationMs: lastMs - originMs,
  // Several where rules were deployed in between.
  rulesHash: [...new Set(ledgers.map(({ rulesHash }) => rulesHash))].join(' '),
  seed: DEFAULT_SEED,
  endedBy: 'end',
  inputs: inputsOf(ledgers),
});

type Counts = Readonly<Record<string, number>>;

/** Counts less those that are told already; what is left. */
const without = (counts: Counts, told: Counts = {}): Counts =>
  Object.fromEntries(
    Object.entries(counts)
      .map(([key, count]) => [key, count - (told[key] ?? 0)] as const)
      .filter(([, count]) => count > 0),
  );

const answersOf = ({ answered }: RuleCounts): Counts => Object.fromEntries(answered.entries());

/** Counts what no line of the results tells of: held back by the planner, lost on the way, or never delivered. */
const countUnseen = (collector: ResultsCollector, whole: Accounting, { rules }: ReportRules): void => {
  const told = collector.snapshot().accounting.rules;
  const targets = new Map(rules.map(({ name, target }) => [name, target]));
  for (const [rule, counts] of Object.entries(whole.rules)) {
    const lines = ownOf(told, rule);
    const ends = {
      answered: without(answersOf(counts), lines && answersOf(lines)),
      failed: without(counts.failed, lines?.failed),
      heldBack: without(counts.heldBack, lines?.heldBack),
    };
    if (Object.values(ends).some((part) => sumOf(part) > 0)) collector.unseen(rule, ends, targets.get(rule));
  }
};

const endMsOf = ({ startAtMs, dueMs, sentMs = dueMs, serviceMs = 0 }: SliceResult): number =>
  startAtMs + sentMs + serviceMs;

/** Results on one time axis, whatever that of their object begins with. */
const createAxis = ({ ledgers, rules, nowMs }: ObjectsReportOptions) => {
  const collector = createResultsCollector({ rules: rules.rules });
  const originMs = ledgers.reduce((least, { startedAt }) => Math.min(least, Date.parse(startedAt)), nowMs);
  let lastMs = ledgers.reduce((most, { endedAt }) => Math.max(most, Date.parse(endedAt)), originMs);
  let results = 0;
  return {
    collector,
    take: (record: SliceResult): void => {
      const result = resultOf(record, originMs);
      // One that cannot be measured is counted by its end alone.
      if (result === undefined) return;
      results += 1;
      lastMs = Math.max(lastMs, Math.ceil(endMsOf(record)));
      collector.add(result);
    },
    extent: () => ({ originMs, lastMs, results }),
  };
};

const reconcileAll = (
  { ledgers, rules, nowMs }: ObjectsReportOptions,
  reconcilers: ReadonlyMap<string, Reconciler>,
): { readonly accounting: Accounting; readonly open: number } => {
  const { sum, add } = createAccountingSum(rules.rules.map(({ name }) => name));
  let open = 0;
  for (const ledger of ledgers) {
    const reconciled = reconcilers.get(ledger.run)?.end({ isSettled: isSettled(ledger, nowMs) });
    if (reconciled === undefined) continue;
    open += reconciled.open;
    add(reconciled.accounting);
  }
  return { accounting: sum, open };
};

/** Starts the report of objects. */
export const createObjectsReport = (options: ObjectsReportOptions): ObjectsReportMaker => {
  const { id, ledgers, rules, baseline } = options;
  const reconcilers = new Map(ledgers.map((ledger) => [ledger.run, createReconciler(ledger)]));
  const { collector, take, extent } = createAxis(options);
  let repeats = 0;

  return {
    take: (record) => {
      const reconciler = reconcilers.get(record.object);
      if (reconciler === undefined) return;
      const isNew = reconciler.take(record);
      if (record.type !== 'result') return;
      if (isNew) take(record);
      else repeats += 1;
    },
    end: () => {
      const { accounting, open } = reconcileAll(options, reconcilers);
      countUnseen(collector, accounting, rules);
      const { summary, cells } = collector.snapshot();
      const { lines, rejected } = accounting.lines;
      const counts = { lines, rejected: sumOf(rejected) };
      const verdict = judge({ gates: rules.gates, rules: rules.rules, cells, lines: counts, baseline });
      const { originMs, lastMs, results } = extent();
      const run = runOf(id, ledgers, originMs, lastMs);
      const targets = reportUnknownLoads(rules.targets);
      const report = buildReport({ run, accounting, summary, targets, budgets: [], verdict });
      return { report, open, objects: ledgers.length, results, repeats };
    },
  };
};
