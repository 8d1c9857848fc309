import { describe, expect, it } from 'vitest';
import { leastCount } from '../../../../core/judge/statistics/least-count.ts';
import { shiftBetween } from '../../../../core/judge/statistics/shift-between.ts';
import { formatCount } from '../../../../core/report/format.ts';
import { readProjectFile } from '../../../support/project-files.ts';
import { createDraws } from '../../../support/random-latency.ts';

/** Of 50 routes and all requests together, each compared in three ways. */
const CONFIDENCE = 1 - 0.05 / 153;
const SIGMAS = [0.25, 0.5, 1];

describe('the requests that it takes to see a change', () => {
  // By scipy 1.17.1: ceil(2 pi/3 ((norm.isf((1 - confidence) / 2) + norm.ppf(0.95)) sigma)² / log(factor)²)
  it.each([
    [1.05, [1509, 6035, 24_139]],
    [1.1, [396, 1582, 6326]],
    [1.2, [109, 433, 1729]],
    [1.3, [53, 209, 835]],
    [1.5, [22, 88, 350]],
    [2, [8, 30, 120]],
  ])('by a factor of %f are these', (factor, counts) => {
    const found = SIGMAS.map((sigma) => leastCount({ factor, sigma, power: 0.95, confidence: CONFIDENCE }));
    expect(found).toEqual(counts);
  });

  it('stand in docs/statistics.md as they are reckoned', () => {
    const doc = readProjectFile('docs/statistics.md');
    for (const factor of [1.05, 1.1, 1.2, 1.3, 1.5, 2]) {
      const counts = SIGMAS.map((sigma) =>
        leastCount({ factor, sigma, power: 0.95, confidence: CONFIDENCE }),
      );
      expect(doc).toContain(
        `| ${Math.round((factor - 1) * 100)} % | ${counts.map(formatCount).join(' | ')} |`,
      );
    }
  });

  it('are fewer for less confidence, as many for a change up as for one down, and never enough for none', () => {
    expect(leastCount({ factor: 1.1, sigma: 0.5, power: 0.9, confidence: 0.95 })).toBe(606);
    const [up, down] = [1.25, 0.8].map((factor) =>
      leastCount({ factor, sigma: 0.5, power: 0.9, confidence: 0.95 }),
    );
    expect(up).toBe(down);
    expect(leastCount({ factor: 1, sigma: 0.5, power: 0.9, confidence: 0.95 })).toBe(
      Number.POSITIVE_INFINITY,
    );
  });

  it('find 10 % in nine of ten runs, a quarter of them only in few', () => {
    const draws = createDraws(10);
    const enough = leastCount({ factor: 1.1, sigma: 0.5, power: 0.95, confidence: CONFIDENCE });
    const foundAt = (count: number): number => {
      const runs = 300;
      let found = 0;
      for (let i = 0; i < runs; i += 1) {
        const shift = shiftBetween(
          draws.histogram(count, 20, 0.5),
          draws.histogram(count, 22, 0.5),
          CONFIDENCE,
        );
        if (shift !== undefined && shift.low > 1 && shift.estimate > 1.05) found += 1;
      }
      return found / runs;
    };
    expect(foundAt(enough)).toBeGreaterThanOrEqual(0.9);
    expect(foundAt(Math.round(enough / 4))).toBeLessThan(0.35);
  });
});
