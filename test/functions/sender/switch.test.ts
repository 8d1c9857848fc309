import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import {
  every,
  type SenderWorld,
  settled,
  sliceOf,
  startSenderWorld,
  type WorldOptions,
} from '../../support/sender-setup.ts';

const worlds: SenderWorld[] = [];
const start = async (options: WorldOptions = {}): Promise<SenderWorld> => {
  const world = await startSenderWorld(options);
  worlds.push(world);
  return world;
};
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
});

const setLevel = (world: SenderWorld, level: number) =>
  world.client.send(
    new UpdateItemCommand({
      TableName: world.dynamo.table,
      Key: { pk: { S: 'target#t' } },
      UpdateExpression: 'SET #level = :level',
      ExpressionAttributeNames: { '#level': 'level' },
      ExpressionAttributeValues: { ':level': { N: String(level) } },
    }),
  );

/** Shares 0, 0.1 … 0.9. */
const tenths = Array.from({ length: 10 }, (_, i) => ({ dueMs: i * 5, share: i / 10 }));
const sentPlaces = (world: SenderWorld): readonly number[] =>
  world.results().flatMap(({ n, sentMs }) => (sentMs === undefined ? [] : n));

describe('the kill switch', () => {
  it.each([
    ['on', 10],
    ['50%', 5],
    [' 25% ', 3],
    ['off', 0],
    ['of', 0],
  ])('at %j lets the shares below it through, and holds the rest back', async (text, sent) => {
    const world = await start();
    await world.mirror(text);
    await world.send(sliceOf(tenths));
    // In the order in which they were answered.
    expect(sentPlaces(world).toSorted((a, b) => a - b)).toEqual(Array.from({ length: sent }, (_, n) => n));
    expect(world.target.requests).toHaveLength(sent);
    expect(world.metric('HeldBackKillSwitch')).toBe(10 - sent);
    expect(settled(tenths, world.records()).imbalances).toEqual([]);
  });

  it('holds all back where no planner has ever read it, and opens no connection', async () => {
    const world = await start();
    await world.send(sliceOf(tenths));
    expect(world.trailers()).toMatchObject([{ sent: 0, heldBack: { kill_switch: 10 } }]);
    expect(world.target.connections).toBe(0);
  });

  it('that is known late has connections opened all the same, as long as nothing is due', async () => {
    const openedMs: number[] = [];
    const world = await start({ server: { onConnection: () => openedMs.push(Date.now()) } });
    await world.mirror('on');
    world.dynamo.fail({ operation: 'GetItem', delayMs: 2_200 });
    const event = sliceOf(tenths, { inMs: 4_500 });
    await world.send(event);
    expect(world.trailers()).toMatchObject([{ sent: 10 }]);
    expect(openedMs[0]).toBeLessThan(event.startAtMs);
  });

  it('opens no connection while it is off', async () => {
    const world = await start();
    await world.mirror('off');
    await world.send(sliceOf(tenths));
    expect(world.target.connections).toBe(0);
  });

  it('is off once what planners have read is older than 30 s', async () => {
    const world = await start();
    await world.mirror('on', 30_500);
    await world.send(sliceOf(tenths));
    expect(world.trailers()).toMatchObject([{ sent: 0, heldBack: { kill_switch: 10 } }]);
  });

  it('turned off in the middle of a slice stops it within 2 s, and the rest is counted', async () => {
    const world = await start();
    await world.mirror('on');
    const requests = every(20, 200);
    const sending = world.send(sliceOf(requests));
    await expect.poll(() => world.target.requests.length, { interval: 5 }).toBeGreaterThan(20);
    await world.mirror('off');
    const offMs = performance.now();
    await sending;
    const lastMs = world.target.requests.at(-1)?.receivedAtMs ?? 0;
    expect(lastMs - offMs).toBeLessThan(2_000);
    const sent = world.target.requests.length;
    expect(world.trailers()).toMatchObject([{ sent, heldBack: { kill_switch: 200 - sent } }]);
    expect(settled(requests, world.records()).imbalances).toEqual([]);
  });

  it('turned on in the middle of a slice lets the rest through', async () => {
    const world = await start();
    await world.mirror('off');
    const sending = world.send(sliceOf(every(20, 100)));
    await world.mirror('on');
    await sending;
    const { sent = 0, heldBack } = world.trailers()[0] ?? {};
    expect(sent).toBeGreaterThan(10);
    expect(heldBack).toEqual(sent === 100 ? {} : { kill_switch: 100 - sent });
  });

  it('keeps its last value while the table cannot be read', async () => {
    const world = await start();
    await world.mirror('on');
    const requests = every(20, 100);
    const sending = world.send(sliceOf(requests));
    await expect.poll(() => world.target.requests.length).toBeGreaterThan(2);
    world.dynamo.fail({ status: 500, code: 'InternalServerError', times: 1_000 });
    await sending;
    expect(world.trailers()).toMatchObject([{ sent: 100, heldBack: {} }]);
    expect(world.logged('TARGET_STATE_UNREADABLE')).toHaveLength(1);
  });

  it('holds all back while the first look has not succeeded, and sends once one has', async () => {
    const world = await start();
    await world.mirror('on');
    const requests = every(20, 100);
    world.dynamo.fail({ operation: 'GetItem', status: 500, code: 'InternalServerError', times: 3 });
    await world.send(sliceOf(requests, { inMs: 0 }));
    const { sent = 0, heldBack } = world.trailers()[0] ?? {};
    expect(sent).toBeGreaterThan(10);
    expect(sent).toBeLessThan(100);
    expect(heldBack).toEqual({ kill_switch: 100 - sent });
  });
});

describe('the backoff level', () => {
  it('thins what the switch lets through, and is counted for its own part only', async () => {
    const world = await start();
    await world.mirror('80%');
    await setLevel(world, 0.5);
    await world.send(sliceOf(tenths));
    expect(sentPlaces(world)).toEqual([0, 1, 2, 3]);
    expect(world.trailers()).toMatchObject([{ sent: 4, heldBack: { backoff: 4, kill_switch: 2 } }]);
    expect(world.metricValues('BackoffLevel')).toEqual([0.5]);
  });
});

describe('a process that was frozen between two slices', () => {
  it('sends the second on connections of its own, and at the right time', async () => {
    const world = await start({ targetChanges: { maxInFlight: 1 } });
    await world.mirror('on');
    await world.send(sliceOf([{}]));
    await world.send(sliceOf([{}], { index: 1 }));
    expect(world.target.connections).toBe(1);
    world.freeze(10_000);
    await world.mirror('on');
    const startAtMs = Date.now() + 12_500;
    const dueMs = performance.now() + 2_500;
    await world.send(sliceOf([{}], { index: 2, startAtMs }));
    expect(world.target.requests.map(({ connection }) => connection)).toEqual([0, 0, 1]);
    // A clock that stood still meanwhile would be 10 s off; the wall clock has whole milliseconds.
    const offMs = (world.target.requests[2]?.receivedAtMs ?? 0) - dueMs;
    expect(offMs).toBeGreaterThan(-3);
    expect(offMs).toBeLessThan(3_000);
    expect(world.trailers()).toMatchObject([{ sent: 1 }, { sent: 1 }, { sent: 1, shiftMs: 0 }]);
  });
});
