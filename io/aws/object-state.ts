/** Who plans an object, and how far it has come: one item an object, with a lease and the last slice that was marked. */

import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  type Attributes,
  expiresAfter,
  getItem,
  type ItemUpdate,
  numberOf,
  numberValue,
  textOf,
  textValue,
  updateItem,
} from './dynamodb.ts';

const KEPT_DAYS = 2;

/** How far the planning of an object has come. */
export interface ObjectState {
  /** Rules that it was begun with. */
  readonly rulesHash: string;
  /** Epoch ms from which due times count, as set when it was begun. */
  readonly startAtMs: number;
  /** Slices below this one may have been invoked, and must not be again. */
  readonly nextSlice: number;
  /** What `mark`, `release` or `finish` last wrote. */
  readonly counts: string | undefined;
  /** How often it was handed over. */
  readonly hop: number;
  /** Somebody else had begun it. */
  readonly isResumed: boolean;
}

export type Claim =
  | { readonly kind: 'claimed'; readonly state: ObjectState }
  /** Somebody else is at it, or it is done. */
  | { readonly kind: 'duplicate'; readonly isDone: boolean };

interface Held {
  readonly run: string;
  /** Unique to the invocation: not the request id, which AWS gives to its repeats too. */
  readonly owner: string;
}

interface Leased extends Held {
  /** Epoch ms. */
  readonly nowMs: number;
  readonly leaseMs: number;
}

export interface ObjectStates {
  /**
   * Takes the lease. It is had where the object is new, or is not done and its lease has run out; with `hop`, only at exactly that
   * hand-over. What stands in the item of rules and start wins over what is given.
   *
   * @throws RepriseError AWS_…; so do all of these
   */
  claim(
    claim: Leased & { readonly rulesHash: string; readonly startAtMs: number; readonly hop?: number },
  ): Promise<Claim>;
  /** Makes the lease last from now on; false where it went to somebody else. */
  renew(lease: Leased): Promise<boolean>;
  /** Notes that slice `index` is about to be invoked, and renews the lease; false where the lease is lost or it was noted before. */
  mark(mark: Leased & { readonly index: number; readonly counts: string }): Promise<boolean>;
  /** Gives the lease away to the claim that names `hop`; false where it is lost already. */
  release(release: Held & { readonly hop: number; readonly counts?: string }): Promise<boolean>;
  /** Notes that all is done; false where the lease is lost. */
  finish(finish: Held & { readonly counts: string }): Promise<boolean>;
  /** How it stands; undefined where nobody has begun it. */
  read(run: string): Promise<(ObjectState & { readonly isDone: boolean }) | undefined>;
}

/** Placeholders for all attributes, as several of the names are reserved. */
const NAMES = {
  '#owner': 'owner',
  '#lease': 'leaseUntilMs',
  '#done': 'isDone',
  '#rules': 'rulesHash',
  '#start': 'startAtMs',
  '#next': 'nextSlice',
  '#counts': 'counts',
  '#hop': 'hop',
  '#call': 'lastCall',
  '#expires': 'expiresAtSeconds',
} as const;

/** DynamoDB refuses names that an expression does not use. */
const namesIn = (...expressions: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(NAMES).filter(([name]) => expressions.some((text) => text.includes(name))),
  );

const YES = { BOOL: true };
const NO = { BOOL: false };

const isDone = (item: Attributes | undefined): boolean => item?.isDone?.BOOL === true;

const stateOf = (
  item: Attributes,
  begun: { readonly rulesHash: string; readonly startAtMs: number; readonly hop?: number },
  isResumed: boolean,
): ObjectState => ({
  rulesHash: textOf(item, 'rulesHash') ?? begun.rulesHash,
  startAtMs: numberOf(item, 'startAtMs') ?? begun.startAtMs,
  nextSlice: numberOf(item, 'nextSlice') ?? 0,
  counts: textOf(item, 'counts'),
  hop: numberOf(item, 'hop') ?? begun.hop ?? 0,
  isResumed,
});

type ClaimOptions = Parameters<ObjectStates['claim']>[0];
type Change = Pick<ItemUpdate, 'update' | 'values' | 'returnValues'> & { readonly condition: string };

/** The change that takes the lease; `call` is unique to it. */
const claimChange = (claim: ClaimOptions, call: string): Change => {
  const { owner, nowMs, leaseMs, rulesHash, startAtMs, hop } = claim;
  const free = `#done = :no AND #lease < :now${hop === undefined ? '' : ' AND #hop = :hop'}`;
  return {
    update:
      'SET #owner = :owner, #lease = :until, #call = :call, #done = :no, #expires = :expires, ' +
      '#rules = if_not_exists(#rules, :rules), #start = if_not_exists(#start, :start), ' +
      '#next = if_not_exists(#next, :zero), #hop = if_not_exists(#hop, :hop)',
    // Its own claim counts as none: the SDK repeats a call whose answer was lost.
    condition: `attribute_not_exists(pk) OR (${free}) OR #call = :call`,
    values: {
      ':owner': textValue(owner),
      ':until': numberValue(nowMs + leaseMs),
      ':now': numberValue(nowMs),
      ':call': textValue(call),
      ':no': NO,
      ':rules': textValue(rulesHash),
      ':start': numberValue(startAtMs),
      ':zero': numberValue(0),
      ':hop': numberValue(hop ?? 0),
      ':expires': expiresAfter(nowMs, KEPT_DAYS),
    },
    returnValues: 'ALL_OLD',
  };
};

/** The change that gives the lease away. */
const releaseChange = ({ owner, hop, counts }: Parameters<ObjectStates['release']>[0]): Change => ({
  update: `SET #hop = :hop, #lease = :zero, #call = :call${counts === undefined ? '' : ', #counts = :counts'} REMOVE #owner`,
  condition: '(#owner = :owner AND #done = :no) OR #call = :call',
  values: {
    ':owner': textValue(owner),
    ':no': NO,
    ':hop': numberValue(hop),
    ':zero': numberValue(0),
    ':call': textValue(randomUUID()),
    ...(counts === undefined ? {} : { ':counts': textValue(counts) }),
  },
});

/** The change that notes a slice. */
const markChange = ({
  owner,
  index,
  counts,
  nowMs,
  leaseMs,
}: Parameters<ObjectStates['mark']>[0]): Change => ({
  update: 'SET #next = :next, #counts = :counts, #lease = :until, #call = :call',
  condition: '#owner = :owner AND #done = :no AND (#next <= :index OR #call = :call)',
  values: {
    ':owner': textValue(owner),
    ':until': numberValue(nowMs + leaseMs),
    ':no': NO,
    ':index': numberValue(index),
    ':next': numberValue(index + 1),
    ':counts': textValue(counts),
    ':call': textValue(randomUUID()),
  },
});

/** The states of all objects in `table`. */
export const createObjectStates = (client: DynamoDBClient, table: string): ObjectStates => {
  const keyOf = (run: string): string => `object#${run}`;
  const apply = (run: string, change: Change): Promise<Attributes | 'condition_failed'> =>
    updateItem(client, {
      table,
      pk: keyOf(run),
      ...change,
      names: namesIn(change.update, change.condition),
    });
  const isApplied = async (run: string, change: Change): Promise<boolean> =>
    (await apply(run, change)) !== 'condition_failed';
  const readItem = (run: string) => getItem(client, table, keyOf(run), { consistent: true });

  return {
    claim: async (claim) => {
      const call = randomUUID();
      const old = await apply(claim.run, claimChange(claim, call));
      if (old === 'condition_failed') return { kind: 'duplicate', isDone: isDone(await readItem(claim.run)) };
      const isResumed = old.pk !== undefined && textOf(old, 'lastCall') !== call;
      return { kind: 'claimed', state: stateOf(old, claim, isResumed) };
    },
    renew: ({ run, owner, nowMs, leaseMs }) =>
      isApplied(run, {
        update: 'SET #lease = :until',
        condition: '#owner = :owner AND #done = :no',
        values: { ':owner': textValue(owner), ':until': numberValue(nowMs + leaseMs), ':no': NO },
      }),
    mark: (mark) => isApplied(mark.run, markChange(mark)),
    release: (release) => isApplied(release.run, releaseChange(release)),
    finish: ({ run, owner, counts }) =>
      isApplied(run, {
        update: 'SET #done = :yes, #counts = :counts',
        condition: '#owner = :owner',
        values: { ':owner': textValue(owner), ':yes': YES, ':counts': textValue(counts) },
      }),
    read: async (run) => {
      const item = await readItem(run);
      if (item === undefined) return undefined;
      return { ...stateOf(item, { rulesHash: '', startAtMs: 0 }, true), isDone: isDone(item) };
    },
  };
};
