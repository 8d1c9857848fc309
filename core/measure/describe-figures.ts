/** Turns accumulated figures into the numbers that people and gates read. */

import { FAILURE_CODES } from '../types.ts';
import { compactHistogram } from './compact-histogram.ts';
import type { FailureExample } from './failures.ts';
import type { Figures } from './figures.ts';
import { type Histogram, type HistogramJson, quantileMs } from './histogram.ts';
import type { StatusMatch } from './status-match.ts';
import { type StatusMatrix, statusMatrix } from './status-matrix.ts';

/** Ms; `null` where nothing was measured. */
export interface Quantiles {
  readonly count: number;
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
  readonly max: number | null;
}

/** What recorded latencies are: the origin's, those of the whole request, some of each, or unknown. */
export type LatencyBasis = 'origin' | 'duration' | 'mixed' | null;

/** The numbers of one group of requests; `docs/report.md` says what each means. */
export interface FigureSummary {
  readonly counts: {
    readonly planned: number;
    readonly sent: number;
    readonly answered: number;
    readonly failed: number;
    readonly heldBack: number;
  };
  readonly status: StatusMatrix;
  readonly latency: {
    readonly recorded: Quantiles & { readonly basis: LatencyBasis };
    readonly service: Quantiles;
    readonly fromDue: Quantiles;
  };
  /** Of the sent with a recorded status: answered with the same, or with one of its class, by the status map of their rules. */
  readonly match: StatusMatch;
  /** Of those answered with the recorded status whose sizes are known: as large as recorded, by the tolerance of their rules. */
  readonly size: { readonly known: number; readonly same: number };
  /** Service time ÷ recorded latency of the same request, of the answered whose latency was recorded. */
  readonly ratio: Omit<Quantiles, 'max'>;
  readonly pacing: {
    /** Of the planned, on the log's clock. */
    readonly recordedRatePerSecond: number | null;
    readonly askedRatePerSecond: number | null;
    readonly achievedRatePerSecond: number | null;
    readonly lagMs: { readonly p50: number | null; readonly p99: number | null; readonly max: number | null };
  };
  readonly failures: Readonly<Record<string, { readonly count: number; readonly example: FailureExample }>>;
  /** What the quantiles were taken of, so that reports can be compared and added up. `ratio` holds factors, not ms. */
  readonly histograms: {
    readonly recorded: HistogramJson;
    readonly service: HistogramJson;
    readonly fromDue: HistogramJson;
    readonly ratio: HistogramJson;
  };
}

/** Of each histogram in a report: 50 routes with 10 million results stay below 1 MB so. */
export const MAX_REPORTED_BUCKETS = 384;

const quantileOrNull = (histogram: Histogram, q: number): number | null => quantileMs(histogram, q) ?? null;

const quantiles = (histogram: Histogram): Quantiles => ({
  count: histogram.count,
  p50: quantileOrNull(histogram, 0.5),
  p90: quantileOrNull(histogram, 0.9),
  p95: quantileOrNull(histogram, 0.95),
  p99: quantileOrNull(histogram, 0.99),
  max: quantileOrNull(histogram, 1),
});

const ratios = (histogram: Histogram): FigureSummary['ratio'] => {
  const { max: _, ...rest } = quantiles(histogram);
  return rest;
};

const histograms = ({ recorded, service, fromDue, ratio }: Figures): FigureSummary['histograms'] => ({
  recorded: compactHistogram(recorded, MAX_REPORTED_BUCKETS),
  service: compactHistogram(service, MAX_REPORTED_BUCKETS),
  fromDue: compactHistogram(fromDue, MAX_REPORTED_BUCKETS),
  ratio: compactHistogram(ratio, MAX_REPORTED_BUCKETS),
});

const basisOf = ({ recorded, recordedOfOrigin }: Figures): LatencyBasis => {
  if (recorded.count === 0) return null;
  if (recordedOfOrigin === 0) return 'duration';
  return recordedOfOrigin === recorded.count ? 'origin' : 'mixed';
};

/**
 * Mean rate of `count` events in a stretch of time. n events bound n − 1 gaps, so one gap more is added to the stretch: two events a
 * second apart are one a second, not two.
 */
const ratePerSecond = (
  count: number,
  { spanMs, gapMs }: { spanMs: number; gapMs: number },
): number | null => {
  const windowMs = spanMs + gapMs;
  return windowMs > 0 && Number.isFinite(windowMs) ? (count * 1000) / windowMs : null;
};

/** What rates are reckoned from. */
export type RateParts = Readonly<
  Pick<Figures, 'planned' | 'sent' | 'due' | 'recordedAt' | 'lastSentMs' | 'lastUnderWayMs'>
>;

/** Requests a second, `null` where there are fewer than two to tell them by. */
export const ratesOf = ({ planned, sent, due, recordedAt, lastSentMs, lastUnderWayMs }: RateParts) => {
  const gaps = Math.max(1, planned - 1);
  const dueSpan = { spanMs: due.last - due.first, gapMs: (due.last - due.first) / gaps };
  const logSpan = {
    spanMs: recordedAt.last - recordedAt.first,
    gapMs: (recordedAt.last - recordedAt.first) / gaps,
  };
  const sentSpan = { ...dueSpan, spanMs: Math.max(lastUnderWayMs, lastSentMs) - due.first };
  return {
    recordedRatePerSecond: planned < 2 ? null : ratePerSecond(planned, logSpan),
    askedRatePerSecond: planned < 2 ? null : ratePerSecond(planned, dueSpan),
    achievedRatePerSecond: planned < 2 ? null : ratePerSecond(sent, sentSpan),
  };
};

/** The numbers of one group of requests; `match` as `matchOf` finds it, rule by rule. */
export const describeFigures = (figures: Figures, match: StatusMatch): FigureSummary => {
  const { planned, sent, answered, failed, heldBack, lag } = figures;
  const failures: Record<string, { count: number; example: FailureExample }> = {};
  for (const code of FAILURE_CODES) {
    const failure = figures.failures.get(code);
    if (failure !== undefined) failures[code] = { ...failure };
  }
  return {
    counts: { planned, sent, answered, failed, heldBack },
    status: statusMatrix(figures.status),
    latency: {
      recorded: { basis: basisOf(figures), ...quantiles(figures.recorded) },
      service: quantiles(figures.service),
      fromDue: quantiles(figures.fromDue),
    },
    match,
    size: { ...figures.sizes },
    ratio: ratios(figures.ratio),
    pacing: {
      ...ratesOf(figures),
      lagMs: { p50: quantileOrNull(lag, 0.5), p99: quantileOrNull(lag, 0.99), max: quantileOrNull(lag, 1) },
    },
    failures,
    histograms: histograms(figures),
  };
};
