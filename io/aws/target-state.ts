/** What all senders to one target share: the kill switch as planners last read it, the backoff level, and the health they measure. */

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  type Attributes,
  expiresAfter,
  getItem,
  numberOf,
  numberValue,
  textOf,
  textValue,
  updateItem,
} from './dynamodb.ts';

/** Length of a health window. */
export const HEALTH_WINDOW_MS = 5_000;
/** By then every sender has written in a new window, as each writes once a second. */
const SETTLED_AFTER_MS = 1_500;
const KEPT_DAYS = 2;

/** The counts of one window. */
export interface HealthWindow {
  /** Epoch ms over `HEALTH_WINDOW_MS`. */
  readonly window: number;
  /** Requests that ended. */
  readonly n: number;
  /** Of these, those slower than the latency limit. */
  readonly over: number;
  /** Of these, those that failed. */
  readonly failed: number;
  /** Requests under way, of all senders that have written in the window. */
  readonly inFlight: number;
}

export interface TargetState {
  /** The switch as planners mirrored it, unparsed; absent where none has. */
  readonly switchText?: string;
  /** Epoch ms at which it was read from its parameter. */
  readonly switchReadAtMs?: number;
  /** Backoff level, above 0 and at most 1. */
  readonly level: number;
  /** Requests under way, of all senders; 0 where none has written for a whole window. */
  readonly inFlight: number;
  /** 99th percentile of the lag, as the last sender to write measured it, and when that was. */
  readonly lagP99Ms?: number;
  readonly lagAtMs?: number;
  /** Requests that ended in the current window, and those of them that failed. */
  readonly n?: number;
  readonly failed?: number;
  readonly current?: HealthWindow;
  /** The window before, which nobody adds to any more. */
  readonly last?: HealthWindow;
}

/** Key of the item. */
export const targetKey = (target: string): string => `target#${target}`;

const windowOf = (item: Attributes, names: readonly string[]): HealthWindow | undefined => {
  const [window, n = 0, over = 0, failed = 0, inFlight = 0] = names.map((name) => numberOf(item, name));
  return window === undefined ? undefined : { window, n, over, failed, inFlight };
};

const inFlightAt = (
  nowMs: number | undefined,
  current: HealthWindow | undefined,
  last: HealthWindow | undefined,
): number => {
  if (current === undefined) return 0;
  if (nowMs === undefined) return current.inFlight;
  const ageMs = nowMs - current.window * HEALTH_WINDOW_MS;
  if (ageMs >= 2 * HEALTH_WINDOW_MS) return 0;
  // Not everybody has been counted again yet: too many is the safe mistake.
  return ageMs < SETTLED_AFTER_MS ? Math.max(current.inFlight, last?.inFlight ?? 0) : current.inFlight;
};

/** The state that an item holds. */
export const targetStateOf = (item: Attributes, nowMs?: number): TargetState => {
  const current = windowOf(item, ['window', 'n', 'over', 'failed', 'inFlight']);
  const last = windowOf(item, ['lastWindow', 'lastN', 'lastOver', 'lastFailed', 'lastInFlight']);
  const optional = {
    switchText: textOf(item, 'switchText'),
    switchReadAtMs: numberOf(item, 'switchReadAtMs'),
    lagP99Ms: numberOf(item, 'lagP99Ms'),
    lagAtMs: numberOf(item, 'lagAtMs'),
    n: current?.n,
    failed: current?.failed,
    current,
    last,
  };
  return {
    level: numberOf(item, 'level') ?? 1,
    inFlight: Math.max(0, inFlightAt(nowMs, current, last)),
    ...(Object.fromEntries(
      Object.entries(optional).filter(([, value]) => value !== undefined),
    ) as Partial<TargetState>),
  };
};

/**
 * Shows the switch to the target's senders. What was read later always stands, in whatever order the writes arrive.
 *
 * @param read.value - text of the parameter, as it is
 * @param read.readAtMs - epoch ms at which reading it began
 * @returns false where a later one stands there already
 * @throws RepriseError AWS_…
 */
export const mirrorSwitch = async (
  client: DynamoDBClient,
  table: string,
  target: string,
  { value, readAtMs }: { readonly value: string; readonly readAtMs: number },
): Promise<boolean> => {
  const mirrored = await updateItem(client, {
    table,
    pk: targetKey(target),
    update: 'SET #text = :text, #at = :at, #expires = :expires',
    condition: 'attribute_not_exists(#at) OR #at <= :at',
    names: { '#text': 'switchText', '#at': 'switchReadAtMs', '#expires': 'expiresAtSeconds' },
    values: {
      ':text': textValue(value),
      ':at': numberValue(readAtMs),
      ':expires': expiresAfter(readAtMs, KEPT_DAYS),
    },
  });
  return mirrored !== 'condition_failed';
};

/**
 * Reads the state of a target; undefined where nobody has written any.
 *
 * @param options.nowMs - epoch ms; with it `inFlight` allows for a window that has just begun, and for one that is over
 * @throws RepriseError AWS_…
 */
export const readTarget = async (
  client: DynamoDBClient,
  table: string,
  target: string,
  options: { readonly consistent?: boolean; readonly nowMs?: number } = {},
): Promise<TargetState | undefined> => {
  const item = await getItem(client, table, targetKey(target), options);
  return item === undefined ? undefined : targetStateOf(item, options.nowMs);
};
