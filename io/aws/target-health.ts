/** How senders add up what they see of a target: one item a target, one write a sender and second. */

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { RepriseError } from '../../core/errors.ts';
import {
  type BackoffState,
  countsFromMs,
  isLost,
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
import { HEALTH_WINDOW_MS, type TargetState, targetKey, targetStateOf } from './target-state.ts';
import {
  learnEpoch,
  leastInFlight,
  type Memory,
  NOWHERE,
  newMemory,
  remember,
  windowAt,
} from './window-memory.ts';

/** Each try that fails has seen somebody open a newer window; more than a few in a row do not happen. */
const MAX_TRIES = 6;

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
}

export interface HealthWriter {
  /**
   * Adds what was seen since the last write, and gives back the target's state, so that no read is needed beside it. The first to
   * write after the end of a window closes it, as does who sees that it is lost. Calls wait for each other. What could not be written is added to the next write.
   *
   * @throws RepriseError AWS_…
   */
  write(health: Health): Promise<TargetState>;
  /**
   * Reads the target's state, with every write that has ended; undefined where nobody has written any.
   *
   * @throws RepriseError AWS_…
   */
  read(nowMs: number): Promise<TargetState | undefined>;
}

/** A sender's hand in an item. */
interface Hand {
  readonly item: WindowsItem;
  readonly windowMs: number;
  readonly options: HealthWriterOptions;
  readonly memory: Memory;
}

type Answer = Attributes | 'condition_failed';

const isOtherEpoch = (before: BackoffState, after: BackoffState, windowMs: number): boolean =>
  countsFromMs(levelOf(before), levelOf(after), 0, windowMs) !== undefined;

/** Judges the window that was found, with what is owed to it, and opens the next. */
const close = async (hand: Hand, found: Attributes, startedAtMs: number, health: Health): Promise<Answer> => {
  const { item, windowMs, options, memory } = hand;
  const { limits, onJudged } = options;
  const { owed } = memory;
  const add = { ...health, ...owed };
  const state = targetStateOf(found, health.nowMs);
  const { current, backoff: before } = state;
  if (current === undefined) return openWindow(item, { startedAtMs, windowMs }, add);
  const counts: WindowCounts = {
    n: current.n + owed.n,
    over: current.over + owed.over,
    failed: current.failed + owed.failed,
    inFlight: leastInFlight(state, memory, health, windowMs),
  };
  const after = limits === undefined ? undefined : judgeWindow(before, counts, limits);
  const raise = after !== undefined && isOtherEpoch(before, after, windowMs) ? 1 : 0;
  const epoch = (numberOf(found, 'epoch') ?? 0) + raise;
  const judged = after === undefined ? undefined : { backoff: after, epoch };
  const isCarried = limits !== undefined && after === undefined;
  const next = { old: current.startedAtMs, startedAtMs, windowMs, isCarried, judged };
  const closed = await closeWindow(item, next, add);
  if (closed !== 'condition_failed' && after !== undefined) onJudged?.({ before, after, counts });
  return closed;
};

/** Somebody else was faster, or nobody was: what is to be done is in the item. */
const catchUp = async (hand: Hand, wanted: number, health: Health): Promise<Answer> => {
  const { item, memory } = hand;
  const found = (await getItem(item.client, item.table, item.pk, { consistent: true })) ?? {};
  learnEpoch(memory, found);
  const window = numberOf(found, 'window') ?? NOWHERE;
  memory.seen = window;
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
  return joined === 'condition_failed' ? catchUp(hand, window, health) : joined;
};

const tryOnce = async (hand: Hand, health: Health): Promise<Answer> => {
  const { item, windowMs, memory } = hand;
  const window = windowAt(health.nowMs, memory, windowMs);
  if (window > memory.joined) return joinOrCatchUp(hand, window, health);
  const inFlight = health.inFlight - memory.told;
  const added = await addToWindow(item, window, { ...health, ...memory.owed, inFlight });
  // A window that somebody with a faster clock has opened is a newer one.
  return added === 'condition_failed' ? joinOrCatchUp(hand, window + 1, health) : added;
};

/** Takes over what a write has given back. A window that is over its limits whatever is still to come is closed at once. */
const closeIfLost = async (hand: Hand, written: Attributes, health: Health): Promise<TargetState> => {
  const { windowMs, options, memory } = hand;
  const state = remember(memory, written, health);
  const { current } = state;
  const { limits } = options;
  if (limits === undefined || current === undefined) return state;
  const elapsedMs = health.nowMs - current.startedAtMs;
  if (elapsedMs <= 0 || !isLost(state.backoff, current, limits, elapsedMs / windowMs)) return state;
  const closed = await close(hand, written, health.nowMs, health);
  // Somebody else was faster; the next write finds what became of it.
  return closed === 'condition_failed' ? state : remember(memory, closed, health);
};

const write = async (hand: Hand, health: Health): Promise<TargetState> => {
  const { item, memory } = hand;
  const { owed } = memory;
  memory.owed = {
    n: owed.n + health.n,
    over: owed.over + health.over,
    failed: owed.failed + health.failed,
  };
  for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
    const written = await tryOnce(hand, health);
    if (written !== 'condition_failed') return closeIfLost(hand, written, health);
  }
  const message = `cannot add to the health of ${item.pk}: its windows keep changing`;
  throw new RepriseError('AWS_FAILED', message);
};

const createWindowWriter = (item: WindowsItem, options: HealthWriterOptions): HealthWriter => {
  const memory = newMemory();
  const hand = { item, options, windowMs: options.windowMs ?? HEALTH_WINDOW_MS, memory };
  let turn: Promise<unknown> = Promise.resolve();
  return {
    write: (health) => {
      const written = turn.then(() => write(hand, health));
      turn = written.catch(() => undefined);
      return written;
    },
    read: async (nowMs) => {
      const found = await getItem(item.client, item.table, item.pk, { consistent: true });
      learnEpoch(memory, found ?? {});
      return found && targetStateOf(found, nowMs);
    },
  };
};

/** A sender's own hand in the health of a target: it knows in which window it has said how much it has under way. */
export const createHealthWriter = (
  client: DynamoDBClient,
  table: string,
  target: string,
  options: HealthWriterOptions = {},
): HealthWriter => createWindowWriter({ client, table, pk: targetKey(target) }, options);

/** The same for what senders have in flight of one rule: nothing is judged by it. */
export const createRuleGauge = (client: DynamoDBClient, table: string, rule: string): HealthWriter =>
  createWindowWriter({ client, table, pk: `rule#${rule}` }, {});
