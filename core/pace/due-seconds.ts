/** Rates are held second by second: requests by the second in which they are due, and which of them a second keeps. */

import type { PlacedRequest } from './slice-line.ts';

/**
 * Groups requests by the epoch second in which they are due.
 *
 * @param startAtMs - epoch instant that due times count from
 */
export const byDueSecond = <T extends PlacedRequest>(
  requests: readonly T[],
  startAtMs: number,
): ReadonlyMap<number, readonly T[]> => {
  const seconds = new Map<number, T[]>();
  for (const placed of requests) {
    const second = Math.floor((startAtMs + placed.request.dueMs) / 1_000);
    const there = seconds.get(second);
    if (there === undefined) seconds.set(second, [placed]);
    else there.push(placed);
  }
  return seconds;
};

/** In the order in which a lower percentage keeps requests, so that a client's stay or go together. */
export const inOrderOfShare = <T extends PlacedRequest>(requests: readonly T[]): readonly T[] =>
  requests.toSorted((a, b) => (a.request.share ?? 0) - (b.request.share ?? 0) || a.n - b.n);
