/** Budgets of targets and rules, held by all planners of a deployment together: one item a budget and set of rules. */

import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Budget } from '../../core/rules/rule-set.ts';
import { giveBackRoom } from './budget-room.ts';
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

/** Renewed with each request for room: a budget that is used up stays so while there is traffic. */
const KEPT_DAYS = 30;

/** Names one budget: that of a target, or of a rule as `rule:<name>`, since these rules were deployed. */
export interface BudgetName {
  readonly name: string;
  readonly rulesHash: string;
}

/** What was used of a budget. */
export interface BudgetUsed {
  readonly requests: number;
  readonly bytes: number;
  /** Epoch ms that its duration counts from; infinite while nobody has asked for room. */
  readonly startedAtMs: number;
}

/** What is asked of a budget. */
export interface TakeAsk extends BudgetName {
  readonly count: number;
  readonly budget: Budget;
  readonly nowMs: number;
}

/** Each that fails has seen somebody else take room meanwhile. */
const MAX_TRIES = 6;

const keyOf = ({ name, rulesHash }: BudgetName): string => `budget#${name}#${rulesHash}`;

const NAMES = { '#requests': 'requests', '#expires': 'expiresAtSeconds' };
/** Counted with each change of `requests`: what gives room back must have seen the last one. */
const MOVES = { '#moves': 'moves' };
/** The call that took room last. */
const LAST_TAKE = 'lastTake';

const usedOf = (item: Attributes): BudgetUsed => {
  const [requests = 0, bytes = 0, startedAtMs = Number.POSITIVE_INFINITY] = [
    'requests',
    'bytes',
    'startedAtMs',
  ].map((name) => numberOf(item, name));
  return { requests, bytes, startedAtMs };
};

/** How many of `count` there is room for beside what is used. */
const roomFor = (count: number, used: BudgetUsed | undefined, budget: Budget, nowMs: number): number => {
  const { requests = Number.POSITIVE_INFINITY, bytes = Number.POSITIVE_INFINITY } = budget;
  const { durationMs = Number.POSITIVE_INFINITY } = budget;
  if (used === undefined) return Math.min(count, requests);
  if (used.bytes >= bytes || nowMs - used.startedAtMs >= durationMs) return 0;
  return Math.max(0, Math.min(count, requests - used.requests));
};

/** What must hold of the item for so many to have room in it. */
const conditionOf = (count: number, { requests, bytes, durationMs }: Budget, nowMs: number) => {
  // A call whose answer was lost is repeated by the SDK, and must not take twice.
  const parts = ['(attribute_not_exists(#lastTake) OR #lastTake <> :token)'];
  const values: Record<string, Attributes[string]> = {};
  const names: Record<string, string> = {};
  const demand = (name: string, comparison: string, limit: number | undefined): void => {
    if (limit === undefined) return;
    parts.push(`(attribute_not_exists(#${name}) OR #${name} ${comparison} :${name}Limit)`);
    values[`:${name}Limit`] = numberValue(limit);
    names[`#${name}`] = name;
  };
  demand('requests', '<=', requests === undefined ? undefined : requests - count);
  demand('bytes', '<', bytes);
  demand('startedAtMs', '>', durationMs === undefined ? undefined : nowMs - durationMs);
  return { condition: parts.join(' AND '), values, names };
};

const addRequests = (
  client: DynamoDBClient,
  table: string,
  { count, budget, nowMs, token, ...name }: TakeAsk & { readonly token: string },
): Promise<Attributes | 'condition_failed'> => {
  const { condition, names, values } = conditionOf(count, budget, nowMs);
  return updateItem(client, {
    table,
    pk: keyOf(name),
    update:
      'ADD #requests :count, #moves :one SET #startedAtMs = if_not_exists(#startedAtMs, :now), ' +
      '#lastTake = :token, #expires = :expires',
    condition,
    names: { ...NAMES, ...MOVES, '#startedAtMs': 'startedAtMs', '#lastTake': LAST_TAKE, ...names },
    values: {
      ':count': numberValue(count),
      ':one': numberValue(1),
      ':token': textValue(token),
      ':now': numberValue(nowMs),
      ':expires': expiresAfter(nowMs, KEPT_DAYS),
      ...values,
    },
  });
};

/** A budget that is used up is kept, lest it begin anew. */
const keep = async (client: DynamoDBClient, table: string, { nowMs, ...name }: TakeAsk): Promise<void> => {
  await updateItem(client, {
    table,
    pk: keyOf(name),
    update: 'SET #expires = :expires',
    names: { '#expires': 'expiresAtSeconds' },
    values: { ':expires': expiresAfter(nowMs, KEPT_DAYS) },
  });
};

/**
 * Takes room for `count` requests out of a budget. All callers together are never given more requests than it has: room is only ever
 * taken, and only where there is some. A call that the SDK repeats since its answer was lost finds its own token in the item; where
 * somebody else has taken room meanwhile it takes its room twice, so that less is sent, never more. Bytes are those that senders have
 * told, so they are exceeded by what is under way. Its duration counts from the first time that somebody asks.
 *
 * @param ask.nowMs - epoch ms
 * @returns how many of them may be sent, from 0 to `count`
 * @throws RepriseError AWS_…; none of them may be sent then
 */
export const takeBudget = async (client: DynamoDBClient, table: string, ask: TakeAsk): Promise<number> => {
  const { count, budget, nowMs } = ask;
  if (count === 0) return 0;
  let wanted = roomFor(count, undefined, budget, nowMs);
  for (let attempt = 1; wanted > 0 && attempt <= MAX_TRIES; attempt += 1) {
    const token = randomUUID();
    if ((await addRequests(client, table, { ...ask, count: wanted, token })) !== 'condition_failed')
      return wanted;
    const found = await getItem(client, table, keyOf(ask), { consistent: true });
    if (textOf(found, LAST_TAKE) === token) return wanted;
    wanted = roomFor(count, found && usedOf(found), budget, nowMs);
  }
  if (wanted === 0) await keep(client, table, ask);
  return 0;
};

/**
 * Tells a budget how many bytes of answers have come. A call that the SDK repeats may count twice: less is sent, never more.
 *
 * @param use.nowMs - epoch ms
 * @returns how many all senders together have told
 * @throws RepriseError AWS_…; whether it was told is then unknown
 */
export const tellBudgetBytes = async (
  client: DynamoDBClient,
  table: string,
  { bytes, nowMs, ...name }: BudgetName & { readonly bytes: number; readonly nowMs: number },
): Promise<number> => {
  const told = await updateItem(client, {
    table,
    pk: keyOf(name),
    update: 'ADD #requests :none, #bytes :bytes SET #expires = :expires',
    names: { ...NAMES, '#bytes': 'bytes' },
    values: {
      ':none': numberValue(0),
      ':bytes': numberValue(bytes),
      ':expires': expiresAfter(nowMs, KEPT_DAYS),
    },
    returnValues: 'ALL_NEW',
  });
  return told === 'condition_failed' ? 0 : (numberOf(told, 'bytes') ?? 0);
};

/**
 * Tells a budget how many bytes of answers have come, and gives back the room of requests that were not sent after all.
 *
 * @param use.nowMs - epoch ms
 * @throws RepriseError AWS_…; whether it was told is then unknown, and what could not be given back stays taken
 */
export const addBudgetBytes = async (
  client: DynamoDBClient,
  table: string,
  {
    bytes,
    unsent = 0,
    ...item
  }: BudgetName & {
    readonly bytes: number;
    readonly unsent?: number;
    readonly nowMs: number;
  },
): Promise<void> => {
  if (bytes > 0) await tellBudgetBytes(client, table, { ...item, bytes });
  if (unsent > 0) await giveBackRoom({ client, table, pk: keyOf(item) }, unsent);
};
