import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { hashHex } from '../../../core/hash.ts';
import type { WhenToDie } from '../../support/killable.ts';
import { LOG_START_MS, steadyLog } from '../../support/logs.ts';
import { planRule, planRuleSet } from '../../support/plan.ts';
import {
  BUCKET,
  KEY,
  queueEvent,
  STACK,
  s3Record,
  startWorld,
  type World,
  type WorldOptions,
} from '../../support/planner-world.ts';

const RULES = planRuleSet([planRule({ name: 'all' })]);
/** 20 s of log: four cells. */
const LOG = steadyLog(40, 500);
const OK = { batchItemFailures: [] };
const FAILED = { batchItemFailures: [{ itemIdentifier: 'm-1' }] };

const AT_THE_SECOND_SLICE: WhenToDie = ({ name, count }) =>
  name === 'invokeSender' && count === 1 ? 'after' : undefined;

let world: World;
afterEach(() => world.close());

const start = async (options: Partial<WorldOptions> = {}): Promise<void> => {
  world = await startWorld({ ruleSet: RULES, ...options });
};

describe('an object that is planned', () => {
  it('has a ledger, a note that it was the last, and metrics', async () => {
    await start();
    const event = world.putLog(`${LOG}not a line\n`);
    expect(await world.invoke(event)).toEqual(OK);

    const etag = world.s3.state.get(BUCKET, KEY)?.etag.replaceAll('"', '') ?? '';
    const run = hashHex(`${STACK}\0${BUCKET}\0${KEY}\0${etag}`);
    const bytes = Buffer.byteLength(LOG) + 11;
    const [ledger] = world.ledgers();
    expect(world.resultKeys('')).toEqual([`ledger/${run}.json`, `rejected/${run}.ndjson`]);
    expect(ledger).toMatchObject({
      stack: STACK,
      run,
      object: { bucket: BUCKET, key: KEY, etag, bytes },
      rulesHash: 'test',
      timing: 'arrival',
      startAtMs: LOG_START_MS + 3_000,
      startedAt: '2026-11-21T11:00:00.000Z',
      hops: 0,
      lines: { lines: 41, parsed: 40, matched: 40 },
      rules: { all: { matched: 40, chosen: 40, planned: 40, dispatched: 40, heldBack: {} } },
      slices: 4,
      errors: [],
      balanced: true,
    });
    const items = await world.dynamo.state.items();
    expect(items.get('last')).toMatchObject({ run: { S: run }, planned: { N: '40' }, rejected: { N: '1' } });
    expect(items.get(`object#${run}`)).toMatchObject({ isDone: { BOOL: true }, nextSlice: { N: '4' } });
    expect(world.metrics()).toMatchObject({
      LinesRead: 41,
      LinesRejected: 1,
      ObjectsPlanned: 1,
      Planned: 40,
      Dispatched: 40,
      RecordedRequests: 40,
      RecordedStatus2xx: 40,
      Switch: 100,
    });
    expect(world.problems()).toEqual([]);
  });

  it('keeps samples of the lines that could not be used, with a bound', async () => {
    await start();
    await world.invoke(world.putLog('no line\n'.repeat(150)));
    const [key = ''] = world.resultKeys('rejected/');
    const lines = (world.resultText(key) ?? '').trimEnd().split('\n');
    expect(lines).toHaveLength(100);
    expect(JSON.parse(lines[99] ?? '')).toEqual({
      source: `s3://${BUCKET}/${KEY}`,
      line: 100,
      reason: 'not_json',
      text: 'no line',
    });
    expect(world.ledgers()[0]?.lines.rejected.not_json).toBe(150);
  });

  it('has its slices handed over 3 s before they start, with their times', async () => {
    await start();
    await world.invoke(world.putLog(LOG));
    const startAtMs = LOG_START_MS + 3_000;
    expect(world.slices().map(({ startAtMs: at }) => at - startAtMs)).toEqual([0, 5_000, 10_000, 15_000]);
    expect(world.slices()[1]).toMatchObject({
      index: 1,
      target: 't',
      requests: 10,
      planned: 10,
      share: 1,
      recordedP95Ms: expect.closeTo(10, 0),
      recordedP95MsOf: { all: expect.closeTo(10, 0) },
      notAfterMs: startAtMs + 9_500 + 5_000,
      object: { bucket: BUCKET, key: KEY },
    });
    // The planner stays until the last of it is due, so that the switch is mirrored until then.
    expect(world.time.now()).toBe(startAtMs + 19_500);
  });

  it('is live due a fixed delay after it was recorded', async () => {
    await start({ timing: 'live', delayMs: 180_000, nowMs: LOG_START_MS + 100_000 });
    await world.invoke(world.putLog(LOG));
    const [first] = world.slices();
    expect(first?.startAtMs).toBe(LOG_START_MS + 180_000);
    expect(world.sentRequests().map(({ dueAtMs }) => dueAtMs - LOG_START_MS - 180_000)).toEqual(
      Array.from({ length: 40 }, (_, i) => i * 500),
    );
    expect(world.ledgers()[0]).toMatchObject({ timing: 'live', startAtMs: 180_000 });
  });

  it('holds back what is more than 5 s past due', async () => {
    await start({ timing: 'live', delayMs: 180_000, nowMs: LOG_START_MS + 192_250 });
    await world.invoke(world.putLog(LOG));
    expect(world.ledgers()[0]?.rules.all).toMatchObject({ dispatched: 25, heldBack: { late: 15 } });
    expect(world.sentRequests()[0]?.path).toBe('/item/15');
  });
});

describe('deliveries of one object', () => {
  it('after it is done are acknowledged and counted', async () => {
    await start();
    const event = world.putLog(LOG);
    await world.invoke(event);
    expect(await world.invoke(event)).toEqual(OK);
    expect(world.slices()).toHaveLength(4);
    expect(world.metrics().ObjectsDuplicate).toBe(1);
  });

  it('at the same time dispatch each slice once', async () => {
    await start();
    const events = Array.from({ length: 5 }, (_, i) => world.putLog(LOG, KEY, `m-${i}`));
    const answers = await Promise.all(events.map((event) => world.invoke(event)));
    expect(answers).toEqual([OK, OK, OK, OK, OK]);
    expect(world.slices().map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    expect(world.metrics()).toMatchObject({ ObjectsDuplicate: 4, ObjectsPlanned: 1, LinesRead: 40 });
  });

  it('for one event, of which the earlier may have died, come back once its lease has run out', async () => {
    await start();
    const event = world.putLog(LOG);
    expect(await world.invoke(event, { dieAt: AT_THE_SECOND_SLICE })).toBe('dead');
    world.time.skip(12_000);
    expect(await world.invoke(event)).toEqual(FAILED);
    expect(world.problems()).toEqual(['LEASE_HELD']);
    expect(world.metrics()).toMatchObject({ ObjectsFailed: 1 });
    const [{ seconds } = { seconds: 0 }] = world.sqs.state.visibilities;
    expect(seconds).toBeGreaterThan(5);
    expect(seconds).toBeLessThanOrEqual(35);
    world.time.skip(seconds * 1_000);
    expect(await world.invoke(event)).toEqual(OK);
    expect(world.slices().map(({ index }) => index)).toEqual([0, 1]);
    expect(world.ledgers()[0]).toMatchObject({ balanced: true, rules: { all: { planned: 40 } } });
  });

  it('for another event leave it to that one, which comes back should its planner have died', async () => {
    await start();
    const [event, doubled] = ['m-1', 'm-2'].map((id) => world.putLog(LOG, KEY, id));
    await world.invoke(event, { dieAt: AT_THE_SECOND_SLICE });
    expect(await world.invoke(doubled)).toEqual(OK);
    expect(world.metrics().ObjectsDuplicate).toBe(1);
    world.time.skip(1_800_000);
    expect(await world.invoke(event)).toEqual(OK);
    expect(world.ledgers()[0]?.balanced).toBe(true);
  });

  it('by Lambda itself are told apart by the id of the request, and thrown back to it', async () => {
    await start();
    world.putLog(LOG);
    const byHand = { bucket: BUCKET, key: KEY };
    await world.invoke(byHand, { dieAt: AT_THE_SECOND_SLICE, requestId: 'a' });
    expect(await world.invoke(byHand, { requestId: 'b' })).toMatchObject({
      outcomes: [{ kind: 'duplicate', isDone: false }],
    });
    await expect(world.invoke(byHand, { requestId: 'a' })).rejects.toMatchObject({
      code: 'LEASE_HELD',
      message: expect.stringMatching(
        /^an earlier delivery of the same event holds the object of run [0-9a-f]{16}$/,
      ),
      hint: 'it comes back once the lease of that one has run out',
    });
    world.time.skip(60_000);
    expect(await world.invoke(byHand, { requestId: 'a' })).toMatchObject({ outcomes: [{ kind: 'planned' }] });
  });

  it('by hand answer what became of it', async () => {
    await start({ timing: 'live', delayMs: 1 });
    world.putLog(LOG);
    const answer = await world.invoke({ bucket: BUCKET, key: KEY });
    const totals = { lines: 40, rejected: 0, planned: 40, dispatched: 40, heldBack: 0 };
    expect(answer).toEqual({
      outcomes: [{ kind: 'planned', run: expect.any(String), ...totals }],
      faults: [],
    });
    expect(world.ledgers()[0]?.timing).toBe('arrival');
    expect(await world.invoke({ bucket: BUCKET, key: KEY })).toMatchObject({
      outcomes: [{ kind: 'duplicate', isDone: true }],
    });
  });

  it('in several versions are several objects', async () => {
    await start();
    world.s3.state.createBucket('kept', true);
    for (const log of [LOG, steadyLog(10, 500)]) {
      const { versionId } = world.s3.state.put('kept', KEY, log);
      await world.invoke(queueEvent({ Records: [s3Record({ bucket: 'kept', versionId })] }));
    }
    expect(
      world
        .ledgers()
        .map(({ lines }) => lines.lines)
        .sort(),
    ).toEqual([10, 40]);
  });
});

describe('an event', () => {
  it.each([
    ['of an object that is gone', s3Record({ key: 'gone', etag: 'e' }), { ObjectsGone: 1 }],
    ['of nothing known', { Records: [{ hello: 1 }] }, { ObjectsFailed: 1 }],
    ['that is a test', { Event: 's3:TestEvent' }, {}],
  ])('%s is acknowledged and counted', async (_, record, metrics) => {
    await start();
    const body = 's3' in (record as object) ? { Records: [record] } : record;
    expect(await world.invoke(queueEvent(body))).toEqual(OK);
    expect(world.metrics()).toEqual(metrics);
    expect(world.slices()).toEqual([]);
  });

  it('of an object that was overwritten since is of one that is gone', async () => {
    await start();
    const event = world.putLog(LOG);
    world.putLog(`${LOG}${LOG}`);
    expect(await world.invoke(event)).toEqual(OK);
    expect(world.metrics()).toEqual({ ObjectsGone: 1 });
  });

  it('of an empty object gives a ledger of zeros', async () => {
    await start();
    expect(await world.invoke(world.putLog(''))).toEqual(OK);
    expect(world.ledgers()[0]).toMatchObject({ slices: 0, balanced: true, errors: [], lines: { lines: 0 } });
    expect(world.resultKeys('rejected/')).toEqual([]);
  });

  it('of several objects has the others planned by invocations of their own', async () => {
    await start({ timing: 'live', delayMs: 60_000 });
    for (const key of ['a', 'b', 'c d']) world.s3.state.put(BUCKET, key, LOG);
    const event = queueEvent({ Records: ['a', 'b', 'c d'].map((key) => s3Record({ key })) });
    expect(await world.invoke(event)).toEqual(OK);
    expect(world.continuations()).toEqual([
      { bucket: BUCKET, key: 'b', timing: 'live' },
      { bucket: BUCKET, key: 'c d', timing: 'live' },
    ]);
    for (const further of world.continuations()) await world.invoke(further);
    expect(
      world
        .ledgers()
        .map(({ object, timing }) => [object.key, timing])
        .sort(),
    ).toEqual([
      ['a', 'live'],
      ['b', 'live'],
      ['c d', 'live'],
    ]);
  });

  it('of several objects comes back where the planner cannot start itself', async () => {
    await start();
    for (const key of ['a', 'b']) world.s3.state.put(BUCKET, key, LOG);
    world.lambda.fail({
      when: ({ path }) => path.includes('planner'),
      status: 429,
      code: 'TooManyRequestsException',
    });
    const event = queueEvent({ Records: [s3Record({ key: 'a' }), s3Record({ key: 'b' })] });
    expect(await world.invoke(event)).toEqual(FAILED);
    expect(world.sqs.state.visibilities).toEqual([{ queue: 'queue', receiptHandle: 'r-1', seconds: 5 }]);
    expect(await world.invoke(event)).toEqual(OK);
    expect(world.continuations()).toEqual([{ bucket: BUCKET, key: 'b', timing: 'arrival' }]);
  });

  it('of a compressed object is of its text', async () => {
    await start();
    expect(await world.invoke(world.putLog(gzipSync(LOG)))).toEqual(OK);
    expect(world.ledgers()[0]?.rules.all?.dispatched).toBe(40);
  });
});
