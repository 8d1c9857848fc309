/** A report of 1,024 MB makes the report of an hour of results in bounded memory, however many there are. */

import { Buffer } from 'node:buffer';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Report } from '../../core/report/report-json.ts';
import type { ReportAnswer } from '../../functions/report/report.ts';
import { HOUR_MS, hourFolder } from '../../io/aws/span.ts';
import { type ReplayedObject, resultLinesOf } from '../support/replayed-object.ts';
import { BUCKET, deliveredKey, putLedger } from '../support/results-bucket.ts';
import { metricDocuments, metricFaults, sumOfMetric } from './log-lines.ts';
import { useWorld, type World } from './world.ts';

const MEMORY_MB = 1_024;
const MAX_SHARE = 0.5;
const OBJECTS = 40;
const SLICES = 10;
const PER_SLICE = 1_000;
const RESULTS = OBJECTS * SLICES * PER_SLICE;

const world = useWorld({ rule: 'match: { method: GET }, gates: ["status5xx < 1%", "each route p95 <= 1s"]' });

/** The hour before last: settled, and near enough for metrics. */
const hourMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 2 * HOUR_MS;
const hour = new Date(hourMs).toISOString().slice(0, 13);

const objectAt = (minute: number): ReplayedObject => ({
  run: `${minute}`.padStart(16, '0'),
  startedAtMs: hourMs + minute * 60_000,
  slices: SLICES,
  perSlice: PER_SLICE,
  end: (slice, n) => ({ serviceMs: 5 + ((slice * 31 + n * 17) % 400) }),
});

const fill = ({ s3 }: World): void => {
  for (let minute = 0; minute < OBJECTS; minute += 1) {
    const object = objectAt(minute);
    putLedger(s3.state, object);
    const text = Buffer.from([...resultLinesOf(object)].join('\n'));
    s3.state.put(BUCKET, deliveredKey(object.startedAtMs, object.run), gzipSync(text, { level: 1 }));
  }
};

describe('the bundled report', () => {
  it('makes the report of an hour of 400,000 results in half of its memory', async () => {
    fill(world());
    const report = await world().start('report', { memoryMb: MEMORY_MB });
    const startMs = performance.now();
    const outcome = await report.invoke({ hour });
    const seconds = (performance.now() - startMs) / 1_000;
    const peakMb = report.peakBytes() / 2 ** 20;
    process.stdout.write(
      `${RESULTS} results reported in ${seconds.toFixed(1)} s and ${peakMb.toFixed(0)} MB at most, ` +
        `${((peakMb / MEMORY_MB) * 100).toFixed(0)} % of ${MEMORY_MB} MB\n`,
    );
    expect(outcome.kind).toBe('answered');
    const answer = (outcome as { readonly value: unknown }).value as ReportAnswer;
    expect(answer).toMatchObject({ outcome: 'written', balanced: true, objects: OBJECTS, results: RESULTS });
    const stored = JSON.parse(
      world().s3.state.text(BUCKET, `reports/${hourFolder(hourMs).slice(0, -1)}.json`) ?? '{}',
    ) as Report;
    expect(stored.totals.latency.service.count).toBe(RESULTS);
    expect(peakMb).toBeLessThan(MEMORY_MB * MAX_SHARE);
    const documents = metricDocuments(report.stdout());
    expect(metricFaults(documents)).toEqual([]);
    // The results are of another rule than those that the stack was deployed with: its gates find nothing to judge.
    expect(sumOfMetric(documents, 'GatesMissed')).toBe(2);
    expect(sumOfMetric(documents, 'VerdictFailed')).toBe(1);
    await report.stop();
  }, 240_000);

  it('says why it cannot make one', async () => {
    const report = await world().start('report');
    expect(await report.invoke({ day: '2026-11-21' })).toMatchObject({
      kind: 'answered',
      value: { outcome: 'refused', code: 'EVENT_INVALID' },
    });
    await report.stop();
  });
});
