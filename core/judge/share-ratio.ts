/** How many times another a share of requests is. */

import type { Share } from './sample.ts';
import type { Estimate } from './statistics/estimate.ts';
import { shareInterval } from './statistics/shares.ts';

/**
 * Share of `now` − `factor` × share of `before`, with the interval of it: those of both shares put together, as Newcombe does for the
 * difference (MOVER; Zou and Donner, Statistics in Medicine 27, 2008). Where both are of the same requests it is wider than need be.
 *
 * @param confidence - from 0 to 1
 */
export const shareExcess = (now: Share, before: Share, factor: number, confidence: number): Estimate => {
  const a = shareInterval(now.hits, now.of, confidence);
  const b = shareInterval(before.hits, before.of, confidence);
  const estimate = a.estimate - factor * b.estimate;
  return {
    estimate,
    low: estimate - Math.hypot(a.estimate - a.low, factor * (b.high - b.estimate)),
    high: estimate + Math.hypot(a.high - a.estimate, factor * (b.estimate - b.low)),
  };
};

/** One end of the ratio: where `shareExcess` just reaches 0. */
const ratioEnd = (p: number, pEnd: number, q: number, qEnd: number, sign: 1 | -1): number => {
  const product = p * q;
  const root = Math.max(0, product * product - pEnd * qEnd * (2 * p - pEnd) * (2 * q - qEnd));
  return (product + sign * Math.sqrt(root)) / (qEnd * (2 * q - qEnd));
};

/**
 * Share of `now` ÷ share of `before`, with its interval by the same method.
 *
 * @returns undefined where one end has no bound, since `before` may well be 0
 */
export const shareRatio = (now: Share, before: Share, confidence: number): Estimate | undefined => {
  const a = shareInterval(now.hits, now.of, confidence);
  const b = shareInterval(before.hits, before.of, confidence);
  // Below half of the estimate the lower end of the denominator can bound nothing.
  if (before.hits === 0 || b.low <= 0 || 2 * b.estimate <= b.high) return undefined;
  const [p, q] = [a.estimate, b.estimate];
  const low = ratioEnd(p, a.low, q, b.high, -1);
  const high = ratioEnd(p, a.high, q, b.low, 1);
  return { estimate: p / q, low, high };
};
