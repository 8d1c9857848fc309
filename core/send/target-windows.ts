/** The windows of one target on one machine: takes what its counter has counted, closes them, and says how much may be sent. */

import {
  type BackoffState,
  countsFromMs,
  excessOf,
  isLost,
  judgeWindow,
  levelOf,
  NEW_BACKOFF,
  type WindowCounts,
} from './backoff.ts';
import { createPins } from './pins.ts';
import { COLD_MS, type WindowCounter } from './window-counter.ts';

const LOOK_EVERY_MS = 1_000;
const NOTHING = { n: 0, over: 0, failed: 0 };

/** What the windows of a target came to. */
export interface WindowsReport {
  /** Share (0–1) of the traffic that may be sent now; 0: nothing but probes. */
  readonly level: number;
  readonly lowestLevel: number;
  /** That at which its traffic began. */
  readonly startLevel: number;
  /** How often the level was lowered. */
  readonly cuts: number;
  /** How often it came to nothing but probes. */
  readonly opens: number;
  /** Windows that were judged, and those of them that were over a limit. */
  readonly windows: number;
  readonly overWindows: number;
  /** Of those: too slow, too many errors, all places in flight taken. One may be several of these. */
  readonly slowWindows: number;
  readonly failedWindows: number;
  readonly pinnedWindows: number;
}

export interface TargetWindowsOptions {
  readonly limits: { readonly errorShare: number; readonly windowMs: number };
  readonly maxInFlight: number;
  readonly startLevel: number;
  readonly counter: Pick<WindowCounter, 'take' | 'forgetBefore'>;
  /** Called before each count. */
  readonly onLook: () => void;
}

/** Instants are those of the counter's clock, and do not go back. */
export interface TargetWindows {
  /** The first request is being sent. */
  start(nowMs: number): void;
  /** To be called ten times a second or more often. */
  tick(nowMs: number, inFlight: number): void;
  level(): number;
  describe(): WindowsReport;
}

const newTotals = () => ({
  ...{ cuts: 0, opens: 0, windows: 0, overWindows: 0 },
  ...{ slowWindows: 0, failedWindows: 0, pinnedWindows: 0 },
});

/** What was done to the level, and why. */
const createLog = (startLevel: number) => {
  const totals = newTotals();
  let lowestLevel = startLevel;
  return {
    judged: ({ isSlow, isFailing, isPinned }: ReturnType<typeof excessOf>): void => {
      totals.windows += 1;
      if (isSlow || isFailing || isPinned) totals.overWindows += 1;
      if (isSlow) totals.slowWindows += 1;
      if (isFailing) totals.failedWindows += 1;
      if (isPinned) totals.pinnedWindows += 1;
    },
    moved: (before: BackoffState, now: BackoffState): void => {
      if (levelOf(now) < levelOf(before)) totals.cuts += 1;
      if (now.isOpen && !before.isOpen) totals.opens += 1;
      lowestLevel = Math.min(lowestLevel, levelOf(now));
    },
    describe: () => ({ lowestLevel, startLevel, ...totals }),
  };
};

/** Makes the windows of a target that nothing was sent to. */
export const createTargetWindows = (options: TargetWindowsOptions): TargetWindows => {
  const { maxInFlight, startLevel, counter, onLook } = options;
  const { errorShare, windowMs } = options.limits;
  const limits = { errorShare, maxInFlight };
  const pins = createPins(maxInFlight);
  const log = createLog(startLevel);
  let state: BackoffState = { ...NEW_BACKOFF, level: startLevel };
  let level = startLevel;
  let open = NOTHING;
  /** Of the window; one with too few ends to judge by goes on beyond its end. */
  let startedMs = Number.POSITIVE_INFINITY;
  let endMs = Number.POSITIVE_INFINITY;
  let nextLookMs = Number.NEGATIVE_INFINITY;

  const moveTo = (next: BackoffState, nowMs: number): void => {
    log.moved(state, next);
    const fromMs = countsFromMs(level, levelOf(next), nowMs, windowMs);
    if (fromMs !== undefined) counter.forgetBefore(fromMs);
    state = next;
    level = levelOf(next);
  };

  const close = (nowMs: number): void => {
    endMs = nowMs + windowMs;
    const counts: WindowCounts = { ...open, inFlight: pins.take() };
    const next = judgeWindow(state, counts, limits);
    // Too few to judge by: the window goes on with what was counted.
    if (next === undefined) return;
    open = NOTHING;
    startedMs = nowMs;
    log.judged(excessOf(counts, limits));
    moveTo(next, nowMs);
  };

  const look = (nowMs: number): void => {
    nextLookMs = nowMs + Math.min(LOOK_EVERY_MS, windowMs / 5);
    onLook();
    const { n, over, failed } = counter.take();
    open = { n: open.n + n, over: open.over + over, failed: open.failed + failed };
    if (nowMs >= endMs || isLost(state, open, limits, (nowMs - startedMs) / windowMs)) close(nowMs);
  };

  return {
    start: (nowMs) => {
      startedMs = nowMs;
      endMs = nowMs + windowMs;
      pins.take();
      counter.forgetBefore(nowMs + COLD_MS);
    },
    tick: (nowMs, inFlight) => {
      pins.look(inFlight);
      if (nowMs >= nextLookMs || nowMs >= endMs) look(nowMs);
    },
    level: () => level,
    describe: () => ({ level, ...log.describe() }),
  };
};
