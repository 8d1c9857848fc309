/** How many connections a slice needs. */

import type { OpenSlice } from './open-slice.ts';

/** More are opened by the requests that need them: a burst of handshakes is a load of its own. */
export const MAX_WARM = 50;
/** Stands in where the log has told nothing of the target yet. */
const GUESSED_LATENCY_MS = 100;
/** A slice of one burst still has its requests answered within a second or so of each other. */
const LEAST_SPAN_MS = 1_000;

/**
 * Connections that are busy at a time, by Little's law: requests a second × seconds a request takes, rounded up.
 *
 * @param maxInFlight - limit of the target
 * @returns 1 to 50
 */
export const warmCountOf = ({ event, requests }: OpenSlice, maxInFlight: number): number => {
  const firstMs = requests[0]?.request.dueMs ?? 0;
  const lastMs = requests.at(-1)?.request.dueMs ?? 0;
  const perMs = requests.length / Math.max(LEAST_SPAN_MS, lastMs - firstMs);
  const busy = Math.ceil(perMs * (event.recordedP95Ms ?? GUESSED_LATENCY_MS));
  return Math.max(1, Math.min(busy, requests.length, maxInFlight, MAX_WARM));
};
