/** Real time, as the functions that `core/` asks for. */

import type { Clock } from '../core/ports.ts';

/** Starts counting: the clock gives the monotonic milliseconds since this call, with fractions. */
export const startClock = (): Clock => {
  const startMs = performance.now();
  return () => performance.now() - startMs;
};

/** Corrections of the time are smaller; 1 s of sleep that is overlooked does no harm. */
const LEAP_MS = 1_000;

/**
 * Starts a clock that goes on while the machine sleeps, which Linux's monotonic clock does not: leaps forward of the wall clock are
 * added, whatever they come from. It never goes back. To be asked every few seconds at least, as slow corrections add up in between.
 *
 * @param monotonic - in ms
 * @param wallClock - epoch ms
 */
export const startSleeplessClock = (
  monotonic: Clock = () => performance.now(),
  wallClock: Clock = () => Date.now(),
): Clock => {
  let apartMs = wallClock() - monotonic();
  let sleptMs = 0;
  return () => {
    const nowMs = monotonic();
    const nowApartMs = wallClock() - nowMs;
    const leapMs = nowApartMs - apartMs;
    apartMs = nowApartMs;
    if (leapMs > LEAP_MS) sleptMs += leapMs;
    return nowMs + sleptMs;
  };
};

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
