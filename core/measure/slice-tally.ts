/** Counts how the requests of one slice ended: for its trailer, its metrics and the health of its target. */

import type { FailureCode, HeldBackReason, Result } from '../types.ts';
import { sumOf } from './accounting.ts';
import { sampleValues } from './emf.ts';
import { addMs, type Histogram, newHistogram } from './histogram.ts';
import { failedMetric, heldBackMetric, type MetricValues, statusClass } from './metric-names.ts';

/** How requests ended: sent = answered + failed. Only what occurred is named. */
export interface EndCounts {
  readonly sent: number;
  /** Status → count. */
  readonly answered: Readonly<Record<string, number>>;
  readonly failed: Readonly<Partial<Record<FailureCode, number>>>;
  readonly heldBack: Readonly<Partial<Record<HeldBackReason, number>>>;
}

export interface SliceCounts extends EndCounts {
  /** All that ended: sent + held back. */
  readonly planned: number;
  readonly rules: Readonly<Record<string, EndCounts>>;
}

export interface SliceTally {
  /** Counts the end of one request. */
  count(result: Result): void;
  /** What was counted so far. */
  counts(): SliceCounts;
  /** Socket write to last byte, of the answered. */
  readonly service: Histogram;
  /** Due instant to last byte, of the answered. */
  readonly fromDue: Histogram;
  /** Due instant to dispatch, of the sent. */
  readonly lag: Histogram;
}

interface Ends {
  sent: number;
  readonly answered: Record<string, number>;
  readonly failed: Partial<Record<FailureCode, number>>;
  readonly heldBack: Partial<Record<HeldBackReason, number>>;
}

const newEnds = (): Ends => ({ sent: 0, answered: {}, failed: {}, heldBack: {} });

const raise = (counts: Record<string, number>, key: string | number): void => {
  counts[key] = (counts[key] ?? 0) + 1;
};

const countEnd = (ends: Ends, { heldBack, failed, status }: Result): void => {
  if (heldBack !== undefined) {
    raise(ends.heldBack, heldBack);
    return;
  }
  ends.sent += 1;
  if (failed !== undefined) raise(ends.failed, failed);
  else raise(ends.answered, status ?? 0);
};

const copyOf = ({ sent, answered, failed, heldBack }: Ends): EndCounts => ({
  sent,
  answered: { ...answered },
  failed: { ...failed },
  heldBack: { ...heldBack },
});

/**
 * Makes an empty tally.
 *
 * @param shiftMs - by what all due instants were moved because the slice began late: it counts as lag, though results do not show it
 */
export const createSliceTally = ({ shiftMs = 0 }: { readonly shiftMs?: number } = {}): SliceTally => {
  const all = newEnds();
  const rules = new Map<string, Ends>();
  const service = newHistogram();
  const fromDue = newHistogram();
  const lag = newHistogram();
  return {
    count: (result) => {
      const { request, sentMs, serviceMs, fromDueMs, status } = result;
      const ofRule = rules.get(request.rule) ?? newEnds();
      rules.set(request.rule, ofRule);
      countEnd(all, result);
      countEnd(ofRule, result);
      if (sentMs !== undefined) addMs(lag, sentMs - request.dueMs + shiftMs);
      if (status === undefined) return;
      if (serviceMs !== undefined) addMs(service, serviceMs);
      if (fromDueMs !== undefined) addMs(fromDue, fromDueMs + shiftMs);
    },
    counts: () => ({
      ...copyOf(all),
      planned: all.sent + sumOf(all.heldBack),
      rules: Object.fromEntries([...rules].map(([rule, ends]) => [rule, copyOf(ends)])),
    }),
    service,
    fromDue,
    lag,
  };
};

/** Failures that say nothing of the target: ours, or a connection that it had closed for being idle. */
export const NOT_THE_TARGETS: ReadonlySet<FailureCode> = new Set(['aborted', 'blocked', 'reset_reused']);

/** The tally as metrics of its target. */
export const sliceMetricValues = (tally: SliceTally): MetricValues => {
  const { sent, answered, failed, heldBack } = tally.counts();
  const failures = sumOf(failed);
  const values: MetricValues = {
    Sent: sent,
    Answered: sumOf(answered),
    Failed: failures,
    Errors: failures - [...NOT_THE_TARGETS].reduce((count, code) => count + (failed[code] ?? 0), 0),
    Latency: sampleValues(tally.service),
    LatencyFromDue: sampleValues(tally.fromDue),
    Lag: sampleValues(tally.lag),
  };
  for (const [status, requests] of Object.entries(answered)) {
    const name = statusClass(Number(status));
    if (name === undefined) continue;
    values[`Status${name}`] = ((values[`Status${name}`] as number | undefined) ?? 0) + requests;
    if (name === '5xx') values.Errors = (values.Errors as number) + requests;
  }
  for (const [code, requests] of Object.entries(failed) as [FailureCode, number][])
    values[failedMetric(code)] = requests;
  for (const [reason, requests] of Object.entries(heldBack) as [HeldBackReason, number][])
    values[heldBackMetric(reason)] = requests;
  return values;
};
