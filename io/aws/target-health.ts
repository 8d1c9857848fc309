/** How senders add up what they see of a target: one item a target, one write a sender and second. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { RepriseError } from '../../core/errors.ts';
import { isLost } from '../../core/send/backoff.ts';
import { type Attributes, getItem } from './dynamodb.ts';
import type { Health, WindowsItem } from './health-window.ts';
import { HEALTH_WINDOW_MS, type TargetState, targetKey, targetStateOf } from './target-state.ts';
import { type Counts, learnEpoch, NOTHING_OWED, newMemory, owe, remember } from './window-memory.ts';
import { close, type Hand, type HealthWriterOptions, look, plus, tryOnce } from './window-steps.ts';

/** Each try that fails has seen somebody open a newer window; more than a few in a row do not happen. */
const MAX_TRIES = 6;
/** Time in which somebody of two hundred opens a window before all have asked for it. */
const MAX_WAIT_MS = 200;

export interface HealthWriter {
  /**
   * Adds what was seen since the last write, and gives back the target's state, so that no read is needed beside it. The first to
   * write after the end of a window closes it, as does who sees that it is lost. Calls wait for each other. What could not be written is
   * added to the next write, unless that is more than two windows later.
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

/** Whether the window under way of a state is over its limits whatever is still to come; `own` counts aside. */
const isLostWithout = (
  { windowMs, options }: Hand,
  state: TargetState,
  own: Counts,
  nowMs: number,
): boolean => {
  const { current, backoff } = state;
  const { limits } = options;
  if (limits === undefined || current === undefined || nowMs <= current.startedAtMs) return false;
  return isLost(backoff, plus(current, own, -1), limits, (nowMs - current.startedAtMs) / windowMs);
};

/**
 * Takes over what a write has given back, and closes the window at once if it is lost. All senders see that in the same second: whose
 * counts have decided it does so, and the others only where nobody has a moment later.
 */
const closeIfLost = async (
  hand: Hand,
  written: Attributes,
  own: Counts,
  health: Health,
): Promise<TargetState> => {
  const { memory } = hand;
  const { nowMs } = health;
  const state = remember(memory, written, health);
  if (!isLostWithout(hand, state, NOTHING_OWED, nowMs)) return state;
  let found = written;
  if (isLostWithout(hand, state, own, nowMs)) {
    await hand.wait();
    found = await look(hand);
    if (memory.seen !== memory.joined) return targetStateOf(found, nowMs);
  }
  const closed = await close(hand, found, nowMs, health);
  // Somebody else was faster; the next write finds what became of it.
  return closed === 'condition_failed' ? state : remember(memory, closed, health);
};

const write = async (hand: Hand, health: Health): Promise<TargetState> => {
  const { item, windowMs, memory } = hand;
  owe(memory, health, windowMs);
  for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
    const own = memory.owed;
    const written = await tryOnce(hand, health);
    if (written !== 'condition_failed') return closeIfLost(hand, written, own, health);
  }
  const message = `cannot add to the health of ${item.pk}: its windows keep changing`;
  throw new RepriseError('AWS_FAILED', message);
};

const createWindowWriter = (item: WindowsItem, options: HealthWriterOptions): HealthWriter => {
  const memory = newMemory();
  const hand = {
    ...{ item, options, memory, windowMs: options.windowMs ?? HEALTH_WINDOW_MS },
    wait: options.wait ?? (() => sleep(Math.random() * MAX_WAIT_MS)),
  };
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
