import { describe, expect, it } from 'vitest';
import { rankRoutes } from '../../../core/report/rank-routes.ts';
import { sampleReport } from './sample-report.ts';

const namesOf = (fate: Parameters<typeof sampleReport>[0]) =>
  rankRoutes(sampleReport(fate).routes).map(({ summary, isFailing, isSlower }) => [
    summary.route,
    isFailing,
    isSlower,
  ]);

describe('rankRoutes', () => {
  it('finds nothing bad where all is answered as it was recorded', () => {
    expect(namesOf({}).every(([, isFailing, isSlower]) => !isFailing && !isSlower)).toBe(true);
  });

  it('puts a route that fails first, and one that is slower next', () => {
    const ranked = namesOf({
      fate: (n) => (n % 6 === 3 && n % 4 === 1 ? { status: 503 } : n % 6 === 4 ? { slow: 4 } : {}),
    });
    expect(ranked.slice(0, 2)).toEqual([
      ['GET shop.example.com/search', true, false],
      ['GET shop.example.com/assets/app.{hash}.js', false, true],
    ]);
    expect(ranked.slice(2).every(([, isFailing, isSlower]) => !isFailing && !isSlower)).toBe(true);
  });

  it('makes no news of what failed in the log and is answered now', () => {
    const [route] = sampleReport().routes;
    if (route === undefined) throw new Error('the sample has no route');
    const status = { 200: { 200: 80 }, 500: { 200: 15, 302: 5 } };
    const mended = { ...route, status, match: { known: 100, same: 80, sameClass: 80 } };
    expect(rankRoutes([mended])).toMatchObject([{ isFailing: false, mismatchShare: 0 }]);
    const broken = {
      ...mended,
      status: { ...status, 404: { 500: 10 } },
      match: { known: 110, same: 80, sameClass: 80 },
    };
    expect(rankRoutes([broken])).toMatchObject([{ isFailing: true, mismatchShare: 10 / 110 }]);
  });

  it('makes no news of one odd answer', () => {
    expect(
      namesOf({ fate: (n) => (n === 9 ? { status: 500 } : {}) }).some(([, isFailing]) => isFailing),
    ).toBe(false);
  });

  it('makes no news of a few ms more, which may be the way to the target', () => {
    const all = rankRoutes(sampleReport({ fate: () => ({ slow: 1 }) }).routes);
    expect(all.every(({ badness }) => badness === 0)).toBe(true);
  });

  it('leaves routes without any request in their place', () => {
    expect(rankRoutes([])).toEqual([]);
  });
});
