/** The report of what a results bucket tells of a span of time: the same for the function on AWS and for the command line. */

import type { S3Client } from '@aws-sdk/client-s3';
import { EXIT, RepriseError } from '../../core/errors.ts';
import { NOT_AFTER_MS } from '../../core/pace/slice.ts';
import type { Ledger } from '../../core/report/ledger.ts';
import { SETTLED_AFTER_MS } from '../../core/report/reconcile.ts';
import type { Report } from '../../core/report/report-json.ts';
import { createObjectsReport, type ObjectsReport } from '../../core/report/report-of-objects.ts';
import type { ReportRules } from '../../core/report/report-rules.ts';
import { readLedgers } from './ledgers.ts';
import { listResults, readResultObject } from './result-objects.ts';
import type { Span } from './span.ts';

export interface BucketReportOptions {
  readonly bucket: string;
  /** Of the report. */
  readonly id: string;
  /** The objects whose ledgers were closed in it are reported, whole. */
  readonly span: Span;
  readonly rules: ReportRules;
  readonly baseline?: Report | undefined;
  readonly nowMs: number;
  /** Ends the reading, and with it the report. */
  readonly signal?: AbortSignal | undefined;
}

export interface BucketReport extends ObjectsReport {
  /** Lines that are no records. */
  readonly unreadable: number;
  /** What is wrong with objects of results that are damaged. */
  readonly damaged: readonly RepriseError[];
}

/** When results of the objects may have come: from the start of the first planner, until nothing more of the last can. */
const arrivalOf = (ledgers: readonly Ledger[], nowMs: number): Span => {
  const starts = ledgers.map(({ startedAt }) => Date.parse(startedAt));
  const ends = ledgers.map(({ endedAt }) => Date.parse(endedAt));
  const fromMs = starts.reduce((least, ms) => Math.min(least, ms));
  const lastMs = ends.reduce((most, ms) => Math.max(most, ms)) + NOT_AFTER_MS + SETTLED_AFTER_MS;
  return { fromMs, toMs: Math.min(lastMs, nowMs) + 1 };
};

const tooLong = (files: number): RepriseError =>
  new RepriseError('REPORT_TOO_LONG', `the time was up when ${files} objects of results had been read`, {
    hint: 'ask for a shorter span, or make the report with reprise report on a machine of your own',
    exitCode: EXIT.stopped,
  });

const stillOpen = (open: number, ledgers: readonly Ledger[], isOver: boolean): RepriseError => {
  const lastMs = ledgers.reduce((most, { endedAt }) => Math.max(most, Date.parse(endedAt)), 0);
  const at = new Date(lastMs + NOT_AFTER_MS + SETTLED_AFTER_MS).toISOString();
  return new RepriseError('RESULTS_OPEN', `nobody knows yet how ${open} of the planned requests ended`, {
    // More objects come while the span lasts.
    hint: `results may still come until ${at}: ask again then${isOver ? '' : ', or for hours that are over by now'}`,
    exitCode: EXIT.stopped,
  });
};

/**
 * Makes the report of the objects whose ledgers were closed in the span. Flat memory: the results pass by one by one.
 *
 * @returns undefined where no ledger was
 * @throws RepriseError RESULTS_OPEN while results may still come and something is open, REPORT_TOO_LONG where the signal ended it, AWS_…,
 * LEDGER_INVALID, INPUT_UNREADABLE
 */
export const readBucketReport = async (
  client: S3Client,
  { bucket, id, span, rules, baseline, nowMs, signal }: BucketReportOptions,
): Promise<BucketReport | undefined> => {
  const ledgers = await readLedgers(client, bucket, span);
  if (ledgers.length === 0) return undefined;
  let unreadable = 0;
  let files = 0;
  const damaged: RepriseError[] = [];
  const made = createObjectsReport({ id, ledgers, rules, baseline, nowMs });
  const sink = {
    take: made.take,
    unreadable: () => {
      unreadable += 1;
    },
  };
  for await (const listed of listResults(client, bucket, arrivalOf(ledgers, nowMs))) {
    const damage = await readResultObject(client, bucket, listed, sink, signal);
    if (signal?.aborted === true) throw tooLong(files);
    if (damage !== undefined) damaged.push(damage);
    files += 1;
  }
  const ended = made.end();
  if (ended.open > 0) throw stillOpen(ended.open, ledgers, span.toMs <= nowMs);
  return { ...ended, unreadable, damaged };
};
