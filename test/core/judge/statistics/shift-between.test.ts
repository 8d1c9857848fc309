import { describe, expect, it } from 'vitest';
import { shiftBetween } from '../../../../core/judge/statistics/shift-between.ts';
import { newHistogram } from '../../../../core/measure/histogram.ts';
import { createDraws, histogramOf } from '../../../support/random-latency.ts';

const OPEN = Number.POSITIVE_INFINITY;

// Quantiles of lognormal distributions, 20 e^(0.5 z) and 26 e^(0.6 z), to three decimals.
const BEFORE = [
  6.521, 8.211, 9.288, 10.151, 10.903, 11.587, 12.227, 12.835, 13.421, 13.993, 14.555, 15.11, 15.664, 16.217,
  16.774, 17.336, 17.907, 18.487, 19.08, 19.689, 20.316, 20.964, 21.637, 22.338, 23.073, 23.846, 24.665,
  25.537, 26.472, 27.483, 28.586, 29.803, 31.165, 32.716, 34.52, 36.686, 39.405, 43.069, 48.714, 61.34,
];
const AFTER = [
  6.438, 8.412, 9.691, 10.725, 11.631, 12.456, 13.227, 13.961, 14.667, 15.354, 16.027, 16.69, 17.347, 18.001,
  18.654, 19.309, 19.968, 20.633, 21.306, 21.988, 22.682, 23.389, 24.112, 24.852, 25.612, 26.394, 27.201,
  28.036, 28.902, 29.803, 30.744, 31.728, 32.763, 33.854, 35.009, 36.239, 37.554, 38.97, 40.504, 42.18,
  44.028, 46.09, 48.422, 51.107, 54.272, 58.122, 63.028, 69.756, 80.365, 104.994,
];

describe('the shift between two groups', () => {
  // By scipy 1.17.1: values put into the same buckets, their logarithms shifted until
  // mannwhitneyu(after - shift, before, method='asymptotic', alternative='greater' or 'less') has a p-value of (1 - confidence) / 2;
  // the estimate is numpy.median(numpy.subtract.outer(after, before)).
  it.each([
    [0.95, 1.0228136882129273, 1.6559139784946242],
    [0.999, 0.8603174603174598, 1.9630769230769236],
  ])('at a confidence of %f is the one that scipy finds', (confidence, low, high) => {
    const found = shiftBetween(histogramOf(BEFORE), histogramOf(AFTER), confidence);
    expect(found?.estimate).toBeCloseTo(1.300403772651358, 4);
    expect(found?.low).toBeCloseTo(low, 4);
    expect(found?.high).toBeCloseTo(high, 4);
  });

  // The same by scipy; latencies in whole milliseconds, 5 and 6 different ones.
  it('counts ties as scipy does', () => {
    const before = Array.from({ length: 120 }, (_, i) => 8 + ((i * i) % 5));
    const after = Array.from({ length: 90 }, (_, i) => 9 + ((i * 7 + Math.floor(i / 3)) % 6));
    const found = shiftBetween(histogramOf(before), histogramOf(after), 0.95);
    expect(found?.estimate).toBeCloseTo(1.1245136186770432, 4);
    expect(found?.low).toBeCloseTo(1.0859375, 4);
    expect(found?.high).toBeCloseTo(1.2214532871972317, 4);
  });

  it('is 1 between equal groups, and the inverse the other way round', () => {
    const [a, b] = [histogramOf(BEFORE), histogramOf(AFTER)];
    expect(shiftBetween(a, a, 0.95)?.estimate).toBe(1);
    const [there, back] = [shiftBetween(a, b, 0.99), shiftBetween(b, a, 0.99)];
    expect((there?.estimate ?? 0) * (back?.estimate ?? 0)).toBeCloseTo(1, 4);
    expect((there?.low ?? 0) * (back?.high ?? 0)).toBeCloseTo(1, 4);
    expect((there?.high ?? 0) * (back?.low ?? 0)).toBeCloseTo(1, 4);
  });

  it('is none for an empty group, and bounds nothing for one or two requests', () => {
    expect(shiftBetween(newHistogram(), histogramOf(AFTER), 0.95)).toBeUndefined();
    expect(shiftBetween(histogramOf(BEFORE), newHistogram(), 0.95)).toBeUndefined();
    expect(shiftBetween(histogramOf([5]), histogramOf([5]), 0.95)).toEqual({
      estimate: 1,
      low: 0,
      high: OPEN,
    });
    const two = shiftBetween(histogramOf([5, 6]), histogramOf([10, 12]), 0.95);
    expect(two).toMatchObject({ low: 0, high: OPEN });
    expect(two?.estimate).toBeCloseTo(2, 1);
  });

  it('is certain of groups of equal values, zeros too', () => {
    const all = (ms: number) => histogramOf(Array<number>(60).fill(ms));
    expect(shiftBetween(all(7), all(7), 0.999)).toEqual({ estimate: 1, low: 1, high: 1 });
    expect(shiftBetween(all(0), all(0), 0.999)).toEqual({ estimate: 1, low: 1, high: 1 });
    const doubled = shiftBetween(all(7), all(14), 0.999);
    for (const value of [doubled?.estimate, doubled?.low, doubled?.high]) expect(value).toBeCloseTo(2, 4);
  });

  it('stays finite where latencies go from nothing to the longest that can be counted', () => {
    const found = shiftBetween(
      histogramOf(Array<number>(60).fill(0)),
      histogramOf(Array<number>(60).fill(Number.POSITIVE_INFINITY)),
      0.95,
    );
    expect(found?.low).toBeGreaterThan(1e14);
    expect(Number.isFinite(found?.high)).toBe(true);
  });

  it.each([
    ['lognormal latencies', 200, 0.012, (ms: number) => ms],
    // Ties: the interval holds every factor that would fit if the clock had told them apart.
    ['latencies in whole milliseconds', 200, 0, (ms: number) => Math.round(ms / 4)],
    ['few latencies', 12, 0.012, (ms: number) => ms],
  ])('holds the true one as often as it says, for %s', (_, count, least, seen) => {
    const draws = createDraws(count);
    const runs = 600;
    let missed = 0;
    for (let i = 0; i < runs; i += 1) {
      const [a, b] = [0, 1].map(() =>
        histogramOf(Array.from({ length: count }, () => seen(draws.lognormalMs(20, 0.5)))),
      );
      const found = a && b && shiftBetween(a, b, 0.95);
      if (found === undefined || found.low > 1 || found.high < 1) missed += 1;
    }
    // Two standard errors of 5 % of 600 runs: 1.8 %.
    expect(missed / runs).toBeLessThan(0.068);
    expect(missed / runs).toBeGreaterThanOrEqual(least);
  });
});
