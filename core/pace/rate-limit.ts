/** Holds the number of requests due within a second to a rate: what is above it is held back, never delayed. */

import type { Target } from '../rules/rule-set.ts';
import type { PlannedRequest } from '../types.ts';

/** What is lost when binary fractions are added up. */
const ROUNDING_MS = 1e-6;

/**
 * Makes a limiter. Requests are to be offered in due order; each that may be sent is counted. One that comes out of order counts as
 * due with the latest before it.
 *
 * @param ratePerSecond - how many may be due within any second, wherever it begins; 30/m lets one through every other second
 * @returns whether a request due at `dueMs` may be sent
 */
export const createRateLimit = (ratePerSecond: number): ((dueMs: number) => boolean) => {
  const most = Math.ceil(ratePerSecond);
  const windowMs = (most * 1_000) / ratePerSecond;
  /** Due instants of the last `most` that passed, the oldest at `next`. */
  const passedMs = new Float64Array(most).fill(Number.NEGATIVE_INFINITY);
  let next = 0;
  let latestMs = Number.NEGATIVE_INFINITY;

  return (dueMs) => {
    latestMs = Math.max(latestMs, dueMs);
    if (latestMs - (passedMs[next] as number) < windowMs - ROUNDING_MS) return false;
    passedMs[next] = latestMs;
    next = (next + 1) % most;
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
