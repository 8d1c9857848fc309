/**
 * What a sender may send to its target by backoff: as all senders have agreed, and where nothing is heard of that, as far as it sees
 * for itself. It never sends more than was agreed on last.
 */

import {
  type BackoffState,
  countsFromMs,
  judgeWindow,
  levelOf,
  NEW_BACKOFF,
  type WindowCounts,
} from '../../core/send/backoff.ts';
import { SWITCH_CHECK_EVERY_MS } from '../../core/send/kill-switch.ts';
import { MAX_RETRY_AFTER_MS } from '../../core/send/retry-after.ts';
import type { WindowCounter } from '../../core/send/window-counter.ts';
import type { TargetLimits } from './rule-book.ts';

/** What is heard of a target. */
export interface HeardBackoff {
  readonly backoff: BackoffState;
  /** Epoch ms up to which it is to be left alone. */
  readonly retryAtMs?: number | undefined;
}

export interface SliceBackoffOptions {
  /** Undefined where nothing is judged: all is let through then, whatever the level was once. */
  readonly limits: TargetLimits | undefined;
  /** Counts the ends of this sender's requests, for itself alone. */
  readonly counter: WindowCounter;
  /** In flight from all senders, as far as is known. */
  readonly inFlight: () => number;
  /** Epoch ms. */
  readonly wallClock: () => number;
  /**
   * The level has changed: what is sent up to `ms` from now is of no account for the new one. `isAgreed` is false where it is what this
   * sender sees for itself: to all others nothing has changed.
   */
  readonly onChanged: (ms: number, isAgreed: boolean) => void;
}

export interface SliceBackoff {
  /** Takes over what all have agreed on; undefined where nobody has. */
  heard(state: HeardBackoff | undefined): void;
  /** Takes the target at its word: it is to be left alone up to that instant. */
  leaveAlone(untilMs: number): void;
  /** Share (0–1) that may be sent now; cheap. */
  level(): number;
  isLeftAlone(): boolean;
}

type Counts = Pick<WindowCounts, 'n' | 'over' | 'failed'>;

/** A look that takes its time, or one that fails, is not yet a table that is lost. */
const UNHEARD_MS = 3 * SWITCH_CHECK_EVERY_MS;

const NONE: Counts = { n: 0, over: 0, failed: 0 };

const sum = (a: Counts, b: Counts): Counts => ({
  n: a.n + b.n,
  over: a.over + b.over,
  failed: a.failed + b.failed,
});

/** Makes the backoff of a slice, before anything was heard. */
export const createSliceBackoff = (options: SliceBackoffOptions): SliceBackoff => {
  const { limits, counter, inFlight, wallClock, onChanged } = options;
  const ownWindowMs = Math.max(limits?.windowMs ?? 0, UNHEARD_MS);
  let agreed = NEW_BACKOFF;
  /** What became of it since it was heard. */
  let own = NEW_BACKOFF;
  let counts = NONE;
  let least = Number.POSITIVE_INFINITY;
  let sinceMs = wallClock();
  let hasHeard = false;
  let retryAtMs: number | undefined;
  let untilMs = 0;

  const beginWindow = (nowMs: number): void => {
    sinceMs = nowMs;
    least = Number.POSITIVE_INFINITY;
  };

  const changed = (before: BackoffState, after: BackoffState, isAgreed: boolean): void => {
    if (limits === undefined) return;
    const ms = countsFromMs(levelOf(before), levelOf(after), 0, limits.windowMs);
    if (ms !== undefined) onChanged(ms, isAgreed);
  };

  /** While something is heard each second, no window of its own comes to an end. */
  const step = (judgedBy: TargetLimits): void => {
    const nowMs = wallClock();
    least = Math.min(least, inFlight());
    if (nowMs - sinceMs < ownWindowMs) return;
    counts = sum(counts, counter.take());
    const next = judgeWindow(own, { ...counts, inFlight: least }, judgedBy);
    beginWindow(nowMs);
    if (next === undefined) return;
    counts = NONE;
    changed(own, next, false);
    own = next;
  };

  return {
    heard: (state) => {
      const nowMs = wallClock();
      const before = agreed;
      agreed = state?.backoff ?? NEW_BACKOFF;
      own = agreed;
      counts = NONE;
      counter.take();
      // Before the first time nothing was sent: the switch is heard of together with it.
      if (hasHeard) changed(before, agreed, true);
      beginWindow(nowMs);
      hasHeard = true;
      if (state?.retryAtMs === undefined || state.retryAtMs === retryAtMs) return;
      retryAtMs = state.retryAtMs;
      // By the clock of another sender it may be far off; it is no longer than this from when it was first heard of.
      untilMs = Math.max(untilMs, Math.min(retryAtMs, nowMs + MAX_RETRY_AFTER_MS));
    },
    leaveAlone: (atMs) => {
      untilMs = Math.max(untilMs, Math.min(atMs, wallClock() + MAX_RETRY_AFTER_MS));
    },
    level: () => {
      if (limits === undefined) return 1;
      step(limits);
      return Math.min(levelOf(agreed), levelOf(own));
    },
    isLeftAlone: () => wallClock() < untilMs,
  };
};
