/** Functions that are killed while they work: nothing is sent twice, and nothing is lost from the accounts. */

import { setTimeout as sleep } from 'node:timers/promises';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { beforeAll, describe, expect, it } from 'vitest';
import { NOT_AFTER_MS } from '../../core/pace/slice.ts';
import { queueDepth } from '../../io/aws/sqs.ts';
import { planObject } from '../support/object-plan.ts';
import { reconcile } from '../support/reconcile.ts';
import { firehoseObject, logLines } from './firehose-object.ts';
import { rulesFor, useStage } from './stage.ts';
import { until } from './until.ts';

const RESULTS_MS = 4_000;
/** A lease of the planner is over when it was not renewed for 30 s. */
const LEASE_MS = 30_000;

const stage = useStage('crash');

const kill = (functionName: string): void => {
  const workers = stage().emulator.workersOf(functionName);
  expect(workers).not.toHaveLength(0);
  for (const pid of workers) process.kill(pid, 'SIGKILL');
};

/** What is known of a run of that many ms once nothing more of it is to come. */
const settledAccounts = async (run: string, spanMs: number) => {
  const { deployment } = stage();
  const ledger = await deployment.ledger(run, 90_000);
  const endsAtMs = ledger.startAtMs + spanMs + NOT_AFTER_MS + RESULTS_MS;
  await sleep(Math.max(0, endsAtMs - Date.now()));
  return { ledger, ...reconcile(ledger, await deployment.records(), { isSettled: true }) };
};

beforeAll(async () => {
  await stage().deployment.deploy(rulesFor(stage().target.url));
  await stage().deployment.setSwitch('on');
}, 120_000);

describe('a sender that is killed in the middle of a slice', () => {
  it('leaves every request counted, none sent twice, and its slice in the failure queue', async () => {
    const { deployment, receivedOf } = stage();
    const { senderFunction, failureQueueUrl } = deployment.resources();
    const body = firehoseObject(logLines('sender', 500, 20));
    const { run } = await deployment.capture('captured/sender.gz', body);
    await until('the first fifty', 40_000, () => receivedOf(run).length >= 50 || undefined);
    kill(senderFunction);
    const { ledger, accounting, open, imbalances, slices } = await settledAccounts(run, 10_000);

    const received = receivedOf(run).map(({ id }) => id);
    const planned = (await planObject(body, deployment.ruleSet())).map(({ id }) => id);
    expect(new Set(received).size).toBe(received.length);
    expect(received.filter((id) => !planned.includes(id))).toEqual([]);
    expect({ balanced: ledger.balanced, imbalances, open }).toEqual({
      balanced: true,
      imbalances: [],
      open: 0,
    });
    expect(accounting.rules.all).toMatchObject({ planned: 500 });
    // What had no result when it died is counted as failed, not as if it had never been.
    expect(accounting.rules.all?.failed.unknown).toBeGreaterThan(0);
    expect(slices.unfinished).toBeGreaterThan(0);
    expect(received.length).toBeLessThan(500);
    const depth = await queueDepth(deployment.clients.sqs, failureQueueUrl);
    expect(depth.visible).toBeGreaterThan(0);
  }, 150_000);
});

describe('a planner that is killed in the middle of an object', () => {
  it('is continued by the next delivery: no slice goes out twice, and what is too late is counted', async () => {
    const { deployment, receivedOf } = stage();
    const { plannerFunction, queueUrl, captureBucket } = deployment.resources();
    const body = firehoseObject(logLines('planner', 900, 50));
    const { run, key, etag } = await deployment.capture('captured/planner.gz', body);
    await until('the first fifty', 40_000, () => receivedOf(run).length >= 50 || undefined);
    kill(plannerFunction);
    const record = {
      eventVersion: '2.6',
      eventSource: 'aws:s3',
      eventName: 'ObjectCreated:Put',
      s3: { bucket: { name: captureBucket }, object: { key, eTag: etag } },
    };
    // SQS brings the event back after its visibility timeout, which is half an hour: here it comes when the lease has run out.
    await sleep(LEASE_MS + 1_000);
    await deployment.clients.sqs.send(
      new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify({ Records: [record] }) }),
    );
    const { ledger, accounting, open, imbalances } = await settledAccounts(run, 45_000);

    const received = receivedOf(run).map(({ id }) => id);
    expect(new Set(received).size).toBe(received.length);
    expect({ balanced: ledger.balanced, imbalances, open }).toEqual({
      balanced: true,
      imbalances: [],
      open: 0,
    });
    expect(accounting.rules.all).toMatchObject({ planned: 900, sent: received.length });
    expect(accounting.rules.all?.heldBack.late).toBeGreaterThan(0);
  }, 180_000);
});
