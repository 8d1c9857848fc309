/** The writes by which the windows of a target's item are added to, closed and opened. */

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { BackoffState } from '../../core/send/backoff.ts';
import { type Attributes, expiresAfter, numberValue, updateItem } from './dynamodb.ts';
import { TARGET_KEPT_DAYS } from './target-state.ts';

/** Where the windows stand. */
export interface WindowsItem {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly pk: string;
}

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

/** A window that takes the place of another. */
export interface NextWindow {
  /** Start of the window that is open, epoch ms. */
  readonly old: number;
  readonly startedAtMs: number;
  readonly windowMs: number;
  /** The window that is closed takes all counts, and the next one too if `carried`; if `anew` the caller's belong to the next alone. */
  readonly counts: 'closed' | 'carried' | 'anew';
  /** What the one before was judged to call for; the epoch is raised where what was counted before is of no account after it. */
  readonly judged: { readonly backoff: BackoffState; readonly epoch: number } | undefined;
}

type Answer = Attributes | 'condition_failed';

const namesOf = (...names: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(names.map((name) => [`#${name}`, name]));

const COUNT_NAMES = {
  ...namesOf('window', 'n', 'over', 'failed', 'inFlight'),
  '#expires': 'expiresAtSeconds',
};
const LAST_NAMES = namesOf('lastWindow', 'lastN', 'lastOver', 'lastFailed', 'lastInFlight');
const BACKOFF_NAMES = namesOf('level', 'ceiling', 'wasOver', 'floorWindows', 'isOpen', 'epoch');

const countValues = ({ n, over, failed, inFlight, nowMs }: Health): Attributes => ({
  ':n': numberValue(n),
  ':over': numberValue(over),
  ':failed': numberValue(failed),
  ':inFlight': numberValue(inFlight),
  ':expires': expiresAfter(nowMs, TARGET_KEPT_DAYS),
});

interface Part {
  readonly set: string;
  readonly names: Readonly<Record<string, string>>;
  readonly values: Attributes;
}

const NOTHING: Part = { set: '', names: {}, values: {} };

const lagPart = ({ lagP99Ms, nowMs }: Health): Part =>
  lagP99Ms === undefined
    ? NOTHING
    : {
        set: ', #lag = :lag, #lagAt = :lagAt',
        names: { '#lag': 'lagP99Ms', '#lagAt': 'lagAtMs' },
        values: { ':lag': numberValue(lagP99Ms), ':lagAt': numberValue(nowMs) },
      };

const backoffPart = (judged: NextWindow['judged']): Part => {
  if (judged === undefined) return NOTHING;
  const { level, ceiling, wasOver, floorWindows, isOpen } = judged.backoff;
  return {
    set:
      ', #level = :level, #ceiling = :ceiling, #wasOver = :wasOver, #floorWindows = :floorWindows, ' +
      '#isOpen = :isOpen, #epoch = :epoch',
    names: BACKOFF_NAMES,
    values: {
      ':level': numberValue(level),
      ':ceiling': numberValue(ceiling),
      ':wasOver': numberValue(wasOver ? 1 : 0),
      ':floorWindows': numberValue(floorWindows),
      ':isOpen': numberValue(isOpen ? 1 : 0),
      ':epoch': numberValue(judged.epoch),
    },
  };
};

const addWhere = (
  { client, table, pk }: WindowsItem,
  add: Health,
  condition: string,
  extra: Pick<Part, 'names' | 'values'>,
): Promise<Answer> => {
  const lag = lagPart(add);
  return updateItem(client, {
    table,
    pk,
    update: `ADD #n :n, #over :over, #failed :failed, #inFlight :inFlight SET #expires = :expires${lag.set}`,
    condition,
    names: { ...COUNT_NAMES, ...lag.names, ...extra.names },
    values: { ...countValues(add), ...lag.values, ...extra.values },
    returnValues: 'ALL_NEW',
  });
};

/** Adds to the window that began at `window`, if it is open; `inFlight` is the change since the caller last wrote there. */
export const addToWindow = (item: WindowsItem, window: number, add: Health): Promise<Answer> =>
  addWhere(item, add, '#window = :window', { names: {}, values: { ':window': numberValue(window) } });

/**
 * Adds to whatever window is open, if it began at `window` or later.
 *
 * @param epoch - as known to the caller: in a later one its counts belong to a level that is no more, and nothing is added
 */
export const joinWindow = (
  item: WindowsItem,
  { window, epoch }: { readonly window: number; readonly epoch: number | undefined },
  add: Health,
): Promise<Answer> => {
  const values = { ':window': numberValue(window) };
  if (epoch === undefined) return addWhere(item, add, '#window >= :window', { names: {}, values });
  return addWhere(item, add, '#window >= :window AND (attribute_not_exists(#epoch) OR #epoch <= :epoch)', {
    names: namesOf('epoch'),
    values: { ...values, ':epoch': numberValue(epoch) },
  });
};

/** Opens the first window, with the caller's counts. */
export const openWindow = (
  { client, table, pk }: WindowsItem,
  { startedAtMs, windowMs }: Pick<NextWindow, 'startedAtMs' | 'windowMs'>,
  add: Health,
): Promise<Answer> => {
  const lag = lagPart(add);
  return updateItem(client, {
    table,
    pk,
    update:
      'SET #window = :window, #windowMs = :windowMs, #n = :n, #over = :over, #failed = :failed, ' +
      `#inFlight = :inFlight, #expires = :expires${lag.set}`,
    condition: 'attribute_not_exists(#window)',
    names: { ...COUNT_NAMES, ...namesOf('windowMs'), ...lag.names },
    values: {
      ...countValues(add),
      ...lag.values,
      ':window': numberValue(startedAtMs),
      ':windowMs': numberValue(windowMs),
    },
    returnValues: 'ALL_NEW',
  });
};

/** What the counts of a window that is closed, and of the next one, are set to: right-hand sides are what stood there before. */
const COUNT_SETS: Readonly<Record<NextWindow['counts'], string>> = {
  closed:
    '#lastN = #n + :n, #lastOver = #over + :over, #lastFailed = #failed + :failed, #lastInFlight = #inFlight, ' +
    '#n = :zero, #over = :zero, #failed = :zero',
  carried:
    '#lastN = #n + :n, #lastOver = #over + :over, #lastFailed = #failed + :failed, #lastInFlight = #inFlight, ' +
    '#n = #n + :n, #over = #over + :over, #failed = #failed + :failed',
  // What it says to be in flight is not.
  anew: '#lastN = #n, #lastOver = #over, #lastFailed = #failed, #lastInFlight = :zero, #n = :n, #over = :over, #failed = :failed',
};

/** Closes the window that is open with the caller's counts and opens the next, if nobody has done so before. */
export const closeWindow = (
  { client, table, pk }: WindowsItem,
  { old, startedAtMs, windowMs, counts, judged }: NextWindow,
  add: Health,
): Promise<Answer> => {
  const lag = lagPart(add);
  const backoff = backoffPart(judged);
  return updateItem(client, {
    table,
    pk,
    // What others have added since the item was read is not lost.
    update:
      `SET #lastWindow = #window, #window = :window, #windowMs = :windowMs, ${COUNT_SETS[counts]}, ` +
      `#inFlight = :inFlight, #expires = :expires${backoff.set}${lag.set}`,
    condition: '#window = :old',
    names: { ...COUNT_NAMES, ...LAST_NAMES, ...namesOf('windowMs'), ...lag.names, ...backoff.names },
    values: {
      ...countValues(add),
      ...lag.values,
      ...backoff.values,
      ...(counts === 'carried' ? {} : { ':zero': numberValue(0) }),
      ':old': numberValue(old),
      ':window': numberValue(startedAtMs),
      ':windowMs': numberValue(windowMs),
    },
    returnValues: 'ALL_NEW',
  });
};
