/** Real time, as the functions that `core/` asks for. */

import type { Clock } from '../core/ports.ts';

/** Starts counting: the clock gives the monotonic milliseconds since this call, with fractions. */
export const startClock = (): Clock => {
  const startMs = performance.now();
  return () => performance.now() - startMs;
};

/**
 * The epoch instant, in ms, of `atMs` on `clock`. The two clocks are compared anew at each call, as a machine that slept or a frozen
 * process lets them drift apart.
 */
export const wallClockAt = (clock: Clock, atMs: number): number => Date.now() - clock() + atMs;

/**
 * Calls `onTick` about every `tickMs` until stopped, and keeps the process alive meanwhile. A tick that is late or slow is followed
 * by the next one `tickMs` after its start, or at once, never by a burst of those missed.
 *
 * @param tickMs - whole ms, at least 1 (Node has no finer timer)
 */
export const startTicker = (onTick: () => void, tickMs = 1): { stop(): void } => {
  // One timer put back before the work: measured truer than setInterval, and cheaper than a new timer each time.
  const timer = setTimeout(() => {
    timer.refresh();
    onTick();
  }, tickMs);
  return { stop: () => clearTimeout(timer) };
};
