/** What a histogram knows of its values: between which bounds how many of them lie. */

import { eachBucket, type Histogram, lowerEdgeMs } from './histogram.ts';

/** Values that fell into one bucket: at least `fromMs`, at most `toMs`, and how many. */
export interface Bucket {
  readonly fromMs: number;
  readonly toMs: number;
  readonly count: number;
}

/** Those buckets that hold anything, ascending, cut to the least and the greatest value. */
export const bucketsOf = (histogram: Histogram): readonly Bucket[] => {
  const { minMs, maxMs, low } = histogram;
  const cut = (ms: number): number => Math.min(maxMs, Math.max(minMs, ms));
  const buckets: Bucket[] = low === 0 ? [] : [{ fromMs: minMs, toMs: cut(lowerEdgeMs(0)), count: low }];
  eachBucket(histogram, (index, count) => {
    buckets.push({ fromMs: cut(lowerEdgeMs(index)), toMs: cut(lowerEdgeMs(index + 1)), count });
  });
  return buckets;
};
