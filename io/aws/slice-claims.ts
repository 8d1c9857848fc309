/** Who sends a slice: the event may come more than once, the requests must not. */

import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expiresAfter, textValue, updateItem } from './dynamodb.ts';

/**
 * How long it is known what was planned and sent: a message may wait 14 days in a dead-letter queue, and what it names must not be sent
 * once more when somebody moves it back to its queue.
 */
export const KEPT_DAYS = 15;

/**
 * Claims the slice for the caller: true for exactly one of all callers, however many there are.
 *
 * @param claim.nowMs - epoch ms; from it the days count after which the claim is forgotten
 * @throws RepriseError AWS_…; whether the slice is claimed is then unknown, and it must not be sent
 */
export const claimSlice = async (
  client: DynamoDBClient,
  table: string,
  { run, index, nowMs }: { readonly run: string; readonly index: number; readonly nowMs: number },
): Promise<boolean> => {
  const claimed = await updateItem(client, {
    table,
    pk: `slice#${run}#${index}`,
    update: 'SET #claim = :claim, #expires = :expires',
    // Its own claim counts as none: the SDK repeats a call whose answer was lost.
    condition: 'attribute_not_exists(pk) OR #claim = :claim',
    names: { '#claim': 'claim', '#expires': 'expiresAtSeconds' },
    values: { ':claim': textValue(randomUUID()), ':expires': expiresAfter(nowMs, KEPT_DAYS) },
  });
  return claimed !== 'condition_failed';
};
