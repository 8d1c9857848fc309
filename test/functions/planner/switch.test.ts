import { afterEach, describe, expect, it } from 'vitest';
import { LOG_START_MS, steadyLog } from '../../support/logs.ts';
import { planRule, planRuleSet, planTarget } from '../../support/plan.ts';
import { startWorld, type World, type WorldOptions } from '../../support/planner-world.ts';

const RULES = planRuleSet([planRule({ name: 'all' })]);
/** 40 s of log: eight cells. */
const LOG = steadyLog(400, 100);
const OK = { batchItemFailures: [] };

let world: World;
afterEach(() => world.close());

const start = async (options: Partial<WorldOptions> = {}): Promise<void> => {
  world = await startWorld({ ruleSet: RULES, ...options });
};
const ruleOfLedger = (name = 'all') => world.ledgers()[0]?.rules[name];
const isMirrored = async (target: string): Promise<string | undefined> =>
  (await world.dynamo.state.items()).get(`target#${target}`)?.switchText?.S;

describe('a switch that is off at the start', () => {
  it.each([
    ['off', 0],
    ['no word it knows', 1],
    ['none', 1],
  ])('(%s) has the object read through at once, all of it held back', async (switchText, unreadable) => {
    await start({ switchText });
    expect(await world.invoke(world.putLog(LOG))).toEqual(OK);
    expect(world.slices()).toEqual([]);
    expect(world.time.now()).toBe(LOG_START_MS);
    expect(world.ledgers()[0]).toMatchObject({ balanced: true, slices: 0, lines: { lines: 400 } });
    expect(ruleOfLedger()).toMatchObject({ planned: 400, dispatched: 0, heldBack: { kill_switch: 400 } });
    expect(world.metrics().SwitchUnreadable ?? 0).toBe(unreadable);
    expect(world.metrics().HeldBackKillSwitch).toBe(400);
    expect(await isMirrored('t')).toBe('off');
  });
});

describe('a switch that is turned off while an object is sent', () => {
  it('stops it with the next reading, and what was not sent is counted', async () => {
    await start();
    world.time.at(LOG_START_MS + 11_000, () => world.setSwitch('off'));
    await world.invoke(world.putLog(LOG));
    // The cells at 0, 5 and 10 s of the log went before, each 3 s ahead of its time.
    expect(world.slices().map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(ruleOfLedger()).toMatchObject({ dispatched: 150, heldBack: { kill_switch: 250 } });
    expect(await isMirrored('t')).toBe('off');
  });

  it('and on again goes on where the log is by then', async () => {
    await start();
    world.time.at(LOG_START_MS + 11_000, () => world.setSwitch('off'));
    world.time.at(LOG_START_MS + 21_000, () => world.setSwitch('on'));
    await world.invoke(world.putLog(LOG));
    expect(world.slices().map(({ index }) => index)).toEqual([0, 1, 2, 5, 6, 7]);
    expect(ruleOfLedger()).toMatchObject({ dispatched: 300, heldBack: { kill_switch: 100 } });
  });

  it('is mirrored to every target as long as something may be sent', async () => {
    const rules = planRuleSet(
      [planRule({ name: 'all' }), planRule({ name: 'other', target: 'u' })],
      [planTarget(), planTarget({ name: 'u' })],
    );
    await start({ ruleSet: rules });
    // The last slice is handed over at 35 s and due up to 43 s.
    world.time.at(LOG_START_MS + 39_000, () => world.setSwitch('off'));
    await world.invoke(world.putLog(LOG));
    expect(world.time.now()).toBeGreaterThan(LOG_START_MS + 42_000);
    expect([await isMirrored('t'), await isMirrored('u')]).toEqual(['off', 'off']);
    expect(ruleOfLedger()).toMatchObject({ dispatched: 400 });
  });
});

describe('a switch at a quarter', () => {
  it('lets a quarter go, always the same', async () => {
    await start({ switchText: '25%' });
    await world.invoke(world.putLog(LOG));
    const { dispatched, heldBack } = ruleOfLedger() ?? { dispatched: 0, heldBack: {} };
    expect(dispatched + (heldBack.kill_switch ?? 0)).toBe(400);
    expect(dispatched).toBeGreaterThan(70);
    expect(dispatched).toBeLessThan(130);
    expect(world.slices().every(({ share, planned }) => share === 0.25 && planned === 50)).toBe(true);
    const few = world.sentRequests().map(({ id }) => id);

    world.setSwitch('50%');
    await world.invoke(world.putLog(LOG, 'again'));
    const more = new Set(
      world
        .sentRequests()
        .slice(few.length)
        .map(({ id }) => id),
    );
    expect(more.size).toBeGreaterThan(few.length);
    expect(few.filter((id) => !more.has(id))).toEqual([]);
  });

  it('is published in percent', async () => {
    await start({ switchText: '25%' });
    await world.invoke(world.putLog(steadyLog(4, 100)));
    expect(world.metrics().Switch).toBe(25);
  });
});

describe('a target with a rate', () => {
  it('gets no more than that in any second, of all objects together', async () => {
    await start({
      ruleSet: planRuleSet([planRule({ name: 'all' })], [planTarget({ maxRatePerSecond: 6 })]),
      timing: 'live',
      delayMs: 10_000,
    });
    const events = ['a', 'b'].map((key) => world.putLog(LOG, key));
    const answers = events.map((event) => world.invoke(event));
    expect(await Promise.all(answers)).toEqual([OK, OK]);
    const bySecond = new Map<number, number>();
    for (const { dueAtMs } of world.sentRequests()) {
      const second = Math.floor(dueAtMs / 1_000);
      bySecond.set(second, (bySecond.get(second) ?? 0) + 1);
    }
    expect([...bySecond.values()]).toEqual(Array.from({ length: 40 }, () => 6));
    for (const { rules, balanced } of world.ledgers()) {
      expect(balanced).toBe(true);
      expect((rules.all?.dispatched ?? 0) + (rules.all?.heldBack.max_rate ?? 0)).toBe(400);
    }
  });
});
