/** Makes the report of an hour, or of any span, from ledgers and results, stores it, and publishes what its gates came to. */

import { RepriseError } from '../../core/errors.ts';
import type { GateOutcome, Verdict } from '../../core/judge/verdict.ts';
import { emfLines } from '../../core/measure/emf.ts';
import { renderHtml } from '../../core/report/html.ts';
import type { Report } from '../../core/report/report-json.ts';
import type { BucketReport, BucketReportOptions } from '../../io/aws/bucket-report.ts';
import { REPORTS_PREFIX } from '../../io/aws/reports.ts';
import { errorText, type WriteLog } from '../log.ts';
import { type ReportRequest, readReportEvent } from './event.ts';

export interface ReportDeps {
  readonly stack: string;
  readonly bucket: string;
  /** See `readBucketReport`. */
  readonly readReport: (
    options: Pick<BucketReportOptions, 'id' | 'span' | 'nowMs' | 'signal'>,
  ) => Promise<BucketReport | undefined>;
  readonly putText: (key: string, text: string, contentType: string) => Promise<unknown>;
  /** Whether the report of a later hour than that of this key is stored. */
  readonly hasLater: (key: string) => Promise<boolean>;
  /** Epoch ms. */
  readonly wallClock: () => number;
  readonly writeLine: (line: string) => void;
  readonly log: WriteLog;
}

type GateCounts = Readonly<Record<GateOutcome, number>>;

/** What an invocation came to. */
export type ReportAnswer =
  | {
      readonly outcome: 'written';
      /** The page; the same key with `.json` is the data. */
      readonly report: string;
      readonly verdict: Verdict['outcome'];
      readonly gates: GateCounts;
      readonly balanced: boolean;
      readonly objects: number;
      readonly results: number;
      readonly repeats: number;
      /** Lines of results, and objects of them, that could not be used. */
      readonly unreadable: number;
      readonly damaged: number;
    }
  | { readonly outcome: 'empty'; readonly message: string }
  | {
      readonly outcome: 'refused';
      readonly code: string;
      readonly message: string;
      readonly hint?: string;
    };

/** What rendering and storing take at most: reading ends so long before the function does. */
const MARGIN_MS = 60_000;

const NO_GATES: GateCounts = { held: 0, failed: 0, missed: 0 };

const countGates = ({ gates }: Verdict): GateCounts => {
  const counts = { ...NO_GATES };
  for (const { outcome } of gates) counts[outcome] += 1;
  return counts;
};

const publish = (
  { stack, wallClock, writeLine }: ReportDeps,
  gates: GateCounts,
  hasFailed: boolean,
): void => {
  const metrics = {
    GatesHeld: gates.held,
    GatesFailed: gates.failed,
    GatesMissed: gates.missed,
    VerdictFailed: hasFailed ? 1 : 0,
  };
  for (const line of emfLines({ stack, atMs: wallClock(), metrics })) writeLine(line);
};

const store = async ({ putText }: ReportDeps, report: Report, keys: readonly string[]): Promise<void> => {
  const html = renderHtml(report);
  const json = `${JSON.stringify(report)}\n`;
  for (const key of keys) {
    await putText(`${key}.json`, json, 'application/json');
    await putText(`${key}.html`, html, 'text/html; charset=utf-8');
  }
};

const tellFaults = ({ log }: ReportDeps, name: string, made: BucketReport): void => {
  const { report, unreadable, damaged } = made;
  for (const { code, message } of damaged) log({ level: 'WARN', code, message });
  if (unreadable > 0)
    log({
      level: 'WARN',
      code: 'RECORD_INVALID',
      message: `${unreadable} lines of results of ${name} are no records`,
    });
  if (!report.balanced)
    log({ level: 'ERROR', code: 'REPORT_UNBALANCED', message: `${name}: ${report.imbalances.join('; ')}` });
};

const answerOf = (bucket: string, key: string, gates: GateCounts, made: BucketReport): ReportAnswer => {
  const { report, objects, results, repeats, unreadable, damaged } = made;
  return {
    outcome: 'written',
    report: `s3://${bucket}/${key}.html`,
    verdict: report.verdict.outcome,
    gates,
    balanced: report.balanced,
    ...{ objects, results, repeats, unreadable, damaged: damaged.length },
  };
};

const make = async (deps: ReportDeps, request: ReportRequest, signal: AbortSignal): Promise<ReportAnswer> => {
  const { stack, bucket, readReport, hasLater, wallClock } = deps;
  const { span, name, key, isHour } = request;
  const made = await readReport({ id: `${stack} ${name}`, span, nowMs: wallClock(), signal });
  // What is made anew of an hour gone by says nothing of now.
  const isNewest = isHour && !(await hasLater(key));
  if (made === undefined) {
    if (isNewest) publish(deps, NO_GATES, false);
    return { outcome: 'empty', message: `no ledger was closed in ${name}: no report is written` };
  }
  const { verdict } = made.report;
  const gates = countGates(verdict);
  await store(deps, made.report, isNewest ? [key, `${REPORTS_PREFIX}latest`] : [key]);
  if (isNewest) publish(deps, gates, verdict.outcome === 'failed');
  tellFaults(deps, name, made);
  return answerOf(bucket, key, gates, made);
};

const refusal = ({ code, message, hint }: RepriseError): ReportAnswer => ({
  outcome: 'refused',
  code,
  message,
  ...(hint === undefined ? {} : { hint }),
});

/** Codes of what another try of the same would not mend, and the person who asked can. */
const ASKED_WRONGLY = ['EVENT_INVALID', 'RESULTS_OPEN', 'REPORT_TOO_LONG'];

/**
 * Makes the function that makes reports. Twice the same hour gives the same bytes, unless results of it came in between.
 *
 * @returns a function that throws where it could not be done, so that a scheduled event is tried again; who asked for what cannot be
 * made is told so
 */
export const createReporter =
  (deps: ReportDeps) =>
  async (event: unknown, remainingMs: number): Promise<ReportAnswer> => {
    let isScheduled = false;
    try {
      const request = readReportEvent(event, deps.wallClock());
      isScheduled = request.isScheduled;
      return await make(deps, request, AbortSignal.timeout(Math.max(0, remainingMs - MARGIN_MS)));
    } catch (error) {
      const isAsked = error instanceof RepriseError && ASKED_WRONGLY.includes(error.code);
      if (isAsked && !isScheduled) return refusal(error);
      deps.log({ level: 'ERROR', code: 'REPORT_FAILED', message: errorText(error) });
      throw error;
    }
  };
