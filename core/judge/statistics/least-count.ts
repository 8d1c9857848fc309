/** How many requests it takes to see a change. */

import { normalQuantile, reachOf } from './normal.ts';

/** Of normal values, a test by ranks needs π/3 times as many as one by means. */
const RANKS_NEED = Math.PI / 3;

export interface Sought {
  /** Change of all latencies that is to be found, such as 1.1. */
  readonly factor: number;
  /** Standard deviation of the logarithm of latencies: 0.5 says that two of three lie within a factor of 1.65 of the median. */
  readonly sigma: number;
  /** Share (0–1) of runs in which it is to be found. */
  readonly power: number;
  /** From 0 to 1, after the correction for how many routes are judged. */
  readonly confidence: number;
}

/** Requests that each of two groups needs, so that `shiftBetween` tells the change from chance; +∞ for a factor of 1. */
export const leastCount = ({ factor, sigma, power, confidence }: Sought): number => {
  const errors = (reachOf(confidence) + normalQuantile(power)) * sigma;
  return Math.ceil((2 * RANKS_NEED * errors ** 2) / Math.log(factor) ** 2);
};
