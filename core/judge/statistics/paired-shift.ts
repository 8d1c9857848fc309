/** By what factor requests took longer than the same requests did before. */

import { bucketsOf } from '../../measure/buckets.ts';
import type { Histogram } from '../../measure/histogram.ts';
import type { Estimate } from './estimate.ts';
import { centralFactor, greatestFactor, leastFactor, type ShiftTest } from './invert-test.ts';
import { reachOf } from './normal.ts';
import { type BucketSide, tieSum, type WeightedLogs, weightedLogs } from './weighted-logs.ts';

/** Pairs of values, in both orders and each with itself, whose sum is above `twice`; of those whose sum it is, half. */
const countSums = ({ logs, counts }: WeightedLogs, twice: number): number => {
  let pairs = 0;
  let partners = 0;
  let at = logs.length;
  for (let i = 0; i < logs.length; i += 1) {
    const least = twice - (logs[i] as number);
    while (at > 0 && (logs[at - 1] as number) > least) {
      at -= 1;
      partners += counts[at] as number;
    }
    const equal = at > 0 && logs[at - 1] === least ? (counts[at - 1] as number) : 0;
    pairs += (counts[i] as number) * (partners + equal / 2);
  }
  return pairs;
};

const countAbove = ({ logs, counts }: WeightedLogs, shift: number): number =>
  logs.reduce((sum, log, i) => {
    const count = counts[i] as number;
    return sum + (log > shift ? count : log === shift ? count / 2 : 0);
  }, 0);

/**
 * Wilcoxon's signed-rank test, by the normal distribution, corrected for ties. The sum of the ranks of what is above a shift is the number
 * of means of two values (each with itself, too) that are above it, which is counted in one pass where ranks would have to be sorted anew.
 */
const signedRank = (ratios: WeightedLogs): ShiftTest => {
  const { logs, counts, count } = ratios;
  const mean = (count * (count + 1)) / 4;
  const variance = (count * (count + 1) * (2 * count + 1)) / 24 - tieSum(counts) / 48;
  return {
    reach: Math.max(Math.abs(logs[0] ?? 0), Math.abs(logs.at(-1) ?? 0)),
    deviation: (shift) => {
      const above = (countSums(ratios, 2 * shift) + countAbove(ratios, shift)) / 2;
      return { difference: above - mean, variance };
    },
  };
};

/**
 * The factor by which requests took longer than the same requests before: the median of the geometric means of any two of the ratios
 * (Hodges and Lehmann), and the interval of factors that Wilcoxon's test does not reject. The ends of the interval are reckoned from the
 * edges of buckets, so what the histogram rounds off never makes it too narrow: a ratio of 1 stands on such an edge.
 *
 * @param ratio - after ÷ before of each request
 * @param confidence - from 0 to 1
 * @returns undefined where it is empty
 */
export const pairedShift = (ratio: Histogram, confidence: number): Estimate | undefined => {
  if (ratio.count === 0) return undefined;
  const errors = reachOf(confidence);
  const buckets = bucketsOf(ratio);
  const test = (side: BucketSide): ShiftTest => signedRank(weightedLogs(buckets, side));
  const estimate = centralFactor(test('middle'));
  return {
    estimate,
    low: Math.min(estimate, leastFactor(test('from'), errors)),
    high: Math.max(estimate, greatestFactor(test('to'), errors)),
  };
};
