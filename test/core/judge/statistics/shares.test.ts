import { describe, expect, it } from 'vitest';
import { shareDifference, shareInterval } from '../../../../core/judge/statistics/shares.ts';
import { createDraws } from '../../../support/random-latency.ts';

describe('the interval of a share', () => {
  // statsmodels 0.15.0: proportion_confint(hits, of, alpha=1 - confidence, method='wilson')
  it.each([
    [0, 10, 0.95, 0, 0.27753279986288926],
    [10, 10, 0.95, 0.7224672001371106, 1],
    [1, 10, 0.95, 0.017876213095072924, 0.40415002679523854],
    [1, 10, 0.999, 0.007896965701467196, 0.6079967045215744],
    [5, 100, 0.95, 0.021543679154367966, 0.11175046923191914],
    [81, 263, 0.95, 0.2552885198782742, 0.36620957698280004],
    [3, 50_000, 0.95, 2.0405619612978105e-5, 0.0001764084357391251],
  ])('%i of %i at %f is that of Wilson', (hits, of, confidence, low, high) => {
    const found = shareInterval(hits, of, confidence);
    expect(found.estimate).toBe(hits / of);
    expect(found.low).toBeCloseTo(low, 12);
    expect(found.high).toBeCloseTo(high, 12);
  });

  it('ends at 0 for none and at 1 for all, to the last bit', () => {
    for (const of of [1, 3, 49, 1e7]) {
      expect(shareInterval(0, of, 0.999)).toMatchObject({ estimate: 0, low: 0 });
      expect(shareInterval(of, of, 0.999)).toMatchObject({ estimate: 1, high: 1 });
    }
  });

  it('is everything where there was no request', () => {
    expect(shareInterval(0, 0, 0.95)).toEqual({ estimate: 0, low: 0, high: 1 });
  });
});

describe('the difference of two shares', () => {
  // The examples of Newcombe (1998), table II, method 10; more digits by statsmodels 0.15.0: confint_proportions_2indep(…, 'newcomb').
  it.each([
    [56, 70, 48, 80, 0.05243147240236498, 0.33387265403690614],
    [9, 10, 3, 10, 0.1705227239345029, 0.809017973535488],
    [0, 10, 0, 10, -0.27753279986288926, 0.27753279986288926],
    [10, 10, 0, 20, 0.6790860371419145, 1],
    [5, 56, 0, 29, -0.038137147903536936, 0.19256001385511165],
  ])('%i of %i less %i of %i is that of Newcombe', (hitsA, ofA, hitsB, ofB, low, high) => {
    const found = shareDifference(hitsA, ofA, hitsB, ofB, 0.95);
    expect(found.estimate).toBeCloseTo(hitsA / ofA - hitsB / ofB, 12);
    expect(found.low).toBeCloseTo(low, 12);
    expect(found.high).toBeCloseTo(high, 12);
  });

  it('can be anything where one group is empty', () => {
    expect(shareDifference(3, 10, 0, 0, 0.95)).toMatchObject({ estimate: 0.3, high: 0.6032218525388546 });
    expect(shareDifference(3, 10, 0, 0, 0.95).low).toBeLessThan(-0.5);
  });

  it.each([
    [0.001, 300],
    [0.02, 240],
    [0.3, 100],
  ])(
    'keeps its promise for shares of %f of %i requests, at the confidence of many tests, too',
    (share, of) => {
      const draws = createDraws(of);
      const runs = 4_000;
      const missed = { often: 0, strict: 0 };
      for (let i = 0; i < runs; i += 1) {
        const [a, b] = [draws.hits(of, share), draws.hits(of, share)];
        const often = shareDifference(a, of, b, of, 0.95);
        const strict = shareDifference(a, of, b, of, 0.999);
        if (often.low > 0 || often.high < 0) missed.often += 1;
        if (strict.low > 0 || strict.high < 0) missed.strict += 1;
      }
      expect(missed.often / runs).toBeLessThan(0.057);
      expect(missed.strict / runs).toBeLessThan(0.0025);
    },
  );
});
