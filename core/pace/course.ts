/** How log time becomes due time: at a speed, and where more is asked for than was recorded, by a ramp up to it. */

import type { Pacing } from '../rules/rule-set.ts';

/** A pace, the load that its rules ask for, and where the schedule comes from. */
export interface Pace {
  readonly pacing: Pacing;
  /** Requests a second asked for, as a multiple of those recorded; above 1 they are ramped up to. Default: 1. */
  readonly loadFactor?: number;
  /** The schedule is production's own, which nothing can ramp. */
  readonly isLive?: boolean;
}

/** From log time since the origin to due time, in ms. */
export type Course = (logMs: number) => number;

/**
 * Log time passes at `speed ÷ loadFactor` at the start, so that as many requests are due a second as were recorded, and faster from
 * there on, evenly, until it passes at `speed`. What comes behind the ramp is later by a constant.
 */
const rampCourse = (speed: number, rampMs: number, loadFactor: number): Course => {
  const first = speed / loadFactor;
  const rampLogMs = ((first + speed) / 2) * rampMs;
  const lostMs = ((1 - 1 / loadFactor) / 2) * rampMs;
  const curve = (2 * (speed - first)) / rampMs;
  return (logMs) => {
    if (logMs >= rampLogMs) return Math.max(rampMs, logMs / speed + lostMs);
    if (logMs <= 0) return logMs / first;
    // logMs = first × dueMs + curve ÷ 4 × dueMs², solved in the form that subtracts nothing from what is nearly as large.
    return Math.min(rampMs, (2 * logMs) / (first + Math.sqrt(first * first + curve * logMs)));
  };
};

/** The course of a pace; that of a constant one, whose due times do not follow from log time, is the log's own. */
export const courseOf = ({ pacing, loadFactor = 1, isLive = false }: Pace): Course => {
  if (pacing.mode === 'constant') return (logMs) => logMs;
  const { speed, rampMs } = pacing;
  const isRamped = !isLive && loadFactor > 1 && rampMs > 0;
  return isRamped ? rampCourse(speed, rampMs, loadFactor) : (logMs) => logMs / speed;
};
