import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { RepriseError } from '../../../core/errors.ts';
import type { PlannerDeps } from '../../../functions/planner/planner-deps.ts';
import { steadyLog } from '../../support/logs.ts';
import { planRule, planRuleSet } from '../../support/plan.ts';
import { BUCKET, KEY, startWorld, type World } from '../../support/planner-world.ts';

const RULES = planRuleSet([planRule({ name: 'all' })]);
/** 20 s of log: four cells. */
const LOG = steadyLog(40, 500);
const OK = { batchItemFailures: [] };
const FAILED = { batchItemFailures: [{ itemIdentifier: 'm-1' }] };

let world: World;
afterEach(() => world.close());

const start = async (): Promise<void> => {
  world = await startWorld({ ruleSet: RULES });
};

/** Reading breaks off behind this share of the text, and only for now. */
const breakingAt =
  (text: string, share: number) =>
  (deps: PlannerDeps): PlannerDeps => ({
    ...deps,
    openObject: async (object) => {
      const input = await deps.openObject(object);
      return {
        ...input,
        open: async function* (options) {
          let left = Math.floor(text.length * share);
          for await (const chunk of input.open(options)) {
            yield chunk.subarray(0, left);
            left -= chunk.length;
            if (left <= 0) throw new RepriseError('INPUT_UNREADABLE', `cannot read ${input.name}: reset`);
          }
        },
      };
    },
  });

describe('reading that breaks off for now', () => {
  it.each([0.35, 0.53, 0.9])('at %f lets nothing go that the next try cuts otherwise', async (share) => {
    // 1,500 requests a cell: what a cell holds decides in how many slices it is dealt.
    const log = steadyLog(4_500, 10 / 3);
    await start();
    const event = world.putLog(log);
    expect(await world.invoke(event, { change: breakingAt(log, share) })).toEqual(FAILED);
    world.time.skip(5_000);
    expect(await world.invoke(event)).toEqual(OK);
    const ids = world.sentRequests().map(({ id }) => id);
    expect([ids.length, new Set(ids).size]).toEqual([4_500, 4_500]);
    expect(world.ledgers()[0]).toMatchObject({ balanced: true, rules: { all: { dispatched: 4_500 } } });
  });

  it('is not handed over to the next invocation as if it were the end', async () => {
    await start();
    const log = steadyLog(100, 1_000);
    const event = world.putLog(log);
    const change = breakingAt(log, 0.6);
    expect(await world.invoke(event, { change, remainingMs: 90_000 })).toEqual(FAILED);
    const before = world.sentRequests().length;
    expect(before).toBeGreaterThan(0);
    expect(world.continuations()).toEqual([]);
    world.time.skip(5_000);
    expect(await world.invoke(event)).toEqual(OK);
    const ids = world.sentRequests().map(({ id }) => id);
    expect([ids.length, new Set(ids).size]).toEqual([100, 100]);
    expect(world.ledgers()[0]?.balanced).toBe(true);
  });

  it('looks for the object once where that is gone, and all that was read counts', async () => {
    await start();
    const log = steadyLog(100, 1_000);
    const event = world.putLog(log);
    let looks = 0;
    const change = (deps: PlannerDeps): PlannerDeps => {
      const breaking = breakingAt(log, 0.6)(deps);
      return {
        ...breaking,
        openObject: async (object) => {
          looks += 1;
          if (looks > 1) world.s3.state.delete(BUCKET, KEY);
          return breaking.openObject(object);
        },
      };
    };
    expect(await world.invoke(event, { change })).toEqual(OK);
    expect(looks).toBe(2);
    expect(world.ledgers()[0]).toMatchObject({ balanced: true, errors: [{ code: 'INPUT_UNREADABLE' }] });
    expect(world.sentRequests().length).toBeGreaterThanOrEqual(59);
  });
});

describe('an object that cannot be read', () => {
  it('to its end, as it was cut short, counts as far as it goes', async () => {
    await start();
    const whole = gzipSync(LOG, { level: 0 });
    expect(await world.invoke(world.putLog(whole.subarray(0, whole.length / 2)))).toEqual(OK);
    const [ledger] = world.ledgers();
    expect(ledger?.errors).toEqual([
      {
        code: 'INPUT_TRUNCATED',
        message: `s3://${BUCKET}/${KEY} ends in the middle of its gzip data, after ${Math.floor(whole.length / 2)} bytes`,
      },
    ]);
    expect(ledger?.rules.all?.dispatched).toBeGreaterThan(10);
    expect(ledger?.balanced).toBe(true);
  });

  it('for now is tried again later', async () => {
    await start();
    const event = world.putLog(LOG);
    world.s3.fail({ operation: 'GetObject', status: 403, code: 'AccessDenied' });
    expect(await world.invoke(event)).toEqual(FAILED);
    expect(world.ledgers()).toEqual([]);
    expect(await world.invoke(event)).toEqual(OK);
    expect(world.slices()).toHaveLength(4);
  });

  it('as it was deleted meanwhile counts as far as it was read', async () => {
    await start();
    const event = world.putLog(LOG);
    world.s3.onAnswered = ({ operation }) => {
      if (operation === 'HeadObject') world.s3.state.delete(BUCKET, KEY);
    };
    expect(await world.invoke(event)).toEqual(OK);
    expect(world.ledgers()[0]).toMatchObject({
      errors: [
        {
          code: 'INPUT_UNREADABLE',
          message: `cannot read s3://${BUCKET}/${KEY}: it was deleted while it was being read`,
        },
      ],
      lines: { lines: 0 },
    });
  });

  it('any more, after a planner began with it, still has its ledger', async () => {
    await start();
    const event = world.putLog(LOG);
    const dieAt = ({ name, count }: { name: string; count: number }) =>
      name === 'invokeSender' && count === 2 ? ('after' as const) : undefined;
    await world.invoke(event, { dieAt });
    world.s3.state.delete(BUCKET, KEY);
    world.time.skip(31_000);
    expect(await world.invoke(event)).toEqual(OK);
    expect(world.ledgers()[0]).toMatchObject({
      errors: [
        { code: 'OBJECT_GONE', message: `s3://${BUCKET}/${KEY} was deleted before all of it was planned` },
      ],
      rules: { all: { planned: 30, dispatched: 30 } },
      slices: 3,
      balanced: true,
    });
  });
});
