/** What a histogram holds on a logarithmic scale, on which a factor is a distance. */

import type { Bucket } from '../../measure/buckets.ts';

/** Distinct values, ascending, and how often each was seen. */
export interface WeightedLogs {
  readonly logs: Float64Array;
  readonly counts: Float64Array;
  readonly count: number;
}

/** Which value of a bucket stands for all in it. */
export type BucketSide = keyof typeof SIDES;

/** Share of the way from the lower edge of a bucket to the upper one. */
const SIDES = { from: 0, middle: 0.5, to: 1 } as const;

/** A value of 0 has no logarithm: what is below 1 ns counts as 1 ns. */
const LEAST_MS = 1e-6;

/** The logarithms of a histogram's values, as exact as its buckets. */
export const weightedLogs = (buckets: readonly Bucket[], side: BucketSide = 'middle'): WeightedLogs => {
  const weight = SIDES[side];
  const logs = new Float64Array(buckets.length);
  const counts = new Float64Array(buckets.length);
  let sum = 0;
  for (const [i, { fromMs, toMs, count }] of buckets.entries()) {
    logs[i] = Math.log(Math.max(LEAST_MS, fromMs + (toMs - fromMs) * weight));
    counts[i] = count;
    sum += count;
  }
  return { logs, counts, count: sum };
};

/** Σ(t³ − t) over groups of `t` equal values, by which tests by ranks are corrected for ties. */
export const tieSum = (counts: Float64Array): number => counts.reduce((sum, t) => sum + (t * t * t - t), 0);
