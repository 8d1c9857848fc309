/** Rules, targets and traffic for tests of the backoff that senders share. */

import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { SliceResult } from '../../core/report/slice-records.ts';
import type { SenderRule } from '../../functions/sender/config.ts';
import { httpAnswer } from './recording-server.ts';
import { every, type SenderWorld } from './sender-setup.ts';

export const backoffAt = (ms: number): SenderRule['backoff'] => ({
  kind: 'on',
  latency: { kind: 'absolute', ms },
  errorShare: 0.1,
  windowMs: 1_000,
});
export const rule = (changes: Partial<SenderRule> = {}): SenderRule => ({
  target: 't',
  backoff: backoffAt(2_000),
  ...changes,
});
export const OFF: SenderRule = rule({ backoff: { kind: 'off' } });

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
export const slowBy = (ms: number) => ({
  answer: async () => {
    await sleep(ms);
    return httpAnswer(200);
  },
});
/** Requests of so many clients in turn, each with a share of its own. */
export const ofClients = (clients: number, count: number, everyMs: number) =>
  every(everyMs, count).map((request, i) => ({ ...request, share: (i % clients) / clients }));

export const setItem = (world: SenderWorld, values: Readonly<Record<string, number>>) =>
  world.client.send(
    new UpdateItemCommand({
      TableName: world.dynamo.table,
      Key: { pk: { S: 'target#t' } },
      UpdateExpression: `SET ${Object.keys(values)
        .map((name) => `#${name} = :${name}`)
        .join(', ')}`,
      ExpressionAttributeNames: Object.fromEntries(Object.keys(values).map((name) => [`#${name}`, name])),
      ExpressionAttributeValues: Object.fromEntries(
        Object.entries(values).map(([name, value]) => [`:${name}`, { N: String(value) }]),
      ),
    }),
  );
export const sentPlaces = (results: readonly SliceResult[]): readonly number[] =>
  results.flatMap(({ n, sentMs }) => (sentMs === undefined ? [] : n)).toSorted((a, b) => a - b);
