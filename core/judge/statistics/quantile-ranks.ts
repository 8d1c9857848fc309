/** Which of the sorted values bound a quantile. */

import { atMostHits } from './binomial.ts';
import { reachOf } from './normal.ts';

/** From this variance of a rank on, its distribution is reckoned from the normal one: the two differ by less than a rank. */
const MANY = 1_000;

/** Ranks of values, counted from 1; `low` is 0 and `high` above the number of values where none of them is a bound. */
export interface Ranks {
  readonly low: number;
  readonly high: number;
}

/** The least k from 0 to `count` for which `isReached` holds; it must go on holding above. */
const leastRank = (count: number, isReached: (k: number) => boolean): number => {
  let from = 0;
  let to = count;
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    if (isReached(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
};

/** Exact: the number of values below the quantile is binomial, whatever their distribution. */
const exactRanks = (count: number, q: number, tail: number): Ranks => ({
  low: leastRank(count, (k) => atMostHits(k, count, q) > tail),
  high: leastRank(count, (k) => 1 - atMostHits(k, count, q) <= tail) + 1,
});

/** From the normal distribution, with the first term of Cornish and Fisher for the skew of the binomial one. */
const normalRanks = (count: number, q: number, reach: number): Ranks => {
  const middle = count * q + ((reach * reach - 1) * (1 - 2 * q)) / 6;
  const spread = reach * Math.sqrt(count * q * (1 - q));
  return { low: Math.floor(middle - spread), high: Math.ceil(middle + spread) + 1 };
};

/**
 * Ranks between which the true quantile lies with at least this confidence, half of what is missing to 1 on each side.
 *
 * @param q - from 0 to 1; what is seen bounds the least of all values from above only, and the greatest from below
 */
export const quantileRanks = (count: number, q: number, confidence: number): Ranks => {
  if (q <= 0) return { low: 0, high: 1 };
  if (q >= 1) return { low: count, high: count + 1 };
  return count * q * (1 - q) < MANY
    ? exactRanks(count, q, (1 - confidence) / 2)
    : normalRanks(count, q, reachOf(confidence));
};
