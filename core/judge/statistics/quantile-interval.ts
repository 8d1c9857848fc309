/** How sure a quantile is. */

import { type Bucket, bucketsOf } from '../../measure/buckets.ts';
import { type Histogram, quantileMs } from '../../measure/histogram.ts';
import type { Estimate } from './estimate.ts';
import { quantileRanks } from './quantile-ranks.ts';

const bucketAt = (buckets: readonly Bucket[], rank: number): Bucket | undefined => {
  let seen = 0;
  return buckets.find(({ count }) => {
    seen += count;
    return seen >= rank;
  });
};

/**
 * A quantile and the interval of it, from order statistics: no matter how the values are distributed. Its ends are the edges of the
 * buckets in which those order statistics lie, so what the histogram rounds off never makes it too narrow.
 *
 * @param q - from 0 to 1
 * @param confidence - from 0 to 1
 * @returns ms, or what else the histogram holds, which is never below 0; undefined while it is empty
 */
export const quantileInterval = (
  histogram: Histogram,
  q: number,
  confidence: number,
): Estimate | undefined => {
  const estimate = quantileMs(histogram, q);
  if (estimate === undefined) return undefined;
  const { count } = histogram;
  const { low, high } = quantileRanks(count, q, confidence);
  const buckets = bucketsOf(histogram);
  const from = low < 1 ? 0 : (bucketAt(buckets, low)?.fromMs ?? 0);
  const to = high > count ? Number.POSITIVE_INFINITY : (bucketAt(buckets, high)?.toMs ?? estimate);
  return { estimate, low: Math.min(estimate, from), high: Math.max(estimate, to) };
};
