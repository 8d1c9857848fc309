/** `reprise report`: makes reports of a run on disk or of results in S3. */

import { resolve } from 'node:path';
import { EXIT, type ExitCode } from '../../core/errors.ts';
import type { Comparison } from '../../core/judge/comparison.ts';
import { judgeSince } from '../../core/judge/since-baseline.ts';
import { renderCompareText } from '../../core/report/compare-text.ts';
import { endedEarly } from '../../core/report/ended-early.ts';
import { visibleText } from '../../core/report/format.ts';
import type { Report } from '../../core/report/report-json.ts';
import { renderFailure, renderSummary } from '../../core/report/text.ts';
import { faultsError } from '../../core/rules/fault.ts';
import { loadRules } from '../../core/rules/load.ts';
import type { RuleSet } from '../../core/rules/rule-set.ts';
import { checkNotRead } from '../../io/check-writable.ts';
import { readRuleFiles } from '../../io/rule-files.ts';
import { type CliContext, type Command, wantsColor, widthOf, writeTo } from '../context.ts';
import { filesRead } from '../files-read.ts';
import { chooseGates } from '../gates-option.ts';
import { openReports } from '../output.ts';
import { formatError } from '../print-error.ts';
import { isS3Source, readSource, reportPlaces, resultsPlaces } from '../report-source.ts';

export interface ReportOptions {
  /** A folder, a report.json, a results.ndjson, or `s3://bucket/results/…`. */
  readonly source: string;
  readonly rules?: string | undefined;
  readonly gates: readonly string[];
  readonly baselineFile?: string | undefined;
  /** Growth (0.05 = 5 %) since the baseline that is no regression. */
  readonly toleranceShare?: number | undefined;
  readonly htmlFile?: string | undefined;
  readonly jsonFile?: string | undefined;
  readonly junitFile?: string | undefined;
  readonly markdownFile?: string | undefined;
  readonly quiet: boolean;
}

const readRules = async (path: string | undefined): Promise<RuleSet | undefined> => {
  if (path === undefined) return undefined;
  const { ruleSet, faults } = loadRules((await readRuleFiles(path)).rules);
  if (ruleSet === undefined) throw faultsError(faults);
  return ruleSet;
};

/** As the run itself ended, whatever its gates came to: one that ended early was judged on a part. */
const exitCodeOf = (report: Report): ExitCode => {
  if (!report.balanced) return EXIT.bug;
  if (endedEarly(report)) return EXIT.stopped;
  return report.verdict.outcome === 'failed' ? EXIT.gateFailed : EXIT.ok;
};

const filesOf = (options: ReportOptions, cwd: string) => {
  const path = (given: string | undefined): string | undefined =>
    given === undefined ? undefined : resolve(cwd, given);
  return {
    htmlFile: path(options.htmlFile),
    jsonFile: path(options.jsonFile),
    junitFile: path(options.junitFile),
    markdownFile: path(options.markdownFile),
  };
};

/** A report.json may be judged anew in its own place; in another form its figures would be lost. */
const keepReport = async (
  { htmlFile, junitFile, markdownFile }: ReturnType<typeof filesOf>,
  source: string,
): Promise<void> => {
  const others = { '--html': htmlFile, '--junit': junitFile, '--markdown': markdownFile };
  for (const [flag, path] of Object.entries(others))
    if (path !== undefined) await checkNotRead(flag, path, reportPlaces(source));
};

interface Shown {
  readonly report: Report;
  readonly comparison: Comparison | undefined;
  /** Files tell the rest. */
  readonly isShort: boolean;
}

const showReport = async ({ report, comparison, isShort }: Shown, context: CliContext): Promise<void> => {
  const { stdout, stderr, env } = context;
  const look = { width: widthOf(stdout), color: wantsColor(stdout, env) };
  await writeTo(stdout, isShort ? renderFailure(report, look) : renderSummary(report, look));
  if (comparison !== undefined && !isShort)
    await writeTo(stdout, `\nsince the baseline\n${renderCompareText(comparison, look)}`);
  // Where no summary says so, the exit code would come without a word.
  if (isShort && endedEarly(report))
    await writeTo(
      stderr,
      `the run did not come to its end (${report.run.endedBy}): its verdict is one so far\n`,
    );
};

/** Runs `reprise report`. */
export const reportCommand: Command<ReportOptions> = async (options, context: CliContext) => {
  const { cwd, stderr } = context;
  const ruleSet = await readRules(options.rules);
  const { gates, baseline, warnings } = await chooseGates(options, ruleSet, cwd);
  if (!options.quiet) for (const warning of warnings) await writeTo(stderr, `${warning}\n`);
  const files = filesOf(options, cwd);
  const source = isS3Source(options.source) ? options.source : resolve(cwd, options.source);
  const { rules, baselineFile } = options;
  const sources = [...resultsPlaces(source), ...(await filesRead({ rules, baselineFile }, context))];
  await keepReport(files, source);
  const output = await openReports({ ...files, sources });
  const found = await readSource({ source, ruleSet, gates, baseline }, context);
  const { notes } = found;
  const { report, comparison } =
    baseline === undefined
      ? { report: found.report, comparison: undefined }
      : judgeSince(baseline, found.report, options);
  for (const note of notes) await writeTo(stderr, `${visibleText(note)}\n`);
  const failures = await output.writeReport(report);
  const written = Object.values(files).filter((path) => path !== undefined);
  await showReport({ report, comparison, isShort: options.quiet || written.length > 0 }, context);
  for (const error of failures) await writeTo(stderr, formatError(error));
  const [failure] = failures;
  return failure?.exitCode ?? exitCodeOf(report);
};
