/** From captured logs to the target: what arrives is the plan, once. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutRecordBatchCommand } from '@aws-sdk/client-firehose';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { beforeAll, describe, expect, it } from 'vitest';
import { answeredBy, findImbalances } from '../../core/measure/accounting.ts';
import type { Report } from '../../core/report/report-json.ts';
import type { PlannedRequest } from '../../core/types.ts';
import type { ReportAnswer } from '../../functions/report/report.ts';
import { planObject } from '../support/object-plan.ts';
import { reprise } from './commands.ts';
import type { CapturedObject } from './deployment.ts';
import { firehoseObject, logLines } from './firehose-object.ts';
import { rulesFor, useStage } from './stage.ts';
import { until } from './until.ts';

/** Without backoff: a machine that does other things as well is not to be taken for a slow target. */
const RULE =
  'match: { method: GET }, backoff: off, headers: { set: { x-replayed: "1" } }, gates: ["status5xx < 1%", "p95 <= 1ms"]';
const startedAtMs = Date.now();

const stage = useStage('replay');
const idsOf = (requests: readonly { readonly id: string }[]): readonly string[] =>
  requests.map(({ id }) => id).toSorted();

/** As S3 tells the queue of an object. */
const eventOf = (bucket: string, { key, etag }: CapturedObject): string =>
  JSON.stringify({
    Records: [
      {
        eventVersion: '2.6',
        eventSource: 'aws:s3',
        eventName: 'ObjectCreated:Put',
        s3: {
          bucket: { name: bucket },
          object: { key: encodeURIComponent(key).replaceAll('%20', '+'), eTag: etag, sequencer: '0' },
        },
      },
    ],
  });

beforeAll(async () => {
  const { deployment, target } = stage();
  await deployment.deploy(rulesFor(target.url, RULE));
}, 120_000);

describe('the emulator', () => {
  it('refuses whom no policy allows, so that the tests show what the functions may', async () => {
    const { emulator, deployment } = stage();
    const answer = await fetch(`${emulator.config.endpoint}/${deployment.resources().captureBucket}`);
    expect(answer.status).toBe(403);
  });
});

describe('a new stack', () => {
  it('is off: what is captured is planned, and all of it held back', async () => {
    const { deployment, target } = stage();
    const object = await deployment.capture('captured/before.gz', firehoseObject(logLines('before', 20, 50)));
    const ledger = await deployment.ledger(object.run);
    expect(ledger.rules.all).toMatchObject({ planned: 20, dispatched: 0, heldBack: { kill_switch: 20 } });
    expect(ledger).toMatchObject({ balanced: true, imbalances: [] });
    expect(target.requests).toHaveLength(0);
  }, 60_000);
});

describe('a stack that is on', () => {
  beforeAll(() => stage().deployment.setSwitch('on'));

  /** Objects of different contents, so that no id is in two of them; keys that an event carries URL-encoded. */
  const shapes = [
    ['lines with newlines', 'captured/2026/11/21/11/lines a+b%.gz', 'lines'],
    ['records joined with nothing between them', 'captured/2026/11/21/11/joined-é.gz', 'joined'],
  ] as const;

  /** By how much each request of a run was moved, by its id. */
  const shiftsOf = async (run: string): Promise<ReadonlyMap<string, number>> => {
    const records = (await stage().deployment.records()).filter(({ object }) => object === run);
    const ofSlice = new Map(
      records.flatMap((record) => (record.type === 'trailer' ? [[record.slice, record.shiftMs]] : [])),
    );
    return new Map(
      records.flatMap((record) =>
        record.type === 'result' ? [[record.id, ofSlice.get(record.slice) ?? Number.NaN]] : [],
      ),
    );
  };

  it.each(shapes)(
    'sends exactly what is planned of an object of %s, at its rhythm',
    async (name, key, shape) => {
      const { deployment, receivedOf } = stage();
      const body = firehoseObject(logLines(name.slice(0, 5), 120, 60), shape);
      const plan = await planObject(body, deployment.ruleSet());
      const object = await deployment.capture(key, body);
      await deployment.ended(object.run);
      const received = receivedOf(object.run);

      expect(plan).toHaveLength(120);
      expect(idsOf(received)).toEqual(idsOf(plan));
      const lineOf = new Map(plan.map(({ id, method, path }) => [id, `${method} ${path} HTTP/1.1`]));
      expect(received.filter(({ id, requestLine }) => lineOf.get(id) !== requestLine)).toEqual([]);

      // A slice that a slow machine begins late is moved as a whole, and says by how much.
      const movedMs = await shiftsOf(object.run);
      const dueOf = new Map(plan.map(({ id, dueMs }) => [id, dueMs + (movedMs.get(id) ?? Number.NaN)]));
      const startsMs = received.map(({ id, receivedAtMs }) => receivedAtMs - (dueOf.get(id) ?? 0));
      const sorted = startsMs.toSorted((a, b) => a - b);
      // Nine of ten within half a second of the same start: the machine does other things as well.
      expect((sorted[Math.floor(sorted.length * 0.9)] ?? 0) - (sorted[0] ?? 0)).toBeLessThan(500);
    },
    90_000,
  );

  it('has what it captured planned by the command line as well, from the bucket', async () => {
    const { emulator, deployment } = stage();
    const rules = deployment.context[deployment.context.findIndex((text) => text.startsWith('rules='))];
    const from = `s3://${deployment.resources().captureBucket}/captured/2026/11/21/11/`;
    const args = ['plan', from, '--rules', rules?.slice('rules='.length) ?? '', '--json'];
    const { stdout } = await reprise(args, emulator);
    expect(JSON.parse(stdout)).toMatchObject({
      accounting: { lines: 240, matched: 240, allRules: { chosen: 240, planned: 240 } },
    });
  }, 30_000);

  it('sends the headers that the plan says, and no credential of the log', () => {
    const [request] = stage().target.requests;
    const headers = new Map(request?.rawHeaders.map(([name, value]) => [name.toLowerCase(), value]));
    expect(headers.has('authorization')).toBe(false);
    expect(headers.get('x-replayed')).toBe('1');
    expect(headers.get('accept')).toBe('text/html');
    expect(headers.get('user-agent')).toBe('Mozilla/5.0 (X11; Linux x86_64) reprise');
  });

  it('sends nothing twice, however often it is told of an object', async () => {
    const { deployment, receivedOf } = stage();
    const { clients, capture, ended, resources, ruleSet } = deployment;
    const { queueUrl, captureBucket, plannerFunction } = resources();
    const body = firehoseObject(logLines('twice', 60, 100));
    const object = await capture('captured/twice.gz', body);
    const again = () =>
      clients.sqs.send(
        new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: eventOf(captureBucket, object) }),
      );
    await Promise.all([again(), again()]);
    await ended(object.run);
    await again();
    const direct = { bucket: captureBucket, key: object.key };
    await clients.lambda.send(
      new InvokeCommand({ FunctionName: plannerFunction, Payload: Buffer.from(JSON.stringify(direct)) }),
    );
    await sleep(3_000);
    expect(idsOf(receivedOf(object.run))).toEqual(idsOf(await planObject(body, ruleSet())));
  }, 90_000);

  it('accounts for every request, in ledger and results', async () => {
    const { deployment, receivedOf } = stage();
    const body = firehoseObject([
      ...logLines('balance', 50, 80),
      'not json',
      '{"level":"info","msg":"started"}',
    ]);
    const object = await deployment.capture('captured/balance.gz', body);
    const { ledger, accounting, imbalances } = await deployment.ended(object.run);
    expect(ledger.lines).toMatchObject({ lines: 52, parsed: 50 });
    expect({ imbalances, own: findImbalances(accounting) }).toEqual({ imbalances: [], own: [] });
    const { all } = accounting.rules;
    expect([all?.planned, all?.sent, all && answeredBy(all)]).toEqual([50, 50, { 200: 50 }]);
    expect(receivedOf(object.run)).toHaveLength(50);
  }, 90_000);
});

describe('the capture stream', () => {
  const planOf = async (text: string): Promise<readonly PlannedRequest[]> =>
    planObject(Buffer.from(text), stage().deployment.ruleSet());
  /** Requests with these ids, of whatever run: the stream gives objects names of its own. */
  const arrived = (ids: readonly string[]): readonly string[] => {
    const received = stage().target.requests.map(
      ({ rawHeaders }) => new Map(rawHeaders).get('x-reprise-id') ?? '',
    );
    return received.filter((id) => ids.includes(id)).toSorted();
  };

  it('takes records of one line and of many', async () => {
    const { clients, resources } = stage().deployment;
    const lines = logLines('stream', 30, 50);
    const records = [
      lines
        .slice(0, 10)
        .map((line) => `${line}\n`)
        .join(''),
      lines.slice(10).join(''),
    ];
    await clients.firehose.send(
      new PutRecordBatchCommand({
        DeliveryStreamName: resources().captureStream ?? '',
        Records: records.map((record) => ({ Data: Buffer.from(record) })),
      }),
    );
    const plan = (await Promise.all(records.map(planOf))).flat();
    const ids = idsOf(plan);
    await until('the requests', 30_000, () => arrived(ids).length >= 30 || undefined);
    expect(arrived(ids)).toEqual(ids);
  }, 60_000);

  it('takes what `reprise ship` sends', async () => {
    const { emulator, deployment } = stage();
    const folder = mkdtempSync(join(tmpdir(), 'reprise-ship-'));
    const file = join(folder, 'access.log');
    const text = logLines('ship', 40, 50)
      .map((line) => `${line}\n`)
      .join('');
    writeFileSync(file, text);
    const args = ['ship', file, '--stream', deployment.resources().captureStream ?? '', '--as-is'];
    await reprise(args, emulator);
    rmSync(folder, { recursive: true });
    const ids = idsOf(await planOf(text));
    await until('the requests', 30_000, () => arrived(ids).length >= 40 || undefined);
    expect(arrived(ids)).toEqual(ids);
  }, 90_000);
});

describe('the report', () => {
  const ask = async (event: unknown): Promise<ReportAnswer> => {
    const { clients, resources } = stage().deployment;
    const { Payload, FunctionError } = await clients.lambda.send(
      new InvokeCommand({
        FunctionName: resources().reportFunction ?? '',
        Payload: Buffer.from(JSON.stringify(event)),
      }),
    );
    const text = Buffer.from(Payload ?? []).toString();
    if (FunctionError !== undefined) throw new Error(text);
    return JSON.parse(text) as ReportAnswer;
  };
  const instant = (atMs: number): string => `${new Date(atMs).toISOString().slice(0, 19)}Z`;

  it('of all that was replayed balances, and says which gates held', async () => {
    const { resources, readText, listKeys } = stage().deployment;
    const answer = await until('the report', 60_000, async () => {
      const found = await ask({ from: instant(startedAtMs), to: instant(Date.now()) });
      return found.outcome === 'written' ? found : undefined;
    });
    expect(answer).toMatchObject({
      ...{ outcome: 'written', verdict: 'failed', gates: { held: 1, failed: 1, missed: 0 } },
      ...{ balanced: true, unreadable: 0, damaged: 0 },
    });
    const bucket = resources().resultsBucket;
    const key = (answer.outcome === 'written' ? answer.report : '').replace(`s3://${bucket}/`, '');
    const report = JSON.parse(await readText(bucket, key.replace(/html$/, 'json'))) as Report;
    expect([report.balanced, report.imbalances]).toEqual([true, []]);
    const ledgers = (await listKeys(bucket)).filter((name) => name.startsWith('ledger/'));
    expect(report.run.inputs).toHaveLength(ledgers.length);
    const { lines, allRules } = report.accounting;
    expect(lines).toBe(20 + 240 + 60 + 52 + 30 + 40);
    const sent = stage().target.requests.length;
    expect(allRules).toMatchObject({ planned: 440, sent, heldBack: { by: { kill_switch: 20 } } });
    expect(report.totals.counts).toMatchObject({ planned: 440, sent, answered: sent, failed: 0 });
    expect(report.totals.latency.service.count).toBe(sent);
    expect(await readText(bucket, key)).toContain('<!DOCTYPE html>');
  }, 90_000);

  it('of an hour that is not over is refused', async () => {
    const hour = instant(Date.now()).slice(0, 13);
    expect(await ask({ hour })).toMatchObject({ outcome: 'refused', code: 'EVENT_INVALID' });
  });
});
