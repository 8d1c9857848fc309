import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readLast, writeLast } from '../../../io/aws/last-object.ts';
import { clientConfig } from '../../support/aws/client-config.ts';
import { type DynamoEndpoint, startDynamo } from '../../support/aws/dynamo.ts';

const NOW_MS = 1_790_000_000_000;
const summaryAt = (plannedAtMs: number) => ({
  run: '00112233aabbccdd',
  key: 'captured/2026/11/21/14/a b+c.gz',
  plannedAtMs,
  lines: 1000,
  rejected: 2,
  planned: 90,
  dispatched: 80,
  heldBack: 10,
});

describe('the last object', () => {
  let dynamo: DynamoEndpoint;
  let client: DynamoDBClient;
  beforeAll(async () => {
    dynamo = await startDynamo();
    client = new DynamoDBClient(clientConfig(dynamo.endpoint));
  });
  afterAll(async () => {
    client.destroy();
    await dynamo.close();
  });

  it('is none at first', async () => {
    expect(await readLast(client, dynamo.table)).toBeUndefined();
  });

  it('is the latest that was planned, whoever writes last', async () => {
    await writeLast(client, dynamo.table, summaryAt(NOW_MS + 5));
    await writeLast(client, dynamo.table, summaryAt(NOW_MS));
    expect(await readLast(client, dynamo.table)).toEqual(summaryAt(NOW_MS + 5));
    await writeLast(client, dynamo.table, summaryAt(NOW_MS + 9));
    expect(await readLast(client, dynamo.table)).toEqual(summaryAt(NOW_MS + 9));
    expect((await dynamo.state.items()).get('last')?.expiresAtSeconds?.N).toBe(
      String(NOW_MS / 1000 + 1 + 30 * 86_400),
    );
  });
});
