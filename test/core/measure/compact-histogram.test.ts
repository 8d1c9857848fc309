import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compactHistogram } from '../../../core/measure/compact-histogram.ts';
import {
  addMs,
  type Histogram,
  histogramFromJson,
  histogramToJson,
  newHistogram,
  quantileMs,
} from '../../../core/measure/histogram.ts';

const of = (values: readonly number[]): Histogram => {
  const histogram = newHistogram();
  for (const ms of values) addMs(histogram, ms);
  return histogram;
};

const sumOf = (buckets: readonly number[]): number =>
  buckets.reduce((sum, value, at) => sum + (at % 2) * value, 0);

describe('compactHistogram', () => {
  it('leaves a histogram of few buckets as it is', () => {
    const histogram = of([1, 2, 3, 100, 0]);
    expect(compactHistogram(histogram, 4)).toEqual(histogramToJson(histogram));
  });

  it('loses nothing, keeps to its bounds, and keeps bucket numbers ascending', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1e9, noNaN: true })),
        fc.integer({ min: 1, max: 50 }),
        (all, most) => {
          const histogram = of(all);
          const { buckets, low, minMs, maxMs } = compactHistogram(histogram, most);
          expect(buckets.length).toBeLessThanOrEqual(2 * most);
          expect(sumOf(buckets) + low).toBe(all.length);
          expect([minMs, maxMs]).toEqual([
            histogramToJson(histogram).minMs,
            histogramToJson(histogram).maxMs,
          ]);
          const numbers = buckets.filter((_, at) => at % 2 === 0);
          expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
        },
      ),
    );
  });

  it('is at most 1.2 % off where buckets were joined once', () => {
    const values = Array.from({ length: 20_000 }, (_, n) => Math.exp(n / 5000) * 10);
    const histogram = of(values);
    const compact = histogramFromJson(
      compactHistogram(histogram, histogramToJson(histogram).buckets.length / 4 + 1),
    );
    for (const q of [0.01, 0.1, 0.5, 0.9, 0.99]) {
      const exact = values[Math.ceil(q * values.length) - 1] ?? 0;
      expect(Math.abs((quantileMs(compact, q) ?? 0) / exact - 1)).toBeLessThan(0.012);
    }
  });
});
