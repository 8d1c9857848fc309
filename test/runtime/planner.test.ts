import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { hashHex } from '../../core/hash.ts';
import { parseSliceEvent } from '../../core/pace/slice.ts';
import { parseSliceLine } from '../../core/pace/slice-line.ts';
import type { Ledger } from '../../core/report/ledger.ts';
import { decodeSliceData } from '../../io/slice-codec.ts';
import { steadyLog } from '../support/logs.ts';
import { planObject } from '../support/object-plan.ts';
import { ruleSetOf } from '../support/rules.ts';
import { objectCreated, sqsEvent, testEvent } from './events.ts';
import { metricDocuments, metricFaults, sumOfMetric } from './log-lines.ts';
import { useWorld, type World } from './world.ts';

const world = useWorld();

/** Puts a log of its own into the bucket, and gives its bytes and its event. */
const putLog = ({ s3 }: World, key: string, lines: number) => {
  const body = gzipSync(steadyLog(lines, 20, (i) => ({ path: `/${key}/${i}` })));
  const { etag } = s3.state.put('logs', key, body);
  const run = hashHex(`runtime\0logs\0${key}\0${etag.replaceAll('"', '')}`);
  return { body, run, event: sqsEvent(key, objectCreated('logs', key, etag)) };
};

const ledgerOf = ({ s3 }: World, run: string): Ledger =>
  JSON.parse(s3.state.text('results', `ledger/${run}.json`) ?? '') as Ledger;

/** Ids of what senders were invoked with for one run. */
const dispatchedIds = ({ lambda }: World, run: string): readonly string[] =>
  lambda.state.invocations
    .map(({ payload }) => parseSliceEvent(payload))
    .filter((slice) => slice.run === run)
    .flatMap(({ data }) => decodeSliceData(data).map((line) => parseSliceLine(line).request.id))
    .toSorted();

describe('the bundled planner', () => {
  it('hands senders what the command line plans of the same bytes, and acknowledges the message', async () => {
    const planner = await world().start('planner');
    const { body, run, event } = putLog(world(), 'a b+c%.gz', 300);
    expect(await planner.invoke(event)).toEqual({ kind: 'answered', value: { batchItemFailures: [] } });

    const plan = await planObject(body, ruleSetOf(world().rules));
    expect(plan).toHaveLength(300);
    expect(dispatchedIds(world(), run)).toEqual(plan.map(({ id }) => id).toSorted());
    expect(
      world().lambda.state.invocations.every(
        ({ functionName, type }) => functionName === 'sender' && type === 'Event',
      ),
    ).toBe(true);
    expect(ledgerOf(world(), run)).toMatchObject({
      stack: 'runtime',
      run,
      timing: 'arrival',
      balanced: true,
      rules: { all: { planned: 300, dispatched: 300, heldBack: {} } },
    });
    await planner.stop();
  }, 60_000);

  it.each(['JSON', 'Text'] as const)(
    'writes metrics that CloudWatch can read, in the log format %s',
    async (logFormat) => {
      const planner = await world().start('planner', { logFormat });
      const { event } = putLog(world(), `metrics-${logFormat}.gz`, 50);
      await planner.invoke(event);
      const documents = metricDocuments(planner.stdout());
      expect(metricFaults(documents)).toEqual([]);
      expect(sumOfMetric(documents, 'LinesRead')).toBe(50);
      expect(sumOfMetric(documents, 'Dispatched')).toBe(50);
      expect(sumOfMetric(documents, 'ObjectsPlanned')).toBe(1);
      expect(planner.stderr()).toBe('');
      await planner.stop();
    },
    60_000,
  );

  it('dispatches nothing of an object that it is told of again', async () => {
    const planner = await world().start('planner');
    const { run, event } = putLog(world(), 'again.gz', 20);
    await planner.invoke(event);
    const before = dispatchedIds(world(), run);
    expect(await planner.invoke(event)).toEqual({ kind: 'answered', value: { batchItemFailures: [] } });
    expect(dispatchedIds(world(), run)).toEqual(before);
    expect(sumOfMetric(metricDocuments(planner.stdout()), 'ObjectsDuplicate')).toBe(1);
    await planner.stop();
  }, 60_000);

  it('ignores the test event of S3', async () => {
    const planner = await world().start('planner');
    const outcome = await planner.invoke(sqsEvent('test', testEvent('logs')));
    expect(outcome).toEqual({ kind: 'answered', value: { batchItemFailures: [] } });
    await planner.stop();
  });

  it('reports a message as failed when S3 fails for good, and has it back in 5 s', async () => {
    const planner = await world().start('planner');
    const { event } = putLog(world(), 'failing.gz', 5);
    world().s3.fail({ status: 500, code: 'InternalError', times: 100 });
    const outcome = await planner.invoke(event);
    world().s3.heal();
    const failures = [{ itemIdentifier: 'failing.gz' }];
    expect(outcome).toEqual({ kind: 'answered', value: { batchItemFailures: failures } });
    expect(world().sqs.state.visibilities.at(-1)).toEqual({
      queue: 'queue',
      receiptHandle: 'handle-of-failing.gz',
      seconds: 5,
    });
    await planner.stop();
  }, 60_000);

  it('holds all back while the switch is off, and says so in the ledger', async () => {
    const planner = await world().start('planner');
    world().ssm.state.set('/reprise/runtime/switch', 'off');
    const { run, event } = putLog(world(), 'off.gz', 30);
    await planner.invoke(event);
    world().ssm.state.set('/reprise/runtime/switch', 'on');
    expect(dispatchedIds(world(), run)).toEqual([]);
    expect(ledgerOf(world(), run).rules.all).toMatchObject({ dispatched: 0, heldBack: { kill_switch: 30 } });
    await planner.stop();
  }, 60_000);
});
