import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  emfLines,
  MAX_EMF_METRICS,
  MAX_EMF_VALUES,
  metricStamp,
  sampleValues,
} from '../../../core/measure/emf.ts';
import { addMs, newHistogram, quantileMs } from '../../../core/measure/histogram.ts';
import { METRICS, type MetricName, type MetricValues } from '../../../core/measure/metric-names.ts';

const NAMES = Object.keys(METRICS) as MetricName[];
const AT_MS = 1_790_000_000_000;

/** What CloudWatch reads of a document. */
interface Document {
  readonly _aws: {
    readonly Timestamp: number;
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
    }[];
  };
  readonly [member: string]: unknown;
}

const UNITS = ['Count', 'Milliseconds', 'Percent', 'None', 'Seconds'];

/** The limits that AWS publishes for the format, and the references between its parts. */
const checkDocument = (line: string): Document => {
  expect(line).not.toContain('\n');
  expect(Buffer.byteLength(line)).toBeLessThan(256 * 1024);
  const document = JSON.parse(line) as Document;
  expect(Number.isSafeInteger(document._aws.Timestamp)).toBe(true);
  expect(document._aws.CloudWatchMetrics).toHaveLength(1);
  for (const { Namespace, Dimensions, Metrics } of document._aws.CloudWatchMetrics) {
    expect(Namespace).toMatch(/^[^:]{1,1024}$/);
    for (const set of Dimensions) {
      expect(set.length <= 30 && new Set(set).size === set.length).toBe(true);
      for (const name of set) expect(String(document[name])).toMatch(/^[ -~]{1,1024}$/);
    }
    expect(Metrics.length > 0 && Metrics.length <= 100).toBe(true);
    expect(new Set(Metrics.map(({ Name }) => Name)).size).toBe(Metrics.length);
    for (const { Name, Unit } of Metrics) {
      expect(UNITS).toContain(Unit);
      const values = [document[Name]].flat();
      expect(values.length > 0 && values.length <= 100).toBe(true);
      expect(values.every((value) => typeof value === 'number' && Number.isFinite(value))).toBe(true);
    }
  }
  return document;
};

const namesOf = (document: Document): readonly string[] =>
  document._aws.CloudWatchMetrics.flatMap(({ Metrics }) => Metrics.map(({ Name }) => Name));

const anyMetrics: fc.Arbitrary<MetricValues> = fc
  .dictionary(
    fc.constantFrom(...NAMES),
    fc.oneof(fc.double(), fc.nat(1_000), fc.array(fc.double(), { maxLength: 350 })),
    {
      maxKeys: NAMES.length,
    },
  )
  .map((metrics) => metrics as MetricValues);

describe('a document', () => {
  it('is what CloudWatch expects, to the letter', () => {
    const [line, ...others] = emfLines({
      stack: 'prod',
      target: 'staging',
      atMs: AT_MS + 0.4,
      metrics: { Sent: 3, Latency: [1.23456, 20] },
      properties: { slice: 7, late: false },
    });
    expect(others).toEqual([]);
    expect(JSON.parse(line ?? '')).toEqual({
      _aws: {
        Timestamp: AT_MS,
        CloudWatchMetrics: [
          {
            Namespace: 'Reprise',
            Dimensions: [['Stack', 'Target']],
            Metrics: [
              { Name: 'Sent', Unit: 'Count' },
              { Name: 'Latency', Unit: 'Milliseconds' },
            ],
          },
        ],
      },
      Stack: 'prod',
      Target: 'staging',
      slice: 7,
      late: false,
      Sent: 3,
      Latency: [1.235, 20],
    });
  });

  it('keeps the limits of the format, whatever is given', () => {
    fc.assert(
      fc.property(anyMetrics, fc.option(fc.constant('staging'), { nil: undefined }), (metrics, target) => {
        const properties = { Stack: 'other', _aws: 'x', Sent: 'many', rule: 'r' };
        const lines = emfLines({ stack: 'prod', target, atMs: AT_MS, metrics, properties });
        const seen = new Map<string, number>();
        for (const document of lines.map(checkDocument)) {
          expect([document.Stack, document.rule]).toEqual(['prod', 'r']);
          for (const name of namesOf(document))
            seen.set(name, (seen.get(name) ?? 0) + [document[name]].flat().length);
        }
        for (const [name, given] of Object.entries(metrics) as [MetricName, number | readonly number[]][]) {
          const finite = [given].flat().filter(Number.isFinite).length;
          if (typeof given !== 'number') expect(seen.get(name) ?? 0).toBe(finite);
        }
      }),
    );
  });

  it('holds up to 100 values of a metric; more stand in further ones', () => {
    const lines = emfLines({
      stack: 's',
      target: 't',
      atMs: AT_MS,
      metrics: { Sent: 250, Latency: Array.from({ length: 250 }, (_, i) => i), Lag: [1] },
    });
    const documents = lines.map(checkDocument);
    expect(documents.map(namesOf)).toEqual([['Sent', 'Latency', 'Lag'], ['Latency'], ['Latency']]);
    expect(documents.flatMap(({ Latency }) => Latency)).toEqual(Array.from({ length: 250 }, (_, i) => i));
    expect([MAX_EMF_METRICS, MAX_EMF_VALUES]).toEqual([100, 100]);
  });

  it('has no target for what is counted per stack', () => {
    const lines = emfLines({ stack: 's', target: 't', atMs: AT_MS, metrics: { Planned: 1, LinesRead: 2 } });
    const documents = lines.map(checkDocument);
    expect(documents.map((document) => [namesOf(document), document.Target])).toEqual([
      [['Planned'], 't'],
      [['LinesRead'], undefined],
    ]);
    expect(documents[1]?._aws.CloudWatchMetrics[0]?.Dimensions).toEqual([['Stack']]);
  });

  it('leaves out counts of 0, but where 0 says something', () => {
    const [line = '{}'] = emfLines({
      stack: 's',
      target: 't',
      atMs: AT_MS,
      metrics: {
        Sent: 0,
        Failed: 0,
        HeldBackLate: 0,
        BackoffLevel: 0,
        InFlight: 0,
        Lag: [0],
        Answered: Number.NaN,
      },
    });
    expect(namesOf(checkDocument(line))).toEqual(['Sent', 'BackoffLevel', 'InFlight', 'Lag']);
    expect(emfLines({ stack: 's', atMs: AT_MS, metrics: { Switch: 0, LinesRejected: 0 } })).toHaveLength(1);
  });

  it('is not written where there is nothing to say', () => {
    expect(emfLines({ stack: 's', target: 't', atMs: AT_MS, metrics: {} })).toEqual([]);
    expect(
      emfLines({ stack: 's', atMs: AT_MS, metrics: { LinesRead: 0, PlannerLag: [Number.NaN] } }),
    ).toEqual([]);
  });
});

describe('sampled values', () => {
  it('are all of them, ascending, up to 100', () => {
    expect(sampleValues([3, Number.NaN, 1, 2])).toEqual([1, 2, 3]);
    expect(sampleValues([])).toEqual([]);
    expect(sampleValues(newHistogram())).toEqual([]);
    const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(sampleValues(hundred)).toEqual(hundred.toReversed());
  });

  it('are the middle of each percent above', () => {
    const thousand = Array.from({ length: 1_000 }, (_, i) => i);
    expect(sampleValues(thousand)).toEqual(Array.from({ length: 100 }, (_, i) => i * 10 + 5));
  });

  it('of a histogram are those of the values in it, to 0.4 %', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.01, max: 60_000, noNaN: true }), { maxLength: 400 }),
        (values) => {
          const histogram = newHistogram();
          for (const ms of values) addMs(histogram, ms);
          const exact = sampleValues(values);
          const sampled = sampleValues(histogram);
          expect(sampled).toHaveLength(exact.length);
          if (values.length > 100) return;
          for (const [i, ms] of sampled.entries())
            expect(Math.abs(ms - (exact[i] ?? 0)) <= 0.004 * ms).toBe(true);
        },
      ),
    );
  });

  it('have the percentiles of the whole', () => {
    const histogram = newHistogram();
    for (let i = 0; i < 10_000; i += 1) addMs(histogram, (i * i) / 1_000);
    const sampled = sampleValues(histogram);
    for (const q of [0.5, 0.95, 0.99]) {
      const sampledMs = sampled[Math.ceil(q * 100) - 1] ?? 0;
      expect(Math.abs(sampledMs / (quantileMs(histogram, q) ?? 1) - 1)).toBeLessThan(0.03);
    }
  });
});

describe('the stamp of a metric', () => {
  const hourMs = 3_600_000;
  const twoWeeksMs = 14 * 24 * hourMs;

  it.each([
    ['now', 0],
    ['half an hour ago', -hourMs / 2],
    ['two weeks ago', -twoWeeksMs],
    ['in two hours', 2 * hourMs],
  ])('is its own instant where CloudWatch takes that: %s', (_, offMs) => {
    expect(metricStamp(AT_MS + offMs, AT_MS)).toBe(AT_MS + offMs);
  });

  it.each([
    ['older', -twoWeeksMs - 1],
    ['further ahead', 2 * hourMs + 1],
    ['none', Number.NaN],
  ])('is now where its instant is %s', (_, offMs) => {
    expect(metricStamp(AT_MS + offMs, AT_MS)).toBe(AT_MS);
  });
});
