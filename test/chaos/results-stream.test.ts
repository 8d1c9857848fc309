import { afterEach, describe, expect, it } from 'vitest';
import { seededRandom } from '../support/chaos/random.ts';
import { REQUESTS, SLICES, sendAll } from '../support/chaos/rough-sending.ts';
import { type Roughness, roughen } from '../support/chaos/rough-services.ts';
import { type SenderWorld, STREAM, startSenderWorld, type WorldOptions } from '../support/sender-setup.ts';

const worlds: SenderWorld[] = [];
const start = async (options: WorldOptions = {}): Promise<SenderWorld> => {
  const world = await startSenderWorld({ targetChanges: { timeoutMs: 500, maxInFlight: 50 }, ...options });
  worlds.push(world);
  await world.mirror('on');
  return world;
};
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
});

const SEEDS = [1, 2, 3];
const badly: Roughness = { throttled: 0.15, failed: 0.1, unasked: 0.1, unanswered: 0.1 };

describe('a results stream', () => {
  // Proves that records refused one by one are put again until they are there: no result is lost, and none counts twice.
  it.each(SEEDS)('that refuses records at random by seed %d loses none', async (seed) => {
    const world = await start();
    const random = seededRandom(seed);
    world.firehose.state.refuse = () => random() < 0.4;
    const { accounting } = await sendAll(world, seed);
    expect(accounting.rules.r?.sent).toBeGreaterThan(0);
    expect(accounting.rules.r?.failed.unknown).toBe(0);
    expect(world.metricValues('ResultsLost')).toEqual([]);
  });

  // Proves that calls that fail, break off, or are taken and never answered, leave each request with one end.
  it.each(SEEDS)('that fails at random by seed %d leaves accounts that balance', async (seed) => {
    const world = await start();
    const random = seededRandom(seed);
    world.firehose.state.refuse = () => random() < 0.2;
    roughen(world.firehose, 'firehose', random, { ...badly, slow: 0.3, slowMs: 2_000 });
    await sendAll(world, seed);
    expect(world.target.requests).not.toEqual([]);
  });

  // Proves that a stream that goes away in the middle makes what was sent `unknown`, and never `not sent`.
  it('that goes away in the middle of slices leaves what was sent as unknown', async () => {
    const world = await start();
    roughen(world.firehose, 'firehose', () => 0, {
      failed: 1,
      when: () => world.firehose.state.records(STREAM).length >= SLICES,
    });
    const { accounting, outcomes } = await sendAll(world, 9);
    expect(outcomes.filter(({ kind }) => kind === 'sent')).not.toEqual([]);
    expect(accounting.rules.r?.failed.unknown).toBeGreaterThan(0);
    expect(world.metric('ResultsLost')).toBeGreaterThan(0);
  });

  // Proves that nothing at all is sent where nobody would hear of it.
  it('that is down has nothing sent', async () => {
    const world = await start();
    roughen(world.firehose, 'firehose', () => 0, { failed: 1 });
    const { accounting } = await sendAll(world, 10);
    expect(world.target.connections).toBe(0);
    expect(accounting.rules.r?.heldBack.undelivered).toBe(REQUESTS);
  });
});
