/** Gives room of a budget back: once, however often a call is repeated, and however many do so at once. */

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { RepriseError } from '../../core/errors.ts';
import {
  type Attributes,
  getItem,
  numberOf,
  numberValue,
  textOf,
  textValue,
  updateItem,
} from './dynamodb.ts';

/** Where a budget stands. */
export interface BudgetItem {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly pk: string;
}

/** Each try that fails has seen somebody else change the budget: so many may at once, however slow the table is. */
const MAX_TRIES = 32;
/** Longest wait before the second try, and by how much it may be longer before each of the next few. */
const WAIT_MS = 40;
const LONGEST_WAITS = 5;
/** Calls that are named in the item: who was among the last so many to give back finds itself. */
const MAX_NAMED = 32;

/** Names of the last calls that gave back, the oldest first. */
const namedIn = (found: Attributes): readonly string[] =>
  (textOf(found, 'givenBackBy') ?? '').split(',').filter((name) => name !== '');

/** Gives back if nothing has changed since `found` was read. */
const giveBackOnce = async (
  { client, table, pk }: BudgetItem,
  found: Attributes,
  { unsent, name }: { readonly unsent: number; readonly name: string },
): Promise<boolean> => {
  const requests = numberOf(found, 'requests') ?? 0;
  const moves = numberOf(found, 'moves');
  const given = await updateItem(client, {
    table,
    pk,
    update: 'SET #requests = :left, #moves = :next, #givenBackBy = :names',
    // The same count alone could have come about by room that was taken and given back.
    condition: `#requests = :seen AND ${moves === undefined ? 'attribute_not_exists(#moves)' : '#moves = :moves'}`,
    names: { '#requests': 'requests', '#moves': 'moves', '#givenBackBy': 'givenBackBy' },
    values: {
      ':left': numberValue(Math.max(0, requests - unsent)),
      ':seen': numberValue(requests),
      ':next': numberValue((moves ?? 0) + 1),
      ':names': textValue([...namedIn(found), name].slice(-MAX_NAMED).join(',')),
      ...(moves === undefined ? {} : { ':moves': numberValue(moves) }),
    },
  });
  return given !== 'condition_failed';
};

/**
 * What became of a try by what stands in the item now: its answer may have been lost, and its repeat refused. `unknown` where so many
 * others have given back since that its name would be gone.
 */
const fateOf = (
  name: string,
  before: readonly string[],
  now: readonly string[],
): 'done' | 'open' | 'unknown' => {
  if (now.includes(name)) return 'done';
  const newest = before.at(-1);
  const isWhole = newest === undefined ? now.length < MAX_NAMED : now.includes(newest);
  return isWhole ? 'open' : 'unknown';
};

/**
 * Gives room for `unsent` requests back to a budget; where there is no such budget any more it does nothing.
 *
 * @throws RepriseError AWS_…; the room may stay taken then
 */
export const giveBackRoom = async (item: BudgetItem, unsent: number): Promise<void> => {
  const { client, table, pk } = item;
  const name = randomUUID().slice(0, 8);
  let before: readonly string[] | undefined;
  for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
    const found = await getItem(client, table, pk, { consistent: true });
    if (found === undefined) return;
    const fate = before === undefined ? 'open' : fateOf(name, before, namedIn(found));
    if (fate === 'done') return;
    if (fate === 'unknown') break;
    before = namedIn(found);
    if (await giveBackOnce(item, found, { unsent, name })) return;
    await sleep(Math.random() * WAIT_MS * Math.min(attempt, LONGEST_WAITS));
  }
  throw new RepriseError(
    'AWS_FAILED',
    `cannot give room for ${unsent} requests back to ${pk}: it keeps changing`,
  );
};
