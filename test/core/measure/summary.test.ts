import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MeasuredRule } from '../../../core/measure/cells.ts';
import { createSummary, type Summary } from '../../../core/measure/summary.ts';
import { FAILURE_CODES, HELD_BACK_REASONS, type PlannedRequest, type Result } from '../../../core/types.ts';
import { plannedRequest } from '../report/sample-report.ts';

const rulesOf = (names: readonly string[]): readonly MeasuredRule[] =>
  names.map((name) => ({ name, statusMap: {}, sizeTolerance: 0.1 }));

const answered = (request: PlannedRequest, given: Partial<Result> = {}): Result => ({
  request,
  sentMs: request.dueMs,
  status: 200,
  serviceMs: 10,
  fromDueMs: 10,
  ...given,
});

const summaryOf = (results: readonly Result[], ruleNames: readonly string[] = ['catalog']): Summary => {
  const summary = createSummary({ rules: rulesOf(ruleNames) });
  for (const { request } of results) summary.planned(request);
  for (const result of results) summary.result(result);
  return summary.snapshot();
};

const request = fc
  .record({
    n: fc.nat(3000),
    rule: fc.constantFrom('a', 'b'),
    dueMs: fc.double({ min: 0, max: 4e6, noNaN: true }),
    status: fc.option(fc.constantFrom(200, 404, 0), { nil: undefined }),
    durationMs: fc.option(fc.double({ min: 0, max: 1e5, noNaN: true }), { nil: undefined }),
  })
  .map(({ n, rule, dueMs, status, durationMs }) =>
    plannedRequest({
      rule,
      path: `/route-${String.fromCharCode(97 + (n % 26))}x${n.toString(36).replace(/\d/g, 'z')}`,
      dueMs,
      recorded: {
        ...(status === undefined ? {} : { status }),
        ...(durationMs === undefined ? {} : { durationMs }),
      },
    }),
  );

const result = fc
  .tuple(request, fc.nat(9), fc.double({ min: -0.5, max: 5000, noNaN: true }))
  .map(([planned, kind, lagMs]): Result => {
    const sentMs = planned.dueMs + lagMs;
    if (kind < 2) return { request: planned, heldBack: HELD_BACK_REASONS[kind] ?? 'late' };
    if (kind < 4) return { request: planned, sentMs, failed: FAILURE_CODES[kind] ?? 'unknown', detail: 'x' };
    return answered(planned, {
      sentMs,
      status: 200 + (kind % 3) * 100,
      serviceMs: kind,
      fromDueMs: kind + lagMs,
    });
  });

const KEYS = ['planned', 'sent', 'answered', 'failed', 'heldBack'] as const;
type Counted = { readonly counts: Readonly<Record<(typeof KEYS)[number], number>> };
const sumOf = (groups: readonly Counted[], key: (typeof KEYS)[number]): number =>
  groups.reduce((sum, { counts }) => sum + counts[key], 0);

describe('createSummary', () => {
  it('loses nothing: rules, routes, timeline and status matrix each sum up to the totals', () => {
    fc.assert(
      fc.property(fc.array(result, { maxLength: 200 }), (results) => {
        const { totals, rules, routes, timeline } = summaryOf(results, ['a', 'b']);
        for (const key of KEYS) {
          expect(sumOf(rules, key)).toBe(totals.counts[key]);
          expect(sumOf(routes, key)).toBe(totals.counts[key]);
        }
        expect(totals.counts.planned).toBe(results.length);
        expect(totals.counts.sent + totals.counts.heldBack).toBe(results.length);
        const { steps } = timeline;
        expect(steps.length).toBeLessThanOrEqual(600);
        expect(steps.reduce((sum, step) => sum + step.planned, 0)).toBe(results.length);
        expect(steps.reduce((sum, step) => sum + step.sent, 0)).toBe(totals.counts.sent);
        const held = steps.flatMap((step) => Object.values(step.heldBack));
        expect(held.reduce((sum, count) => sum + count, 0)).toBe(totals.counts.heldBack);
        const cells = Object.values(totals.status).flatMap((row) => Object.values(row));
        expect(cells.reduce((sum, count) => sum + count, 0)).toBe(totals.counts.sent);
      }),
      { numRuns: 60 },
    );
  });

  it('keeps the routes seen most, and all of the rest as other, when there are more than it holds', () => {
    const letters = (n: number): string =>
      n.toString(26).replace(/\d/g, (digit) => 'qrstuvwxyz'[Number(digit)] ?? '');
    const rare = Array.from({ length: 3000 }, (_, n) => plannedRequest({ path: `/rare/${letters(n)}` }));
    const often = Array.from({ length: 500 }, () => plannedRequest({ path: '/often' }));
    const mixed = rare.flatMap((one, n) => (n % 6 === 0 ? [one, often[n / 6] ?? one] : [one]));
    const { routes, totals } = summaryOf(mixed.map((one) => answered(one)));
    expect(routes).toHaveLength(51);
    expect(routes[0]).toMatchObject({
      route: 'GET shop.example.com/often',
      counts: { planned: 500, answered: 500 },
    });
    expect(routes.at(-1)?.route).toBe('other');
    expect(sumOf(routes, 'planned')).toBe(3500);
    expect(sumOf(routes, 'answered')).toBe(totals.counts.answered);
    expect(routes.at(-1)?.latency.service.count).toBe(routes.at(-1)?.counts.answered);
  });

  it('counts a result of a route that was folded meanwhile among the others', () => {
    const summary = createSummary({ rules: rulesOf(['catalog']) });
    const first = plannedRequest({ path: '/zzz' });
    summary.planned(first);
    for (let n = 0; n < 1200; n += 1)
      summary.planned(
        plannedRequest({ path: `/p/${'ab'.repeat(n % 9)}x${'c'.repeat(n % 31)}y${'d'.repeat(n % 5)}` }),
      );
    summary.result(answered(first));
    const { routes } = summary.snapshot();
    expect(sumOf(routes, 'planned')).toBe(1201);
    expect(sumOf(routes, 'answered')).toBe(1);
  });

  it('sets recorded beside replayed statuses, and failures beside both', () => {
    const by = (status: number | undefined): PlannedRequest =>
      plannedRequest({ recorded: status === undefined ? {} : { status } });
    const { totals } = summaryOf([
      answered(by(200)),
      answered(by(200), { status: 503 }),
      { request: by(200), sentMs: 0, failed: 'timeout' },
      answered(by(undefined)),
      answered(by(0)),
      { request: by(200), heldBack: 'late' },
    ]);
    expect(totals.status).toEqual({ 200: { 200: 1, 503: 1, failed: 1 }, none: { 200: 2 } });
  });

  it.each([
    [{ durationMs: 9, originMs: 4 }, 'origin', 4],
    [{ durationMs: 9 }, 'duration', 9],
    [{}, null, null],
  ] as const)('takes of %o the %s time as recorded latency', (recorded, basis, max) => {
    const { latency } = summaryOf([answered(plannedRequest({ recorded }))]).totals;
    expect(latency.recorded).toMatchObject({ basis, max });
  });

  it('says when recorded latencies are of both kinds', () => {
    const kinds = [{ durationMs: 9 }, { originMs: 4 }];
    const { latency } = summaryOf(kinds.map((recorded) => answered(plannedRequest({ recorded })))).totals;
    expect(latency.recorded).toMatchObject({ basis: 'mixed', count: 2, p50: 4, max: 9 });
  });

  it('measures latency of the answered, lag of the sent, and nothing of the held back', () => {
    const late = plannedRequest({ dueMs: 100 });
    const { totals } = summaryOf([
      answered(late, { sentMs: 102, serviceMs: 8, fromDueMs: 10 }),
      { request: late, sentMs: 99.5, failed: 'timeout', serviceMs: 10_000, fromDueMs: 10_000 },
      { request: late, heldBack: 'in_flight' },
    ]);
    expect(totals.latency.service).toMatchObject({ count: 1, max: 8 });
    expect(totals.latency.fromDue).toMatchObject({ count: 1, max: 10 });
    expect(totals.latency.recorded.count).toBe(2);
    expect(totals.pacing.lagMs).toEqual({ p50: -0.5, p99: 2, max: 2 });
  });

  it('gives one example of each failure, without its query and all that may belong to a secret in its path', () => {
    const failing = plannedRequest({ path: '/cart;jsessionid=SECRET/42?token=SECRET' });
    const { totals } = summaryOf([
      { request: failing, sentMs: 0, failed: 'timeout', detail: 'no answer within 10 s' },
      { request: plannedRequest(), sentMs: 0, failed: 'timeout', detail: 'other' },
      { request: plannedRequest(), sentMs: 0, failed: 'dns' },
    ]);
    expect(totals.failures).toEqual({
      dns: { count: 1, example: { id: failing.id, method: 'GET', path: '/cart/42', detail: '' } },
      timeout: {
        count: 2,
        example: { id: failing.id, method: 'GET', path: '/cart', detail: 'no answer within 10 s' },
      },
    });
    expect(JSON.stringify(totals)).not.toContain('SECRET');
  });

  it('reckons rates so that two requests a second apart are one a second', () => {
    const paced = [0, 100, 200, 300].map((dueMs) => plannedRequest({ dueMs, logAtMs: 1e12 + dueMs * 10 }));
    expect(summaryOf(paced.map((one) => answered(one))).totals.pacing).toMatchObject({
      recordedRatePerSecond: 1,
      askedRatePerSecond: 10,
      achievedRatePerSecond: 10,
    });
    const half = paced.map(
      (one, n): Result => (n < 2 ? answered(one) : { request: one, heldBack: 'in_flight' }),
    );
    expect(summaryOf(half).totals.pacing).toMatchObject({ askedRatePerSecond: 10, achievedRatePerSecond: 5 });
    // What a stop cuts off is no slowness.
    const stopped = half.map((one): Result => (one.heldBack ? { ...one, heldBack: 'stopped' } : one));
    expect(summaryOf(stopped).totals.pacing.achievedRatePerSecond).toBeGreaterThan(9);
    expect(summaryOf([answered(plannedRequest())]).totals.pacing.askedRatePerSecond).toBeNull();
  });

  it('reports rules in the order given, with their target, also one that planned nothing', () => {
    const { rules } = summaryOf([answered(plannedRequest())], ['idle', 'catalog']);
    expect(rules.map(({ name, target }) => [name, target])).toEqual([
      ['idle', undefined],
      ['catalog', 'staging'],
    ]);
  });

  it('tells the route of each result', () => {
    const summary = createSummary({ rules: rulesOf(['catalog']) });
    summary.planned(plannedRequest());
    expect(summary.result(answered(plannedRequest()))).toBe('GET shop.example.com/cart/{id}');
  });
});

describe('live', () => {
  it('shows counts, latency and the rates of the last two seconds', () => {
    const summary = createSummary({ rules: rulesOf(['catalog']) });
    expect(summary.live(0)).toMatchObject({
      sent: 0,
      p50Ms: null,
      askedRatePerSecond: 0,
      achievedRatePerSecond: 0,
    });
    for (let n = 0; n < 1000; n += 1) {
      const one = plannedRequest({ dueMs: n * 10 });
      summary.planned(one);
      if (n >= 500) continue;
      if (n === 3) summary.result({ request: one, heldBack: 'in_flight' });
      else if (n === 5) summary.result({ request: one, sentMs: 50, failed: 'reset', fromDueMs: 1 });
      else summary.result(answered(one, { sentMs: one.dueMs + 0.5, fromDueMs: 9.5, serviceMs: 9 }));
    }
    const live = summary.live(5000);
    expect(live).toMatchObject({
      planned: 1000,
      sent: 499,
      answered: { '2xx': 498 },
      failed: 1,
      heldBack: { in_flight: 1 },
    });
    expect(live.p50Ms).toBeCloseTo(9, 1);
    expect(live.lagP99Ms).toBeCloseTo(0.5, 2);
    expect(live.askedRatePerSecond).toBeCloseTo(100, 0);
    expect(live.achievedRatePerSecond).toBeGreaterThan(90);
    expect(live.achievedRatePerSecond).toBeLessThan(105);
    expect(summary.live(60_000)).toMatchObject({ askedRatePerSecond: 0, achievedRatePerSecond: 0 });
  });
});
