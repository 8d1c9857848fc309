/** Which routes got worse, against what the log says of them: the first thing that whoever broke something wants to see. */

import { quantileInterval } from '../judge/statistics/quantile-interval.ts';
import { shareInterval } from '../judge/statistics/shares.ts';
import { histogramFromJson } from '../measure/histogram.ts';
import type { RouteSummary } from '../measure/summary.ts';

const CONFIDENCE = 0.95;
/** Below these a difference is no news: one odd answer in many, a target a little further away than the proxy was. */
const MIN_MISMATCH_SHARE = 0.005;
const MIN_MISMATCHES = 3;
const MIN_SHIFT = 1.25;
const MIN_SLOWER_MS = 5;

export interface RankedRoute {
  readonly summary: RouteSummary;
  /** What is certainly worse than it was recorded. */
  readonly isFailing: boolean;
  readonly isSlower: boolean;
  /** Share of the sent that had a recorded status and got none that is as good. */
  readonly mismatchShare: number | null;
  /** Median of what each request took ÷ what it took in the log. */
  readonly medianRatio: number | null;
  /** The higher the worse; 0 where nothing is certain. */
  readonly badness: number;
}

/** Failed in the log, and does no more. */
export const isMended = (recorded: string, replayed: string): boolean =>
  /^5\d\d$/.test(recorded) && /^[23]\d\d$/.test(replayed);

/** Answers that are better than they were: what failed in the log, and does no more, is no news to whoever broke something. */
const mendedOf = ({ status }: RouteSummary): number => {
  let mended = 0;
  for (const [recorded, row] of Object.entries(status))
    for (const [replayed, count] of Object.entries(row)) if (isMended(recorded, replayed)) mended += count;
  return mended;
};

const mismatchesOf = (summary: RouteSummary) => {
  const { known, same } = summary.match;
  return { count: Math.max(0, known - same - mendedOf(summary)), of: known };
};

const shiftOf = ({ histograms, latency }: RouteSummary): number => {
  const { service, recorded } = latency;
  const slowerMs = Math.max(
    (service.p50 ?? 0) - (recorded.p50 ?? 0),
    (service.p95 ?? 0) - (recorded.p95 ?? 0),
  );
  if (slowerMs < MIN_SLOWER_MS) return 1;
  return quantileInterval(histogramFromJson(histograms.ratio), 0.5, CONFIDENCE)?.low ?? 1;
};

const rank = (summary: RouteSummary): RankedRoute => {
  const { count, of } = mismatchesOf(summary);
  const mismatchLow = count < MIN_MISMATCHES ? 0 : shareInterval(count, of, CONFIDENCE).low;
  const shiftLow = shiftOf(summary);
  const isFailing = mismatchLow >= MIN_MISMATCH_SHARE;
  const isSlower = shiftLow >= MIN_SHIFT;
  return {
    summary,
    isFailing,
    isSlower,
    mismatchShare: of === 0 ? null : count / of,
    medianRatio: summary.ratio.p50,
    // An answer that is wrong is worse than one that is slow: a tenth of them weighs as much as four times the time.
    badness: (isFailing ? 1 + mismatchLow * 20 : 0) + (isSlower ? Math.log2(shiftLow) : 0),
  };
};

/** The routes of a report, worst first; those of which nothing is certain stay in their order. */
export const rankRoutes = (routes: readonly RouteSummary[]): readonly RankedRoute[] =>
  routes.map(rank).toSorted((a, b) => b.badness - a.badness);
