/** What a sender remembers of the windows that it has written in. */

import type { WindowCounts } from '../../core/send/backoff.ts';
import { type Attributes, numberOf } from './dynamodb.ts';
import type { Health } from './health-window.ts';
import { type TargetState, targetStateOf } from './target-state.ts';

/** What a writer remembers of the item. */
export interface Memory {
  /** Start of the window that it wrote in last. */
  joined: number;
  /** Start of the last window that it has read of. */
  seen: number;
  /** When it first wrote in the one it joined, on its own clock. */
  joinedAtMs: number;
  /** What it has said there to have in flight. */
  told: number;
  /** Fewest in flight, of all senders, at its writes in that window. */
  least: number;
  /** The epoch of backoff, as far as it knows. */
  epoch: number | undefined;
  /** Not known to be written … */
  owed: Counts;
  /** … and when the first of it was seen, on its own clock. */
  owedSinceMs: number;
}

/** What is counted of a window, but for what is in flight. */
export type Counts = Omit<WindowCounts, 'inFlight'>;

/** Nothing owed. */
export const NOTHING_OWED: Counts = { n: 0, over: 0, failed: 0 };
/** Start of no window: before all others. */
export const NOWHERE = Number.NEGATIVE_INFINITY;

/** Of who has written in none. */
export const newMemory = (): Memory => ({
  joined: NOWHERE,
  seen: NOWHERE,
  joinedAtMs: 0,
  told: 0,
  least: Number.POSITIVE_INFINITY,
  epoch: undefined,
  owed: NOTHING_OWED,
  owedSinceMs: 0,
});

/** Adds to what is owed. What is owed for two windows by then says nothing of the target as it is now. */
export const owe = (memory: Memory, { n, over, failed, nowMs }: Health, windowMs: number): void => {
  const { owed } = memory;
  if (owed.n === 0 || nowMs - memory.owedSinceMs >= 2 * windowMs) {
    memory.owed = { n, over, failed };
    memory.owedSinceMs = nowMs;
    return;
  }
  memory.owed = { n: owed.n + n, over: owed.over + over, failed: owed.failed + failed };
};

/** What is owed from another epoch was sent at a level that is no more. */
export const learnEpoch = (memory: Memory, item: Attributes): void => {
  const epoch = numberOf(item, 'epoch') ?? 0;
  if (memory.epoch !== undefined && epoch > memory.epoch) memory.owed = NOTHING_OWED;
  memory.epoch = epoch;
};

/** Takes over what a write has given back; gives back the target's state. */
export const remember = (memory: Memory, item: Attributes, { inFlight, nowMs }: Health): TargetState => {
  const state = targetStateOf(item, nowMs);
  const window = state.current?.startedAtMs ?? NOWHERE;
  const isNew = window !== memory.joined;
  memory.least = isNew ? state.inFlight : Math.min(memory.least, state.inFlight);
  if (isNew) memory.joinedAtMs = nowMs;
  memory.joined = window;
  memory.told = inFlight;
  memory.epoch = numberOf(item, 'epoch') ?? 0;
  memory.owed = NOTHING_OWED;
  return state;
};

/**
 * The window to be in at an instant: the one that is known until its time is up, as one may begin at any instant where the one before was
 * lost early; else that of the clock. Clocks differ: one that is behind must not go back into a window that is closed, and where all are
 * behind the one that opened it, it lasts as long as any.
 */
export const windowAt = (nowMs: number, { joined, seen, joinedAtMs }: Memory, windowMs: number): number => {
  const known = Math.max(joined, seen);
  if (nowMs >= known && nowMs - known < windowMs) return known;
  const isOver = joined !== NOWHERE && nowMs - joinedAtMs >= windowMs;
  return Math.max(Math.floor(nowMs / windowMs) * windowMs, isOver ? joined + windowMs : joined);
};

/** Fewest in flight of a window that is closed, as far as it was seen: at its looks, and now. */
export const leastInFlight = (
  { current, last }: TargetState,
  { joined, told, least }: Memory,
  { inFlight, nowMs }: Health,
  windowMs: number,
): number => {
  if (current === undefined) return 0;
  // Nobody has looked for long: what was in flight meanwhile is not known.
  if (nowMs - current.startedAtMs >= 2 * windowMs) return 0;
  const hasSeen = current.startedAtMs === joined;
  const atClose = current.inFlight + inFlight - (hasSeen ? told : 0);
  // Who has not looked in the window knows what was in flight when it began.
  return Math.min(atClose, hasSeen ? least : (last?.inFlight ?? 0));
};
