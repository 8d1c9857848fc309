import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Budget } from '../../../core/rules/rule-set.ts';
import { addBudgetBytes, takeBudget, tellBudgetBytes } from '../../../io/aws/budgets.ts';
import { clientConfig } from '../../support/aws/client-config.ts';
import { type DynamoEndpoint, startDynamo } from '../../support/aws/dynamo.ts';

const NOW_MS = 1_790_000_000_000;

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

const take = (name: string, count: number, budget: Budget, nowMs = NOW_MS, rulesHash = 'h') =>
  takeBudget(client, dynamo.table, { name, rulesHash, count, budget, nowMs });
const tell = (name: string, bytes: number, unsent = 0) =>
  addBudgetBytes(client, dynamo.table, { name, rulesHash: 'h', bytes, unsent, nowMs: NOW_MS });
const itemOf = async (name: string) => (await dynamo.state.items()).get(`budget#${name}#h`);

describe('a budget', () => {
  it('of requests gives as many as it has, and no more', async () => {
    const budget = { requests: 10 };
    expect(await take('requests', 4, budget)).toBe(4);
    expect(await take('requests', 4, budget)).toBe(4);
    expect(await take('requests', 4, budget)).toBe(2);
    expect(await take('requests', 4, budget)).toBe(0);
    expect(await itemOf('requests')).toMatchObject({ requests: { N: '10' } });
  });

  it('is never exceeded, and used up to the last, however many ask at once and give back', async () => {
    const anyCounts = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 5, maxLength: 25 });
    await fc.assert(
      fc.asyncProperty(fc.uuid(), anyCounts, fc.nat(60), async (name, counts, requests) => {
        const given = await Promise.all(counts.map((count) => take(name, count, { requests })));
        const total = given.reduce((sum, count) => sum + count, 0);
        expect(total).toBe(
          Math.min(
            requests,
            counts.reduce((sum, count) => sum + count, 0),
          ),
        );
        const unsent = Math.floor(total / 2);
        await tell(name, 0, unsent);
        const again = await Promise.all(counts.map((count) => take(name, count, { requests })));
        expect(total - unsent + again.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(requests);
      }),
      { numRuns: 12 },
    );
  });

  it('of bytes is used up once senders have told of as many', async () => {
    const budget = { bytes: 1_000 };
    expect(await take('bytes', 50, budget)).toBe(50);
    await Promise.all([tell('bytes', 400), tell('bytes', 599)]);
    expect(await take('bytes', 50, budget)).toBe(50);
    await tell('bytes', 1);
    expect(await take('bytes', 50, budget)).toBe(0);
  });

  it('of bytes answers with what all have told', async () => {
    const say = (bytes: number) =>
      tellBudgetBytes(client, dynamo.table, { name: 'told', rulesHash: 'h', bytes, nowMs: NOW_MS });
    expect([await say(0), await say(400), await say(599)]).toEqual([0, 400, 999]);
  });

  it.each([
    ['crowd', 0],
    ['slow crowd', 150],
  ])('gets back what twenty give back at once, a %s of them', async (name, delayMs) => {
    expect(await take(name, 1_000, { requests: 1_000 })).toBe(1_000);
    // As slow as a table is at its worst: each of them then sees all the others come before it.
    if (delayMs > 0) dynamo.fail({ delayMs, times: 10_000 });
    await Promise.all(Array.from({ length: 20 }, () => tell(name, 0, 25)));
    dynamo.heal();
    expect(await itemOf(name)).toMatchObject({ requests: { N: '500' } });
    expect(await take(name, 1_000, { requests: 1_000 })).toBe(500);
  });

  it('gives what was asked for once where the answer to that is lost', async () => {
    const retrying = new DynamoDBClient(clientConfig(dynamo.endpoint, 3));
    const budget = { requests: 1_000 };
    const ask = { name: 'lost', rulesHash: 'h', budget, nowMs: NOW_MS };
    for (const count of [600, 400]) {
      dynamo.fail({ operation: 'UpdateItem', reset: 'after' });
      expect(await takeBudget(retrying, dynamo.table, { ...ask, count })).toBe(count);
    }
    expect(await takeBudget(retrying, dynamo.table, { ...ask, count: 1 })).toBe(0);
    retrying.destroy();
  });

  it('gets back what is given back once where the answer to that is lost, whatever happens meanwhile', async () => {
    const retrying = new DynamoDBClient(clientConfig(dynamo.endpoint, 3));
    const isGiveBack = ({ body }: { readonly body: Buffer }) => body.includes('givenBackBy');
    const giveBack = (unsent: number) =>
      addBudgetBytes(retrying, dynamo.table, {
        name: 'back',
        rulesHash: 'h',
        bytes: 0,
        unsent,
        nowMs: NOW_MS,
      });
    await take('back', 1_000, { requests: 1_000 });
    dynamo.fail({ operation: 'UpdateItem', when: isGiveBack, reset: 'after' });
    await giveBack(300);
    expect(await itemOf('back')).toMatchObject({ requests: { N: '700' } });
    dynamo.fail({ operation: 'UpdateItem', when: isGiveBack, reset: 'after', times: 3 });
    await Promise.all([giveBack(100), giveBack(100), take('back', 50, { requests: 1_000 })]);
    expect(await itemOf('back')).toMatchObject({ requests: { N: '550' } });
    retrying.destroy();
  });

  it('says so where what is to be given back cannot be', async () => {
    await take('changing', 1_000, { requests: 1_000 });
    const isGiveBack = ({ body }: { readonly body: Buffer }) => body.includes('givenBackBy');
    const code = 'ConditionalCheckFailedException';
    dynamo.fail({ when: isGiveBack, status: 400, code, times: 100 });
    await expect(tell('changing', 0, 5)).rejects.toMatchObject({
      code: 'AWS_FAILED',
      message: 'cannot give room for 5 requests back to budget#changing#h: it keeps changing',
    });
    dynamo.heal();
  });

  it('of time begins when it is first asked for', async () => {
    const budget = { durationMs: 60_000 };
    expect(await take('time', 1, budget)).toBe(1);
    expect(await take('time', 1, budget, NOW_MS + 59_999)).toBe(1);
    expect(await take('time', 1, budget, NOW_MS + 60_000)).toBe(0);
  });

  it('begins anew with other rules, and is one of its own for a rule', async () => {
    expect(await take('anew', 3, { requests: 2 })).toBe(2);
    expect(await take('anew', 3, { requests: 2 }, NOW_MS, 'other')).toBe(2);
    expect(await take('rule:anew', 3, { requests: 2 })).toBe(2);
  });

  it('is kept for 30 days after it was last asked for, also while it is used up', async () => {
    const inDays = (days: number) => String(NOW_MS / 1_000 + days * 86_400);
    await take('kept', 3, { requests: 2 });
    expect((await itemOf('kept'))?.expiresAtSeconds?.N).toBe(inDays(30));
    expect(await take('kept', 3, { requests: 2 }, NOW_MS + 86_400_000)).toBe(0);
    expect((await itemOf('kept'))?.expiresAtSeconds?.N).toBe(inDays(31));
  });

  it('gives nothing where the table cannot be reached, and costs nothing where nothing is asked', async () => {
    const calls = dynamo.count();
    expect(await take('down', 0, { requests: 2 })).toBe(0);
    await tell('down', 0);
    expect(dynamo.count()).toBe(calls);
    dynamo.fail({ status: 500, code: 'InternalServerError', times: 9 });
    await expect(take('down', 1, { requests: 2 })).rejects.toMatchObject({ code: 'AWS_FAILED' });
    dynamo.heal();
  });
});
