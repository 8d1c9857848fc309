import { afterEach, describe, expect, it } from 'vitest';
import { parseSliceRecord, sliceHeaderLine } from '../../../core/report/slice-records.ts';
import type { RuleSet } from '../../../core/rules/rule-set.ts';
import { planHashOf } from '../../../functions/planner/plan-hash.ts';
import { MAX_HOPS } from '../../../functions/planner/run-slices.ts';
import { steadyLog } from '../../support/logs.ts';
import { planRule, planRuleSet, planTarget } from '../../support/plan.ts';
import {
  BUCKET,
  type Invocation,
  KEY,
  queueEvent,
  requestsIn,
  startWorld,
  type World,
  type WorldOptions,
} from '../../support/planner-world.ts';
import { reconcile } from '../../support/reconcile.ts';

const RULES = planRuleSet([planRule({ name: 'all' })]);
/** 100 s of log: twenty cells. */
const LOG = steadyLog(100, 1_000);
const OK = { batchItemFailures: [] };
/** Turns of 30 s. */
const SHORT: Invocation = { remainingMs: 90_000 };

let world: World;
afterEach(() => world.close());

const start = async (options: Partial<WorldOptions> = {}): Promise<void> => {
  world = await startWorld({ ruleSet: RULES, ...options });
};

/** Invokes the planner with what it invokes itself with, until it does so no more. */
const goOn = async (invocation: Invocation = SHORT): Promise<number> => {
  let hops = 0;
  for (let next = world.continuations()[hops]; next !== undefined; next = world.continuations()[hops]) {
    hops += 1;
    await world.invoke(next, invocation);
  }
  return hops;
};

const indexes = (): readonly number[] => world.slices().map(({ index }) => index);
const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);

/** Where every slice reached a sender that was cut off at once. */
const reconciled = () => {
  const [ledger] = world.ledgers();
  if (ledger === undefined) throw new Error('there is no ledger');
  const headers = world.slices().map((slice) =>
    sliceHeaderLine(
      slice,
      requestsIn(slice).map(({ request }) => request),
    ),
  );
  return reconcile(ledger, headers.map(parseSliceRecord), { isSettled: true });
};

describe('an object that outlasts an invocation', () => {
  it('is continued until it is through, each slice once', async () => {
    await start();
    expect(await world.invoke(world.putLog(LOG), SHORT)).toEqual(OK);
    expect(indexes().length).toBeLessThan(8);
    expect(await goOn()).toBe(3);
    expect(indexes()).toEqual(upTo(20));
    expect(world.ledgers()[0]).toMatchObject({
      hops: 3,
      slices: 20,
      startedAt: '2026-11-21T11:00:00.000Z',
      rules: { all: { planned: 100, dispatched: 100, heldBack: {} } },
      lines: { lines: 100 },
      balanced: true,
    });
    expect(world.metrics()).toMatchObject({
      LinesRead: 100,
      ObjectsPlanned: 1,
      Dispatched: 100,
      Planned: 100,
    });
  });

  it('keeps its rhythm over the hand-over', async () => {
    await start();
    await world.invoke(world.putLog(LOG), SHORT);
    await goOn();
    const sent = world.sentRequests().map(({ dueAtMs }) => dueAtMs);
    expect(sent).toEqual(upTo(100).map((i) => (sent[0] ?? 0) + i * 1_000));
  });

  it('says in its cursor where to go on', async () => {
    await start({ timing: 'live', delayMs: 10_000 });
    await world.invoke(world.putLog(LOG), SHORT);
    expect(world.continuations()).toEqual([
      {
        continuation: {
          bucket: BUCKET,
          key: KEY,
          etag: expect.stringMatching(/^[0-9a-f]{32}$/),
          rulesHash: planHashOf(RULES),
          startAtMs: 10_000,
          nextSlice: indexes().length,
          hop: 1,
        },
      },
    ]);
  });

  it('goes on at 240 s where more time is left', async () => {
    await start();
    const startedAtMs = world.time.now();
    await world.invoke(world.putLog(steadyLog(30, 10_000)), { remainingMs: 900_000 });
    expect(world.time.now() - startedAtMs).toBe(240_000);
    expect(world.continuations()).toHaveLength(1);
  });

  it('bears its continuations twice', async () => {
    await start();
    await world.invoke(world.putLog(LOG), SHORT);
    const [first] = world.continuations();
    const doubled = ['a', 'b'].map((requestId) => world.invoke(first, { ...SHORT, requestId }));
    const kinds = (await Promise.all(doubled)).flatMap((answer) =>
      answer !== 'dead' && 'outcomes' in answer ? answer.outcomes.map(({ kind }) => kind) : [],
    );
    expect(kinds.sort()).toEqual(['duplicate', 'handedOver']);
    // One that comes late may be the first to come for what was handed over.
    expect(await world.invoke(first, SHORT)).toMatchObject({ outcomes: [{ kind: 'handedOver', hop: 3 }] });
    await goOn();
    expect(indexes()).toEqual(upTo(20));
    expect(world.ledgers()[0]?.balanced).toBe(true);
  });

  it('keeps what was held back last, though nothing was dispatched since', async () => {
    await start();
    world.time.at(world.time.now() + 12_000, () => world.setSwitch('off'));
    await world.invoke(world.putLog(LOG), SHORT);
    world.setSwitch('on');
    world.time.skip(20_000);
    await goOn();
    const { heldBack, dispatched } = world.ledgers()[0]?.rules.all ?? { heldBack: {}, dispatched: 0 };
    expect(heldBack.kill_switch).toBeGreaterThanOrEqual(15);
    expect(dispatched + (heldBack.kill_switch ?? 0) + (heldBack.late ?? 0)).toBe(100);
    expect(world.ledgers()[0]?.balanced).toBe(true);
  });

  it('comes back where the planner cannot start itself', async () => {
    await start();
    const event = world.putLog(LOG);
    world.lambda.fail({
      when: ({ path }) => path.includes('planner'),
      times: Number.POSITIVE_INFINITY,
      status: 429,
      code: 'TooManyRequestsException',
    });
    expect(await world.invoke(event, SHORT)).toEqual({ batchItemFailures: [{ itemIdentifier: 'm-1' }] });
    expect(world.problems()).toContain('HAND_OVER_FAILED');
    world.lambda.heal();
    expect(await world.invoke(event, SHORT)).toEqual(OK);
    await goOn();
    expect(new Set(indexes()).size).toBe(indexes().length);
    expect(world.ledgers()[0]?.balanced).toBe(true);
    expect(reconciled().imbalances).toEqual([]);
  });

  it('is thrown back to Lambda where a continuation cannot start itself, which may try it again', async () => {
    await start();
    await world.invoke(world.putLog(steadyLog(200, 1_000)), SHORT);
    const [first] = world.continuations();
    world.lambda.fail({
      when: ({ path }) => path.includes('planner'),
      times: Number.POSITIVE_INFINITY,
      status: 429,
      code: 'TooManyRequestsException',
    });
    await expect(world.invoke(first, SHORT)).rejects.toMatchObject({
      code: 'HAND_OVER_FAILED',
      message: expect.stringMatching(/^the planner could not start itself to go on with run [0-9a-f]{16}$/),
    });
    world.lambda.heal();
    expect(await world.invoke(first, SHORT)).toMatchObject({ outcomes: [{ kind: 'handedOver', hop: 2 }] });
  });

  it('ends for certain: at the last hop the rest is held back', async () => {
    await start();
    // As many cells as turns of one cell, and some.
    const cells = MAX_HOPS + 20;
    await world.invoke(world.putLog(steadyLog(cells, 5_000)), { remainingMs: 65_000 });
    expect(await goOn({ remainingMs: 65_000 })).toBe(MAX_HOPS);
    const [ledger] = world.ledgers();
    expect(ledger).toMatchObject({
      hops: MAX_HOPS,
      balanced: true,
      errors: [
        { code: 'HOP_LIMIT', message: 'the object takes longer than 41 invocations: its rest was not sent' },
      ],
    });
    const { planned, dispatched, heldBack } = ledger?.rules.all ?? {
      planned: 0,
      dispatched: 0,
      heldBack: {},
    };
    expect(planned).toBe(cells);
    expect(heldBack.stopped).toBeGreaterThan(10);
    expect(dispatched + (heldBack.stopped ?? 0)).toBe(cells);
  });
});

describe('a continuation that Lambda gave up', () => {
  it('goes on where the dead letter is moved back to the queue', async () => {
    await start();
    await world.invoke(world.putLog(LOG), SHORT);
    const [requestPayload] = world.continuations();
    const dieAt = () => 'before' as const;
    for (let tries = 0; tries < 3; tries += 1) await world.invoke(requestPayload, { dieAt });
    world.time.skip(14 * 86_400_000);
    const letter = {
      version: '1.0',
      requestContext: { functionArn: 'arn:aws:lambda:…:planner', condition: 'RetriesExhausted' },
      requestPayload,
    };
    expect(await world.invoke(queueEvent(letter))).toEqual(OK);
    const sent = world.sentRequests().length;
    expect(world.ledgers()[0]).toMatchObject({
      balanced: true,
      rules: { all: { planned: 100, dispatched: sent, heldBack: { late: 100 - sent } } },
    });
  });

  it('that died between giving the object away and starting the next goes on at its next try', async () => {
    await start();
    await world.invoke(world.putLog(steadyLog(200, 1_000)), SHORT);
    const [first] = world.continuations();
    const dieAt = ({ name }: { readonly name: string }) =>
      name === 'invokeSelf' ? ('before' as const) : undefined;
    expect(await world.invoke(first, { ...SHORT, dieAt, requestId: 'a' })).toBe('dead');
    expect(world.continuations()).toHaveLength(1);
    world.time.skip(60_000);
    expect(await world.invoke(first, { requestId: 'a' })).toMatchObject({ outcomes: [{ kind: 'planned' }] });
    expect(world.ledgers()[0]).toMatchObject({ balanced: true, rules: { all: { planned: 200 } } });
  });
});

describe('a state that was lost', () => {
  it('lets nothing go twice, and shows what is not known', async () => {
    await start();
    await world.invoke(world.putLog(LOG), SHORT);
    const gone = indexes().length;
    const [first] = world.continuations();
    const answer = await world.invoke(first, {
      change: (deps) => ({
        ...deps,
        states: {
          ...deps.states,
          // As if the item had not been there.
          claim: async (claim) => {
            await deps.states.claim(claim);
            const { rulesHash, startAtMs, hop = 0 } = claim;
            const state = { rulesHash, startAtMs, nextSlice: 0, counts: undefined, hop, isResumed: false };
            return { kind: 'claimed', state };
          },
        },
      }),
    });
    expect(answer).toMatchObject({ outcomes: [{ kind: 'planned', dispatched: 100 }] });
    expect(indexes()).toEqual(upTo(20));
    expect(gone).toBeGreaterThan(0);
    expect(world.ledgers()[0]).toMatchObject({ balanced: true, errors: [{ code: 'STATE_LOST' }] });
  });
});

describe('rules that change half-way', () => {
  const changed: RuleSet = {
    ...planRuleSet(
      [planRule({ name: 'all' }), planRule({ name: 'more', target: 'u' })],
      [planTarget(), planTarget({ name: 'u' })],
    ),
    hash: 'other',
  };

  it('hold the rest back, and the ledger tells both parts', async () => {
    await start();
    await world.invoke(world.putLog(LOG), SHORT);
    const before = world.sentRequests().length;
    await goOn({ ruleSet: changed });
    expect(world.sentRequests()).toHaveLength(before);
    const [ledger] = world.ledgers();
    expect(ledger).toMatchObject({
      rulesHash: 'other',
      hops: 1,
      changed: { fromRulesHash: 'test', before: { dispatched: before, heldBack: {} } },
      rules: {
        all: { planned: 100, dispatched: before, heldBack: { rules_changed: 100 - before } },
        more: { planned: 100 - before, dispatched: 0, heldBack: { rules_changed: 100 - before } },
      },
      lines: { lines: 100, matched: 100 - before, outOfRange: before },
      balanced: true,
    });
    expect(reconciled().imbalances).toEqual([]);
  });

  it('of a cell under way count what was dispatched of it once, and hold back the rest of it', async () => {
    const targets = [planTarget({ name: 'a' }), planTarget({ name: 'b' })];
    const rules = planRuleSet(
      [planRule({ name: 'ra', target: 'a' }), planRule({ name: 'rb', target: 'b' })],
      targets,
    );
    await start({ ruleSet: rules });
    // 1,250 requests a cell and target: two slices each.
    const log = steadyLog(2_500, 4, (i) => ({ client: `192.0.2.${i % 100}` }));
    const event = world.putLog(log);
    const lastMark = 1;
    await world.invoke(event, {
      change: (deps) => ({
        ...deps,
        states: {
          ...deps.states,
          mark: async (mark) => {
            if (mark.index > lastMark + 1) throw new Error('the table is away');
            return deps.states.mark(mark);
          },
        },
      }),
    });
    const sent = world.sentRequests().length;
    expect(indexes()).toEqual([0, 1, 2]);
    const ofB = world.sentRequests().filter(({ rule }) => rule === 'rb').length;
    expect(ofB).toBeGreaterThan(0);
    expect(await world.invoke(event, { ruleSet: { ...rules, hash: 'other' } })).toEqual(OK);
    const [ledger] = world.ledgers();
    expect(ledger).toMatchObject({
      balanced: true,
      changed: { before: { dispatched: sent, heldBack: { rules_changed: 2_500 - sent } } },
      rules: {
        ra: { planned: 2_500, dispatched: 1_250, heldBack: { rules_changed: 1_250 } },
        rb: { planned: 2_500, dispatched: ofB, heldBack: { rules_changed: 2_500 - ofB } },
      },
    });
    expect(reconciled().imbalances).toEqual([]);
  });

  it('are so also where a build cuts other slices by the same rules', async () => {
    await start();
    await world.invoke(world.putLog(LOG), {
      ...SHORT,
      change: (deps) => ({
        ...deps,
        states: {
          ...deps.states,
          claim: (claim) => deps.states.claim({ ...claim, rulesHash: 'test/00000000' }),
        },
      }),
    });
    // Begun by another build, and so not even begun here.
    expect(indexes()).toEqual([]);
    expect(world.ledgers()[0]).toMatchObject({
      balanced: true,
      rulesHash: 'test',
      changed: { fromRulesHash: 'test', before: { dispatched: 0, heldBack: {} } },
      rules: { all: { planned: 100, dispatched: 0, heldBack: { rules_changed: 100 } } },
    });
  });

  it('also where a rule is gone', async () => {
    await start({ ruleSet: planRuleSet([planRule({ name: 'old' })]) });
    await world.invoke(world.putLog(LOG), SHORT);
    await goOn({ ruleSet: changed });
    expect(world.ledgers()[0]).toMatchObject({
      balanced: true,
      rules: { old: { matched: 0, heldBack: {} } },
    });
    expect(reconciled().imbalances).toEqual([]);
  });

  it('also for a planner that died', async () => {
    await start();
    const event = world.putLog(LOG);
    await world.invoke(event, {
      dieAt: ({ name, count }) => (name === 'invokeSender' && count === 4 ? 'after' : undefined),
    });
    world.time.skip(31_000);
    await world.invoke(event, { ruleSet: changed });
    expect(indexes()).toEqual(upTo(5));
    expect(world.ledgers()[0]?.rules.all).toMatchObject({ dispatched: 25, heldBack: { rules_changed: 75 } });
    expect(reconciled().imbalances).toEqual([]);
  });
});
