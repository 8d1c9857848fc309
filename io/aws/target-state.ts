/** What all senders to one target share: the kill switch as planners last read it, backoff, and the health they measure. */

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type BackoffState, levelOf, NEW_BACKOFF } from '../../core/send/backoff.ts';
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

/** Length of a health window where no rule says otherwise. */
export const HEALTH_WINDOW_MS = 5_000;
/** A target without a window for so long is quiet: logs come in bursts, and what is between two of them is no rest. */
export const QUIET_MS = 600_000;
/** How long the item is kept after the last write. */
export const TARGET_KEPT_DAYS = 2;
/** By then every sender has written in a new window, as each writes once a second. */
const SETTLED_AFTER_MS = 1_500;
/** Characters of the switch that are kept: the parameter may hold 4 KB of anything. */
const MAX_SWITCH_LENGTH = 40;

/** The counts of one window. */
export interface HealthWindow {
  /** Epoch ms. */
  readonly startedAtMs: number;
  /** Requests that ended in it, and in those right before it that were too few to judge by. */
  readonly n: number;
  /** Of these, those slower than the latency limit of their rule. */
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
  /** Share (0–1) of the traffic that backoff lets through; 0 where nothing but probes is sent. */
  readonly level: number;
  /** Nothing but probes is sent. */
  readonly isOpen: boolean;
  /** What the next window is judged from. */
  readonly backoff: BackoffState;
  /** Epoch ms up to which the target has asked to be left alone; it may be past. */
  readonly retryAtMs?: number;
  /** Requests under way, of all senders; 0 where none has written for a whole window. */
  readonly inFlight: number;
  /** 99th percentile of the lag, as the last sender to write measured it, and when that was. */
  readonly lagP99Ms?: number;
  readonly lagAtMs?: number;
  /** Requests that ended in the current window, and those of them that failed. */
  readonly n?: number;
  readonly failed?: number;
  /** Length of the windows. */
  readonly windowMs?: number;
  readonly current?: HealthWindow;
  /** The window before, which nobody adds to any more. */
  readonly last?: HealthWindow;
}

/** Key of the item. */
export const targetKey = (target: string): string => `target#${target}`;

const windowOf = (item: Attributes, names: readonly string[]): HealthWindow | undefined => {
  const [startedAtMs, n = 0, over = 0, failed = 0, inFlight = 0] = names.map((name) => numberOf(item, name));
  return startedAtMs === undefined ? undefined : { startedAtMs, n, over, failed, inFlight };
};

const backoffOf = (item: Attributes): BackoffState => ({
  level: numberOf(item, 'level') ?? NEW_BACKOFF.level,
  ceiling: numberOf(item, 'ceiling') ?? NEW_BACKOFF.ceiling,
  wasOver: numberOf(item, 'wasOver') === 1,
  floorWindows: numberOf(item, 'floorWindows') ?? NEW_BACKOFF.floorWindows,
  isOpen: numberOf(item, 'isOpen') === 1,
});

const inFlightAt = (
  nowMs: number | undefined,
  { current, last, windowMs = HEALTH_WINDOW_MS }: Pick<TargetState, 'current' | 'last' | 'windowMs'>,
): number => {
  if (current === undefined) return 0;
  if (nowMs === undefined) return current.inFlight;
  const ageMs = nowMs - current.startedAtMs;
  if (ageMs >= 2 * windowMs) return 0;
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
    retryAtMs: numberOf(item, 'retryAtMs'),
    lagP99Ms: numberOf(item, 'lagP99Ms'),
    lagAtMs: numberOf(item, 'lagAtMs'),
    windowMs: numberOf(item, 'windowMs'),
    n: current?.n,
    failed: current?.failed,
    current,
    last,
  };
  const known = Object.fromEntries(
    Object.entries(optional).filter(([, value]) => value !== undefined),
  ) as Partial<TargetState>;
  const backoff = backoffOf(item);
  return {
    level: levelOf(backoff),
    isOpen: backoff.isOpen,
    backoff,
    inFlight: Math.max(0, inFlightAt(nowMs, known)),
    ...known,
  };
};

/** What is too long to be a value of the switch stays unreadable when it is cut. */
const keptText = (value: string): string =>
  value.length <= MAX_SWITCH_LENGTH ? value : `${value.slice(0, MAX_SWITCH_LENGTH)}…`;

/**
 * Shows the switch to the target's senders. What was read later always stands, in whatever order the writes arrive.
 *
 * @param read.value - text of the parameter, as it is
 * @param read.readAtMs - epoch ms at which reading it began
 * @returns the target's state after it, also where a later reading stands there already
 * @throws RepriseError AWS_…
 */
export const mirrorSwitch = async (
  client: DynamoDBClient,
  table: string,
  target: string,
  { value, readAtMs }: { readonly value: string; readonly readAtMs: number },
): Promise<TargetState> => {
  const mirrored = await updateItem(client, {
    table,
    pk: targetKey(target),
    update: 'SET #text = :text, #at = :at, #expires = :expires',
    condition: 'attribute_not_exists(#at) OR #at <= :at',
    names: { '#text': 'switchText', '#at': 'switchReadAtMs', '#expires': 'expiresAtSeconds' },
    values: {
      ':text': textValue(keptText(value)),
      ':at': numberValue(readAtMs),
      ':expires': expiresAfter(readAtMs, TARGET_KEPT_DAYS),
    },
    returnValues: 'ALL_NEW',
  });
  if (mirrored !== 'condition_failed') return targetStateOf(mirrored, readAtMs);
  const item = await getItem(client, table, targetKey(target), { consistent: true });
  return targetStateOf(item ?? {}, readAtMs);
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
