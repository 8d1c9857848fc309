/**
 * Holds back when a target suffers: a state machine over closed windows of what its answers were like. One state a target; whoever
 * closes a window steps it, on one machine as in Lambda, where all senders to a target share the state. Multiplicative decrease, and
 * an increase relative to the level that was too much, so that it settles close below a target's capacity whatever that is.
 */

import type { Rule } from '../rules/rule-set.ts';

/** Lowest level: what a trickle of the traffic is. */
export const FLOOR = 0.01;
const CUT = 0.5;
const GROWTH = 1.5;
/** Growth is fast up to this share of what was too much, the ceiling … */
const NEAR = 0.85;
/** … from there on a window adds this share of the ceiling … */
const STEP = 0.015;
/** … and well above the ceiling, by this factor, that is of no account, and growth is fast again, by the next one. */
const FREE_FROM = 1.2;
const FREE_GROWTH = 1.2;
/** Steps that a level goes on to rise above what a target bears until p95 shows it. */
const UNSEEN_STEPS = 6;
/** Middle between a level and the one that it grew from, as a share of it. */
const BETWEEN = 0.8;
/** What a ceiling falls to at the most: a target that comes back is not held to what it bore while half dead. */
const LEAST_CEILING = 0.25;

/** A window is over its latency limit where more than this share of its requests is: p95, decided by counting. */
const OVER_SHARE = 0.05;
/** Requests that a verdict needs. */
const MIN_COUNT = 20;
/** From so many on, shares are taken as they are. */
const CLEAR_COUNT = 400;
/** Below this level little is sent, little is at stake, and fewer requests do. */
const LOW = 0.1;
const MIN_PROBES = 3;
/** Windows over the limit at the floor before nothing but probes is sent. */
const OPEN_AFTER = 3;
/** Share of a window, from a cut on, in which a queue that was too long may drain. */
const SETTLE_SHARE = 0.2;

/** What is counted of a target in one window. */
export interface WindowCounts {
  /** Requests that ended. */
  readonly n: number;
  /** Of these, those slower than their latency limit. */
  readonly over: number;
  /** Of these, those that failed, or were answered with 5xx or 429. */
  readonly failed: number;
  /** In flight throughout: in Lambda the fewest of those seen once a second, on one machine what `createPins` says. */
  readonly inFlight: number;
}

/** What the counts are held against. */
export interface WindowLimits {
  /** Share (0–1) of `failed`. */
  readonly errorShare: number;
  readonly maxInFlight: number;
}

export interface BackoffState {
  /** Share of the traffic that may be sent, from `FLOOR` to 1. */
  readonly level: number;
  /** Level that was too much last; 1 where none was. */
  readonly ceiling: number;
  /** The last window was over. */
  readonly wasOver: boolean;
  /** Windows in a row that were over at the floor. */
  readonly floorWindows: number;
  /** Nothing but probes is sent. */
  readonly isOpen: boolean;
}

export const NEW_BACKOFF: BackoffState = {
  level: 1,
  ceiling: 1,
  wasOver: false,
  floorWindows: 0,
  isOpen: false,
};

/** The share (0–1) of the traffic that may be sent now, probes aside. */
export const levelOf = ({ level, isOpen }: BackoffState): number => (isOpen ? 0 : level);

/** The level at which traffic begins that is `loadFactor` times what was recorded: the recorded rate, and growing from there. */
export const startLevel = (loadFactor: number): number => Math.max(FLOOR, Math.min(1, 1 / loadFactor));

/** How many times what was recorded a target gets, of those of its rules that back off. */
export const loadFactorOf = (
  target: string,
  rules: readonly Pick<Rule, 'target' | 'multiply' | 'pacing' | 'backoff'>[],
): number =>
  Math.max(
    1,
    ...rules
      .filter((rule) => rule.target === target && rule.backoff.kind === 'on')
      .map(({ multiply, pacing }) => multiply * (pacing.mode === 'constant' ? 1 : pacing.speed)),
  );

/** The share of `n` that it takes: of few, a limit's own share is often exceeded by chance. */
const shareOf = (n: number, share: number): number => {
  if (n >= CLEAR_COUNT) return share;
  // One standard deviation is let pass, of what is bad or, where most may be, of what is good; of a handful, most must be bad.
  return n >= MIN_COUNT ? share + Math.sqrt(Math.min(share, 1 - share) / n) : Math.max(share, 0.5);
};

/** What a window is over its limits by. */
export interface Excess {
  readonly isSlow: boolean;
  readonly isFailing: boolean;
  /** All places in flight were taken throughout. */
  readonly isPinned: boolean;
}

/** Holds the counts of a window against its limits. */
export const excessOf = ({ n, over, failed, inFlight }: WindowCounts, limits: WindowLimits): Excess => ({
  isSlow: over > n * shareOf(n, OVER_SHARE),
  // Where all failed it is too many under any limit.
  isFailing: failed > n * shareOf(n, limits.errorShare) || (n > 0 && failed >= n),
  isPinned: inFlight >= limits.maxInFlight,
});

/**
 * Whether a window under way is over its limits already, and by far: it need not be waited for. It is where twice as much was bad as the
 * whole window may hold, if as much comes as came so far. Of a window that is not lost only its end can tell; and so it is after a cut,
 * as that takes time to show.
 *
 * @param elapsedShare - of its length, above 0
 */
export const isLost = (
  { wasOver }: BackoffState,
  counts: Omit<WindowCounts, 'inFlight'>,
  limits: WindowLimits,
  elapsedShare: number,
): boolean => {
  if (wasOver || counts.n < MIN_COUNT) return false;
  const twice = (2 * counts.n) / Math.min(1, elapsedShare);
  const { isSlow, isFailing } = excessOf({ ...counts, n: twice, inFlight: 0 }, limits);
  return isSlow || isFailing;
};

/** Where too much began, of a level that turned out to be. */
const tooMuchBelow = ({ level, ceiling }: BackoffState): number => {
  if (level === 1) return 1;
  // It was jumped to: somewhere between it and the one before.
  if (level <= ceiling * NEAR) return level * BETWEEN;
  // It was stepped to: the queue grew through several windows before it showed.
  return level - UNSEEN_STEPS * STEP * ceiling;
};

/** The run of windows that are over began at `state`, unless the one before was over too. */
const ceilingAfter = (state: BackoffState): number =>
  state.wasOver ? state.ceiling : Math.max(tooMuchBelow(state), state.ceiling * LEAST_CEILING);

const afterOver = (state: BackoffState): BackoffState => {
  const { level, floorWindows } = state;
  if (level > FLOOR) {
    const lower = Math.max(FLOOR, level * CUT);
    return { ...state, level: lower, ceiling: ceilingAfter(state), wasOver: true, floorWindows: 0 };
  }
  // At the floor it says that the target is down, not what it bears: the ceiling stays.
  const windows = Math.min(OPEN_AFTER, floorWindows + 1);
  return { ...state, wasOver: true, floorWindows: windows, isOpen: windows >= OPEN_AFTER };
};

const raised = ({ level, ceiling }: BackoffState): number => {
  const near = ceiling * NEAR;
  if (level < near) return Math.min(near, level * GROWTH);
  // So far beyond what was too much: it is not any more.
  if (level > ceiling * FREE_FROM) return level * FREE_GROWTH;
  return level + ceiling * STEP;
};

const afterGood = (state: BackoffState): BackoffState => {
  const calm = { ...state, wasOver: false, floorWindows: 0, isOpen: false };
  // What was sent were probes: they say that the target lives, not what it bears. The window after a cut says that the queue is gone.
  return state.isOpen || (state.wasOver && state.level > FLOOR)
    ? calm
    : { ...calm, level: Math.min(1, raised(state)) };
};

/**
 * From when on requests are counted after the level of their target has changed; undefined where all are.
 *
 * @param nowMs - instant at which the change was made, or seen
 */
export const countsFromMs = (
  levelBefore: number,
  level: number,
  nowMs: number,
  windowMs: number,
): number | undefined => {
  // What is under way was sent at the level that was too much, and for a while what is sent still waits behind it.
  if (level < levelBefore) return nowMs + windowMs * SETTLE_SHARE;
  // The last failures of the time when it was down come late, each at its timeout.
  return levelBefore <= FLOOR && level > levelBefore ? nowMs : undefined;
};

/**
 * The state after a window.
 *
 * @returns undefined where too little was sent to judge by: the window is to go on, with its counts
 */
export const judgeWindow = (
  state: BackoffState,
  counts: WindowCounts,
  limits: WindowLimits,
): BackoffState | undefined => {
  const least = levelOf(state) < LOW ? MIN_PROBES : MIN_COUNT;
  const { isSlow, isFailing, isPinned } = excessOf(counts, limits);
  if (counts.n < least && !isPinned) return undefined;
  return isSlow || isFailing || isPinned ? afterOver(state) : afterGood(state);
};
