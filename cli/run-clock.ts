/** The clock of a run. */

import type { Clock } from '../core/ports.ts';

/** Counts from an instant that is set when enough is planned. */
export interface RunClock {
  /** Ms since that instant, below 0 before it; −∞ while it is not set. */
  now(): number;
  /** Ms since that instant, 0 before it. */
  elapsedMs(): number;
  /** Sets the instant. */
  startIn(ms: number): void;
}

/** Makes a clock that is not set yet; `base` gives ms that only go forward. */
export const createRunClock = (base: Clock): RunClock => {
  let startMs = Number.POSITIVE_INFINITY;
  return {
    now: () => base() - startMs,
    elapsedMs: () => Math.max(0, base() - startMs),
    startIn: (ms) => {
      startMs = base() + ms;
    },
  };
};
