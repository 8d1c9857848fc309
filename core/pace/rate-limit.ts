/** Holds the number of requests due in one second to a rate: what is above it is held back, never delayed. */

import type { Target } from '../rules/rule-set.ts';
import type { PlannedRequest } from '../types.ts';

/** What is lost when binary fractions are added up, many times over. */
const ROUNDING = 1e-6;

/**
 * Makes a limiter. Requests are to be offered in due order; each that may be sent is counted. One that comes out of order counts
 * towards the latest second that was asked about.
 *
 * @param ratePerSecond - how many may be due in a second; a fraction is carried over to the next, so 30/m lets one through every
 *   other second, the first at once
 * @returns whether a request due at `dueMs` may be sent
 */
export const createRateLimit = (ratePerSecond: number): ((dueMs: number) => boolean) => {
  let second = Number.NEGATIVE_INFINITY;
  let left = 0;

  /** Quiet seconds are not made up for: no more than one whole request is carried over, and above one a second none. */
  const refill = (seconds: number): void => {
    if (seconds === Number.POSITIVE_INFINITY) left = Math.max(1, ratePerSecond);
    else if (ratePerSecond >= 1) left = (left % 1) + ratePerSecond;
    else left = Math.min(1 + ratePerSecond, left + seconds * ratePerSecond);
  };

  return (dueMs) => {
    const own = Math.floor(dueMs / 1_000);
    if (own > second) {
      refill(own - second);
      second = own;
    }
    if (left < 1 - ROUNDING) return false;
    left -= 1;
    return true;
  };
};

/**
 * The rates of a run: each target's own, and one over all of them (`--max-rate`).
 *
 * @returns whether a request may be sent; each call counts one, and calls must come in due order
 */
export const createRateLimits = (
  targets: Readonly<Record<string, Target>>,
  maxRatePerSecond: number | undefined,
): ((request: PlannedRequest) => boolean) => {
  const mayPass = new Map<string, (dueMs: number) => boolean>();
  for (const { name, maxRatePerSecond: own } of Object.values(targets)) {
    if (own !== undefined) mayPass.set(name, createRateLimit(own));
  }
  const mayPassAll = maxRatePerSecond === undefined ? undefined : createRateLimit(maxRatePerSecond);
  return ({ target, dueMs }) => (mayPass.get(target)?.(dueMs) ?? true) && (mayPassAll?.(dueMs) ?? true);
};
