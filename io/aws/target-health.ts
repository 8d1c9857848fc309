/** How senders add up what they see of a target: one item a target, one write a sender and second. */

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { RepriseError } from '../../core/errors.ts';
import { type Attributes, expiresAfter, numberOf, numberValue, updateItem } from './dynamodb.ts';
import { HEALTH_WINDOW_MS, type TargetState, targetKey, targetStateOf } from './target-state.ts';

const KEPT_DAYS = 2;
/** Each try that fails has seen somebody open a newer window; more than a few in a row do not happen. */
const MAX_TRIES = 6;

/** What a sender saw since its last write, and what it has under way now. */
export interface Health {
  readonly n: number;
  readonly over: number;
  readonly failed: number;
  readonly inFlight: number;
  readonly lagP99Ms?: number;
  /** Epoch ms. */
  readonly nowMs: number;
}

export interface HealthAdd {
  /** The window to add to. */
  readonly window: number;
  readonly n: number;
  readonly over: number;
  readonly failed: number;
  /** Change of what the caller has under way, since it last wrote in this window; all of it at its first write there. */
  readonly inFlightDelta: number;
  readonly lagP99Ms?: number;
  readonly nowMs: number;
}

const NAMES = {
  '#window': 'window',
  '#n': 'n',
  '#over': 'over',
  '#failed': 'failed',
  '#inFlight': 'inFlight',
  '#expires': 'expiresAtSeconds',
};
const LAST_NAMES = {
  '#lastWindow': 'lastWindow',
  '#lastN': 'lastN',
  '#lastOver': 'lastOver',
  '#lastFailed': 'lastFailed',
  '#lastInFlight': 'lastInFlight',
};
const LAG_NAMES = { '#lag': 'lagP99Ms', '#lagAt': 'lagAtMs' };

const countValues = ({ n, over, failed, inFlightDelta, nowMs, window }: HealthAdd): Attributes => ({
  ':window': numberValue(window),
  ':n': numberValue(n),
  ':over': numberValue(over),
  ':failed': numberValue(failed),
  ':inFlight': numberValue(inFlightDelta),
  ':expires': expiresAfter(nowMs, KEPT_DAYS),
});

const lagOf = ({ lagP99Ms, nowMs }: HealthAdd): { set: string; names: object; values: Attributes } =>
  lagP99Ms === undefined
    ? { set: '', names: {}, values: {} }
    : {
        set: ', #lag = :lag, #lagAt = :lagAt',
        names: LAG_NAMES,
        values: { ':lag': numberValue(lagP99Ms), ':lagAt': numberValue(nowMs) },
      };

const addWhere = (
  client: DynamoDBClient,
  table: string,
  target: string,
  add: HealthAdd,
  condition: string,
): Promise<Attributes | 'condition_failed'> => {
  const lag = lagOf(add);
  const { ':window': window, ...values } = countValues(add);
  return updateItem(client, {
    table,
    pk: targetKey(target),
    update: `ADD #n :n, #over :over, #failed :failed, #inFlight :inFlight SET #expires = :expires${lag.set}`,
    condition,
    names: { ...NAMES, ...lag.names },
    values: { ...values, ...lag.values, ...(window === undefined ? {} : { ':window': window }) },
    returnValues: 'ALL_NEW',
  });
};

/**
 * Adds to the counts of one window.
 *
 * @returns the target's state after it, or `other_window` where another window is open and nothing was added
 * @throws RepriseError AWS_…; whether it was added is then unknown
 */
export const addHealth = async (
  client: DynamoDBClient,
  table: string,
  target: string,
  add: HealthAdd,
): Promise<TargetState | 'other_window'> => {
  const item = await addWhere(client, table, target, add, '#window = :window');
  return item === 'condition_failed' ? 'other_window' : targetStateOf(item, add.nowMs);
};

/** Opens the window with the caller's counts, if none as new is open; the one before is kept as the last. */
const openWindow = (
  client: DynamoDBClient,
  table: string,
  target: string,
  add: HealthAdd,
): Promise<Attributes | 'condition_failed'> => {
  const lag = lagOf(add);
  return updateItem(client, {
    table,
    pk: targetKey(target),
    // Right-hand sides are what stood there before.
    update:
      'SET #lastWindow = if_not_exists(#window, :none), #lastN = if_not_exists(#n, :zero), ' +
      '#lastOver = if_not_exists(#over, :zero), #lastFailed = if_not_exists(#failed, :zero), ' +
      '#lastInFlight = if_not_exists(#inFlight, :zero), #window = :window, #n = :n, #over = :over, ' +
      `#failed = :failed, #inFlight = :inFlight, #expires = :expires${lag.set}`,
    condition: 'attribute_not_exists(#window) OR #window < :window',
    names: { ...NAMES, ...LAST_NAMES, ...lag.names },
    values: {
      ...countValues(add),
      ...lag.values,
      ':zero': numberValue(0),
      ':none': numberValue(add.window - 1),
    },
    returnValues: 'ALL_NEW',
  });
};

/** Adds to whatever window is open, if it is at least `window`. */
const joinWindow = (client: DynamoDBClient, table: string, target: string, add: HealthAdd) =>
  addWhere(client, table, target, add, '#window >= :window');

export interface HealthWriter {
  /**
   * Adds what was seen since the last write, and gives back the target's state, so that no read is needed beside it. Calls wait for
   * each other. What could not be written is added to the next write.
   *
   * @throws RepriseError AWS_…
   */
  write(health: Health): Promise<TargetState>;
}

/** A sender's own hand in the counts of a target: it knows in which window it has said how much it has under way. */
export const createHealthWriter = (client: DynamoDBClient, table: string, target: string): HealthWriter => {
  let joined = Number.NEGATIVE_INFINITY;
  let toldInFlight = 0;
  let owed = { n: 0, over: 0, failed: 0 };
  let turn: Promise<unknown> = Promise.resolve();

  const settle = (item: Attributes, inFlight: number, nowMs: number): TargetState => {
    joined = numberOf(item, 'window') ?? Number.NEGATIVE_INFINITY;
    toldInFlight = inFlight;
    owed = { n: 0, over: 0, failed: 0 };
    return targetStateOf(item, nowMs);
  };

  const tryOnce = async (health: Health): Promise<Attributes | 'condition_failed'> => {
    const { inFlight, nowMs } = health;
    // A clock behind that of others must not take counts back into a window that is closed.
    const window = Math.max(Math.floor(nowMs / HEALTH_WINDOW_MS), joined);
    const add = { ...health, ...owed, window, inFlightDelta: inFlight };
    if (window === joined) {
      const delta = { ...add, inFlightDelta: inFlight - toldInFlight };
      const added = await addWhere(client, table, target, delta, '#window = :window');
      return added === 'condition_failed'
        ? joinWindow(client, table, target, { ...add, window: window + 1 })
        : added;
    }
    const opened = await openWindow(client, table, target, add);
    return opened === 'condition_failed' ? joinWindow(client, table, target, add) : opened;
  };

  const write = async (health: Health): Promise<TargetState> => {
    owed = {
      n: owed.n + health.n,
      over: owed.over + health.over,
      failed: owed.failed + health.failed,
    };
    for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
      const item = await tryOnce(health);
      if (item !== 'condition_failed') return settle(item, health.inFlight, health.nowMs);
      // The item is gone: what was told in it is gone too.
      joined = Number.NEGATIVE_INFINITY;
    }
    throw new RepriseError(
      'AWS_FAILED',
      `cannot add to the health of the target ${target}: its windows keep changing`,
    );
  };

  return {
    write: (health) => {
      const written = turn.then(() => write(health));
      turn = written.catch(() => undefined);
      return written;
    },
  };
};
