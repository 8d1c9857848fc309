import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answeredBy, newRuleCounts } from '../../../core/measure/accounting.ts';
import { createSliceTally } from '../../../core/measure/slice-tally.ts';
import type { SliceEvent } from '../../../core/pace/slice.ts';
import {
  parseSliceRecord,
  sliceHeaderLine,
  sliceResultLine,
  sliceTrailerLine,
} from '../../../core/report/slice-records.ts';
import { DEFAULT_BACKOFF } from '../../../core/rules/rule-set.ts';
import { LEASE_MS } from '../../../functions/planner/lease.ts';
import type { WhenToDie } from '../../support/killable.ts';
import { steadyLog } from '../../support/logs.ts';
import { planRule, planRuleSet, planTarget } from '../../support/plan.ts';
import { requestsIn, startWorld, type World } from '../../support/planner-world.ts';
import { reconcile } from '../../support/reconcile.ts';

const RULES = planRuleSet(
  [
    planRule({ name: 'all', backoff: DEFAULT_BACKOFF, maxRatePerSecond: 50 }),
    planRule({
      name: 'half',
      percent: 50,
      target: 'u',
      match: { path: ['/item/*'] },
      backoff: DEFAULT_BACKOFF,
      budget: { requests: 100_000 },
    }),
  ],
  [planTarget(), planTarget({ name: 'u', budget: { requests: 100_000, durationMs: 86_400_000 } })],
);
/** 35 s of log: seven cells of two targets. */
const LINES = 70;
const LOG = steadyLog(LINES, 500);
const SLICES = 14;

/** What a sender that answers everything writes of a slice. */
const recordsOf = (slice: SliceEvent): readonly string[] => {
  const tally = createSliceTally();
  const requests = requestsIn(slice);
  const results = requests.map(({ n, request }) => {
    const result = { request, sentMs: request.dueMs, status: 200, serviceMs: 1, fromDueMs: 1, bytes: 0 };
    tally.count(result);
    return sliceResultLine(slice, n, result);
  });
  const header = sliceHeaderLine(
    slice,
    requests.map(({ request }) => request),
  );
  return [header, ...results, sliceTrailerLine(slice, tally.counts(), 0)];
};

/** Accounts of the object with this key, once its senders have said all that they have to say. */
const accountsOf = (world: World, key: string) => {
  const ledger = world.ledgers().find(({ object }) => object.key === key);
  if (ledger === undefined) throw new Error(`there is no ledger of ${key}`);
  const slices = world.slices().filter(({ run }) => run === ledger.run);
  const records = slices.flatMap(recordsOf).map(parseSliceRecord);
  const { imbalances, accounting } = reconcile(ledger, records, { isSettled: true });
  const rule = accounting.rules.all ?? newRuleCounts();
  return { ledger, indexes: slices.map(({ index }) => index), imbalances, rule, accounting };
};

/** Each slice at most once, in order, and every request in exactly one count. */
const expectAccounted = (world: World, key: string): ReturnType<typeof accountsOf> => {
  const accounts = accountsOf(world, key);
  const { indexes, ledger, imbalances, accounting } = accounts;
  expect(indexes).toEqual([...new Set(indexes)].sort((a, b) => a - b));
  expect(ledger.imbalances).toEqual([]);
  expect(imbalances).toEqual([]);
  expect(accounting.lines.lines).toBe(LINES);
  expect(accounting.rules.all?.planned).toBe(LINES);
  return accounts;
};

/** Delivers the object until a planner survives it, each time after the lease of the one before has run out. */
const deliver = async (world: World, event: unknown, deaths: readonly WhenToDie[]): Promise<void> => {
  for (const dieAt of deaths) {
    expect(await world.invoke(event, { dieAt })).toBe('dead');
    world.time.skip(LEASE_MS + 1_000);
  }
  expect(await world.invoke(event)).toEqual({ batchItemFailures: [] });
};

const dieAtCall =
  (name: string, count: number, when: 'before' | 'after'): WhenToDie =>
  (call) =>
    call.name === name && call.count === count ? when : undefined;

/** What senders have made of the targets before. */
const TARGETS = [
  ['take all', {}, {}],
  ['back off, one to a third and one to probes', { level: 0.3 }, { level: 0.01, isOpen: 1 }],
] as const;

describe.each(TARGETS)('a planner whose targets %s', (_, t, u) => {
  const isWhole = !('level' in t);
  let world: World;
  beforeAll(async () => {
    world = await startWorld({ ruleSet: RULES });
    if ('level' in t) await world.setTarget('t', t);
    if ('level' in u) await world.setTarget('u', u);
  });
  afterAll(() => world.close());

  it('and that lives dispatches each slice once', async () => {
    await deliver(world, world.putLog(LOG, 'alive'), []);
    const { indexes, rule, ledger } = expectAccounted(world, 'alive');
    expect(indexes).toEqual(Array.from({ length: SLICES }, (_slice, i) => i));
    expect(ledger.slices).toBe(SLICES);
    expect(rule.planned).toBe((rule.answered[200] ?? 0) + rule.heldBack.backoff);
    expect(rule.heldBack.backoff > 0).toBe(!isWhole);
    if (isWhole) expect(answeredBy(rule)).toEqual({ 200: LINES });
  });

  it.each([
    ['is marked, before it is dispatched', 'before'],
    ['is dispatched', 'after'],
  ] as const)(
    'and that is killed when a slice %s: no slice goes twice, nothing is lost',
    async (_when, when) => {
      for (let i = 0; i < SLICES; i += 1) {
        const key = `${when}-${i}`;
        await deliver(world, world.putLog(LOG, key), [dieAtCall('invokeSender', i, when)]);
        const { indexes, rule } = expectAccounted(world, key);
        expect(indexes.includes(i)).toBe(when === 'after');
        expect(rule.heldBack.undelivered > 0).toBe(when === 'before' && i % 2 === 0);
      }
    },
  );

  it.each([
    ['states.claim', 0],
    ['read', 0],
    ['states.mark', 3],
    ['states.renew', 1],
    ['mirrorSwitch', 4],
    ['takeRate', 3],
    ['takeBudget', 2],
    ['putResult', 0],
    ['states.finish', 0],
  ] as const)('and that is killed at %s loses nothing', async (name, count) => {
    for (const when of ['before', 'after'] as const) {
      const key = `${name}-${when}`;
      await deliver(world, world.putLog(LOG, key), [dieAtCall(name, count, when)]);
      expectAccounted(world, key);
    }
  });

  it('and that is killed again and again loses nothing', async () => {
    const deaths = [0, 1, 2, 0, 1].map((count) => dieAtCall('invokeSender', count, 'after'));
    // Long enough that some of it is left after each of them.
    await deliver(world, world.putLog(steadyLog(LINES, 5_000), 'often'), deaths);
    expectAccounted(world, 'often');
  });
});
