/** A report made of results.ndjson: judged anew beside its report.json, or all that is left of a run that was killed. */

import { RepriseError } from '../core/errors.ts';
import { judge } from '../core/judge/judge.ts';
import { BASELINE_GATE, ruleNotInText } from '../core/judge/verdict.ts';
import type { Accounting } from '../core/measure/accounting.ts';
import { type AccountingReport, type Parts, reportAccounting } from '../core/measure/accounting-report.ts';
import type { MeasuredRule } from '../core/measure/cells.ts';
import { type CollectedResults, createResultsCollector } from '../core/measure/collect-results.ts';
import { formatCount } from '../core/report/format.ts';
import { buildReport, type Report, type ReportRun } from '../core/report/report-json.ts';
import { reportUnknownLoads } from '../core/report/target-report.ts';
import { type Gate, parseRuleGate, parseRunGate } from '../core/rules/gates.ts';
import type { RuleSet } from '../core/rules/rule-set.ts';
import { type ResultsRead, readResultsFile } from '../io/results-file.ts';
import type { ReportSourceOptions, SourceReport } from './report-source.ts';

export interface ReportOfResultsOptions extends Omit<ReportSourceOptions, 'source'> {
  /** Of results.ndjson. */
  readonly path: string;
  /** What the run itself wrote, where it came to that. */
  readonly report: Report | undefined;
}

/** The gates that a run was judged by stand in its report as they were written. */
const gatesOfReport = ({ verdict, rules }: Report): readonly Gate[] => {
  const names = rules.map(({ name }) => name);
  return verdict.gates.flatMap((result) => {
    const rule = ruleNotInText(result);
    const read = rule === null ? parseRunGate(result.gate, names) : parseRuleGate(result.gate, rule);
    return read.kind === 'gate' ? [read] : [];
  });
};

const gatesOf = ({ report, ruleSet, gates }: ReportOfResultsOptions): readonly Gate[] => {
  const own =
    ruleSet?.rules.flatMap((rule) => rule.gates) ?? (report === undefined ? [] : gatesOfReport(report));
  const isNew = (gate: Gate): boolean =>
    !own.some(({ text, scope }) => text === gate.text && scope.rule === gate.scope.rule);
  return [...own, ...gates.filter(isNew)];
};

interface Collected extends CollectedResults {
  readonly read: ResultsRead;
  readonly lastMs: number;
  readonly targets: readonly string[];
}

const collect = async (path: string, rules: readonly MeasuredRule[]): Promise<Collected> => {
  const collector = createResultsCollector({ rules });
  const targets = new Set<string>();
  let lastMs = 0;
  const read = await readResultsFile(path, (result) => {
    const { request, sentMs = request.dueMs, serviceMs = 0 } = result;
    targets.add(request.target);
    lastMs = Math.max(lastMs, sentMs + serviceMs);
    collector.add(result);
  });
  return { ...collector.snapshot(), read, lastMs, targets: [...targets] };
};

const runOf = (path: string, { read, lastMs }: Collected, ruleSet: RuleSet | undefined): ReportRun => ({
  id: path,
  startedAt: new Date(read.writtenAtMs - lastMs).toISOString(),
  endedAt: new Date(read.writtenAtMs).toISOString(),
  durationMs: lastMs,
  rulesHash: ruleSet?.hash ?? 'unknown',
  seed: 'unknown',
  endedBy: 'error',
  inputs: [],
});

/** Of lines nothing is known but those of which something was planned. */
const withLines = ({ accounting }: Collected): Accounting => {
  const chosen = Object.values(accounting.rules).reduce((sum, rule) => sum + rule.chosen, 0);
  return { ...accounting, lines: { ...accounting.lines, lines: chosen, parsed: chosen, matched: chosen } };
};

const unreadableNote = (
  path: string,
  { unreadable, firstUnreadableLine, damage }: ResultsRead,
): readonly string[] => [
  ...(unreadable > 0
    ? [
        `${path}:${firstUnreadableLine}: ${formatCount(unreadable)} ${unreadable === 1 ? 'line is' : 'lines are'} no result`,
      ]
    : []),
  ...(damage === undefined ? [] : [damage.message]),
];

/** Of another file a report could be made as well, in which nothing was sent. */
const checkResults = (path: string, { results, unreadable }: ResultsRead): void => {
  if (results > 0 || unreadable === 0) return;
  const lines = unreadable === 1 ? 'the only line is' : `of ${formatCount(unreadable)} lines each is`;
  throw new RepriseError('RESULTS_UNREADABLE', `${path} holds no results: ${lines} none`, {
    hint: 'give the results.ndjson that --out of reprise replay wrote',
  });
};

/** What was held against a baseline cannot be judged again without it, and would else be gone without a word. */
const lostBaselineNote = ({ report, baseline }: ReportOfResultsOptions): readonly string[] => {
  const hadBaseline = report?.verdict.gates.some(({ gate }) => gate === BASELINE_GATE) === true;
  return hadBaseline && baseline === undefined
    ? ['the run was held against a baseline: give --baseline to judge that again']
    : [];
};

/** How planned requests ended, each end with its words. */
const endsOf = ({ allRules }: AccountingReport): ReadonlyMap<string, number> => {
  const { planned, sent, answered, failed, heldBack } = allRules;
  const parts = (words: string, { by }: Parts) =>
    Object.entries(by).map(([key, count]) => [`${words} ${key}`, count] as const);
  return new Map([
    ['planned requests', planned],
    ['requests sent', sent],
    ...parts('requests answered with', answered),
    ...parts('requests that failed with', failed),
    ...parts('requests held back for', heldBack),
  ]);
};

/** Nothing names the run in its results, but those of another hardly come to the same figures. */
const checkWhole = (path: string, report: Report, { accounting }: Collected): void => {
  const [found, told] = [endsOf(reportAccounting(accounting)), endsOf(report.accounting)];
  for (const end of new Set([...found.keys(), ...told.keys()])) {
    const [here, there] = [found.get(end) ?? 0, told.get(end) ?? 0];
    if (here === there) continue;
    throw new RepriseError(
      'RESULTS_INCOMPLETE',
      `${path} tells of ${formatCount(here)} ${end}, the report.json beside it of ${formatCount(there)}`,
      {
        hint: 'they are of different runs, or a part is missing; without rules, gates and baseline report.json alone is read',
      },
    );
  }
};

/**
 * What results do not tell stays as the run wrote it; so do its figures, which are exact where results are rounded, unless other rules may
 * map statuses in other ways.
 */
const anew = (fresh: Report, report: Report, hasRules: boolean): Report => {
  const judged = { ...report, verdict: fresh.verdict };
  if (!hasRules) return judged;
  const budgetOf = (name: string) => report.rules.find((rule) => rule.name === name)?.budget ?? null;
  const rules = fresh.rules.map((rule) => ({ ...rule, budget: budgetOf(rule.name) }));
  return { ...judged, totals: fresh.totals, rules, routes: fresh.routes };
};

/**
 * Reads the results in flat memory, and judges them.
 *
 * @throws RepriseError RESULTS_UNREADABLE, RESULTS_INCOMPLETE, INPUT_UNREADABLE
 */
export const reportOfResults = async (options: ReportOfResultsOptions): Promise<SourceReport> => {
  const { path, report, ruleSet, baseline } = options;
  const rules: readonly MeasuredRule[] = ruleSet?.rules ?? report?.rules ?? [];
  const collected = await collect(path, rules);
  checkResults(path, collected.read);
  if (report !== undefined) checkWhole(path, report, collected);
  const accounting = withLines(collected);
  const counted = report?.accounting;
  const lines =
    counted === undefined
      ? { lines: accounting.lines.lines, rejected: 0 }
      : { lines: counted.lines, rejected: counted.rejected.total };
  const { summary, cells, read, targets } = collected;
  const verdict = judge({ gates: gatesOf(options), rules: summary.rules, cells, lines, baseline });
  const fresh = buildReport({
    run: report?.run ?? runOf(path, collected, ruleSet),
    accounting,
    summary,
    targets: reportUnknownLoads(
      targets.map((name) => ({ name, origin: ruleSet?.targets[name]?.origin ?? null })),
    ),
    budgets: [],
    verdict,
  });
  const notes = [...unreadableNote(path, read), ...lostBaselineNote(options)];
  if (report !== undefined) return { report: anew(fresh, report, ruleSet !== undefined), notes };
  const left = `made of ${formatCount(read.results)} results alone, without report.json: of lines nothing is known but what was chosen of them`;
  return { report: fresh, notes: [left, ...notes] };
};
