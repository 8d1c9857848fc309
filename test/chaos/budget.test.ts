import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import { takeBudget } from '../../io/aws/budgets.ts';
import { clientConfig } from '../support/aws/client-config.ts';
import { startDynamo } from '../support/aws/dynamo.ts';
import { seededRandom } from '../support/chaos/random.ts';
import { roughen } from '../support/chaos/rough-services.ts';

const BUDGET = 100;
const NAME = { name: 't', rulesHash: 'hash' };

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

describe('a budget that many take from', () => {
  // Proves that a budget is never exceeded, however many answers of the table are lost and calls repeated by the SDK.
  it.each([1, 2, 3, 4])('while answers are lost by seed %d is never exceeded', async (seed) => {
    const random = seededRandom(seed);
    const dynamo = await startDynamo();
    const client = new DynamoDBClient(clientConfig(dynamo.endpoint, 3));
    closers.push(dynamo.close, () => client.destroy());
    roughen(dynamo, 'dynamo', random, { unanswered: 0.3 });
    const take = (): Promise<number> =>
      takeBudget(client, dynamo.table, {
        ...NAME,
        budget: { requests: BUDGET },
        count: 1 + Math.floor(random() * 30),
        nowMs: 0,
      }).catch(() => 0);
    let granted = 0;
    for (let round = 0; round < 12; round += 1) {
      const taken = await Promise.all([take(), take(), take()]);
      granted += taken.reduce((sum, count) => sum + count, 0);
    }
    expect(granted).toBeGreaterThan(0);
    expect(granted).toBeLessThanOrEqual(BUDGET);
  });
});
