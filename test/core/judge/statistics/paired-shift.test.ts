import { describe, expect, it } from 'vitest';
import { pairedShift } from '../../../../core/judge/statistics/paired-shift.ts';
import { newHistogram } from '../../../../core/measure/histogram.ts';
import { createDraws, histogramOf } from '../../../support/random-latency.ts';

const OPEN = Number.POSITIVE_INFINITY;

// 1.2 × quantiles of a lognormal distribution, each third one 0.05 more.
const RATIOS = [
  0.562, 0.621, 0.69, 0.795, 0.793, 0.836, 0.927, 0.916, 0.954, 1.042, 1.029, 1.066, 1.153, 1.141, 1.18, 1.27,
  1.262, 1.305, 1.401, 1.4, 1.452, 1.559, 1.572, 1.642, 1.772, 1.816, 1.933, 2.137, 2.317, 2.811,
];

describe('the shift of the same requests', () => {
  // By scipy 1.17.1: ratios put into the same buckets, the logarithms of their edges shifted until
  // wilcoxon(ratios - shift, method='asymptotic', correction=True, alternative='greater' or 'less') has a p-value of (1 - confidence) / 2;
  // the estimate is the median of all means of two logarithms, each with itself, too.
  it.each([
    [0.95, 1.042785857091474, 1.4241911081382301],
    [0.999, 0.9178939464202822, 1.6165863919073424],
  ])('at a confidence of %f is the one that scipy finds', (confidence, low, high) => {
    const found = pairedShift(histogramOf(RATIOS), confidence);
    expect(found?.estimate).toBeCloseTo(1.220073275007169, 4);
    expect(found?.low).toBeCloseTo(low, 4);
    expect(found?.high).toBeCloseTo(high, 4);
  });

  it('is none without requests, and bounds nothing for up to five of them', () => {
    expect(pairedShift(newHistogram(), 0.95)).toBeUndefined();
    expect(pairedShift(histogramOf([1.5]), 0.95)).toEqual({
      estimate: expect.closeTo(1.5, 4),
      low: 0,
      high: OPEN,
    });
    // The exact test of Wilcoxon, too, has no p-value below 1/32 × 2 for five.
    expect(pairedShift(histogramOf([1.5, 1.6, 1.7, 1.8, 1.9]), 0.95)).toMatchObject({ low: 0, high: OPEN });
    expect(pairedShift(histogramOf([1.5, 1.6, 1.7, 1.8, 1.9, 2]), 0.95)?.low).toBeGreaterThan(1.4);
  });

  it('is 1 to the last bit where every request took as long as it did', () => {
    const equal = histogramOf(Array<number>(1_000).fill(1));
    expect(pairedShift(equal, 0.999)).toEqual({ estimate: 1, low: 1, high: 1 });
  });

  it('is not called above 1 for what the histogram rounds off', () => {
    // All in the two buckets beside 1, which are not equally wide.
    const draws = createDraws(3);
    const close = histogramOf(Array.from({ length: 20_000 }, () => 1 + 0.001 * draws.normal()));
    const found = pairedShift(close, 0.95);
    expect(found?.low).toBeLessThanOrEqual(1);
    expect(found?.high).toBeGreaterThanOrEqual(1);
  });

  it('stays finite for ratios of nothing and of the greatest that can be counted', () => {
    const found = pairedShift(
      histogramOf([...Array<number>(60).fill(0), ...Array<number>(60).fill(OPEN)]),
      0.95,
    );
    for (const value of [found?.estimate, found?.low, found?.high]) expect(Number.isFinite(value)).toBe(true);
  });

  it.each([
    ['each request takes about as long as it was recorded', 0.1, 0],
    ['the target has its own ups and downs', 0.5, 0.5],
  ])('holds the true one as often as it says, where %s', (_, sigma, ownSigma) => {
    const draws = createDraws(21);
    const runs = 600;
    let missed = 0;
    for (let i = 0; i < runs; i += 1) {
      const ratios = Array.from(
        { length: 200 },
        () => (1.2 * draws.lognormalMs(1, sigma)) / draws.lognormalMs(1, ownSigma),
      );
      const found = pairedShift(histogramOf(ratios), 0.95);
      if (found === undefined || found.low > 1.2 || found.high < 1.2) missed += 1;
    }
    expect(missed / runs).toBeLessThan(0.068);
    expect(missed / runs).toBeGreaterThan(0.005);
  });
});
