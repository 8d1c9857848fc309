import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { atMostHits } from '../../../../core/judge/statistics/binomial.ts';
import { quantileRanks } from '../../../../core/judge/statistics/quantile-ranks.ts';

describe('the binomial distribution', () => {
  // scipy 1.17.1: scipy.stats.binom.cdf(hits, tries, share)
  it.each([
    [0, 1, 0.5, 0.5],
    [3, 10, 0.5, 0.171875],
    [95, 100, 0.95, 0.5640186993142888],
    [499, 1000, 0.5, 0.48738749091081973],
    [9_500, 10_000, 0.95, 0.506406635689199],
    [9_400, 10_000, 0.95, 4.509387117818625e-6],
    [98_000, 100_000, 0.98, 0.503063808113219],
  ])('of at most %i of %i at %f is that of scipy', (hits, tries, share, expected) => {
    expect(atMostHits(hits, tries, share) / expected).toBeCloseTo(1, 8);
  });

  it('is nothing below no hit, and everything at all of them', () => {
    expect([atMostHits(-1, 5, 0.5), atMostHits(5, 5, 0.5), atMostHits(9, 5, 0.5)]).toEqual([0, 1, 1]);
  });
});

describe('the ranks that bound a quantile', () => {
  // scipy 1.17.1: the greatest l with binom.cdf(l - 1, n, q) <= tail, and the least u with binom.sf(u - 1, n, q) <= tail.
  it.each([
    [100, 0.5, 0.95, 40, 61],
    [100, 0.95, 0.95, 90, 100],
    [20, 0.5, 0.999, 3, 18],
    [6, 0.5, 0.95, 1, 6],
    [1000, 0.99, 0.999, 978, 999],
    [3999, 0.5, 0.9999, 1877, 2123],
  ])('of %i values at %f with a confidence of %f are exact', (count, q, confidence, low, high) => {
    expect(quantileRanks(count, q, confidence)).toEqual({ low, high });
  });

  it.each([
    ['5 values have no bound of a median', 5, 0.5, { low: 0, high: 6 }],
    ['58 values have none of a p95 above', 58, 0.95, { low: 51, high: 59 }],
    ['72 values are the first to have one', 72, 0.95, { low: 64, high: 72 }],
  ])('are beside the values where %s', (_, count, q, ranks) => {
    expect(quantileRanks(count, q, 0.95)).toEqual(ranks);
  });

  // By the normal distribution, from a variance of 1,000 on; scipy's exact ones are 1877 and 2125, 19896 and 20105.
  it.each([
    [4001, 0.5, 0.9999, 1877, 2125],
    [21_054, 0.95, 0.999, 19_896, 20_105],
  ])(
    'of %i values at %f are off by one rank at most, and never too narrow',
    (count, q, confidence, low, high) => {
      const found = quantileRanks(count, q, confidence);
      expect(low - found.low).toBeGreaterThanOrEqual(0);
      expect(low - found.low).toBeLessThanOrEqual(1);
      expect(found.high - high).toBeGreaterThanOrEqual(0);
      expect(found.high - high).toBeLessThanOrEqual(1);
    },
  );

  it('of the least and the greatest value leave one side open', () => {
    expect(quantileRanks(10, 0, 0.95)).toEqual({ low: 0, high: 1 });
    expect(quantileRanks(10, 1, 0.95)).toEqual({ low: 10, high: 11 });
  });

  it('lie around the quantile, and further apart for more confidence', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        (count, q) => {
          const narrow = quantileRanks(count, q, 0.9);
          const wide = quantileRanks(count, q, 0.999);
          const rank = Math.ceil(count * q);
          expect(narrow.low).toBeLessThanOrEqual(rank);
          expect(narrow.high).toBeGreaterThanOrEqual(rank);
          expect(wide.low).toBeLessThanOrEqual(narrow.low);
          expect(wide.high).toBeGreaterThanOrEqual(narrow.high);
        },
      ),
      { numRuns: 200, seed: 7 },
    );
  });
});
