import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createObjectStates, type ObjectStates } from '../../../io/aws/object-state.ts';
import { clientConfig } from '../../support/aws/client-config.ts';
import { type DynamoEndpoint, startDynamo } from '../../support/aws/dynamo.ts';

const NOW_MS = 1_790_000_000_000;
const LEASE_MS = 30_000;

describe('the state of an object', () => {
  let dynamo: DynamoEndpoint;
  let client: DynamoDBClient;
  let states: ObjectStates;
  let run = '';
  let runs = 0;
  beforeAll(async () => {
    dynamo = await startDynamo();
    client = new DynamoDBClient(clientConfig(dynamo.endpoint));
    states = createObjectStates(client, dynamo.table);
  });
  afterAll(async () => {
    client.destroy();
    await dynamo.close();
  });

  const newRun = (): void => {
    runs += 1;
    run = `run${runs}`;
  };
  const claim = (owner: string, atMs = 0, hop?: number, source?: string) =>
    states.claim({
      run,
      owner,
      nowMs: NOW_MS + atMs,
      leaseMs: LEASE_MS,
      rulesHash: `rules of ${owner}`,
      startAtMs: NOW_MS + atMs + 3000,
      ...(hop === undefined ? {} : { hop }),
      source,
    });
  const mark = (owner: string, index: number, atMs = 0) =>
    states.mark({ run, owner, index, counts: `{"to":${index}}`, nowMs: NOW_MS + atMs, leaseMs: LEASE_MS });
  const renew = (owner: string, atMs: number) =>
    states.renew({ run, owner, nowMs: NOW_MS + atMs, leaseMs: LEASE_MS });

  it('is claimed by exactly one of fifty at a time', async () => {
    newRun();
    const claims = await Promise.all(Array.from({ length: 50 }, (_, i) => claim(`p${i}`)));
    expect(claims.filter(({ kind }) => kind === 'claimed')).toHaveLength(1);
    expect(claims.filter((one) => one.kind === 'duplicate' && !one.isDone)).toHaveLength(49);
  });

  it('begins with what the claim says, and goes on with what it said first', async () => {
    newRun();
    expect(await claim('a')).toEqual({
      kind: 'claimed',
      state: {
        rulesHash: 'rules of a',
        startAtMs: NOW_MS + 3000,
        nextSlice: 0,
        counts: undefined,
        hop: 0,
        isResumed: false,
      },
    });
    expect(await mark('a', 0)).toBe(true);
    expect(await mark('a', 4)).toBe(true);
    expect(await claim('b', LEASE_MS + 1)).toEqual({
      kind: 'claimed',
      state: {
        rulesHash: 'rules of a',
        startAtMs: NOW_MS + 3000,
        nextSlice: 5,
        counts: '{"to":4}',
        hop: 0,
        isResumed: true,
      },
    });
  });

  it('is not had while the lease lives, to the millisecond', async () => {
    newRun();
    await claim('a');
    expect(await claim('b', LEASE_MS)).toMatchObject({ kind: 'duplicate', isDone: false });
    expect(await claim('b', LEASE_MS + 1)).toMatchObject({ kind: 'claimed' });
  });

  it('lasts as long as it is renewed or marked', async () => {
    newRun();
    await claim('a');
    expect(await renew('a', 10_000)).toBe(true);
    expect(await claim('b', LEASE_MS + 1)).toMatchObject({ kind: 'duplicate' });
    expect(await mark('a', 0, 20_000)).toBe(true);
    expect(await claim('b', 10_000 + LEASE_MS + 1)).toMatchObject({ kind: 'duplicate' });
    expect(await claim('b', 20_000 + LEASE_MS + 1)).toMatchObject({ kind: 'claimed' });
  });

  it('takes nothing more from one who lost the lease', async () => {
    newRun();
    await claim('a');
    await claim('b', LEASE_MS + 1);
    expect(await renew('a', LEASE_MS + 2)).toBe(false);
    expect(await mark('a', 0, LEASE_MS + 2)).toBe(false);
    expect(await states.release({ run, owner: 'a', hop: 1 })).toBe(false);
    expect(await states.finish({ run, owner: 'a', counts: '{}' })).toBe(false);
    expect(await mark('b', 0, LEASE_MS + 2)).toBe(true);
  });

  it('marks each slice once, and none before one that is marked', async () => {
    newRun();
    await claim('a');
    expect(await mark('a', 0)).toBe(true);
    expect(await mark('a', 0)).toBe(false);
    expect(await mark('a', 2)).toBe(true);
    expect(await mark('a', 1)).toBe(false);
    expect((await states.read(run))?.nextSlice).toBe(3);
  });

  it('goes to the hand-over that is named, once', async () => {
    newRun();
    await claim('a');
    await mark('a', 7);
    expect(await states.release({ run, owner: 'a', hop: 1, counts: '{"lines":9}' })).toBe(true);
    expect(await renew('a', 1)).toBe(false);
    expect(await claim('early', 2, 2)).toMatchObject({ kind: 'duplicate', isDone: false });
    const claims = await Promise.all(Array.from({ length: 20 }, (_, i) => claim(`b${i}`, 2, 1)));
    const won = claims.filter(({ kind }) => kind === 'claimed');
    expect(won).toEqual([
      {
        kind: 'claimed',
        state: {
          rulesHash: 'rules of a',
          startAtMs: NOW_MS + 3000,
          nextSlice: 8,
          counts: '{"lines":9}',
          hop: 1,
          isResumed: true,
        },
      },
    ]);
    // The function dies; the same hand-over is delivered again.
    expect(await claim('c', 2 + LEASE_MS + 1, 1)).toMatchObject({ kind: 'claimed' });
  });

  it('goes to one of the hand-over before, as who was to come for it may never have been started', async () => {
    newRun();
    await claim('a', 0, 1);
    await states.release({ run, owner: 'a', hop: 2 });
    expect(await claim('again', 1, 1)).toMatchObject({ kind: 'claimed', state: { hop: 2 } });
    expect(await claim('next', 2, 2)).toMatchObject({ kind: 'duplicate', isDone: false });
  });

  it('tells who else is refused for which event it is held, and until when', async () => {
    newRun();
    await claim('a', 0, undefined, 'message 1');
    const held = { kind: 'duplicate', isDone: false, source: 'message 1' };
    expect(await claim('b', 1)).toEqual({ ...held, leaseUntilMs: NOW_MS + LEASE_MS });
    expect(await mark('a', 0, 5_000)).toBe(true);
    expect(await claim('b', 6_000)).toEqual({ ...held, leaseUntilMs: NOW_MS + 5_000 + LEASE_MS });
    await claim('c', 60_000);
    expect(await claim('d', 60_001)).toMatchObject({ source: 'c' });
  });

  it('starts anew at a hand-over whose item is gone', async () => {
    newRun();
    expect(await claim('a', 0, 3)).toMatchObject({ kind: 'claimed', state: { hop: 3, isResumed: false } });
  });

  it('is done for good, and says so', async () => {
    newRun();
    await claim('a');
    expect(await states.finish({ run, owner: 'a', counts: '{"end":1}' })).toBe(true);
    expect(await claim('b', 10 * LEASE_MS)).toMatchObject({ kind: 'duplicate', isDone: true });
    expect(await renew('a', 1)).toBe(false);
    expect(await mark('a', 1)).toBe(false);
    expect(await states.release({ run, owner: 'a', hop: 1 })).toBe(false);
    expect(await states.read(run)).toMatchObject({ isDone: true, counts: '{"end":1}' });
    const item = (await dynamo.state.items()).get(`object#${run}`);
    expect(item?.expiresAtSeconds).toEqual({ N: String(NOW_MS / 1000 + 15 * 86_400) });
  });

  it('is unknown before anybody claimed it', async () => {
    expect(await states.read('nobody')).toBeUndefined();
  });

  it('is not lost to itself when an answer is', async () => {
    newRun();
    const patient = new DynamoDBClient(clientConfig(dynamo.endpoint, 3));
    const patientStates = createObjectStates(patient, dynamo.table);
    const losing = async <T>(change: () => Promise<T>): Promise<T> => {
      dynamo.fail({ operation: 'UpdateItem', reset: 'after' });
      return change();
    };
    const held = { run, owner: 'a' };
    const leased = { ...held, nowMs: NOW_MS, leaseMs: LEASE_MS };
    expect(
      await losing(() => patientStates.claim({ ...leased, rulesHash: 'r', startAtMs: 1 })),
    ).toMatchObject({
      kind: 'claimed',
      state: { isResumed: false },
    });
    expect(await losing(() => patientStates.renew(leased))).toBe(true);
    expect(await losing(() => patientStates.mark({ ...leased, index: 0, counts: '{}' }))).toBe(true);
    expect(await losing(() => patientStates.release({ ...held, hop: 1 }))).toBe(true);
    await patientStates.claim({ ...leased, rulesHash: 'r', startAtMs: 1, hop: 1 });
    expect(await losing(() => patientStates.finish({ ...held, counts: '{}' }))).toBe(true);
    patient.destroy();
  });
});
