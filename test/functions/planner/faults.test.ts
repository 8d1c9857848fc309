import { afterEach, describe, expect, it } from 'vitest';
import type { PlannerDeps } from '../../../functions/planner/planner-deps.ts';
import { LOG_START_MS, steadyLog, traefikLine } from '../../support/logs.ts';
import { planRule, planRuleSet, planTarget } from '../../support/plan.ts';
import { SENDER, SWITCH, startWorld, type World, type WorldOptions } from '../../support/planner-world.ts';

const RULES = planRuleSet([planRule({ name: 'all' })]);
/** 20 s of log: four cells. */
const LOG = steadyLog(40, 500);
const OK = { batchItemFailures: [] };
const FAILED = { batchItemFailures: [{ itemIdentifier: 'm-1' }] };

let world: World;
afterEach(() => world.close());

const start = async (options: Partial<WorldOptions> = {}): Promise<void> => {
  world = await startWorld({ ruleSet: RULES, ...options });
};

const ledgerOfAll = () => world.ledgers()[0]?.rules.all;
const isSender = ({ path }: { readonly path: string }): boolean => path.includes(SENDER);
const ACCEPTED = [0, 1, 2, 3];

describe('throttled senders', () => {
  it('are tried again, and the slice goes as soon as it is accepted', async () => {
    await start();
    world.lambda.throttle(3);
    expect(await world.invoke(world.putLog(LOG))).toEqual(OK);
    expect(world.slices().map(({ index }) => index)).toEqual(ACCEPTED);
    expect(ledgerOfAll()).toMatchObject({ dispatched: 40, heldBack: {} });
  });

  it('hold a slice back once its time is over, and no other', async () => {
    await start();
    const untilMs = LOG_START_MS + 3_000 + 4_500;
    world.lambda.fail({
      times: Number.POSITIVE_INFINITY,
      when: () => world.time.now() < untilMs + 2_000,
      status: 429,
      code: 'TooManyRequestsException',
    });
    await world.invoke(world.putLog(LOG));
    // The second slice was due 5 s later, and so goes on trying.
    expect(
      world
        .slices()
        .map(({ index }) => index)
        .sort(),
    ).toEqual([1, 2, 3]);
    expect(ledgerOfAll()).toMatchObject({ dispatched: 30, heldBack: { throttled: 10 } });
    expect(world.metrics()).toMatchObject({ Planned: 40, Dispatched: 30, HeldBackThrottled: 10 });
  });

  it('give way to a switch that is turned off meanwhile', async () => {
    await start();
    world.lambda.fail({ times: Number.POSITIVE_INFINITY, status: 429, code: 'TooManyRequestsException' });
    world.time.at(LOG_START_MS + 3_000, () => world.setSwitch('off'));
    await world.invoke(world.putLog(LOG));
    expect(world.slices()).toEqual([]);
    expect(ledgerOfAll()).toMatchObject({ dispatched: 0, heldBack: { kill_switch: 40 } });
  });
});

describe('a sender that cannot be started', () => {
  it('leaves its slice to show as undelivered, says so, and the others go', async () => {
    await start();
    world.lambda.fail({ status: 404, code: 'ResourceNotFoundException', message: 'Function not found' });
    expect(await world.invoke(world.putLog(LOG))).toEqual(OK);
    expect(world.slices().map(({ index }) => index)).toEqual([1, 2, 3]);
    expect(world.ledgers()[0]).toMatchObject({
      rules: { all: { dispatched: 40 } },
      errors: [
        {
          code: 'AWS_NOT_FOUND',
          message: 'cannot start the function shop-sender: it does not exist: function not found',
        },
      ],
      balanced: true,
    });
    expect(world.problems()).toEqual(['AWS_NOT_FOUND']);
  });

  it('is tried again where the connection broke', async () => {
    await start();
    world.lambda.fail({ when: isSender, reset: 'before', times: 2 });
    await world.invoke(world.putLog(LOG));
    expect(world.slices().map(({ index }) => index)).toEqual(ACCEPTED);
  });
});

describe('a table that fails', () => {
  it.each([
    ['at the claim', 1, ':start', 0],
    ['at the third mark', 3, ':index', 2],
    ['at the end', 1, ':yes', 4],
  ])('%s has the event come back in 5 s, and nothing goes twice', async (_, nth, placeholder, slices) => {
    await start();
    const event = world.putLog(LOG);
    let count = 0;
    const isNth = ({ body }: { readonly body: Buffer }): boolean => {
      if (body.includes('object#') && body.includes(`"${placeholder}"`)) count += 1;
      return count === nth;
    };
    world.dynamo.fail({ when: isNth, status: 500, code: 'InternalServerError' });
    expect(await world.invoke(event)).toEqual(FAILED);
    expect(world.slices()).toHaveLength(slices);
    expect(world.sqs.state.visibilities).toEqual([{ queue: 'queue', receiptHandle: 'r-1', seconds: 5 }]);
    expect(world.metrics().ObjectsFailed).toBe(1);
    world.dynamo.heal();
    // The lease was given back: nobody has to wait for it to run out.
    expect(await world.invoke(event)).toEqual(OK);
    expect(world.slices().map(({ index }) => index)).toEqual(ACCEPTED);
    expect(world.ledgers()[0]?.balanced).toBe(true);
  });

  it('until the lease cannot be given back has the event come back when that has run out', async () => {
    await start();
    const event = world.putLog(LOG);
    const away = async (): Promise<never> => {
      throw new Error('the table is away');
    };
    const change = (deps: PlannerDeps): PlannerDeps => ({
      ...deps,
      states: {
        ...deps.states,
        mark: (mark) => (mark.index < 2 ? deps.states.mark(mark) : away()),
        release: away,
      },
    });
    expect(await world.invoke(event, { change })).toEqual(FAILED);
    expect(world.sqs.state.visibilities).toEqual([{ queue: 'queue', receiptHandle: 'r-1', seconds: 35 }]);
    world.time.skip(35_000);
    expect(await world.invoke(event)).toEqual(OK);
    expect(world.slices().map(({ index }) => index)).toEqual([0, 1]);
    expect(world.ledgers()[0]).toMatchObject({
      balanced: true,
      rules: { all: { planned: 40, dispatched: 20, heldBack: { late: 20 } } },
    });
  });

  it('in the middle of held back requests counts none of them twice', async () => {
    await start({ switchText: '50%' });
    const event = world.putLog(LOG);
    let marks = 0;
    const change = (deps: PlannerDeps): PlannerDeps => ({
      ...deps,
      states: {
        ...deps.states,
        mark: async (mark) => {
          marks += 1;
          if (marks === 3) throw new Error('the table is away');
          return deps.states.mark(mark);
        },
      },
    });
    expect(await world.invoke(event, { change })).toEqual(FAILED);
    expect(await world.invoke(event)).toEqual(OK);
    const { dispatched, heldBack } = ledgerOfAll() ?? { dispatched: 0, heldBack: {} };
    expect(dispatched).toBeGreaterThan(0);
    expect(world.metrics()).toMatchObject({
      Planned: 40,
      RecordedRequests: 40,
      Dispatched: dispatched,
      HeldBackKillSwitch: heldBack.kill_switch,
    });
  });

  it('when the switch is mirrored stops nothing', async () => {
    await start();
    const isMirror = ({ body }: { readonly body: Buffer }): boolean => body.includes('target#');
    world.dynamo.fail({ when: isMirror, times: 3, status: 500, code: 'InternalServerError' });
    expect(await world.invoke(world.putLog(LOG))).toEqual(OK);
    expect(world.slices()).toHaveLength(4);
    expect(world.problems()).toEqual(['AWS_FAILED', 'AWS_FAILED', 'AWS_FAILED']);
  });
});

describe('a planner that lost its lease', () => {
  it('stops at once, and leaves the object to the other', async () => {
    await start();
    let renewals = 0;
    const answer = await world.invoke(world.putLog(steadyLog(60, 1_000)), {
      change: (deps) => ({
        ...deps,
        states: {
          ...deps.states,
          renew: async () => {
            renewals += 1;
            return renewals < 2;
          },
        },
      }),
    });
    expect(answer).toEqual(FAILED);
    expect(world.problems()).toEqual(['LEASE_LOST']);
    // Lost at 20 s: the cells at 0, 5, 10 and 15 s of the log went before, and the one at 20 s is handed over at 20 s.
    expect(world.slices().length).toBeLessThanOrEqual(5);
    expect(world.ledgers()).toEqual([]);
  });

  it('while it was frozen dispatches nothing that the other has marked', async () => {
    await start();
    const event = world.putLog(steadyLog(60, 1_000));
    let other: Promise<unknown> | undefined;
    const answer = await world.invoke(event, {
      change: (deps) => ({
        ...deps,
        states: {
          ...deps.states,
          mark: async (mark) => {
            if (mark.index === 3 && other === undefined) {
              // As long as a machine that stops for a while: someone else has come, and gone on.
              world.time.skip(31_000);
              other = Promise.resolve();
              const later = { ...mark, owner: 'other', nowMs: world.time.now() };
              await deps.states.claim({ ...later, leaseMs: 30_000, rulesHash: 'test', startAtMs: 0 });
              await deps.states.mark(later);
            }
            return deps.states.mark(mark);
          },
        },
      }),
    });
    expect(answer).toEqual(FAILED);
    expect(world.slices().map(({ index }) => index)).toEqual([0, 1, 2]);
    expect(world.problems()).toContain('LEASE_LOST');
  });
});

describe('a results bucket that fails', () => {
  it('has the event come back, and the ledger is written then', async () => {
    await start();
    const event = world.putLog(LOG);
    world.s3.fail({ operation: 'PutObject', status: 503, code: 'SlowDown' });
    expect(await world.invoke(event)).toEqual(FAILED);
    expect(world.ledgers()).toEqual([]);
    expect(await world.invoke(event)).toEqual(OK);
    expect(world.slices()).toHaveLength(4);
    expect(world.ledgers()[0]).toMatchObject({ balanced: true, rules: { all: { dispatched: 40 } } });
  });
});

describe('a results bucket that fails while the switch is off', () => {
  it('has the object counted once, whenever its ledger is written', async () => {
    await start({ switchText: 'off' });
    const event = world.putLog(LOG);
    world.s3.fail({ operation: 'PutObject', status: 503, code: 'SlowDown' });
    expect(await world.invoke(event)).toEqual(FAILED);
    expect(world.metrics().Planned).toBeUndefined();
    expect(await world.invoke(event)).toEqual(OK);
    expect(world.metrics()).toMatchObject({ Planned: 40, RecordedRequests: 40, HeldBackKillSwitch: 40 });
  });
});

describe('a request recorded for the host that it would go to', () => {
  it('ends the dispatch, and the rest is held back', async () => {
    const target = planTarget({ hostname: 'live.example.com', origin: 'https://live.example.com' });
    await start({ ruleSet: planRuleSet([planRule({ name: 'all' })], [target]) });
    const line = traefikLine({ atMs: 12_000, host: 'live.example.com', path: '/loop' });
    expect(await world.invoke(world.putLog(`${LOG}${line}\n${LOG}`))).toEqual(OK);
    const [ledger] = world.ledgers();
    expect(ledger?.errors).toMatchObject([{ code: 'TARGET_IS_PRODUCTION' }]);
    expect(ledger?.rules.all?.dispatched).toBe(0);
    expect(ledger?.rules.all?.heldBack.stopped).toBeGreaterThanOrEqual(40);
    expect(ledger?.balanced).toBe(true);
    expect(world.slices()).toEqual([]);
  });
});

describe('a parameter store that fails', () => {
  it('at first holds back until the switch is read', async () => {
    await start();
    world.ssm.fail({ times: 5, status: 500, code: 'InternalServerError' });
    expect(await world.invoke(world.putLog(LOG))).toEqual(OK);
    // The reading after five failed ones is at 10 s: the slices due up to then are held back.
    expect(ledgerOfAll()).toMatchObject({ dispatched: 10, heldBack: { kill_switch: 30 } });
    expect(world.metrics().SwitchUnreadable).toBe(5);
  });

  it('for more than 30 s is off from then on', async () => {
    await start();
    world.time.at(LOG_START_MS + 1_000, () =>
      world.ssm.fail({ times: Number.POSITIVE_INFINITY, status: 500, code: 'InternalServerError' }),
    );
    await world.invoke(world.putLog(steadyLog(60, 1_000)));
    expect(ledgerOfAll()).toMatchObject({ dispatched: 35, heldBack: { kill_switch: 25 } });
  });

  it('for some seconds changes nothing', async () => {
    await start();
    world.time.at(LOG_START_MS + 1_000, () =>
      world.ssm.fail({ times: 6, status: 400, code: 'ThrottlingException' }),
    );
    await world.invoke(world.putLog(LOG));
    expect(ledgerOfAll()).toMatchObject({ dispatched: 40 });
    expect(world.ssm.state.parameters.get(SWITCH)?.version).toBe(1);
  });
});
