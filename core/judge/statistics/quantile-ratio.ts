/** By what factor a quantile differs between two groups of requests. */

import type { Histogram } from '../../measure/histogram.ts';
import type { Estimate } from './estimate.ts';
import { quantileInterval } from './quantile-interval.ts';

/** How far `value` lies from the end of its interval, as logarithms; ∞ where that end is open. */
const distance = (value: number, end: number): number => Math.abs(Math.log(end / value));

/**
 * Quantile of `after` ÷ that of `before`. The intervals of both are put together as those of independent estimates are (MOVER: Zou and
 * Donner, Statistics in Medicine 27, 2008), on a logarithmic scale; where requests are the same in both, it is wider than it need be.
 *
 * @param q - from 0 to 1
 * @param confidence - from 0 to 1
 * @returns undefined where one of them is empty, or its quantile is 0
 */
export const quantileRatio = (
  after: Histogram,
  before: Histogram,
  q: number,
  confidence: number,
): Estimate | undefined => {
  const over = quantileInterval(after, q, confidence);
  const under = quantileInterval(before, q, confidence);
  if (over === undefined || under === undefined || over.estimate <= 0 || under.estimate <= 0)
    return undefined;
  const estimate = over.estimate / under.estimate;
  const down = Math.hypot(distance(over.estimate, over.low), distance(under.estimate, under.high));
  const up = Math.hypot(distance(over.estimate, over.high), distance(under.estimate, under.low));
  return { estimate, low: estimate * Math.exp(-down), high: estimate * Math.exp(up) };
};
