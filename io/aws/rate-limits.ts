/** Rates, each held by all planners of a deployment together: `maxRate` of targets and rules, and one probe a second. */

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { RepriseError } from '../../core/errors.ts';
import { numberOf, numberValue, updateItem } from './dynamodb.ts';

/** How long the count of a second is kept, in seconds: beyond it no planner is at that second any more. */
const KEPT_SECONDS = 3600;

export interface RateRequest {
  /** What the rate is of: the name of a target, `rule:<name>`, or `probe:<target>`. */
  readonly target: string;
  /** Epoch second in which the requests are due. */
  readonly dueSecond: number;
  /** How many requests are to be sent in it. */
  readonly count: number;
  /** The limit; may have a fraction. */
  readonly maxPerSecond: number;
}

/**
 * What a rate allows in one second, in whole requests: over any stretch of time it adds up to the rate, also where that is below one
 * a second, and everybody who asks gets the same answer.
 */
export const allowanceOf = (maxPerSecond: number, dueSecond: number): number =>
  Math.floor(maxPerSecond * (dueSecond + 1)) - Math.floor(maxPerSecond * dueSecond);

/**
 * Takes room for `count` requests out of what a rate allows in that second. All callers together are never given more than
 * that, and what is asked for beyond is to be held back.
 *
 * @returns how many of them may be sent, from 0 to `count`
 * @throws RepriseError AWS_…; none of them may be sent then
 */
export const takeRate = async (
  client: DynamoDBClient,
  table: string,
  { target, dueSecond, count, maxPerSecond }: RateRequest,
): Promise<number> => {
  if (count === 0 || maxPerSecond === Number.POSITIVE_INFINITY) return count;
  const answer = await updateItem(client, {
    table,
    pk: `rate#${target}#${dueSecond}`,
    update: 'ADD #taken :count SET #expires = :expires',
    names: { '#taken': 'taken', '#expires': 'expiresAtSeconds' },
    values: { ':count': numberValue(count), ':expires': numberValue(dueSecond + KEPT_SECONDS) },
    returnValues: 'UPDATED_NEW',
  });
  const taken = answer === 'condition_failed' ? undefined : numberOf(answer, 'taken');
  if (taken === undefined)
    throw new RepriseError('AWS_FAILED', `the table ${table} did not say how much of a rate is taken`);
  const left = allowanceOf(maxPerSecond, dueSecond) - (taken - count);
  return Math.max(0, Math.min(count, left));
};
