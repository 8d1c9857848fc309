/** Where `reprise report` takes a report from: what a run wrote on disk, or what is in the results bucket of a stack. */

import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RepriseError } from '../core/errors.ts';
import { formatCount } from '../core/report/format.ts';
import type { Report } from '../core/report/report-json.ts';
import { NO_RULES, reportRulesOf } from '../core/report/report-rules.ts';
import type { Gate } from '../core/rules/gates.ts';
import type { RuleSet } from '../core/rules/rule-set.ts';
import { readReport } from '../io/read-report.ts';
import { describeSystemError, systemErrorCode } from '../io/system-error.ts';
import type { CliContext } from './context.ts';
import { reportOfResults } from './report-of-results.ts';

export interface ReportSourceOptions {
  /** A path as it is to be opened, or `s3://bucket/results/…`. */
  readonly source: string;
  readonly ruleSet: RuleSet | undefined;
  /** Of the whole run, besides those of the rules. */
  readonly gates: readonly Gate[];
  readonly baseline: Report | undefined;
}

export interface SourceReport {
  readonly report: Report;
  /** What is not as it should be, in one line each. */
  readonly notes: readonly string[];
}

export const isS3Source = (source: string): boolean => /^s3:\/\//i.test(source);

const isMissing = (cause: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(systemErrorCode(cause) ?? '');

/** Undefined for what is not there; what is there and must not be looked at is another matter. */
const statOf = async (path: string): Promise<Stats | undefined> => {
  try {
    return await stat(path);
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    const message = `cannot read ${path}: ${describeSystemError(cause)}`;
    throw new RepriseError('SOURCE_UNREADABLE', message, { cause });
  }
};

/** The first that is there. */
const firstThere = async (paths: readonly string[]): Promise<string | undefined> => {
  for (const path of paths) if ((await statOf(path)) !== undefined) return path;
  return undefined;
};

const HINT =
  'give the folder that --out of reprise replay wrote, its report.json or its results.ndjson, or s3://bucket/results/';

const IS_RESULTS = /\.ndjson(?:\.gz|\.zst)?$/;
/** As a run writes them, and as people keep them. */
const RESULTS_NAMES = ['results.ndjson', 'results.ndjson.gz', 'results.ndjson.zst'];

/** Where the results of a source may stand, which must not be written over: they cannot be made again. */
export const resultsPlaces = (source: string): readonly string[] => [
  ...(IS_RESULTS.test(source) ? [source] : []),
  ...RESULTS_NAMES.map((name) => join(source, name)),
];

/** Where the report.json of a source may stand. */
export const reportPlaces = (source: string): readonly string[] => [
  ...(IS_RESULTS.test(source) ? [] : [source]),
  join(source, 'report.json'),
];

interface Places {
  readonly report: string | undefined;
  readonly results: string | undefined;
}

const findPlaces = async (path: string): Promise<Places> => {
  const found = await statOf(path);
  if (found === undefined) throw new RepriseError('SOURCE_NOT_FOUND', `there is no ${path}`, { hint: HINT });
  if (!found.isDirectory())
    return IS_RESULTS.test(path)
      ? { report: undefined, results: path }
      : { report: path, results: undefined };
  const places = {
    report: await firstThere([join(path, 'report.json')]),
    results: await firstThere(resultsPlaces(path)),
  };
  if (places.report ?? places.results) return places;
  throw new RepriseError('SOURCE_NOT_FOUND', `${path} holds neither report.json nor results.ndjson`, {
    hint: HINT,
  });
};

const fromDisk = async ({ source, ruleSet, gates, baseline }: ReportSourceOptions): Promise<SourceReport> => {
  const { report: reportPath, results } = await findPlaces(source);
  const report = reportPath === undefined ? undefined : await readReport(reportPath);
  const isJudgedAnew = ruleSet !== undefined || gates.length > 0 || baseline !== undefined;
  if (report !== undefined && !isJudgedAnew) return { report, notes: [] };
  if (results !== undefined) return reportOfResults({ path: results, report, ruleSet, gates, baseline });
  const message = `${source} cannot be judged anew without the results.ndjson of the run`;
  throw new RepriseError('SOURCE_NOT_FOUND', message, { hint: 'give the folder that holds both' });
};

const S3_HINT =
  'give s3://bucket/results/ and as much of the hour as you want, such as s3://bucket/results/2026/11/21/10/';

const fromBucket = async (
  { source, ruleSet, gates, baseline }: ReportSourceOptions,
  context: CliContext,
): Promise<SourceReport> => {
  const [, bucket = '', prefix = ''] = /^s3:\/\/([^/]*)\/?([\s\S]*)$/i.exec(source) ?? [];
  const { openAwsClients } = await import('./aws-clients.ts');
  const { readBucketReport } = await import('../io/aws/bucket-report.ts');
  const { spanOfPrefix } = await import('../io/aws/span.ts');
  const span = spanOfPrefix(prefix);
  if (bucket === '' || span === undefined)
    throw new RepriseError('ARGUMENT_INVALID', `${source} is no place of results`, { hint: S3_HINT });
  const clients = openAwsClients(context);
  try {
    const ofRules = ruleSet === undefined ? NO_RULES : reportRulesOf(ruleSet);
    const rules = { ...ofRules, gates: [...ofRules.gates, ...gates] };
    const found = await readBucketReport(await clients.s3(), {
      bucket,
      id: source,
      span,
      rules,
      baseline,
      nowMs: Date.now(),
    });
    if (found === undefined)
      throw new RepriseError(
        'SOURCE_NOT_FOUND',
        `no ledger of an object was closed in the time of ${source}`,
        { hint: S3_HINT },
      );
    const { report, unreadable, damaged } = found;
    const notes = unreadable > 0 ? [`${formatCount(unreadable)} lines of results could not be read`] : [];
    return { report, notes: [...notes, ...damaged.map(({ message }) => message)] };
  } finally {
    clients.close();
  }
};

/**
 * The report of a source, judged anew where rules, gates or a baseline are given.
 *
 * @throws RepriseError SOURCE_NOT_FOUND, SOURCE_UNREADABLE, REPORT_INVALID, RESULTS_INCOMPLETE, RESULTS_OPEN, ARGUMENT_INVALID, AWS_…
 */
export const readSource = (options: ReportSourceOptions, context: CliContext): Promise<SourceReport> =>
  isS3Source(options.source) ? fromBucket(options, context) : fromDisk(options);
