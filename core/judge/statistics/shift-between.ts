/** By what factor the latencies of one group of requests are those of another. */

import { bucketsOf } from '../../measure/buckets.ts';
import type { Histogram } from '../../measure/histogram.ts';
import type { Estimate } from './estimate.ts';
import { centralFactor, greatestFactor, leastFactor, type ShiftTest } from './invert-test.ts';
import { reachOf } from './normal.ts';
import { tieSum, type WeightedLogs, weightedLogs } from './weighted-logs.ts';

/** How many pairs have a value of `after`, lowered by `shift`, above one of `before`; and how much ties grow by values equal in both. */
const countPairs = (before: WeightedLogs, after: WeightedLogs, shift: number) => {
  let pairs = 0;
  let ties = 0;
  let below = 0;
  let at = 0;
  for (let i = 0; i < after.logs.length; i += 1) {
    const value = (after.logs[i] as number) - shift;
    const count = after.counts[i] as number;
    while (at < before.logs.length && (before.logs[at] as number) < value) {
      below += before.counts[at] as number;
      at += 1;
    }
    const equal = before.logs[at] === value ? (before.counts[at] as number) : 0;
    pairs += count * (below + equal / 2);
    // (a + b)³ − (a + b) less what a and b by themselves are in the sum with.
    ties += 3 * count * equal * (count + equal);
  }
  return { pairs, ties };
};

/** The test of Mann and Whitney, by the normal distribution, corrected for ties. */
const mannWhitney = (before: WeightedLogs, after: WeightedLogs): ShiftTest => {
  const all = before.count + after.count;
  const product = before.count * after.count;
  const tiesWithin = tieSum(before.counts) + tieSum(after.counts);
  const spread = (a: WeightedLogs, b: WeightedLogs): number =>
    Math.abs((a.logs.at(-1) ?? 0) - (b.logs[0] ?? 0));
  return {
    reach: Math.max(spread(before, after), spread(after, before)),
    deviation: (shift) => {
      const { pairs, ties } = countPairs(before, after, shift);
      const variance = (product / 12) * (all + 1 - (tiesWithin + ties) / (all * (all - 1)));
      return { difference: pairs - product / 2, variance };
    },
  };
};

/**
 * The factor between the latencies of two independent groups of requests: the median of all ratios of one of `after` to one of `before`
 * (Hodges and Lehmann), and the interval of factors that the test of Mann and Whitney does not reject. It asks of the distributions only
 * that they have the same shape on a logarithmic scale, and a few odd values move it little.
 *
 * @param confidence - from 0 to 1
 * @returns undefined where one of them is empty
 */
export const shiftBetween = (
  before: Histogram,
  after: Histogram,
  confidence: number,
): Estimate | undefined => {
  if (before.count === 0 || after.count === 0) return undefined;
  const test = mannWhitney(weightedLogs(bucketsOf(before)), weightedLogs(bucketsOf(after)));
  const errors = reachOf(confidence);
  const estimate = centralFactor(test);
  return {
    estimate,
    low: Math.min(estimate, leastFactor(test, errors)),
    high: Math.max(estimate, greatestFactor(test, errors)),
  };
};
