/** Reports of one hour after the other lose nothing and count nothing twice, wherever hours end in objects, files and slices. */

import { gzipSync } from 'node:zlib';
import { S3Client } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { NO_RULES } from '../../../core/report/report-rules.ts';
import { type BucketReport, readBucketReport } from '../../../io/aws/bucket-report.ts';
import { HOUR_MS } from '../../../io/aws/span.ts';
import { clientConfig } from '../../support/aws/client-config.ts';
import { startS3 } from '../../support/aws/s3.ts';
import { type ReplayedObject, resultLinesOf } from '../../support/replayed-object.ts';
import { BUCKET, deliveredKey, hourAt, putLedger } from '../../support/results-bucket.ts';

const TEN = Date.UTC(2026, 10, 21, 10);
const MINUTE_MS = 60_000;
const HOURS = [0, 1, 2, 3].map((hour) => TEN + hour * HOUR_MS);
const MADE_AFTER_MS = 85 * MINUTE_MS;
const PER_SLICE = 3;

interface Case {
  /** Against the end of an hour. */
  readonly endMs: number;
  readonly hour: number;
  readonly tookMs: number;
  readonly slices: number;
  /** By slice: how long before its planner began the file was begun that its records are in, as of a busy stream. */
  readonly fileBeforeMs: readonly number[];
  /** By slice: whether Firehose delivered its records twice, and whether its trailer was lost. */
  readonly isTwice: readonly boolean[];
  readonly isCutOff: readonly boolean[];
}

const MOST_SLICES = 3;
const ofSlices = <T>(value: fc.Arbitrary<T>) =>
  fc.array(value, { minLength: MOST_SLICES, maxLength: MOST_SLICES });
const anyCase: fc.Arbitrary<Case> = fc.record({
  endMs: fc.oneof(fc.constantFrom(-1, 0, 1), fc.integer({ min: -30 * MINUTE_MS, max: 29 * MINUTE_MS })),
  hour: fc.integer({ min: 1, max: 3 }),
  tookMs: fc.oneof(fc.constantFrom(1, 1_000), fc.integer({ min: 1, max: 20 * MINUTE_MS })),
  slices: fc.integer({ min: 0, max: MOST_SLICES }),
  fileBeforeMs: ofSlices(
    fc.oneof(fc.constantFrom(0, 15 * MINUTE_MS), fc.integer({ min: -MINUTE_MS, max: 14 * MINUTE_MS })),
  ),
  isTwice: ofSlices(fc.boolean()),
  isCutOff: ofSlices(fc.boolean()),
});

const objectOf = ({ hour, endMs, tookMs, slices }: Case, index: number): ReplayedObject => {
  const endedAtMs = TEN + hour * HOUR_MS + endMs;
  const startedAtMs = endedAtMs - tookMs;
  return { run: `${index}`.padStart(16, '0'), startedAtMs, endedAtMs, slices, perSlice: PER_SLICE };
};

/** Lines by the key of the file that they are delivered in: all objects share one stream. */
const filesOf = (cases: readonly Case[]): ReadonlyMap<string, string[]> => {
  const files = new Map<string, string[]>();
  for (const [index, one] of cases.entries()) {
    const object = objectOf(one, index);
    for (const line of resultLinesOf(object)) {
      const { slice, type } = JSON.parse(line) as { slice: number; type: string };
      if (type === 'trailer' && one.isCutOff[slice] === true) continue;
      const beganMs = object.startedAtMs - (one.fileBeforeMs[slice] ?? 0);
      for (const name of one.isTwice[slice] === true ? ['a', 'b'] : ['a']) {
        const key = deliveredKey(Math.ceil(beganMs / 1_000) * 1_000, name);
        files.set(key, [...(files.get(key) ?? []), line]);
      }
    }
  }
  return files;
};

const reportsOf = async (client: S3Client): Promise<readonly BucketReport[]> => {
  const made: BucketReport[] = [];
  for (const fromMs of HOURS) {
    const options = { bucket: BUCKET, id: 'x', span: hourAt(fromMs), rules: NO_RULES };
    const report = await readBucketReport(client, { ...options, nowMs: fromMs + MADE_AFTER_MS });
    if (report !== undefined) made.push(report);
  }
  return made;
};

it('each object is in the report of one hour, with every result once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyCase, { minLength: 1, maxLength: 6 }), async (cases) => {
      const s3 = await startS3({ buckets: [BUCKET] });
      const client = new S3Client(clientConfig(s3.endpoint));
      try {
        for (const [index, one] of cases.entries()) putLedger(s3.state, objectOf(one, index));
        for (const [key, lines] of filesOf(cases)) s3.state.put(BUCKET, key, gzipSync(lines.join('\n')));
        const made = await reportsOf(client);
        const names = made.flatMap(({ report }) => report.run.inputs.map(({ name }) => name));
        const runs = cases.map((_, index) => `s3://logs/captured/${`${index}`.padStart(16, '0')}.log.gz`);
        expect(names.toSorted()).toEqual(runs);
        const results = cases.reduce((sum, { slices }) => sum + slices * PER_SLICE, 0);
        expect(made.reduce((sum, report) => sum + report.results, 0)).toBe(results);
        expect(made.reduce((sum, { report }) => sum + report.totals.counts.answered, 0)).toBe(results);
        expect(made.every(({ report }) => report.balanced)).toBe(true);
      } finally {
        client.destroy();
        await s3.close();
      }
    }),
    { numRuns: 12 },
  );
}, 60_000);
