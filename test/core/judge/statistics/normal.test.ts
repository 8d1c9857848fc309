import { describe, expect, it } from 'vitest';
import { normalQuantile, reachOf } from '../../../../core/judge/statistics/normal.ts';

describe('the quantiles of the normal distribution', () => {
  // scipy 1.17.1: scipy.stats.norm.ppf(share)
  it.each([
    [1e-12, -7.034483825301131],
    [1e-5, -4.264890793922825],
    [0.000163, -3.593712133085374],
    [0.025, -1.9599639845400545],
    [0.3, -0.5244005127080409],
    [0.5, 0],
    [0.975, 1.959963984540054],
    [0.9995, 3.2905267314919255],
  ])('of %f are those of scipy', (share, expected) => {
    expect(normalQuantile(share)).toBeCloseTo(expected, 12);
  });

  it('are symmetric, and without end at 0 and 1', () => {
    for (const share of [0.4, 0.1, 0.01, 1e-6]) {
      expect(normalQuantile(1 - share)).toBeCloseTo(-normalQuantile(share), 9);
    }
    expect([normalQuantile(0), normalQuantile(-1), normalQuantile(1), normalQuantile(2)]).toEqual([
      Number.NEGATIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
    ]);
  });

  it('say how far an interval reaches', () => {
    expect(reachOf(0.95)).toBeCloseTo(1.959963984540054, 12);
    expect(reachOf(0.999)).toBeCloseTo(3.2905267314919255, 12);
    expect(reachOf(1)).toBe(Number.POSITIVE_INFINITY);
    expect(reachOf(0)).toBeCloseTo(0, 12);
  });
});
