import { afterEach, describe, expect, it } from 'vitest';
import { DEFAULT_BACKOFF } from '../../../core/rules/rule-set.ts';
import { LOG_START_MS, steadyLog } from '../../support/logs.ts';
import { planRule, planRuleSet, planTarget } from '../../support/plan.ts';
import { requestsIn, startWorld, type World, type WorldOptions } from '../../support/planner-world.ts';

/** 20 s of log, ten requests a second. */
const LOG = steadyLog(200, 100);
const OK = { batchItemFailures: [] };
const RULES = planRuleSet([planRule({ name: 'all', backoff: DEFAULT_BACKOFF })]);

let world: World;
afterEach(() => world.close());
const start = async (options: Partial<WorldOptions> = {}): Promise<void> => {
  world = await startWorld({ ruleSet: RULES, timing: 'live', delayMs: 10_000, ...options });
};

/** Plans objects of the same log at once. */
const plan = async (...keys: readonly string[]): Promise<void> => {
  const events = keys.map((key, i) => world.putLog(LOG, key, `m-${i}`));
  const answers = events.map((event) => world.invoke(event));
  expect(await Promise.all(answers)).toEqual(keys.map(() => OK));
  for (const { balanced, imbalances } of world.ledgers())
    expect({ balanced, imbalances }).toEqual({ balanced: true, imbalances: [] });
};

/** How many requests were dispatched of each second of due time. */
const perSecond = (ofRule?: string): readonly number[] => {
  const counts = new Map<number, number>();
  for (const { dueAtMs, rule } of world.sentRequests()) {
    if (ofRule !== undefined && rule !== ofRule) continue;
    const second = Math.floor(dueAtMs / 1_000);
    counts.set(second, (counts.get(second) ?? 0) + 1);
  }
  return [...counts.values()];
};

/** Values of a metric, in the order in which they were published. */
const metric = (name: string): readonly unknown[] =>
  world.lines
    .join('')
    .split('\n')
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as Record<string, unknown>)[name])
    .filter((value) => value !== undefined);

const itemOf = async (target: string) => (await world.dynamo.state.items()).get(`target#${target}`);

describe('the level of a target', () => {
  it('thins what planners dispatch from the first slice on, and is published', async () => {
    await start();
    await world.setTarget('t', { level: 0.25 });
    await plan('a');
    const { dispatched = 0, heldBack } = world.ledgers()[0]?.rules.all ?? { heldBack: {} };
    expect(dispatched).toBeGreaterThan(30);
    expect(dispatched).toBeLessThan(75);
    expect(heldBack).toEqual({ backoff: 200 - dispatched });
    expect(world.slices().map(({ share }) => share)).toEqual([0.25, 0.25, 0.25, 0.25]);
    expect(metric('BackoffLevel')).toEqual([0.25, 0.25]);
    expect(world.metrics().HeldBackBackoff).toBe(200 - dispatched);
  });

  it('is followed while an object is planned', async () => {
    await start();
    world.time.at(LOG_START_MS + 15_000, () => world.time.busy(world.setTarget('t', { level: 0.5 })));
    await plan('a');
    const shares = world.slices().map(({ share }) => share);
    expect(shares[0]).toBe(1);
    expect(shares.at(-1)).toBe(0.5);
  });

  it('stays what it was while the table cannot be read', async () => {
    await start();
    await world.setTarget('t', { level: 0.5 });
    const isMirror = ({ body }: { body: Buffer }) => body.toString().includes('switchReadAtMs');
    world.time.at(LOG_START_MS + 3_000, () =>
      world.dynamo.fail({ operation: 'UpdateItem', when: isMirror, status: 400, code: 'X', times: 999 }),
    );
    await plan('a');
    expect(new Set(world.slices().map(({ share }) => share))).toEqual(new Set([0.5]));
    expect(world.problems().length).toBeGreaterThan(3);
  });

  it('is no level of what backs off from nothing', async () => {
    await start({ ruleSet: planRuleSet([planRule({ name: 'all' })]) });
    await world.setTarget('t', { level: 0.25 });
    await plan('a');
    expect(world.ledgers()[0]?.rules.all).toMatchObject({ dispatched: 200, heldBack: {} });
  });

  it('of 0 lets through a probe a second, of all planners together', async () => {
    await start();
    await world.setTarget('t', { level: 0.01, isOpen: 1 });
    await plan('a', 'b', 'c');
    expect(perSecond()).toEqual(Array.from({ length: 20 }, () => 1));
    const probes = world.slices().flatMap((slice) => requestsIn(slice).map(({ request }) => request.isProbe));
    expect(new Set(probes)).toEqual(new Set([true]));
    expect(world.metrics().HeldBackBackoff).toBe(580);
  });

  it('of a target that asked to be left alone lets through nothing until then', async () => {
    await start();
    const untilMs = LOG_START_MS + 20_000;
    await world.setTarget('t', { level: 0.01, isOpen: 1, retryAtMs: untilMs });
    await plan('a');
    const dues = world.sentRequests().map(({ dueAtMs }) => dueAtMs);
    expect(dues).toHaveLength(10);
    expect(Math.min(...dues)).toBeGreaterThanOrEqual(untilMs);
  });
});

describe('live traffic above what was recorded', () => {
  const TRIPLE = planRuleSet(
    [
      planRule({ name: 'all', multiply: 3, backoff: DEFAULT_BACKOFF }),
      planRule({ name: 'free', multiply: 9, target: 'u' }),
    ],
    [planTarget(), planTarget({ name: 'u' })],
  );

  it('begins at the recorded rate where its target was quiet', async () => {
    await start({ ruleSet: TRIPLE });
    await plan('a');
    expect(Number((await itemOf('t'))?.level?.N)).toBeCloseTo(1 / 3, 9);
    const shares = world.slices().flatMap(({ target, share }) => (target === 't' ? [share] : []));
    expect(new Set(shares)).toEqual(new Set([1 / 3]));
    // Those who do not back off have nothing to begin with.
    expect(await itemOf('u')).not.toHaveProperty('level');
  });

  it('goes on as it was where its target was not', async () => {
    await start({ ruleSet: TRIPLE });
    await world.setTarget('t', { level: 0.8, window: LOG_START_MS - 400_000 });
    await plan('a');
    expect((await itemOf('t'))?.level?.N).toBe('0.8');
  });

  it('does not raise a level that is lower', async () => {
    await start({ ruleSet: TRIPLE });
    await world.setTarget('t', { level: 0.1 });
    await plan('a');
    expect((await itemOf('t'))?.level?.N).toBe('0.1');
  });

  it('begins nothing while the switch is off, nor with a schedule of our own', async () => {
    await start({ ruleSet: TRIPLE, switchText: 'off' });
    await plan('a');
    expect(await itemOf('t')).not.toHaveProperty('level');
    await world.close();
    await start({ ruleSet: TRIPLE, timing: 'arrival', delayMs: 0 });
    await plan('a');
    expect(await itemOf('t')).not.toHaveProperty('level');
  });
});

describe('a budget', () => {
  it('is that of all objects together', async () => {
    await start({
      ruleSet: planRuleSet(
        [planRule({ name: 'all', budget: { requests: 300 } })],
        [planTarget({ budget: { requests: 250 } })],
      ),
    });
    await plan('a', 'b');
    expect(world.sentRequests()).toHaveLength(250);
    expect(world.metrics().HeldBackBudget).toBe(150);
    const items = await world.dynamo.state.items();
    expect(items.get('budget#t#test')?.requests?.N).toBe('250');
    expect(items.get('budget#rule:all#test')?.requests?.N).toBe('250');
  });

  it('of a duration is one of due time', async () => {
    await start({ ruleSet: planRuleSet([planRule({ name: 'all', budget: { durationMs: 7_000 } })]) });
    await plan('a');
    expect(perSecond()).toEqual(Array.from({ length: 7 }, () => 10));
  });
});

describe('the rate of a rule', () => {
  it('holds over all objects, inside that of its target', async () => {
    await start({
      ruleSet: planRuleSet(
        [planRule({ name: 'a', maxRatePerSecond: 3 }), planRule({ name: 'b' })],
        [planTarget({ maxRatePerSecond: 8 })],
      ),
    });
    await plan('a', 'b');
    const ofRule = world.sentRequests().filter(({ rule }) => rule === 'a');
    expect(ofRule.length).toBeGreaterThan(10);
    expect(Math.max(...perSecond('a'))).toBe(3);
    expect(Math.max(...perSecond())).toBe(8);
  });
});
