import { describe, expect, it } from 'vitest';
import type { JudgeInput } from '../../../core/judge/judge.ts';
import type { Cell } from '../../../core/measure/cells.ts';
import { cellOf, judgeBy, resultOf, timesOf } from '../../support/cells.ts';

const CART = 'GET shop.example.com/cart/{id}';
const SEARCH = 'GET shop.example.com/search';

/** 100 sent, 10 more held back: 88 as recorded, 2 of the same class, 4 answered 500, 1 in 503 as recorded, 5 failed. */
const MIXED: Cell = cellOf('a', CART, [
  ...timesOf(86, { sizeIsSame: true }),
  ...timesOf(2, { sizeIsSame: false }),
  ...timesOf(2, { status: 204 }),
  ...timesOf(4, { status: 500 }),
  { recorded: 503, status: 503 },
  ...timesOf(5, { status: undefined, failed: 'timeout' }),
  ...timesOf(10, { isHeldBack: true }),
]);

describe('shares', () => {
  const cells = [MIXED];
  it.each<[gate: string, measured: number, count: number, outcome: string]>([
    ['statusMatch >= 89%', 0.89, 100, 'held'],
    ['statusMatch > 89%', 0.89, 100, 'failed'],
    ['statusMatch >= 89.1%', 0.89, 100, 'failed'],
    ['statusClassMatch >= 91%', 0.91, 100, 'held'],
    ['statusClassMatch > 91%', 0.91, 100, 'failed'],
    ['status5xx <= 5%', 0.05, 100, 'held'],
    ['status5xx < 5%', 0.05, 100, 'failed'],
    ['failed <= 5%', 0.05, 100, 'held'],
    ['failed <= 4.9%', 0.05, 100, 'failed'],
    ['sizeMatch >= 97.7%', 86 / 88, 88, 'held'],
    ['sizeMatch >= 97.8%', 86 / 88, 88, 'failed'],
    ['heldBack <= 9.1%', 10 / 110, 110, 'held'],
    ['heldBack <= 9%', 10 / 110, 110, 'failed'],
    ['rejected <= 2%', 0.02, 1000, 'held'],
    ['rejected < 2%', 0.02, 1000, 'failed'],
  ])('judge %s', (gate, measured, count, outcome) => {
    const result = resultOf(gate, { cells, lines: { lines: 1000, rejected: 20 } });
    expect(result).toMatchObject({ gate, count, outcome, unit: 'share', reference: null, note: null });
    expect(result.measured).toBeCloseTo(measured, 8);
    expect(result.interval?.low).toBeLessThan(measured);
    expect(result.interval?.high).toBeGreaterThan(measured);
    expect(result.interval?.confidence).toBe(0.95);
  });

  it('are not put on the wrong side of a limit by the last bit of a double', () => {
    for (const [hits, percent] of [
      [999, '99.9%'],
      [997, '99.7%'],
      [993, '99.3%'],
      [943, '94.3%'],
    ] as const) {
      const cell = cellOf('a', CART, [...timesOf(hits), ...timesOf(1000 - hits, { status: 404 })]);
      expect(resultOf(`statusMatch >= ${percent}`, { cells: [cell] }).outcome).toBe('held');
      expect(resultOf(`statusMatch <= ${percent}`, { cells: [cell] }).outcome).toBe('held');
      expect(resultOf(`statusMatch > ${percent}`, { cells: [cell] }).outcome).toBe('failed');
    }
  });

  it('show a share of millions as it is', () => {
    const cell = cellOf('a', CART, timesOf(1));
    cell.figures.sent = 10_000_000;
    cell.figures.failed = 1;
    expect(resultOf('failed <= 0%', { cells: [cell] })).toMatchObject({ measured: 1e-7, outcome: 'failed' });
  });

  it('match statuses by the map of the rule of each request', () => {
    const requests = [
      ...timesOf(6),
      ...timesOf(2, { recorded: 304 }),
      ...timesOf(2, { recorded: 499, status: 404 }),
    ];
    const cells = [cellOf('a', CART, requests), cellOf('b', CART, requests)];
    const rules = [
      { name: 'a', statusMap: { 304: 200, 499: 'any' as const } },
      { name: 'b', statusMap: {} },
    ];
    expect(resultOf('rule:a statusMatch >= 100%', { cells, rules })).toMatchObject({ measured: 1 });
    expect(resultOf('rule:b statusMatch >= 100%', { cells, rules })).toMatchObject({ measured: 0.6 });
    expect(resultOf('statusMatch >= 80%', { cells, rules })).toMatchObject({
      measured: 0.8,
      outcome: 'held',
    });
  });

  it('count a failed request as no match, and leave out those whose recorded status is unknown', () => {
    const cell = cellOf('a', CART, [
      ...timesOf(3),
      ...timesOf(1, { status: undefined, failed: 'refused' }),
      ...timesOf(6, { recorded: undefined }),
    ]);
    expect(resultOf('statusMatch >= 75%', { cells: [cell] })).toMatchObject({ count: 4, measured: 0.75 });
  });
});

describe('times', () => {
  const cells = [
    cellOf('a', CART, [
      ...timesOf(90, { serviceMs: 100, fromDueMs: 150, lagMs: 2 }),
      ...timesOf(10, { serviceMs: 400, fromDueMs: 800, lagMs: 20 }),
    ]),
  ];
  it.each<[string, number, string]>([
    ['p50 <= 101ms', 100, 'held'],
    ['p90 <= 101ms', 100, 'held'],
    ['p95 <= 401ms', 400, 'held'],
    ['p95 <= 0.3s', 400, 'failed'],
    ['p99 < 399ms', 400, 'failed'],
    ['max <= 400ms', 400, 'held'],
    ['max < 400ms', 400, 'failed'],
    ['p50 >= 99ms', 100, 'held'],
    ['p50 > 102ms', 100, 'failed'],
    ['fromDue.p50 <= 149ms', 150, 'failed'],
    ['fromDue.max <= 800ms', 800, 'held'],
    ['lag.p99 <= 20ms', 20, 'held'],
    ['lag.p99 < 5ms', 20, 'failed'],
  ])('judge %s', (gate, measured, outcome) => {
    const result = resultOf(gate, { cells });
    expect(result).toMatchObject({ count: 100, outcome, unit: 'ms', reference: null });
    expect(Math.abs((result.measured ?? 0) - measured)).toBeLessThan(measured * 0.004);
  });

  it('have the interval of their order statistics, and none where it has no end', () => {
    expect(resultOf('p50 <= 1s', { cells }).interval).toMatchObject({ confidence: 0.95 });
    expect(resultOf('max <= 1s', { cells }).interval).toBe(null);
    expect(resultOf('p99 <= 1s', { cells: [cellOf('a', CART, timesOf(3))] }).interval).toBe(null);
  });
});

describe('achievedRate', () => {
  // 100 due 10 ms apart: 100/s asked. The second half is cut off, and so is half of the rate.
  const half = [...timesOf(50), ...timesOf(50, { isHeldBack: true })];
  const cells = [cellOf('a', CART, half)];
  it.each<[string, string, number, string]>([
    ['achievedRate >= 50%', 'share', 0.5, 'held'],
    ['achievedRate >= 99%', 'share', 0.5, 'failed'],
    ['achievedRate >= 50/s', 'perSecond', 50, 'held'],
    ['achievedRate > 50/s', 'perSecond', 50, 'failed'],
    ['achievedRate <= 3001/m', 'perSecond', 50, 'held'],
  ])('is judged by %s', (gate, unit, measured, outcome) => {
    expect(resultOf(gate, { cells })).toMatchObject({ unit, outcome, count: 100, interval: null });
    expect(resultOf(gate, { cells }).measured).toBeCloseTo(measured, 6);
  });
});

describe('a gate that cannot be judged', () => {
  const nothing = cellOf('a', CART, []);
  const held = cellOf('a', CART, timesOf(7, { isHeldBack: true }));
  const failed = cellOf('a', CART, timesOf(12, { status: undefined, failed: 'refused' }));
  const noStatus = cellOf('a', CART, timesOf(3, { recorded: undefined }));
  it.each<[string, readonly Cell[], string]>([
    ['p95 <= 1s', [], 'no request was planned'],
    ['rule:b failed <= 1%', [MIXED], 'no request was planned'],
    ['failed <= 1%', [nothing], 'no request was planned'],
    ['failed <= 1%', [held], 'none of 7 planned requests was sent'],
    ['p95 <= 1s', [failed], 'none of 12 requests sent was answered'],
    ['statusMatch >= 1%', [noStatus], 'the log has no status of these requests'],
    ['sizeMatch >= 1%', [noStatus], 'of 3 answers none has the recorded status and a size in the log'],
    [
      'achievedRate >= 9%',
      [cellOf('a', CART, timesOf(1))],
      'a rate takes at least two requests, at different times',
    ],
    ['rejected <= 1%', [MIXED], 'the log has no lines'],
    ['p95 <= 1s min 96', [MIXED], 'only 95 requests, and the gate asks for 96'],
    ['p95 <= 1s min 2', [cellOf('a', CART, timesOf(1))], 'only 1 request, and the gate asks for 2'],
    ['p95 <= 1.1x recorded', [MIXED], 'the log has no latency of these requests'],
    ['status5xx <= 1x recorded', [noStatus], 'the log has no status of these requests'],
    [
      'p50 <= 2x recorded',
      [cellOf('a', CART, timesOf(3, { recordedMs: 0 }))],
      'p50 is 0 in the log, and there is no multiple of that',
    ],
    ['p95 <= 1.1x baseline', [MIXED], 'there is no baseline; give a report.json with --baseline'],
    [
      'route:"GET /cart/42" p95 <= 1s',
      [MIXED],
      'no route matches GET /cart/42; routes are named such as GET shop.example.com/cart/{id}',
    ],
    ['route:"GET /" p95 <= 1s', [], 'no route matches GET /'],
  ])('%s says why', (gate, cells, note) => {
    expect(resultOf(gate, { cells })).toMatchObject({
      outcome: 'missed',
      measured: null,
      interval: null,
      note,
    });
  });

  it('of rejected lines tells of lines', () => {
    const lines = { lines: 9, rejected: 0 };
    expect(resultOf('rejected <= 1% min 10', { lines }).note).toBe('only 9 lines, and the gate asks for 10');
  });
});

describe('the verdict', () => {
  const input: Partial<JudgeInput> = { cells: [MIXED, cellOf('b', SEARCH, timesOf(60))] };
  it.each<[readonly string[], string]>([
    [[], 'none'],
    [['failed <= 10%'], 'held'],
    [['failed <= 10%', 'failed <= 1%'], 'failed'],
    [['failed <= 10%', 'failed <= 1% optional'], 'failed'],
    [['failed <= 10%', 'p95 <= 1x baseline'], 'failed'],
    [['failed <= 10%', 'p95 <= 1x baseline optional'], 'held'],
    [['p95 <= 1x baseline optional'], 'held'],
  ])('of %j is %s', (gates, outcome) => {
    expect(judgeBy(gates, input).outcome).toBe(outcome);
  });

  it('keeps the order of gates, and names the rule of each', () => {
    const { gates } = judgeBy(['rule:b failed < 1%', 'failed<1% optional', ' rule:c p95 <= 1s '], input);
    expect(gates.map(({ gate, rule, isOptional }) => [gate, rule, isOptional])).toEqual([
      ['rule:b failed < 1%', 'b', false],
      ['failed<1% optional', null, true],
      ['rule:c p95 <= 1s', 'c', false],
    ]);
  });

  it('is of those requests that the scope names', () => {
    expect(resultOf('failed < 1%', input)).toMatchObject({ count: 160 });
    expect(resultOf('rule:a failed < 1%', input)).toMatchObject({ count: 100 });
    expect(resultOf('route:"GET /search" failed < 1%', input)).toMatchObject({ count: 60 });
    expect(resultOf('route:"GET **" failed < 1%', input)).toMatchObject({ count: 160 });
    expect(resultOf('rule:b route:"GET **" failed < 1%', input)).toMatchObject({ count: 60 });
  });

  it('has routes that were folded in the whole, but in no route', () => {
    const cells = [...(input.cells ?? []), cellOf('a', 'other', timesOf(500))];
    expect(resultOf('failed < 1%', { cells }).count).toBe(660);
    expect(resultOf('route:"* **" failed < 1%', { cells }).count).toBe(160);
    expect(resultOf('each route failed < 1%', { cells }).count).toBe(160);
  });

  it('holds nothing that JSON has not', () => {
    const gates = ['p95 <= 1s', 'max <= 3x recorded', 'each route status5xx <= 1x recorded', 'heldBack < 1%'];
    const verdict = judgeBy(gates, input);
    expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict);
  });
});
