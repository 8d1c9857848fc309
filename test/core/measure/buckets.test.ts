import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketsOf } from '../../../core/measure/buckets.ts';
import { newHistogram, quantileMs } from '../../../core/measure/histogram.ts';
import { histogramOf } from '../../support/random-latency.ts';

describe('the buckets of a histogram', () => {
  it('are none while it is empty', () => {
    expect(bucketsOf(newHistogram())).toEqual([]);
  });

  it('are cut to the least and the greatest value', () => {
    expect(bucketsOf(histogramOf([5, 5, 5]))).toEqual([{ fromMs: 5, toMs: 5, count: 3 }]);
    expect(bucketsOf(histogramOf([1.001, 1.002, 1.5]))).toEqual([
      { fromMs: 1.001, toMs: 1 + 1 / 128, count: 2 },
      { fromMs: 1.5, toMs: 1.5, count: 1 },
    ]);
  });

  it('have one for all that is too small to be told apart', () => {
    expect(bucketsOf(histogramOf([0, -3, 0.0001]))).toEqual([{ fromMs: -3, toMs: 0.0001, count: 3 }]);
  });

  it('hold each value, ascend, and are at most 0.8 % wide', () => {
    const values = fc.array(fc.double({ min: 0.001, max: 1e9, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(values, (given) => {
        const histogram = histogramOf(given);
        const buckets = bucketsOf(histogram);
        expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(given.length);
        for (const [i, { fromMs, toMs, count }] of buckets.entries()) {
          const inside = given.filter((ms) => ms >= fromMs && ms < toMs).length;
          expect(inside).toBeLessThanOrEqual(count);
          expect(toMs / fromMs).toBeLessThanOrEqual(1.0079);
          expect(fromMs).toBeGreaterThanOrEqual(buckets[i - 1]?.toMs ?? 0);
        }
        expect(buckets[0]?.fromMs).toBe(quantileMs(histogram, 0));
        expect(buckets.at(-1)?.toMs).toBe(quantileMs(histogram, 1));
      }),
      { numRuns: 200, seed: 3 },
    );
  });
});
