import { describe, expect, it } from 'vitest';
import { quantileInterval } from '../../../../core/judge/statistics/quantile-interval.ts';
import { quantileRatio } from '../../../../core/judge/statistics/quantile-ratio.ts';
import { mergeHistogram, newHistogram, quantileMs } from '../../../../core/measure/histogram.ts';
import { createDraws, histogramOf } from '../../../support/random-latency.ts';

const OPEN = Number.POSITIVE_INFINITY;
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

describe('the interval of a quantile', () => {
  it('reaches from one order statistic to another, to the edges of their buckets', () => {
    const values = histogramOf(upTo(100));
    // Ranks 40 and 61, and 90 and 100; buckets from 32 on are a quarter wide, from 64 on half.
    expect(quantileInterval(values, 0.5, 0.95)).toEqual({ estimate: 50.125, low: 40, high: 61.25 });
    expect(quantileInterval(values, 0.95, 0.95)).toEqual({ estimate: 95.25, low: 90, high: 100 });
  });

  it('is open where too few values bound nothing', () => {
    expect(quantileInterval(newHistogram(), 0.5, 0.95)).toBeUndefined();
    expect(quantileInterval(histogramOf([3]), 0.5, 0.95)).toEqual({ estimate: 3, low: 0, high: OPEN });
    expect(quantileInterval(histogramOf([3, 4]), 0.95, 0.95)).toEqual({ estimate: 4, low: 3, high: OPEN });
    expect(quantileInterval(histogramOf(upTo(58)), 0.95, 0.95)).toMatchObject({ low: 51, high: OPEN });
    expect(quantileInterval(histogramOf(upTo(72)), 0.95, 0.95)).toMatchObject({ low: 64, high: 72 });
  });

  it('is a point where all values are equal, open still where they are few', () => {
    const equal = histogramOf(Array<number>(100).fill(12.5));
    expect(quantileInterval(equal, 0.95, 0.95)).toEqual({ estimate: 12.5, low: 12.5, high: 12.5 });
    expect(quantileInterval(equal, 0.95, 0.9999)).toEqual({ estimate: 12.5, low: 12.5, high: OPEN });
  });

  it('of the greatest value is open above, of the least one below', () => {
    const values = histogramOf(upTo(10));
    expect(quantileInterval(values, 1, 0.95)).toEqual({ estimate: 10, low: 10, high: OPEN });
    expect(quantileInterval(values, 0, 0.95)).toEqual({ estimate: 1, low: 0, high: 1 + 1 / 128 });
  });

  it('knows values of 0', () => {
    expect(quantileInterval(histogramOf(Array<number>(20).fill(0)), 0.5, 0.95)).toEqual({
      estimate: 0,
      low: 0,
      high: 0,
    });
  });

  it.each([
    [0.5, 50],
    [0.5, 1_000],
    [0.95, 300],
    [0.99, 1_000],
  ])('of the %f-quantile of %i values holds the true one as often as it says', (q, count) => {
    const draws = createDraws(count);
    // Of a lognormal one: 20 e^(0.5 z); scipy: norm.ppf(0.95) = 1.6448536, norm.ppf(0.99) = 2.3263479.
    const truth = 20 * Math.exp(0.5 * ({ 0.5: 0, 0.95: 1.6448536, 0.99: 2.3263479 }[q] ?? 0));
    const runs = 1_000;
    let held = 0;
    for (let i = 0; i < runs; i += 1) {
      const found = quantileInterval(draws.histogram(count, 20, 0.5), q, 0.9);
      if (found !== undefined && found.low <= truth && truth <= found.high) held += 1;
    }
    // Order statistics go in steps: never below what is promised (two standard errors: 0.019), sometimes above.
    expect(held / runs).toBeGreaterThan(0.881);
    expect(held / runs).toBeLessThan(0.965);
  });
});

describe('merged histograms', () => {
  it('have the quantiles of all values within 1 %', () => {
    const draws = createDraws(11);
    const merged = newHistogram();
    const all: number[] = [];
    for (const [medianMs, count] of [
      [3, 4_000],
      [40, 2_500],
      [900, 700],
    ] as const) {
      const values = Array.from({ length: count }, () => draws.lognormalMs(medianMs, 0.5));
      all.push(...values);
      mergeHistogram(merged, histogramOf(values));
    }
    all.sort((a, b) => a - b);
    for (const q of [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999]) {
      const exact = all[Math.ceil(q * all.length) - 1] ?? 0;
      expect(Math.abs((quantileMs(merged, q) ?? 0) / exact - 1)).toBeLessThan(0.01);
    }
    expect([quantileMs(merged, 0), quantileMs(merged, 1)]).toEqual([all[0], all.at(-1)]);
  });
});

describe('the ratio of two quantiles', () => {
  it('is 1, and its interval around it, for the same values', () => {
    const values = createDraws(1).histogram(500, 20, 0.5);
    const found = quantileRatio(values, values, 0.95, 0.95);
    expect(found?.estimate).toBe(1);
    expect((found?.low ?? 0) * (found?.high ?? 0)).toBeCloseTo(1, 9);
    expect(found?.low).toBeGreaterThan(0.7);
    expect(found?.low).toBeLessThan(0.95);
  });

  it('is none where there is nothing to divide, and open where values are few', () => {
    const values = histogramOf(upTo(100));
    expect(quantileRatio(values, newHistogram(), 0.5, 0.95)).toBeUndefined();
    expect(quantileRatio(newHistogram(), values, 0.5, 0.95)).toBeUndefined();
    expect(quantileRatio(values, histogramOf([0, 0, 0, 0, 0, 0, 0]), 0.5, 0.95)).toBeUndefined();
    expect(quantileRatio(histogramOf([4]), histogramOf([2]), 0.5, 0.95)).toEqual({
      estimate: 2,
      low: 0,
      high: OPEN,
    });
  });

  it('is certain of equal values', () => {
    const [twos, fours] = [2, 4].map((ms) => histogramOf(Array<number>(50).fill(ms)));
    if (twos === undefined || fours === undefined) throw new Error('no histograms');
    expect(quantileRatio(fours, twos, 0.5, 0.95)).toEqual({ estimate: 2, low: 2, high: 2 });
  });

  it.each([
    [0.5, 200],
    [0.95, 400],
  ])('of the %f-quantiles of %i values each holds the true one as often as it says', (q, count) => {
    const draws = createDraws(count + 1);
    const runs = 600;
    let held = 0;
    for (let i = 0; i < runs; i += 1) {
      const found = quantileRatio(draws.histogram(count, 26, 0.5), draws.histogram(count, 20, 0.5), q, 0.95);
      if (found !== undefined && found.low <= 1.3 && found.high >= 1.3) held += 1;
    }
    expect(held / runs).toBeGreaterThan(0.935);
  });
});
