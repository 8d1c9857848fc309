import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claimSlice } from '../../../io/aws/slice-claims.ts';
import { clientConfig } from '../../support/aws/client-config.ts';
import { type DynamoEndpoint, startDynamo } from '../../support/aws/dynamo.ts';

const NOW_MS = 1_790_000_000_000;

describe('claiming a slice', () => {
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

  it('succeeds for exactly one of fifty at a time', async () => {
    const claim = () => claimSlice(client, dynamo.table, { run: 'race', index: 3, nowMs: NOW_MS });
    const claims = await Promise.all(Array.from({ length: 50 }, claim));
    expect(claims.filter(Boolean)).toHaveLength(1);
    expect(await claim()).toBe(false);
  });

  it('keeps slices and runs apart, and each for 15 days', async () => {
    const claim = (run: string, index: number) =>
      claimSlice(client, dynamo.table, { run, index, nowMs: NOW_MS });
    expect(await Promise.all([claim('a', 1), claim('a', 2), claim('b', 1), claim('a', 11)])).toEqual([
      true,
      true,
      true,
      true,
    ]);
    const item = (await dynamo.state.items()).get('slice#a#11');
    expect(item?.expiresAtSeconds).toEqual({ N: String(NOW_MS / 1000 + 15 * 86_400) });
  });

  it('is not lost to itself when the answer is', async () => {
    const patient = new DynamoDBClient(clientConfig(dynamo.endpoint, 3));
    dynamo.fail({ operation: 'UpdateItem', reset: 'after' });
    const before = dynamo.count('UpdateItem');
    const claim = () => claimSlice(patient, dynamo.table, { run: 'lost', index: 0, nowMs: NOW_MS });
    expect(await claim()).toBe(true);
    expect(dynamo.count('UpdateItem') - before).toBe(2);
    expect(await claim()).toBe(false);
    patient.destroy();
  });

  it('throws when the table cannot be asked', async () => {
    dynamo.fail({ status: 400, code: 'ResourceNotFoundException', message: 'Requested resource not found' });
    await expect(claimSlice(client, 'gone', { run: 'a', index: 0, nowMs: NOW_MS })).rejects.toMatchObject({
      code: 'AWS_NOT_FOUND',
      message: 'cannot write to the table gone: it does not exist: requested resource not found',
      hint: 'check the name, the region and the account',
    });
  });
});
