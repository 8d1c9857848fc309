import { describe, expect, it } from 'vitest';
import type { Cell } from '../../../core/measure/cells.ts';
import { baselineOf } from '../../support/baseline.ts';
import { cellOf, resultOf, timesOf } from '../../support/cells.ts';

const CART = 'GET shop.example.com/cart/{id}';
const SEARCH = 'GET shop.example.com/search';

/** So many requests, recorded from 50 to 149 ms, answered so many times as slowly now. */
const spread = (count: number, factor: number) =>
  Array.from({ length: count }, (_, i) => {
    const recordedMs = 50 + ((i * 37) % 100);
    return { recorded: 200, status: 200, recordedMs, serviceMs: recordedMs * factor };
  });

const cellsOf = (count: number, factor: number): readonly Cell[] => [
  cellOf('a', CART, spread(count, factor)),
];

describe('latency against the log', () => {
  it('holds where nothing changed, with the interval around 1', () => {
    const result = resultOf('p95 <= 1.1x recorded', { cells: cellsOf(400, 1) });
    expect(result).toMatchObject({ outcome: 'held', unit: 'factor', limit: 1.1, measured: 1, note: null });
    expect(result.value).toBe(result.reference);
    expect(result.interval?.low).toBeLessThan(1);
    expect(result.interval?.high).toBeGreaterThan(1);
  });

  it('fails where it is certainly slower, and tells by how much', () => {
    const result = resultOf('p50 <= 1.1x recorded', { cells: cellsOf(1000, 2) });
    expect(result).toMatchObject({ outcome: 'failed', count: 1000, note: null });
    expect(result.measured).toBeCloseTo(2, 1);
    expect(result.value).toBeGreaterThan((result.reference ?? 0) * 1.9);
    expect(result.interval?.low).toBeGreaterThan(1.1);
  });

  it('fails by the pairs of requests where the quantiles alone may be chance', () => {
    const result = resultOf('p95 <= 1.25x recorded', { cells: cellsOf(160, 1.3) });
    expect(result.interval?.low).toBeLessThan(1.25);
    expect(result).toMatchObject({
      outcome: 'failed',
      note: 'each request against its own recording: 1.3x, from 1.3x to 1.3x',
    });
  });

  it('holds where it is over the limit but may be chance, and says so', () => {
    const noise = Array.from({ length: 40 }, (_, i) => ({
      ...{ recorded: 200, status: 200, recordedMs: 60 + ((i * 17) % 40) },
      serviceMs: i === 7 || i === 9 || i === 3 ? 300 : 60 + ((i * 29) % 40),
    }));
    const result = resultOf('p95 <= 1.1x recorded', { cells: [cellOf('a', CART, noise)] });
    expect(result.measured).toBeGreaterThan(2);
    expect(result.outcome).toBe('held');
    expect(result.note).toMatch(
      /^over the limit, but not beyond chance: (it may be as little as \d\.\d+x|40 requests are too few to tell)$/,
    );
  });

  it('judges nothing by three requests in the log or in the baseline, however many there are now', () => {
    const unrecorded = spread(100, 9).map(({ recordedMs, ...one }, i) =>
      i < 3 ? { ...one, recordedMs } : one,
    );
    const cells = [cellOf('a', CART, unrecorded)];
    const baseline = baselineOf([cellOf('a', CART, spread(3, 1))]);
    const few = 'nothing can be said of the only route: only 3 requests in the';
    expect(resultOf('each route p95 <= 1.1x recorded', { cells })).toMatchObject({
      outcome: 'missed',
      note: `${few} log, and the gate asks for 50`,
      routes: { judged: 0, tooFew: 1 },
    });
    expect(resultOf('each route p95 <= 1.1x baseline', { cells, baseline })).toMatchObject({
      outcome: 'missed',
      note: `${few} baseline, and the gate asks for 50`,
    });
    expect(resultOf('failed <= 1x baseline min 4', { cells, baseline }).note).toBe(
      'only 3 requests in the baseline, and the gate asks for 4',
    );
  });

  it('is sure of the side that a gate is about: each end of its interval has all of the chance of error', () => {
    const { interval } = resultOf('p50 <= 1.1x recorded', { cells: cellsOf(400, 1) });
    expect(interval?.confidence).toBe(0.9);
    expect(resultOf('p50 <= 300ms', { cells: cellsOf(400, 1) }).interval?.confidence).toBe(0.95);
  });

  it('of three requests says that they are too few', () => {
    expect(resultOf('p95 <= 1x recorded', { cells: cellsOf(3, 1.5) })).toMatchObject({
      outcome: 'held',
      note: 'over the limit, but not beyond chance: 3 requests are too few to tell',
    });
    expect(resultOf('p95 <= 1x recorded', { cells: cellsOf(1, 1.5) }).note).toContain('1 request is too few');
  });

  it('does not take the rounding of a log to whole milliseconds for a change', () => {
    const rounded = Array.from({ length: 2000 }, (_, i) => {
      const serviceMs = 1.05 + (i % 90) / 100;
      return { recorded: 200, status: 200, recordedMs: Math.trunc(serviceMs), serviceMs };
    });
    expect(resultOf('p50 <= 1.1x recorded', { cells: [cellOf('a', CART, rounded)] })).toMatchObject({
      outcome: 'held',
      note: 'beyond the limit by less than the millisecond in which logs tell latencies',
    });
  });

  it('holds latencies from the due instant against the same recordings', () => {
    const requests = spread(500, 1).map((one) => ({ ...one, fromDueMs: one.serviceMs * 3 }));
    const cells = [cellOf('a', CART, requests)];
    expect(resultOf('p50 <= 1.1x recorded', { cells }).outcome).toBe('held');
    const late = resultOf('fromDue.p50 <= 1.1x recorded', { cells });
    expect(late.outcome).toBe('failed');
    expect(late.measured).toBeCloseTo(3, 1);
  });

  it('may ask for slower, too', () => {
    expect(resultOf('p50 >= 0.9x recorded', { cells: cellsOf(500, 1) }).outcome).toBe('held');
    expect(resultOf('p50 >= 0.9x recorded', { cells: cellsOf(500, 0.5) }).outcome).toBe('failed');
    expect(resultOf('p50 >= 0.9x recorded', { cells: cellsOf(2, 0.5) })).toMatchObject({
      outcome: 'held',
      note: 'below the limit, but not beyond chance: 2 requests are too few to tell',
    });
  });

  it('of a maximum, which has no interval, is judged by the pairs', () => {
    const cells = cellsOf(300, 1);
    const outlier = cellOf('b', CART, [{ recorded: 200, status: 200, recordedMs: 50, serviceMs: 9_000 }]);
    expect(resultOf('max <= 2x recorded', { cells: [...cells, outlier] })).toMatchObject({
      outcome: 'held',
      interval: null,
    });
    expect(resultOf('max <= 2x recorded', { cells: cellsOf(300, 3) }).outcome).toBe('failed');
  });

  it('is judged by point estimates alone in a hurry', () => {
    const result = resultOf('p95 <= 1.1x recorded', { cells: cellsOf(3, 1.5), isQuick: true });
    expect(result).toMatchObject({ outcome: 'failed', interval: null, note: null });
  });
});

describe('5xx against the log', () => {
  /** 1,000 requests, so many of which were recorded with 500, and so many of which are answered so. */
  const errors = (recorded: number, now: number): readonly Cell[] => [
    cellOf(
      'a',
      CART,
      Array.from({ length: 1000 }, (_, i) => ({
        recorded: i < recorded ? 500 : 200,
        status: i < now ? 500 : 200,
      })),
    ),
  ];
  it.each<[gate: string, recorded: number, now: number, outcome: string, measured: number | null]>([
    ['status5xx <= 1x recorded', 10, 10, 'held', 1],
    ['status5xx <= 1x recorded', 10, 12, 'held', 1.2],
    ['status5xx <= 1x recorded', 10, 50, 'failed', 5],
    ['status5xx <= 6x recorded', 10, 50, 'held', 5],
    ['status5xx <= 1x recorded', 0, 0, 'held', null],
    ['status5xx <= 1x recorded', 0, 1, 'held', null],
    ['status5xx <= 1x recorded', 0, 20, 'failed', null],
    ['status5xx < 1x recorded', 0, 0, 'held', null],
    ['status5xx >= 0.5x recorded', 100, 10, 'failed', 0.1],
  ])('%s, with %i of 1,000 then and %i now: %s', (gate, recorded, now, outcome, measured) => {
    const result = resultOf(gate, { cells: errors(recorded, now) });
    expect(result).toMatchObject({ outcome, value: now / 1000, reference: recorded / 1000 });
    expect(result.measured).toEqual(measured === null ? null : expect.closeTo(measured, 8));
  });
});

describe('a baseline', () => {
  const before = [cellOf('a', CART, spread(600, 1)), cellOf('b', SEARCH, spread(600, 1))];
  const baseline = baselineOf(before, { lines: 1000, rejected: 10 });
  const lines = { lines: 1000, rejected: 10 };
  const same = { cells: before, baseline, lines };
  const slower = [cellOf('a', CART, spread(600, 2)), cellOf('b', SEARCH, spread(600, 1))];

  it('that is the same run fails nothing', () => {
    for (const gate of [
      ...['p50 <= 1x baseline', 'p95 <= 1.05x baseline', 'max <= 1x baseline', 'fromDue.p99 <= +1% baseline'],
      ...['statusMatch >= 1x baseline', 'statusClassMatch >= -1% baseline', 'status5xx <= 1x baseline'],
      ...['failed <= 1x baseline', 'heldBack <= 1x baseline', 'rejected <= 1x baseline'],
      ...['achievedRate >= 1x baseline', 'rule:a p95 <= 1.02x baseline', 'each route p90 <= 1.02x baseline'],
      'route:"GET /cart/*" p95 <= 1.02x baseline',
    ])
      expect([gate, resultOf(gate, same).outcome]).toEqual([gate, 'held']);
  });

  it('is held against the whole, the rule, or the route that a gate is about', () => {
    const input = { cells: slower, baseline };
    expect(resultOf('rule:a p95 <= 1.1x baseline', input).outcome).toBe('failed');
    expect(resultOf('rule:b p95 <= 1.1x baseline', input).outcome).toBe('held');
    expect(resultOf('p95 <= 1.1x baseline', input).outcome).toBe('failed');
    expect(resultOf('route:"GET /search" p95 <= 1.1x baseline', input).outcome).toBe('held');
    const each = resultOf('each route p95 <= 1.1x baseline', input);
    expect(each.routes).toMatchObject({ judged: 2, failed: 1, worst: [{ route: CART }, { route: SEARCH }] });
  });

  it('is told beyond chance by the shift of all latencies, too', () => {
    const few = [cellOf('a', CART, spread(100, 1.25))];
    const result = resultOf('max <= 1.05x baseline', {
      cells: few,
      baseline: baselineOf([cellOf('a', CART, spread(100, 1))]),
    });
    expect(result.outcome).toBe('failed');
    expect(result.note).toMatch(
      /^all latencies against the baseline: 1\.2\dx, from 1\.[01]\d*x to 1\.[34]\d*x$/,
    );
  });

  it('of shares fails only what cannot be chance', () => {
    const failing = (count: number) => [
      cellOf('a', CART, [
        ...timesOf(1000 - count),
        ...timesOf(count, { status: undefined, failed: 'reset' }),
      ]),
    ];
    const input = { baseline: baselineOf(failing(5)) };
    expect(resultOf('failed <= 1x baseline', { ...input, cells: failing(8) })).toMatchObject({
      outcome: 'held',
      value: 0.008,
      reference: 0.005,
    });
    expect(resultOf('failed <= 1x baseline', { ...input, cells: failing(40) }).outcome).toBe('failed');
  });

  it('tells when it cannot serve', () => {
    const reason = (gate: string, input = {}) => resultOf(gate, { ...same, ...input }).note;
    const extra = [...before, cellOf('c', 'GET shop.example.com/new', spread(100, 1))];
    expect(reason('rule:c p95 <= 1x baseline', { cells: extra })).toBe('the baseline has no rule c');
    expect(reason('route:"GET /new" p95 <= 1x baseline', { cells: extra })).toBe(
      'the baseline has no route GET /new',
    );
    const shared = [...before, cellOf('b', CART, spread(100, 1))];
    expect(reason('rule:a each route p95 <= 1x baseline', { cells: shared })).toBe(
      `nothing can be said of the only route: a baseline has routes of all rules in one, and other rules send ${CART}, too`,
    );
    expect(
      reason('sizeMatch >= 1x baseline', { cells: [cellOf('a', CART, timesOf(9, { sizeIsSame: true }))] }),
    ).toBe('the baseline measured no sizeMatch of these requests');
    expect(reason('lag.p99 <= 1x baseline')).toBe(
      'lag.p99 is 0 in the baseline, and there is no multiple of that',
    );
  });

  it('holds lag against lag, without an interval', () => {
    const lagging = (lagMs: number) => [cellOf('a', CART, timesOf(50, { lagMs }))];
    const result = resultOf('lag.p99 <= 2x baseline', {
      cells: lagging(12),
      baseline: baselineOf(lagging(4)),
    });
    expect(result).toMatchObject({ outcome: 'failed', interval: null });
    expect(result.measured).toBeCloseTo(3, 1);
  });

  it('leaves routes that it has not out of a gate on each', () => {
    const extra = [...before, cellOf('c', 'GET shop.example.com/new', spread(100, 9))];
    expect(resultOf('each route p95 <= 1.1x baseline', { ...same, cells: extra })).toMatchObject({
      outcome: 'held',
      count: 1200,
      routes: { judged: 2, tooFew: 1, failed: 0 },
    });
  });
});
