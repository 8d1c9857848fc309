import { gzipSync } from 'node:zlib';
import { S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_RULES } from '../../../core/report/report-rules.ts';
import { type BucketReportOptions, readBucketReport } from '../../../io/aws/bucket-report.ts';
import { hasLaterReport } from '../../../io/aws/reports.ts';
import { outcomeOf } from '../../infra/outcome.ts';
import { clientConfig } from '../../support/aws/client-config.ts';
import { type S3Endpoint, startS3 } from '../../support/aws/s3.ts';
import { ledgerOfObject, type ReplayedObject, resultLinesOf } from '../../support/replayed-object.ts';
import { reportFaults } from '../../support/report-schema.ts';
import { BUCKET, deliveredKey, hourAt, putLedger, putReplayed } from '../../support/results-bucket.ts';

const TEN = Date.UTC(2026, 10, 21, 10);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

let s3: S3Endpoint;
let client: S3Client;

beforeEach(async () => {
  s3 = await startS3({ buckets: [BUCKET] });
  client = new S3Client(clientConfig(s3.endpoint));
});
afterEach(async () => {
  client.destroy();
  await s3.close();
});

const objectAt = (minute: number, changes: Partial<ReplayedObject> = {}): ReplayedObject => ({
  run: `${minute + 1_000}`.padStart(16, '0'),
  startedAtMs: TEN + minute * MINUTE_MS,
  slices: 2,
  perSlice: 30,
  ...changes,
});

const read = (options: Partial<BucketReportOptions> = {}) =>
  readBucketReport(client, {
    ...{ bucket: BUCKET, id: 'x', rules: NO_RULES },
    ...{ span: hourAt(TEN), nowMs: TEN + 85 * MINUTE_MS, ...options },
  });

const keysRead = (): readonly string[] =>
  s3.calls
    .filter(({ operation }) => operation === 'GetObject')
    .map(({ path }) => decodeURIComponent(path).replace(`/${BUCKET}/`, ''));

describe('the report of a bucket', () => {
  it('is of the objects whose ledgers were closed in the hour, with all their results', async () => {
    // Closed a minute after they began: the first two in the hour before and in this one, the last in the next.
    for (const minute of [-2, -1, 10, 59]) putReplayed(s3.state, objectAt(minute), 20);
    const found = await read();
    expect(found).toMatchObject({ objects: 2, results: 120, repeats: 0, unreadable: 0, damaged: [] });
    expect(found?.report.balanced).toBe(true);
    expect(found?.report.run.inputs.map(({ name }) => name)).toEqual([
      's3://logs/captured/0000000000000999.log.gz',
      's3://logs/captured/0000000000001010.log.gz',
    ]);
  });

  it('is the same whenever it is made, by then', async () => {
    for (const minute of [5, 6, 7]) putReplayed(s3.state, objectAt(minute));
    const first = await read();
    const second = await read({ nowMs: TEN + 48 * HOUR_MS });
    expect(JSON.stringify(second?.report)).toBe(JSON.stringify(first?.report));
  });

  it('of several hours has the histograms of all their requests', async () => {
    const slow = { end: () => ({ serviceMs: 900 }) };
    putReplayed(s3.state, objectAt(5, { slices: 3 }));
    putReplayed(s3.state, objectAt(65, { slices: 1, ...slow }));
    const both = await read({ span: { fromMs: TEN, toMs: TEN + 2 * HOUR_MS }, nowMs: TEN + 4 * HOUR_MS });
    // 90 answers of 20 ms and 30 of 900 ms: a mean of percentiles would say 460.
    expect(both?.report.totals.latency.service).toMatchObject({ count: 120, max: 900 });
    expect(both?.report.totals.latency.service.p50).toBeCloseTo(20, 0);
    expect(both?.report.totals.latency.service.p90).toBeCloseTo(900, -1);
  });

  it('is none where no ledger was closed', async () => {
    putReplayed(s3.state, objectAt(-30));
    expect(await read()).toBeUndefined();
    expect(keysRead()).toEqual([]);
  });

  it('reads results that came late, and no object that cannot hold any', async () => {
    putLedger(s3.state, objectAt(58, { slices: 1, perSlice: 5 }));
    const text = [...resultLinesOf(objectAt(58, { slices: 1, perSlice: 5 }))].join('\n');
    const late = deliveredKey(TEN + 61 * MINUTE_MS);
    s3.state.put(BUCKET, late, gzipSync(text));
    s3.state.put(BUCKET, deliveredKey(TEN), gzipSync('{"never":"read"}\n'));
    s3.state.put(BUCKET, deliveredKey(TEN + 80 * MINUTE_MS), gzipSync('{"never":"read"}\n'));
    const found = await read();
    expect(found).toMatchObject({ results: 5, unreadable: 0 });
    expect(keysRead().filter((key) => key.startsWith('results/'))).toEqual([late]);
  });

  it('takes results with nothing but a newline between them, also where a chunk ends in the middle of one', async () => {
    const object = objectAt(5, { slices: 40, perSlice: 60 });
    putLedger(s3.state, object);
    const text = [...resultLinesOf(object)].join('\n');
    s3.state.put(BUCKET, deliveredKey(object.startedAtMs), text);
    expect(text.length).toBeGreaterThan(3 * 256 * 1024);
    expect(await read()).toMatchObject({ results: 2_400, unreadable: 0 });
  });

  it('counts lines that are no records, however long, and what they told of as lost', async () => {
    const object = objectAt(5, { slices: 1, perSlice: 10 });
    putLedger(s3.state, object);
    const lines = [...resultLinesOf(object)];
    const junk = ['{"type":"result"', 'x'.repeat(3_000_000), '', '   ', 'null', '[1]'];
    s3.state.put(BUCKET, deliveredKey(object.startedAtMs), [...junk, ...lines.slice(1, 9)].join('\n'));
    const found = await read();
    expect(found).toMatchObject({ results: 8, unreadable: 4 });
    expect(found?.report.balanced).toBe(true);
    expect(found?.report.accounting.allRules).toMatchObject({
      sent: 8,
      heldBack: { by: { undelivered: 2 } },
    });
  });

  it('uses what can be read of an object that is damaged, and names it', async () => {
    const object = objectAt(5, { slices: 3, perSlice: 800 });
    putReplayed(s3.state, object, 100_000);
    const [key = ''] = s3.state.keys(BUCKET).filter((name) => name.startsWith('results/'));
    const whole = s3.state.get(BUCKET, key)?.bytes ?? Buffer.alloc(0);
    s3.state.put(BUCKET, key, whole.subarray(0, whole.length - 2_000));
    const found = await read();
    expect(found?.damaged.map(({ code }) => code)).toEqual(['INPUT_TRUNCATED']);
    expect(found?.results).toBeGreaterThan(100);
    expect(found?.results).toBeLessThan(2_400);
    expect(found?.report).toMatchObject({ balanced: true, totals: { counts: { planned: 2_400 } } });
  });

  it('is refused while results may still come, and something is open', async () => {
    const object = objectAt(50);
    putLedger(s3.state, object);
    expect(await outcomeOf(read({ nowMs: TEN + 60 * MINUTE_MS }))).toEqual({
      code: 'RESULTS_OPEN',
      message: 'nobody knows yet how 60 of the planned requests ended',
      hint: 'results may still come until 2026-11-21T11:06:05.000Z: ask again then',
    });
    putReplayed(s3.state, object);
    expect(await read({ nowMs: TEN + 60 * MINUTE_MS })).toMatchObject({ open: 0, results: 60 });
  });

  it('is refused for the open end of a span that is not over, with what can be asked for', async () => {
    putLedger(s3.state, objectAt(30));
    expect(await outcomeOf(read({ nowMs: TEN + 40 * MINUTE_MS }))).toMatchObject({
      code: 'RESULTS_OPEN',
      hint: 'results may still come until 2026-11-21T10:46:05.000Z: ask again then, or for hours that are over by now',
    });
  });

  it('finds results in a file that was begun in the hour before, for what other objects were replayed then', async () => {
    const object = objectAt(0, { startedAtMs: TEN + 1_000, endedAtMs: TEN + 20_000 });
    putLedger(s3.state, object);
    s3.state.put(BUCKET, deliveredKey(TEN - 40_000), gzipSync([...resultLinesOf(object)].join('\n')));
    const found = await read();
    expect(found?.report.accounting.allRules).toMatchObject({ sent: 60, heldBack: { total: 0 } });
    expect(found?.results).toBe(60);
  });

  it('is none where S3 refuses one object in the middle', async () => {
    for (const minute of [5, 6, 7]) putReplayed(s3.state, objectAt(minute), 30);
    s3.onAnswered = (): void => {
      if (keysRead().filter((key) => key.startsWith('results/')).length === 3)
        s3.fail({ operation: 'GetObject', status: 403, code: 'AccessDenied', times: 99 });
    };
    expect(await outcomeOf(read())).toMatchObject({
      code: 'INPUT_UNREADABLE',
      message: expect.stringContaining('access denied'),
    });
  });

  it('adds up where rules were deployed in between, in an object and between two', async () => {
    const objects = [objectAt(5), objectAt(6)];
    for (const object of objects) putReplayed(s3.state, object);
    const [first, second] = objects.map(ledgerOfObject);
    const before = { dispatched: 60, heldBack: {} };
    const changed = { ...second, rulesHash: 'other', changed: { fromRulesHash: first?.rulesHash, before } };
    s3.state.put(BUCKET, `ledger/${second?.run}.json`, JSON.stringify(changed), {
      lastModifiedMs: TEN + 8 * MINUTE_MS,
    });
    const found = await read();
    expect(found?.report).toMatchObject({
      balanced: true,
      run: { rulesHash: `${first?.rulesHash} other` },
      totals: { counts: { planned: 120, answered: 120 } },
    });
    expect(reportFaults(found?.report)).toEqual([]);
  });

  it('is refused where the time is up before all was read', async () => {
    for (const minute of [5, 6, 7]) putReplayed(s3.state, objectAt(minute), 30);
    const ending = new AbortController();
    s3.onAnswered = (): void => {
      if (keysRead().filter((key) => key.startsWith('results/')).length === 3) ending.abort();
    };
    expect(await outcomeOf(read({ signal: ending.signal }))).toEqual({
      code: 'REPORT_TOO_LONG',
      message: 'the time was up when 2 objects of results had been read',
      hint: 'ask for a shorter span, or make the report with reprise report on a machine of your own',
    });
  });

  it('is refused where a ledger is none', async () => {
    s3.state.put(BUCKET, 'ledger/a.json', '{}', { lastModifiedMs: TEN + MINUTE_MS });
    expect(await outcomeOf(read())).toMatchObject({
      code: 'LEDGER_INVALID',
      message: 'a ledger must be JSON of version 1, got "{}"',
    });
  });

  it('finds the ledgers of an hour among those of many', async () => {
    for (let i = 0; i < 1_500; i += 1) {
      const lastModifiedMs = TEN - 10 * HOUR_MS + i;
      s3.state.put(BUCKET, `ledger/old-${i}.json`, 'never read', { lastModifiedMs });
    }
    for (let minute = 0; minute < 40; minute += 1) putReplayed(s3.state, objectAt(minute, { slices: 1 }));
    expect(await read()).toMatchObject({ objects: 40, results: 1_200 });
  });
});

describe('a later report', () => {
  const has = () => hasLaterReport(client, BUCKET, 'reports/2026/11/21/10');

  it('is one of another hour, whatever else lies there', async () => {
    expect(await has()).toBe(false);
    for (const name of [
      '2026/11/21/09',
      '2026/11/21/10',
      'latest',
      'ranges/20261121T080000Z-20261122T080000Z',
    ])
      for (const end of ['html', 'json']) s3.state.put(BUCKET, `reports/${name}.${end}`, '');
    expect(await has()).toBe(false);
    s3.state.put(BUCKET, 'reports/2026/11/21/11.html', '');
    expect(await has()).toBe(true);
  });

  it('may be one of the next year', async () => {
    s3.state.put(BUCKET, 'reports/2027/01/01/00.json', '');
    expect(await has()).toBe(true);
  });
});
