/** Intervals of shares of requests, and of how two of them differ. */

import type { Estimate } from './estimate.ts';
import { reachOf } from './normal.ts';

/**
 * A share and Wilson's interval of it, which keeps its promise for few hits and few requests, too (Wilson, JASA 22, 1927).
 *
 * @param of - requests; with none of them, nothing is known: 0, between 0 and 1
 * @param confidence - from 0 to 1
 */
export const shareInterval = (hits: number, of: number, confidence: number): Estimate => {
  if (of <= 0) return { estimate: 0, low: 0, high: 1 };
  const share = hits / of;
  const squared = reachOf(confidence) ** 2;
  const middle = (share + squared / (2 * of)) / (1 + squared / of);
  const reach =
    Math.sqrt(squared * ((share * (1 - share)) / of + squared / (4 * of * of))) / (1 + squared / of);
  // None and all are bounds by themselves; reckoned, they come out a hair beside 0 and 1.
  const low = hits <= 0 ? 0 : Math.max(0, middle - reach);
  const high = hits >= of ? 1 : Math.min(1, middle + reach);
  return { estimate: share, low, high };
};

/**
 * Share A − share B of two groups of requests, and Newcombe's interval of it: the intervals of both shares, put together (method 10 of
 * Newcombe, Statistics in Medicine 17, 1998).
 *
 * @param confidence - from 0 to 1
 */
export const shareDifference = (
  hitsA: number,
  ofA: number,
  hitsB: number,
  ofB: number,
  confidence: number,
): Estimate => {
  const a = shareInterval(hitsA, ofA, confidence);
  const b = shareInterval(hitsB, ofB, confidence);
  const estimate = a.estimate - b.estimate;
  return {
    estimate,
    low: Math.max(-1, estimate - Math.hypot(a.estimate - a.low, b.high - b.estimate)),
    high: Math.min(1, estimate + Math.hypot(a.high - a.estimate, b.estimate - b.low)),
  };
};
