/** The writes by which an object's item changes hands: what each sets, and on which condition. */

import { randomUUID } from 'node:crypto';
import { expiresAfter, type ItemUpdate, numberValue, textValue } from './dynamodb.ts';
import type { ClaimOptions, ObjectStates } from './object-state.ts';
import { KEPT_DAYS } from './slice-claims.ts';

/** Placeholders for all attributes, as several of the names are reserved. */
const NAMES = {
  '#owner': 'owner',
  '#source': 'source',
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

type Change = Omit<ItemUpdate, 'table' | 'pk'>;

const changeOf = (change: Change & { readonly condition: string }): Change => ({
  ...change,
  names: namesIn(change.update, change.condition),
});

/** The change that takes the lease; `call` is unique to it. Gives back the item as it was. */
export const claimChange = (claim: ClaimOptions, call: string): Change => {
  const { owner, nowMs, leaseMs, rulesHash, startAtMs, hop, source = owner } = claim;
  const free = `#done = :no AND #lease < :now${hop === undefined ? '' : ' AND #hop >= :hop'}`;
  return changeOf({
    update:
      'SET #owner = :owner, #source = :source, #lease = :until, #call = :call, #done = :no, #expires = :expires, ' +
      '#rules = if_not_exists(#rules, :rules), #start = if_not_exists(#start, :start), ' +
      '#next = if_not_exists(#next, :zero), #hop = if_not_exists(#hop, :hop)',
    // Its own claim counts as none: the SDK repeats a call whose answer was lost.
    condition: `attribute_not_exists(pk) OR (${free}) OR #call = :call`,
    values: {
      ':owner': textValue(owner),
      ':source': textValue(source),
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
  });
};

/** The change that makes the lease last. */
export const renewChange = ({ owner, nowMs, leaseMs }: Parameters<ObjectStates['renew']>[0]): Change =>
  changeOf({
    update: 'SET #lease = :until',
    condition: '#owner = :owner AND #done = :no',
    values: { ':owner': textValue(owner), ':until': numberValue(nowMs + leaseMs), ':no': NO },
  });

/** The change that gives the lease away. */
export const releaseChange = ({ owner, hop, counts }: Parameters<ObjectStates['release']>[0]): Change =>
  changeOf({
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

/** The change that ends it all. */
export const finishChange = ({ owner, counts }: Parameters<ObjectStates['finish']>[0]): Change =>
  changeOf({
    update: 'SET #done = :yes, #counts = :counts',
    condition: '#owner = :owner',
    values: { ':owner': textValue(owner), ':yes': YES, ':counts': textValue(counts) },
  });

/** The change that notes a slice. */
export const markChange = ({
  owner,
  index,
  counts,
  nowMs,
  leaseMs,
}: Parameters<ObjectStates['mark']>[0]): Change =>
  changeOf({
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
