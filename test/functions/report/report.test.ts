import { S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reportRulesOf } from '../../../core/report/report-rules.ts';
import { parseReportRules } from '../../../functions/report/config.ts';
import { createReporter, type ReportAnswer } from '../../../functions/report/report.ts';
import { readBucketReport } from '../../../io/aws/bucket-report.ts';
import { hasLaterReport } from '../../../io/aws/reports.ts';
import { putText } from '../../../io/aws/s3.ts';
import { clientConfig } from '../../support/aws/client-config.ts';
import { type S3Endpoint, startS3 } from '../../support/aws/s3.ts';
import { thrownBy } from '../../support/errors.ts';
import type { ReplayedObject } from '../../support/replayed-object.ts';
import { reportFaults } from '../../support/report-schema.ts';
import { BUCKET, putLedger, putReplayed } from '../../support/results-bucket.ts';
import { ruleSetOf } from '../../support/rules.ts';
import { scheduled } from './scheduled.ts';

const TEN = Date.UTC(2026, 10, 21, 10);
const MINUTE_MS = 60_000;
const AT_25 = TEN + 85 * MINUTE_MS;
const CALL = scheduled('2026-11-21T11:25:00Z');

const RULES = `
version: 1
targets: { staging: { url: "https://staging.example.com" } }
rules:
  - name: a
    target: staging
    match: { host: shop.example.com }
    gates: ["status5xx < 1%", "p95 <= 300ms", "p95 <= 1.1x baseline optional", "each route p95 <= 1s min 1000"]
`;

let s3: S3Endpoint;
let client: S3Client;
let lines: string[];
let nowMs: number;

beforeEach(async () => {
  s3 = await startS3({ buckets: [BUCKET] });
  client = new S3Client(clientConfig(s3.endpoint));
  lines = [];
  nowMs = AT_25;
});
afterEach(async () => {
  client.destroy();
  await s3.close();
});

const ask = (event: unknown, remainingMs = 900_000): Promise<ReportAnswer> => {
  const rules = parseReportRules(JSON.stringify(reportRulesOf(ruleSetOf(RULES))));
  const report = createReporter({
    stack: 'shop',
    bucket: BUCKET,
    readReport: (options) => readBucketReport(client, { ...options, bucket: BUCKET, rules }),
    putText: (key, text, contentType) => putText(client, BUCKET, key, text, { contentType }),
    hasLater: (key) => hasLaterReport(client, BUCKET, key),
    wallClock: () => nowMs,
    writeLine: (line) => void lines.push(line),
    log: (entry) => void lines.push(JSON.stringify(entry)),
  });
  return report(event, remainingMs);
};

const objectAt = (minute: number, changes: Partial<ReplayedObject> = {}): ReplayedObject => ({
  run: `${minute + 1_000}`.padStart(16, '0'),
  startedAtMs: TEN + minute * MINUTE_MS,
  slices: 2,
  perSlice: 30,
  ...changes,
});
const stored = (): readonly string[] => s3.state.keys(BUCKET).filter((key) => key.startsWith('reports/'));
const textOf = (key: string): string => s3.state.text(BUCKET, key) ?? '';
const metrics = (): readonly Record<string, unknown>[] =>
  lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter((entry) => '_aws' in entry);
const codes = (): readonly unknown[] =>
  lines
    .map((line) => (JSON.parse(line) as Record<string, unknown>).code)
    .filter((code) => code !== undefined);

describe('the report of an hour', () => {
  it('is written as page and data, under its hour and as the latest', async () => {
    for (const minute of [5, 6]) putReplayed(s3.state, objectAt(minute));
    const answer = await ask(CALL);
    expect(answer).toEqual({
      outcome: 'written',
      report: 's3://results/reports/2026/11/21/10.html',
      verdict: 'failed',
      gates: { held: 2, failed: 0, missed: 2 },
      balanced: true,
      ...{ objects: 2, results: 120, repeats: 0, unreadable: 0, damaged: 0 },
    });
    expect(stored()).toEqual([
      'reports/2026/11/21/10.html',
      'reports/2026/11/21/10.json',
      'reports/latest.html',
      'reports/latest.json',
    ]);
    const report = JSON.parse(textOf('reports/2026/11/21/10.json'));
    expect(reportFaults(report)).toEqual([]);
    expect(report.run.id).toBe('shop 2026-11-21T10');
    expect(textOf('reports/2026/11/21/10.html')).toMatch(/^<!doctype html>/i);
    for (const end of ['html', 'json'])
      expect(textOf(`reports/latest.${end}`)).toBe(textOf(`reports/2026/11/21/10.${end}`));
    const types = stored().map((key) => s3.state.get(BUCKET, key)?.contentType);
    expect(new Set(types)).toEqual(new Set(['text/html; charset=utf-8', 'application/json']));
    expect(codes()).toEqual([]);
  });

  it('is the same to the byte when it is made again, an hour later and by hand', async () => {
    for (const minute of [5, 6]) putReplayed(s3.state, objectAt(minute));
    await ask(CALL);
    const before = stored().map(textOf);
    nowMs += 60 * MINUTE_MS;
    await ask({ hour: '2026-11-21T10' });
    expect(stored().map(textOf)).toEqual(before);
  });

  it('publishes what the gates came to, of the stack alone and at the instant of the report', async () => {
    putReplayed(s3.state, objectAt(5, { end: () => ({ status: 503 }) }));
    expect(await ask(CALL)).toMatchObject({ verdict: 'failed', gates: { held: 1, failed: 1, missed: 2 } });
    expect(metrics()).toEqual([
      {
        _aws: {
          Timestamp: AT_25,
          CloudWatchMetrics: [
            {
              Namespace: 'Reprise',
              Dimensions: [['Stack']],
              Metrics: ['GatesHeld', 'GatesFailed', 'GatesMissed', 'VerdictFailed'].map((Name) => ({
                Name,
                Unit: 'Count',
              })),
            },
          ],
        },
        Stack: 'shop',
        ...{ GatesHeld: 1, GatesFailed: 1, GatesMissed: 2, VerdictFailed: 1 },
      },
    ]);
  });

  it('without traffic is not written: the latest stays, and the metrics say zero', async () => {
    putReplayed(s3.state, objectAt(5));
    await ask(CALL);
    const before = stored().map(textOf);
    nowMs += 60 * MINUTE_MS;
    expect(await ask(scheduled('2026-11-21T12:25:00Z'))).toEqual({
      outcome: 'empty',
      message: 'no ledger was closed in 2026-11-21T11: no report is written',
    });
    expect(stored().map(textOf)).toEqual(before);
    expect(metrics().at(-1)).toMatchObject({
      GatesHeld: 0,
      GatesFailed: 0,
      GatesMissed: 0,
      VerdictFailed: 0,
    });
  });

  it('gone by neither replaces the latest nor rings', async () => {
    putReplayed(s3.state, objectAt(5, { end: () => ({ status: 503 }) }));
    putReplayed(s3.state, objectAt(65));
    nowMs += 60 * MINUTE_MS;
    await ask(scheduled('2026-11-21T12:25:00Z'));
    const latest = textOf('reports/latest.json');
    lines = [];
    expect(await ask({ hour: '2026-11-21T10' })).toMatchObject({ outcome: 'written', gates: { failed: 1 } });
    expect(textOf('reports/latest.json')).toBe(latest);
    expect(metrics()).toEqual([]);
  });

  it('says in its log what could not be read', async () => {
    putReplayed(s3.state, objectAt(5));
    s3.state.put(BUCKET, 'results/2026/11/21/10/x.gz', 'no record\nnor this\n');
    expect(await ask(CALL)).toMatchObject({ unreadable: 2, balanced: true });
    expect(lines.map((line) => JSON.parse(line))).toContainEqual({
      level: 'WARN',
      code: 'RECORD_INVALID',
      message: '2 lines of results of 2026-11-21T10 are no records',
    });
  });

  it('that does not balance is written all the same, and says so', async () => {
    putReplayed(s3.state, objectAt(5));
    putLedger(s3.state, objectAt(5, { slices: 1 }));
    expect(await ask(CALL)).toMatchObject({ outcome: 'written', balanced: false });
    expect(codes()).toEqual(['REPORT_UNBALANCED']);
  });
});

describe('the report of a span', () => {
  it('is written beside those of hours, and is neither the latest nor published', async () => {
    putReplayed(s3.state, objectAt(5));
    putReplayed(s3.state, objectAt(65));
    nowMs = TEN + 180 * MINUTE_MS;
    expect(await ask({ from: '2026-11-21T10', to: '2026-11-21T12' })).toMatchObject({
      report: 's3://results/reports/ranges/20261121T100000Z-20261121T120000Z.html',
      ...{ objects: 2, results: 120 },
    });
    expect(stored()).toEqual([
      'reports/ranges/20261121T100000Z-20261121T120000Z.html',
      'reports/ranges/20261121T100000Z-20261121T120000Z.json',
    ]);
    expect(metrics()).toEqual([]);
  });
});

describe('what cannot be made', () => {
  it('is told to who asked for it', async () => {
    expect(await ask({ hour: 'now' })).toEqual({
      outcome: 'refused',
      code: 'EVENT_INVALID',
      message: 'hour must be an hour such as 2026-11-21T10, got "now"',
      hint: 'ask with {"hour":"2026-11-21T10"} or {"from":"2026-11-21T08:00Z","to":"2026-11-21T12:30Z"}; times are in UTC',
    });
    expect(lines).toEqual([]);
  });

  it('yet, since something is open, is refused with when to ask again', async () => {
    putReplayed(s3.state, objectAt(58));
    for (const key of s3.state.keys(BUCKET)) if (key.startsWith('results/')) s3.state.delete(BUCKET, key);
    nowMs = TEN + 61 * MINUTE_MS;
    expect(await ask({ hour: '2026-11-21T10' })).toEqual({
      outcome: 'refused',
      code: 'RESULTS_OPEN',
      message: 'nobody knows yet how 60 of the planned requests ended',
      hint: 'results may still come until 2026-11-21T11:14:05.000Z: ask again then',
    });
    expect(stored()).toEqual([]);
  });

  it('in time is never half a report: it is thrown, so that the clock’s event comes again', async () => {
    putReplayed(s3.state, objectAt(5));
    await expect(ask(CALL, 60_000)).rejects.toMatchObject({ code: 'REPORT_TOO_LONG' });
    expect(stored()).toEqual([]);
    expect(metrics()).toEqual([]);
    expect(codes()).toEqual(['REPORT_FAILED']);
    expect(await ask({ hour: '2026-11-21T10' }, 60_000)).toMatchObject({
      outcome: 'refused',
      code: 'REPORT_TOO_LONG',
    });
  });

  it('since S3 fails is thrown, whoever asked', async () => {
    putReplayed(s3.state, objectAt(5));
    s3.fail({ operation: 'PutObject', status: 403, code: 'AccessDenied', times: 9 });
    await expect(ask({ hour: '2026-11-21T10' })).rejects.toMatchObject({
      code: expect.stringMatching(/^AWS_/),
    });
    expect(codes()).toEqual(['REPORT_FAILED']);
    expect(metrics()).toEqual([]);
  });
});

describe('the rules beside its code', () => {
  it('must be there whole', () => {
    const messageOf = (text: string): string => thrownBy(() => parseReportRules(text)).message;
    expect(messageOf('{')).toBe('report-rules.json must be JSON, got "{"');
    expect(messageOf('{"rules":[],"gates":[]}')).toBe('report-rules.json must hold rules, gates and targets');
  });
});
