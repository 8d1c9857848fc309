import { afterEach, describe, expect, it } from 'vitest';
import {
  type Accounts,
  deliverUntilDone,
  dieWithin,
  expectPlannedOnce,
} from '../support/chaos/planner-lives.ts';
import { seededRandom } from '../support/chaos/random.ts';
import { type Roughness, roughen, slowly } from '../support/chaos/rough-services.ts';
import { LOG_START_MS, steadyLog } from '../support/logs.ts';
import { planRule, planRuleSet, planTarget } from '../support/plan.ts';
import { type Invocation, startWorld, type World, type WorldOptions } from '../support/planner-world.ts';

/** Requests of rule `half`, over all objects. */
const BUDGET = 60;
const half = planRule({ name: 'half', percent: 50, target: 'u', multiply: 2, match: { path: ['/item/*'] } });
const RULES = planRuleSet(
  [planRule({ name: 'all' }), { ...half, maxRatePerSecond: 50, budget: { requests: BUDGET } }],
  [planTarget({ maxRatePerSecond: 1_000 }), planTarget({ name: 'u' })],
);
/** Two minutes of log: 24 cells of two targets. */
const LINES = 100;
const EVERY_MS = 1_200;
const LOG = steadyLog(LINES, EVERY_MS);
const SPAN_MS = LINES * EVERY_MS;

const worlds: World[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
});
const start = async (options: Partial<WorldOptions> = {}): Promise<World> => {
  const world = await startWorld({ ruleSet: RULES, ...options });
  worlds.push(world);
  return world;
};

const SEEDS = Array.from({ length: 8 }, (_, i) => i + 1);
/** Tries of the event in which things go wrong: after them a planner is left in peace. */
const ROUGH_TRIES = 4;

/** Plans an object by planners that fare so, and may die, until one is through. */
const planRoughly = async (
  world: World,
  key: string,
  seed: number,
  rough: (random: () => number) => Invocation,
  calm: Invocation = {},
): Promise<Accounts> => {
  const random = seededRandom(seed);
  await deliverUntilDone(world, world.putLog(LOG, key), {
    life: (attempt) => {
      if (attempt < ROUGH_TRIES) return rough(random);
      for (const service of [world.dynamo, world.ssm, world.lambda, world.s3, world.sqs]) service.heal();
      return calm;
    },
    // Within the lease of the one that died, or long after it.
    awayMs: () => 1_000 + random() * 45_000,
  });
  const accounts = expectPlannedOnce(world, key, LINES);
  expect(accounts.accounting.rules.all?.planned).toBe(LINES);
  const ledgers = world.ledgers().map(({ rules }) => rules.half?.dispatched ?? 0);
  expect(ledgers.reduce((sum, dispatched) => sum + dispatched, 0)).toBeLessThanOrEqual(BUDGET);
  return accounts;
};

const throttledAndFailing: Roughness = { throttled: 0.1, failed: 0.05, unasked: 0.05, unanswered: 0.05 };

describe('a planner that dies at random', () => {
  // Proves that wherever planners of one object die, and however often, no request goes out twice and each has one end in the accounts.
  it.each(SEEDS)('by seed %d, again and again, sends nothing twice and loses nothing', async (seed) => {
    const world = await start();
    for (let round = 0; round < 2; round += 1)
      await planRoughly(world, `killed-${round}`, seed * 100 + round, (random) => ({
        dieAt: dieWithin(random, 150),
      }));
  });

  // Proves the same where invocations are short, so that the object goes from hand to hand while they die.
  it('while it hands over sends nothing twice and loses nothing', async () => {
    let handedOver = 0;
    // Handed over after 20 s, if the planner lives so long.
    const short = { remainingMs: 80_000 };
    for (const seed of SEEDS) {
      const world = await start();
      const die = (random: () => number) => ({ ...short, dieAt: dieWithin(random, 200) });
      await planRoughly(world, 'handed-over', seed, die, short);
      handedOver += world.continuations().length;
    }
    expect(handedOver).toBeGreaterThan(SEEDS.length);
  });
});

describe('services of a planner', () => {
  // Proves that failures of every service at random cost neither the accounts nor the promise to send once, and that each invocation ends in its time.
  it.each(SEEDS)('that fail at random by seed %d leave accounts that balance', async (seed) => {
    const world = await start();
    const random = seededRandom(seed);
    roughen(world.dynamo, 'dynamo', random, throttledAndFailing);
    roughen(world.ssm, 'ssm', random, throttledAndFailing);
    roughen(world.lambda, 'lambda', random, throttledAndFailing);
    roughen(world.s3, 's3', random, { failed: 0.05, unanswered: 0.05 });
    await planRoughly(world, 'rough', seed, () => ({}));
  });

  // Proves the same where the SDK repeats by itself what was done already, but never answered, as it does in a deployment.
  it.each(SEEDS.slice(0, 4))('that lose answers by seed %d leave accounts that balance', async (seed) => {
    const world = await start({ tableAttempts: 3 });
    roughen(world.dynamo, 'dynamo', seededRandom(seed), { unanswered: 0.15 });
    for (let round = 0; round < 3; round += 1) await planRoughly(world, `lost-${round}`, seed, () => ({}));
  });

  // Proves that calls of up to 3 s each make a planner late at most, and never one that sends twice or does not end.
  it.each(SEEDS.slice(0, 4))(
    'that are slow by seed %d, and throttled, leave accounts that balance',
    async (seed) => {
      const world = await start();
      const random = seededRandom(seed);
      roughen(world.dynamo, 'dynamo', random, { throttled: 0.05 });
      roughen(world.ssm, 'ssm', random, { throttled: 0.2 });
      const { ledger } = await planRoughly(world, 'slow', seed, () => ({
        between: slowly(world.time, random, 3_000),
      }));
      expect(ledger.balanced).toBe(true);
    },
  );

  // Proves that all of it at once holds as well.
  it.each(SEEDS)(
    'that fail and are slow by seed %d, while the planner dies, leave accounts that balance',
    async (seed) => {
      const world = await start();
      const random = seededRandom(seed);
      roughen(world.dynamo, 'dynamo', random, throttledAndFailing);
      roughen(world.ssm, 'ssm', random, throttledAndFailing);
      roughen(world.lambda, 'lambda', random, throttledAndFailing);
      await planRoughly(world, 'all', seed, () => ({
        between: slowly(world.time, random, 1_000),
        ...(random() < 0.5 && { dieAt: dieWithin(random, 150) }),
      }));
    },
  );
});

describe('a switch that cannot be read any more', () => {
  const SENT_MS = 10_000;

  // Proves that the switch fails closed: 30 s after the last good reading nothing is handed to senders, and what is not is counted.
  it.each(['down', 'throttled', 'slow'] as const)(
    'since its service is %s is off within 30 s',
    async (how) => {
      const world = await start();
      const downAtMs = LOG_START_MS + SENT_MS;
      const isDown = (): boolean => world.time.now() >= downAtMs;
      if (how === 'down') roughen(world.ssm, 'ssm', () => 0, { unasked: 1, when: isDown });
      if (how === 'throttled') roughen(world.ssm, 'ssm', () => 0, { throttled: 1, when: isDown });
      const event = world.putLog(steadyLog(400, EVERY_MS), 'closed');
      const sentAtMs: number[] = [];
      await deliverUntilDone(world, event, {
        life: () => ({
          between: (deps) => ({
            ...deps,
            // An answer that takes for ever is none.
            readSwitch: async () => {
              if (how === 'slow' && isDown()) await world.time.sleep(40_000);
              return deps.readSwitch();
            },
            invokeSender: (payload) => {
              sentAtMs.push(world.time.now());
              return deps.invokeSender(payload);
            },
          }),
        }),
        awayMs: () => 0,
      });
      const { ledger } = expectPlannedOnce(world, 'closed', 400);
      expect(Math.max(...sentAtMs)).toBeLessThanOrEqual(downAtMs + 30_000);
      expect(Math.max(...sentAtMs)).toBeGreaterThan(downAtMs);
      expect(ledger.rules.all?.heldBack.kill_switch).toBeGreaterThan(200);
    },
  );
});

describe('a table that is away for a while', () => {
  // Proves that an outage in the middle of an object has it come back, and that nothing goes twice on either side of it.
  it.each([3, 12, 25])('of %d s in the middle of an object leaves accounts that balance', async (seconds) => {
    const world = await start();
    const fromMs = LOG_START_MS + SPAN_MS / 3;
    const isAway = (): boolean => Math.abs(world.time.now() - fromMs - seconds * 500) <= seconds * 500;
    roughen(world.dynamo, 'dynamo', () => 0, { failed: 1, when: isAway });
    await deliverUntilDone(world, world.putLog(LOG, 'away'), { life: () => ({}), awayMs: () => 0 });
    const { dispatched } = expectPlannedOnce(world, 'away', LINES);
    expect(dispatched.length).toBeGreaterThan(4);
  });
});
