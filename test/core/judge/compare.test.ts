import { describe, expect, it } from 'vitest';
import { compareReports } from '../../../core/judge/compare.ts';
import type { Comparison, RouteChange } from '../../../core/judge/comparison.ts';
import { comparedReport, type RouteRun } from '../../support/compared-report.ts';
import { createDraws } from '../../support/random-latency.ts';

const draws = createDraws(5);
const latencies = (count: number, medianMs: number): number[] =>
  Array.from({ length: count }, () => draws.lognormalMs(medianMs, 0.5));

const compare = (
  before: readonly RouteRun[],
  after: readonly RouteRun[],
  toleranceShare?: number,
): Comparison =>
  compareReports(
    comparedReport(before),
    comparedReport(after, { id: '7700000000000000' }),
    toleranceShare === undefined ? {} : { toleranceShare },
  );

const routeOf = ({ routes }: Comparison, route: string): RouteChange => {
  const found = routes.find((one) => one.route === route);
  if (found === undefined) throw new Error(`no ${route}`);
  return found;
};

const CART = 'GET shop.example.com/cart/{id}';
const SEARCH = 'GET shop.example.com/search';

describe('two runs of the same latencies', () => {
  const run: readonly RouteRun[] = [
    { route: CART, serviceMs: latencies(300, 20) },
    { route: SEARCH, serviceMs: latencies(200, 60) },
  ];
  const same = compare(run, run);

  it('have a shift of 1 and no regression', () => {
    expect(same).toMatchObject({ regressions: 0, isJudged: true, warnings: [], toleranceShare: 0.05 });
    for (const group of [same.total, ...same.routes]) {
      expect(group.latency).toMatchObject({ outcome: 'alike', shift: { estimate: 1 } });
      expect(group.errors).toMatchObject({ outcome: 'alike', difference: { estimate: 0 } });
      expect(group.statusMatch).toMatchObject({ outcome: 'alike' });
    }
  });

  it('take a test for each latency; where there was no error, none for errors', () => {
    expect(same.tests).toBe(3);
    expect(same.confidenceEach).toBeCloseTo(1 - 0.05 / 3, 12);
  });

  it('show counts and quantiles of both', () => {
    const { sent, latency, errors, statusMatch } = routeOf(same, CART);
    expect(sent).toEqual({ before: 300, after: 300 });
    expect(latency.before).toEqual(latency.after);
    expect(latency.before).toEqual({
      count: 300,
      p50: expect.closeTo(20, -1),
      p95: expect.closeTo(46, -1),
      p99: expect.closeTo(64, -2),
    });
    expect(errors.before).toEqual({ count: 0, of: 300 });
    expect(statusMatch.before).toEqual({ count: 300, of: 300 });
  });
});

describe('a route that became slower', () => {
  const before = [
    { route: CART, serviceMs: latencies(400, 20) },
    { route: SEARCH, serviceMs: latencies(1_000, 60) },
  ];
  const after = [
    { route: CART, serviceMs: latencies(400, 40) },
    { route: SEARCH, serviceMs: latencies(1_000, 60) },
  ];

  it('comes first, with the factor by which it did', () => {
    const found = compare(before, after);
    expect(found.routes[0]).toMatchObject({ route: CART, latency: { outcome: 'worse' } });
    const shift = found.routes[0]?.latency.shift;
    expect(shift?.low).toBeGreaterThan(1.7);
    expect(shift?.high).toBeLessThan(2.5);
    expect(routeOf(found, SEARCH).latency.outcome).toBe('alike');
    expect(found.regressions).toBeGreaterThanOrEqual(1);
  });

  it('is none within the tolerance', () => {
    const found = compare(before, after, 1.5);
    expect(found).toMatchObject({ regressions: 0, toleranceShare: 1.5 });
    expect(routeOf(found, CART).latency.shift?.low).toBeGreaterThan(1.7);
  });

  it('is called better the other way round', () => {
    const found = compare(after, before);
    expect(found.regressions).toBe(0);
    expect(routeOf(found, CART).latency.outcome).toBe('better');
  });
});

describe('a route with more errors', () => {
  const calm = { route: SEARCH, serviceMs: latencies(500, 60) };
  const serviceMs = latencies(500, 20);

  it.each([
    ['failed', { failed: 40 }],
    ['answered 5xx', { status503: 40 }],
  ])('is worse, be they %s, and before slower ones', (_, errors) => {
    const found = compare(
      [{ route: CART, serviceMs }, calm],
      [
        { route: CART, serviceMs, ...errors },
        { ...calm, serviceMs: latencies(500, 90) },
      ],
    );
    expect(found.routes.map(({ route }) => route)).toEqual([CART, SEARCH]);
    expect(found.routes[0]).toMatchObject({
      errors: {
        before: { count: 0, of: 500 },
        after: { count: 40, of: 500 },
        outcome: 'worse',
        difference: { estimate: 0.08 },
      },
      statusMatch: { before: { count: 500, of: 500 }, after: { count: 460, of: 500 }, outcome: 'worse' },
      latency: { outcome: 'alike' },
    });
  });

  it('is not worse for errors that it had before, and better without them', () => {
    const broken = { route: CART, serviceMs, failed: 60 };
    expect(compare([broken], [{ ...broken, failed: 66 }]).regressions).toBe(0);
    expect(routeOf(compare([broken], [{ route: CART, serviceMs }]), CART)).toMatchObject({
      errors: { outcome: 'better' },
      statusMatch: { outcome: 'better' },
    });
  });

  it('is worse by other statuses alone, where they are no errors', () => {
    const found = compare([{ route: CART, serviceMs }], [{ route: CART, serviceMs, status404: 30 }]);
    expect(routeOf(found, CART)).toMatchObject({
      errors: { outcome: 'alike' },
      statusMatch: { outcome: 'worse' },
    });
  });

  it('is seen also where nothing is answered any more', () => {
    const found = compare([{ route: CART, serviceMs }], [{ route: CART, serviceMs, failed: 500 }]);
    expect(routeOf(found, CART)).toMatchObject({
      latency: { outcome: 'too_few', shift: null, after: { count: 0, p50: null } },
      errors: { outcome: 'worse' },
    });
    expect(found.isJudged).toBe(true);
  });
});

describe('too few requests', () => {
  it('judge no route, and stand last', () => {
    const before = [
      { route: 'GET shop.example.com/rare', serviceMs: latencies(49, 20) },
      { route: CART, serviceMs: latencies(50, 20) },
    ];
    const after = [{ ...before[0], serviceMs: latencies(1_000, 90) } as RouteRun, before[1] as RouteRun];
    const found = compare(before, after);
    expect(found.routes.map(({ route }) => route)).toEqual([CART, 'GET shop.example.com/rare']);
    expect(found.routes[1]).toMatchObject({
      latency: { outcome: 'too_few', shift: null },
      errors: { outcome: 'too_few', difference: null },
      statusMatch: { outcome: 'too_few', difference: null },
    });
  });

  it.each([
    ['none', []],
    ['one', [{ route: CART, serviceMs: [20] }]],
    ['two', [{ route: CART, serviceMs: [20, 30] }]],
  ])('judge nothing where there is %s', (_, run) => {
    expect(compare(run, run)).toMatchObject({
      isJudged: false,
      regressions: 0,
      tests: 0,
      confidenceEach: 0.95,
      leastCount: null,
    });
  });

  it('hide no route that is gone, or new', () => {
    const found = compare(
      [{ route: CART, serviceMs: latencies(60, 20) }],
      [{ route: SEARCH, serviceMs: [3, 4] }],
    );
    expect(found).toMatchObject({
      routes: [],
      onlyBefore: [{ route: CART, sent: 60 }],
      onlyAfter: [{ route: SEARCH, sent: 2 }],
      isJudged: false,
    });
  });
});

describe('odd latencies', () => {
  it('are compared where all are equal, or nothing', () => {
    for (const ms of [0, 5]) {
      const run = [{ route: CART, serviceMs: Array<number>(80).fill(ms) }];
      const found = compare(run, run);
      expect(routeOf(found, CART).latency).toMatchObject({
        outcome: 'alike',
        shift: { estimate: 1, low: 1, high: 1 },
      });
      expect(found.leastCount).toEqual({ factor: 1.1, power: 0.95, requests: 50 });
    }
  });

  it('give numbers that JSON has', () => {
    const found = compare(
      [{ route: CART, serviceMs: Array<number>(80).fill(0) }],
      [{ route: CART, serviceMs: Array<number>(80).fill(1e12) }],
    );
    expect(found.regressions).toBe(2);
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
  });
});

describe('a log without statuses', () => {
  it('is compared by latencies and errors', () => {
    const run = [{ route: CART, serviceMs: latencies(100, 20), hasStatus: false }];
    expect(routeOf(compare(run, run), CART)).toMatchObject({
      latency: { outcome: 'alike' },
      errors: { outcome: 'alike' },
      statusMatch: { before: { count: 0, of: 0 }, difference: null, outcome: 'too_few' },
    });
  });
});

describe('all other routes', () => {
  const many = (count: number, first: number): readonly RouteRun[] =>
    Array.from({ length: count }, (_, i) => ({
      route: `GET shop.example.com/${first + i}`,
      serviceMs: latencies(60 - (i % 3), 20),
    }));

  it('are compared where the routes that stand by themselves are the same', () => {
    const run = many(55, 0);
    expect(compare(run, run).routes.map(({ route }) => route)).toContain('other');
  });

  it('are left out where they are not, since they hold others then', () => {
    const found = compare(many(55, 0), many(55, 10));
    expect(found.routes.map(({ route }) => route)).not.toContain('other');
    expect(found.warnings).toEqual([
      'the reports name different routes, so the rest, which each has as "other", is not compared by itself',
    ]);
  });
});

describe('runs that are hard to compare', () => {
  const routes = [{ route: CART, serviceMs: latencies(100, 20) }];
  const before = comparedReport(routes);
  const warningsOf = (...given: Parameters<typeof comparedReport>): readonly string[] =>
    compareReports(before, comparedReport(...given)).warnings;

  it.each([
    ['rules', { rulesHash: 'aa' }, 'the rules differ: 6cd3556deb0da54b before, aa after'],
    ['seeds', { seed: 'x' }, 'the seeds differ, so other requests were sampled: reprise before, x after'],
    [
      'logs by their names',
      { inputs: [{ name: 'C:\\logs\\b.log' }] },
      'the logs differ: access.log with 100 lines before, b.log with 100 lines after',
    ],
    [
      'logs by their lines',
      { lines: 2_000 },
      'the logs differ: access.log with 100 lines before, access.log with 2,000 lines after',
    ],
    ['speeds', { ratePerSecond: 400 }, 'the speeds differ: 200/s asked before, 400/s after'],
    ['a run that was stopped', { endedBy: 'stopped' as const }, 'the run after was stopped early'],
    ['a run that was given up', { endedBy: 'aborted' as const }, 'the run after was given up'],
    ['a run that broke', { endedBy: 'error' as const }, 'the run after was ended by an error'],
  ])('are told by their %s', (_, changed, warning) => {
    expect(warningsOf(routes, { id: '77', ...changed })).toEqual([warning]);
  });

  it('are told where one was held back', () => {
    expect(warningsOf([{ route: CART, serviceMs: latencies(100, 20), heldBack: 40 }], { id: '77' })).toEqual([
      'what was held back differs, and with it the load: 0 % before, 40.0 % after',
    ]);
  });

  it('are told where they are one and the same, and not for a folder or a little less speed', () => {
    expect(warningsOf(routes)).toEqual(['both reports are of the same run']);
    const elsewhere = {
      id: '77',
      inputs: [{ name: 'access.log' }],
      ratePerSecond: 215,
      endedBy: 'limit' as const,
    };
    expect(warningsOf(routes, elsewhere)).toEqual([]);
  });

  it('name three of many logs', () => {
    const inputs = Array.from({ length: 40 }, (_, i) => ({ name: `/logs/${i}.gz` }));
    expect(warningsOf(routes, { id: '77', inputs })).toEqual([
      'the logs differ: access.log with 100 lines before, 0.gz, 1.gz, 2.gz, 37 more with 100 lines after',
    ]);
  });
});
