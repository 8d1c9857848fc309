import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowanceOf, takeRate } from '../../../io/aws/rate-limits.ts';
import { clientConfig } from '../../support/aws/client-config.ts';
import { type DynamoEndpoint, startDynamo } from '../../support/aws/dynamo.ts';

const SECOND = 1_790_000_000;
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

describe('what a rate allows in a second', () => {
  it('adds up to the rate over any stretch', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.001, max: 5000, noNaN: true }),
        fc.integer({ min: 1, max: 4000 }),
        (rate, seconds) => {
          const all = Array.from({ length: seconds }, (_, i) => allowanceOf(rate, SECOND + i));
          expect(all.every((one) => one === Math.floor(rate) || one === Math.ceil(rate))).toBe(true);
          expect(Math.abs(sum(all) - rate * seconds)).toBeLessThan(1.001);
        },
      ),
      { numRuns: 50 },
    );
  });

  it.each([
    [500, [500, 500, 500, 500]],
    [2.5, [2, 3, 2, 3]],
    [0.5, [0, 1, 0, 1]],
  ])('is whole for %d a second', (rate, expected) => {
    expect([0, 1, 2, 3].map((i) => allowanceOf(rate, SECOND + i))).toEqual(expected);
  });
});

describe('taking from a rate', () => {
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
  const take = (count: number, dueSecond = SECOND, target = 'staging') =>
    takeRate(client, dynamo.table, { target, dueSecond, count, maxPerSecond: 500 });

  it('gives what is left, then nothing', async () => {
    expect(await take(300)).toBe(300);
    expect(await take(300)).toBe(200);
    expect(await take(1)).toBe(0);
    expect(await take(0)).toBe(0);
  });

  it('gives all of them together exactly the limit, of two hundred at a time', async () => {
    const counts = Array.from({ length: 200 }, (_, i) => 1 + (i % 7));
    const given = await Promise.all(counts.map((count) => take(count, SECOND + 1)));
    expect(sum(counts)).toBeGreaterThan(500);
    expect(sum(given)).toBe(500);
    expect(given.every((one, i) => one >= 0 && one <= (counts[i] ?? 0))).toBe(true);
    const item = (await dynamo.state.items()).get(`rate#staging#${SECOND + 1}`);
    expect(item?.taken).toEqual({ N: String(sum(counts)) });
    expect(item?.expiresAtSeconds).toEqual({ N: String(SECOND + 3601) });
  });

  it('keeps seconds and targets apart', async () => {
    expect(await take(500, SECOND + 2)).toBe(500);
    expect(await take(500, SECOND + 3)).toBe(500);
    expect(await take(500, SECOND + 2, 'other')).toBe(500);
  });

  it('asks nobody where there is no limit', async () => {
    const before = dynamo.count();
    const unlimited = { target: 'a', dueSecond: SECOND, count: 9, maxPerSecond: Number.POSITIVE_INFINITY };
    expect(await takeRate(client, dynamo.table, unlimited)).toBe(9);
    expect(dynamo.count()).toBe(before);
  });

  it('throws when the table cannot be asked', async () => {
    dynamo.fail({ reset: 'before' });
    await expect(take(1)).rejects.toMatchObject({ code: 'AWS_UNREACHABLE' });
  });
});
