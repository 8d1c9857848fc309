import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { SWITCH_MAX_AGE_MS } from '../../core/send/kill-switch.ts';
import { anything } from '../support/chaos/hostile-answers.ts';
import { seededRandom } from '../support/chaos/random.ts';
import { expectSentOnce, invokeAll, sendAll, slicesOf } from '../support/chaos/rough-sending.ts';
import { type Roughness, roughen } from '../support/chaos/rough-services.ts';
import type { RecordingServerOptions } from '../support/recording-server.ts';
import { type SenderWorld, startSenderWorld, type WorldOptions } from '../support/sender-setup.ts';

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

describe('a table', () => {
  // Proves that a slice whose claim is in doubt is sent by nobody, and one that is claimed by one sender alone.
  it.each(SEEDS)('that fails at random by seed %d has nothing sent twice', async (seed) => {
    const world = await start();
    roughen(world.dynamo, 'dynamo', seededRandom(seed), badly);
    await sendAll(world, seed);
    expect(world.target.requests).not.toEqual([]);
  });

  // Proves that calls of up to 3 s each keep no invocation from its end, and send nothing twice.
  it.each(SEEDS)('that is slow by seed %d has nothing sent twice', async (seed) => {
    const world = await start();
    roughen(world.dynamo, 'dynamo', seededRandom(seed), { slow: 0.8, throttled: 0.1 });
    await sendAll(world, seed, 1_500);
    expect(world.target.requests).not.toEqual([]);
  });
});

const hostile = (seed: number): RecordingServerOptions => {
  const random = seededRandom(seed);
  const answer = anything(0.6);
  return { answer: (_request, socket) => answer(socket, random) };
};

describe('everything at once', () => {
  // Proves that a hostile target, a stream and a table that fail, are slow and refuse, and events that come twice, still leave accounts that balance.
  it.each(SEEDS)('by seed %d leaves accounts that balance', async (seed) => {
    const world = await start({ server: hostile(seed) });
    const random = seededRandom(seed);
    world.firehose.state.refuse = () => random() < 0.2;
    roughen(world.firehose, 'firehose', random, {
      throttled: 0.1,
      unanswered: 0.1,
      slow: 0.2,
      slowMs: 1_000,
    });
    roughen(world.dynamo, 'dynamo', random, { throttled: 0.1, failed: 0.05, unanswered: 0.05, slow: 0.2 });
    await sendAll(world, seed);
    expect(world.target.requests).not.toEqual([]);
  });
});

describe('a switch that is not shown any more', () => {
  const LONG = { slices: 1, requests: 100, everyMs: 30 };

  // Proves that the switch fails closed in the middle of a slice: 30 s after planners read it last, nothing more is sent.
  it.each([
    ['is down', { failed: 1 }],
    ['is throttled', { throttled: 1 }],
    ['breaks every connection', { unasked: 1 }],
    ['takes 3 s for each call', { slow: 1 }],
  ] satisfies readonly (readonly [string, Roughness])[])(
    'since the table %s is off within 30 s',
    async (_how, roughness) => {
      const world = await start();
      const { slices, requests } = slicesOf(LONG, 300);
      const sending = invokeAll(world, slices, () => 1);
      await expect.poll(() => world.target.requests.length, { timeout: 15_000 }).toBeGreaterThan(10);
      roughen(world.dynamo, 'dynamo', () => 0, roughness);
      // As time would pass, without the wait.
      world.freeze(SWITCH_MAX_AGE_MS);
      // What was on its way arrives.
      await sleep(200);
      const sent = world.target.requests.length;
      await sending;
      world.dynamo.heal();
      const { accounting } = expectSentOnce(world, requests);
      // One may have been on its way.
      expect(world.target.requests.length).toBeLessThanOrEqual(sent + 2);
      expect(accounting.rules.r?.heldBack.kill_switch).toBeGreaterThan(0);
    },
  );
});
