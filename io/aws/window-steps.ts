/** What a sender does to add to the window that is open: it joins one, or closes what is over and opens the next. */

import {
  type BackoffState,
  countsFromMs,
  judgeWindow,
  levelOf,
  type WindowCounts,
  type WindowLimits,
} from '../../core/send/backoff.ts';
import { type Attributes, getItem, numberOf } from './dynamodb.ts';
import {
  addToWindow,
  closeWindow,
  type Health,
  joinWindow,
  openWindow,
  type WindowsItem,
} from './health-window.ts';
import { type TargetState, targetStateOf } from './target-state.ts';
import { type Counts, learnEpoch, leastInFlight, type Memory, NOWHERE, windowAt } from './window-memory.ts';

/** A window that was too little to judge by is added to for so long. */
const LITTLE_KEPT_MS = 60_000;

/** A window that was closed, and what it did to the backoff of its target. */
export interface JudgedWindow {
  readonly before: BackoffState;
  readonly after: BackoffState;
  readonly counts: WindowCounts;
}

export interface HealthWriterOptions {
  /** Default `HEALTH_WINDOW_MS`. */
  readonly windowMs?: number | undefined;
  /** What windows are held against; without them nothing is judged, and each window counts for itself. */
  readonly limits?: WindowLimits | undefined;
  /** Told of each window that this writer has closed, and that was enough to judge by. */
  readonly onJudged?: ((judged: JudgedWindow) => void) | undefined;
  /** Waits before doing what one sender of all is to do; default a random time up to `MAX_WAIT_MS`. */
  readonly wait?: (() => Promise<unknown>) | undefined;
}

/** A sender's hand in an item. */
export interface Hand {
  readonly item: WindowsItem;
  readonly windowMs: number;
  readonly options: HealthWriterOptions;
  readonly memory: Memory;
  readonly wait: () => Promise<unknown>;
}

/** What a write gave back; whatever it asks for may have been done by somebody else before. */
export type Answer = Attributes | 'condition_failed';

/** Adds counts, or takes them away. */
export const plus = (a: Counts, b: Counts, times = 1): Counts => ({
  n: a.n + times * b.n,
  over: a.over + times * b.over,
  failed: a.failed + times * b.failed,
});

const isOtherEpoch = (before: BackoffState, after: BackoffState, windowMs: number): boolean =>
  countsFromMs(levelOf(before), levelOf(after), 0, windowMs) !== undefined;

/**
 * Whether a window is so long past that it says nothing of the target as it is now. What was too little to judge by is waited for longer:
 * else a target that gets little would never be judged.
 */
const isStale = ({ windowMs, options }: Hand, { current, backoff }: TargetState, nowMs: number): boolean => {
  if (current === undefined) return false;
  const { limits } = options;
  const isLittle =
    limits !== undefined && judgeWindow(backoff, { ...current, inFlight: 0 }, limits) === undefined;
  const keptMs = isLittle ? Math.max(LITTLE_KEPT_MS, 2 * windowMs) : 2 * windowMs;
  return nowMs - current.startedAtMs >= keptMs;
};

/** Judges the window that was found, with what is owed to it, and opens the next. */
export const close = async (
  hand: Hand,
  found: Attributes,
  startedAtMs: number,
  health: Health,
): Promise<Answer> => {
  const { item, windowMs, options, memory } = hand;
  const { limits, onJudged } = options;
  const { owed } = memory;
  const add = { ...health, ...owed };
  const state = targetStateOf(found, health.nowMs);
  const { current, backoff: before } = state;
  if (current === undefined) return openWindow(item, { startedAtMs, windowMs }, add);
  const next = { old: current.startedAtMs, startedAtMs, windowMs };
  if (limits === undefined) return closeWindow(item, { ...next, counts: 'closed', judged: undefined }, add);
  if (isStale(hand, state, health.nowMs))
    return closeWindow(item, { ...next, counts: 'anew', judged: undefined }, add);
  const inFlight = leastInFlight(state, memory, health, windowMs);
  const counts: WindowCounts = { ...plus(current, owed), inFlight };
  const after = judgeWindow(before, counts, limits);
  if (after === undefined) return closeWindow(item, { ...next, counts: 'carried', judged: undefined }, add);
  const epoch = (numberOf(found, 'epoch') ?? 0) + (isOtherEpoch(before, after, windowMs) ? 1 : 0);
  const judged = { backoff: after, epoch };
  const closed = await closeWindow(item, { ...next, counts: 'closed', judged }, add);
  if (closed !== 'condition_failed') onJudged?.({ before, after, counts });
  return closed;
};

/** Reads the item, and remembers what is open there. */
export const look = async ({ item, memory }: Hand): Promise<Attributes> => {
  const found = (await getItem(item.client, item.table, item.pk, { consistent: true })) ?? {};
  learnEpoch(memory, found);
  memory.seen = numberOf(found, 'window') ?? NOWHERE;
  return found;
};

/** Somebody else was faster, or nobody was: what is to be done is in the item. */
const catchUp = async (hand: Hand, wanted: number, health: Health): Promise<Answer> => {
  const { memory } = hand;
  const found = await look(hand);
  const window = memory.seen;
  const ageMs = health.nowMs - window;
  if (window >= wanted || (window > memory.joined && ageMs >= 0 && ageMs < hand.windowMs))
    return 'condition_failed';
  if (window >= memory.joined) return close(hand, found, wanted, health);
  // The item was taken away: what was told in it is gone, too.
  memory.joined = NOWHERE;
  return 'condition_failed';
};

/** Joins a window that somebody has opened already, without a look at it; or else looks. */
const joinOrCatchUp = async (hand: Hand, window: number, health: Health): Promise<Answer> => {
  const { item, memory } = hand;
  const joined = await joinWindow(item, { window, epoch: memory.epoch }, { ...health, ...memory.owed });
  if (joined !== 'condition_failed') return joined;
  // All senders come to the end of a window at once, and one of them is to open the next.
  await hand.wait();
  return catchUp(hand, window, health);
};

/** Adds to the window of that instant: to the one it knows, one that somebody has opened, or one that it opens itself. */
export const tryOnce = async (hand: Hand, health: Health): Promise<Answer> => {
  const { item, windowMs, memory } = hand;
  const window = windowAt(health.nowMs, memory, windowMs);
  if (window > memory.joined) return joinOrCatchUp(hand, window, health);
  const inFlight = health.inFlight - memory.told;
  const added = await addToWindow(item, window, { ...health, ...memory.owed, inFlight });
  // A window that somebody with a faster clock has opened is a newer one.
  return added === 'condition_failed' ? joinOrCatchUp(hand, window + 1, health) : added;
};
