import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addMs,
  type Histogram,
  histogramFromJson,
  histogramToJson,
  mergeHistogram,
  newHistogram,
  quantileMs,
} from '../../../core/measure/histogram.ts';

const of = (values: readonly number[]): Histogram => {
  const histogram = newHistogram();
  for (const value of values) addMs(histogram, value);
  return histogram;
};

const exactQuantile = (values: readonly number[], q: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * values.length) - 1)] as number;
};

const merged = (...all: readonly Histogram[]): Histogram => {
  const sum = newHistogram();
  for (const one of all) mergeHistogram(sum, one);
  return sum;
};

const DAY_MS = 86_400_000;
const duration = fc.oneof(
  fc.double({ min: 0.001, max: DAY_MS * 2, noNaN: true }),
  fc.double({ min: 0.001, max: 50, noNaN: true }),
  fc.integer({ min: 1, max: 5000 }),
);
const durations = fc.array(duration, { minLength: 1, maxLength: 300 });
const anyMs = fc.array(fc.oneof(duration, fc.double({ min: -0.6, max: 0.01, noNaN: true })), {
  maxLength: 60,
});

describe('histogram', () => {
  it('gives quantiles within 1 % of the exact ones from 1 µs to two days', () => {
    fc.assert(
      fc.property(durations, fc.double({ min: 0, max: 1, noNaN: true }), (values, q) => {
        const exact = exactQuantile(values, q);
        const found = quantileMs(of(values), q) as number;
        expect(Math.abs(found - exact) / exact).toBeLessThanOrEqual(0.01);
      }),
    );
  });

  it('merges exactly: the histogram of all values is the sum of the histograms of its parts, in any order', () => {
    fc.assert(
      fc.property(anyMs, anyMs, anyMs, (a, b, c) => {
        const whole = histogramToJson(of([...a, ...b, ...c]));
        expect(histogramToJson(merged(of(a), merged(of(b), of(c))))).toEqual(whole);
        expect(histogramToJson(merged(merged(of(c), of(a)), of(b)))).toEqual(whole);
      }),
    );
  });

  it('comes back from JSON as it was', () => {
    fc.assert(
      fc.property(anyMs, (values) => {
        const histogram = of(values);
        const back = histogramFromJson(JSON.parse(JSON.stringify(histogramToJson(histogram))));
        expect(histogramToJson(back)).toEqual(histogramToJson(histogram));
        expect(back.count).toBe(values.length);
        expect(quantileMs(back, 0.9)).toBe(quantileMs(histogram, 0.9));
      }),
    );
  });

  it('counts a value that came early in the lowest bucket and keeps the least value exactly', () => {
    const histogram = of([-0.5, -0.25, 0, 0.0001, 3]);
    expect(histogram).toMatchObject({ count: 5, minMs: -0.5, maxMs: 3, low: 4 });
    expect(quantileMs(histogram, 0.5)).toBe(0);
    expect(quantileMs(of([-0.5, -0.5, -0.4]), 0.5)).toBe(-0.4);
  });

  it('has no quantile while it is empty', () => {
    expect(quantileMs(newHistogram(), 0.5)).toBeUndefined();
    expect(histogramToJson(newHistogram())).toEqual({ minMs: null, maxMs: null, low: 0, buckets: [] });
    expect(quantileMs(histogramFromJson(histogramToJson(newHistogram())), 0.5)).toBeUndefined();
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1e300, 2 ** 32])(
    'counts %d as 49 days, the greatest value it knows',
    (value) => {
      expect(of([value])).toMatchObject({ count: 1, maxMs: 2 ** 32 });
      expect(quantileMs(of([1, value, value, value]), 0.5)).toBe(2 ** 32);
    },
  );

  it('loses no count beyond 2³² of one bucket', () => {
    const [bucket] = histogramToJson(of([7])).buckets as [number, number];
    const full = histogramFromJson({ minMs: 7, maxMs: 7, low: 0, buckets: [bucket, 2 ** 32 - 1] });
    addMs(full, 7);
    addMs(full, 7);
    mergeHistogram(full, full);
    expect(histogramToJson(full).buckets).toEqual([bucket, 2 * (2 ** 32 + 1)]);
    expect(full.count).toBe(2 * (2 ** 32 + 1));
  });

  it('refuses JSON that no histogram has', () => {
    const read = (buckets: number[], low = 0) => histogramFromJson({ minMs: 1, maxMs: 1, low, buckets });
    expect(() => read([99_999, 1])).toThrow(
      "a histogram's buckets must be pairs of a bucket number below 5504 and a count, got 99999, 1",
    );
    expect(() => read([3])).toThrow('got 3, undefined');
    expect(() => read([], -1)).toThrow('low must be a count, got -1');
  });
});
