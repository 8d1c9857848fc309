import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Cell, createCellTable, MAX_CELLS, OTHER_ROUTE } from '../../../core/measure/cells.ts';
import {
  type AnswerSettings,
  countEnd,
  countPlanned,
  type Figures,
  mergeFigures,
  newFigures,
} from '../../../core/measure/figures.ts';
import { histogramToJson } from '../../../core/measure/histogram.ts';
import { statusMatrix } from '../../../core/measure/status-matrix.ts';
import { createSummary, type Summary } from '../../../core/measure/summary.ts';
import type { PlannedRequest, Result } from '../../../core/types.ts';
import { plannedRequest } from '../report/sample-report.ts';

const RULES = [
  { name: 'a', statusMap: { 304: 200 }, sizeTolerance: 0.1 },
  { name: 'b', statusMap: {}, sizeTolerance: 0 },
] as const;

/** All that figures hold, as plain data. */
const plain = (figures: Figures): object => {
  const { recorded, service, fromDue, lag, ratio, status, failures, ...rest } = figures;
  const histograms = [recorded, service, fromDue, lag, ratio].map(histogramToJson);
  return { ...rest, histograms, status: statusMatrix(status), failures: [...failures].sort() };
};

const sumOf = (all: readonly Figures[]): Figures => {
  const sum = newFigures();
  for (const figures of all) mergeFigures(sum, figures);
  return sum;
};

const anyResult = fc
  .record({
    n: fc.nat(1e6),
    rule: fc.constantFrom('a', 'b'),
    route: fc.nat(2500),
    recordedStatus: fc.constantFrom(200, 304, 404, undefined),
    durationMs: fc.constantFrom(0, 4, 80, undefined),
    bytes: fc.constantFrom(0, 100, 105, undefined),
    end: fc.constantFrom<Partial<Result>>(
      { status: 200, serviceMs: 5, fromDueMs: 7, bytes: 100, sentMs: 3 },
      { status: 304, serviceMs: 300, fromDueMs: 301, bytes: 0, sentMs: 4 },
      { status: 503, sentMs: 9 },
      { failed: 'timeout', detail: 'slow', sentMs: 12, serviceMs: 9 },
      { heldBack: 'backoff' },
      { heldBack: 'stopped' },
    ),
  })
  .map(
    ({ n, rule, route, recordedStatus, durationMs, bytes, end }): Result => ({
      request: plannedRequest({
        id: `${n}.${rule}.0`,
        rule,
        route: `GET h/${route}`,
        dueMs: n / 10,
        recorded: { status: recordedStatus, durationMs, bytes },
      }),
      ...end,
    }),
  );

/** The same so often that the table overflows. */
const spread = (results: readonly Result[], times: number): readonly Result[] =>
  Array.from({ length: times }, (_, n) =>
    results.map(
      (result): Result => ({
        ...result,
        request: {
          ...result.request,
          id: `${n}-${result.request.id}`,
          route: `${result.request.route}/${n % 7 === 0 ? 'often' : n}`,
        },
      }),
    ),
  ).flat();

const GROUPS = ['planned', 'sent', 'answered', 'failed', 'heldBack'] as const;
const addUp = (summaries: Summary['routes'] | Summary['rules'], pick: (one: Summary['totals']) => number) =>
  summaries.reduce((sum, one) => sum + pick(one), 0);

const expectSums = ({ totals, rules, routes }: Summary): void => {
  const numbers: readonly ((one: Summary['totals']) => number)[] = [
    ...GROUPS.map((key) => (one: Summary['totals']) => one.counts[key]),
    (one) => one.match.known,
    (one) => one.match.same,
    (one) => one.match.sameClass,
    (one) => one.size.known,
    (one) => one.size.same,
    (one) => one.ratio.count,
    (one) => one.latency.service.count,
    (one) => one.latency.recorded.count,
  ];
  for (const pick of numbers) {
    expect(addUp(rules, pick)).toBe(pick(totals));
    expect(addUp(routes, pick)).toBe(pick(totals));
  }
};

describe('cells', () => {
  it('lose nothing while they are folded: cells, rules and routes each sum up to the totals', () => {
    fc.assert(
      fc.property(
        fc.array(anyResult, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 120 }),
        (few, times) => {
          const results = spread(few, times);
          const summary = createSummary({ rules: RULES });
          const all = newFigures();
          for (const [n, result] of results.entries()) {
            summary.planned(result.request);
            countPlanned(all, result.request);
            // Some end long after their cell was folded.
            const ended = results[n - 50];
            if (ended !== undefined) summary.result(ended);
          }
          for (const result of results.slice(-50)) summary.result(result);
          for (const result of results) countEnd(all, result, RULES[result.request.rule === 'a' ? 0 : 1]);
          const cells = summary.cells();
          expect(cells.length).toBeLessThanOrEqual(MAX_CELLS);
          expect(plain(sumOf(cells.map(({ figures }) => figures)))).toEqual(plain(all));
          expectSums(summary.snapshot());
        },
      ),
      { numRuns: 25 },
    );
  });

  it('of two halves make those of the whole', () => {
    fc.assert(
      fc.property(fc.array(anyResult, { maxLength: 60 }), fc.nat(60), (results, at) => {
        const figuresOf = (part: readonly Result[]): Figures => {
          const figures = newFigures();
          for (const result of part) {
            countPlanned(figures, result.request);
            countEnd(figures, result, RULES[0]);
          }
          return figures;
        };
        const halves = [results.slice(0, at), results.slice(at)].map(figuresOf);
        expect(plain(sumOf(halves))).toEqual(plain(figuresOf(results)));
      }),
    );
  });

  it('keep the routes in which most is planned, the rest of each rule as other, and count in an entry handed out before', () => {
    const table = createCellTable(RULES);
    const [a, b] = [table.rule('a'), table.rule('b')];
    const first = table.find(a, 'GET h/first');
    const often = table.find(b, 'GET h/often');
    const count = (cell: Cell): void => countPlanned(cell.figures, plannedRequest());
    for (let n = 0; n < 5; n += 1) count(often);
    for (let n = 0; n < 5000; n += 1) count(table.find(n % 2 === 0 ? a : b, `GET h/${n}`));
    count(first);
    expect(table.find(b, 'GET h/often').figures.planned).toBe(5);
    expect(first.figures).toBe(table.find(a, OTHER_ROUTE).figures);
    const counted = [a, b].map((rule) => [...rule.byRoute.values(), rule.other]);
    expect(
      counted.map((cells) => cells.reduce((sum, cell) => sum + (cell?.figures.planned ?? 0), 0)),
    ).toEqual([2501, 2505]);
  });

  it('stay below their bound with many rules, also such as were not announced', () => {
    const summary = createSummary({ rules: [] });
    const requests = Array.from(
      { length: 6000 },
      (_, n): PlannedRequest => plannedRequest({ rule: `rule-${n % 300}`, route: `GET h/${n}` }),
    );
    for (const request of requests) summary.planned(request);
    expect(summary.cells().length).toBeLessThanOrEqual(MAX_CELLS);
    const { totals, rules } = summary.snapshot();
    expect(totals.counts.planned).toBe(6000);
    expect(rules).toHaveLength(300);
    expect(rules[7]).toMatchObject({
      name: 'rule-7',
      statusMap: {},
      sizeTolerance: 0.1,
      counts: { planned: 20 },
    });
  });
});

describe('figures of answers', () => {
  const measure = (result: Result, settings: AnswerSettings = RULES[0]): Figures => {
    const figures = newFigures();
    countEnd(figures, result, settings);
    return figures;
  };
  const answered = (recorded: object, given: Partial<Result> = {}): Result => ({
    request: plannedRequest({ recorded: { status: 200, ...recorded } }),
    ...{ sentMs: 0, status: 200, serviceMs: 30, fromDueMs: 31, ...given },
  });

  it('set what each request took beside its own recording', () => {
    expect(measure(answered({ durationMs: 20 })).ratio).toMatchObject({ count: 1, minMs: 1.5, maxMs: 1.5 });
    expect(measure(answered({ durationMs: 20, originMs: 10 })).ratio.maxMs).toBe(3);
    expect(measure(answered({ durationMs: 0 })).ratio.count).toBe(0);
    expect(measure(answered({})).ratio.count).toBe(0);
  });

  it.each([
    [{ bytes: 1000 }, { bytes: 1100 }, { known: 1, same: 1 }],
    [{ bytes: 1000 }, { bytes: 1101 }, { known: 1, same: 0 }],
    [{ bytes: 1000 }, { bytes: 899 }, { known: 1, same: 0 }],
    [{ bytes: 0 }, { bytes: 0 }, { known: 1, same: 1 }],
    [{ bytes: 0 }, { bytes: 1 }, { known: 1, same: 0 }],
    [{ bytes: 1000 }, {}, { known: 0, same: 0 }],
    [{}, { bytes: 1000 }, { known: 0, same: 0 }],
    [{ bytes: 10, status: 304 }, { bytes: 10 }, { known: 0, same: 0 }],
  ])('hold a size of %o against %o: %o', (recorded, given, expected) => {
    expect(measure(answered(recorded, given)).sizes).toEqual(expected);
  });

  it('count matches of a rule by its own map', () => {
    const summary = createSummary({ rules: RULES });
    for (const rule of ['a', 'b']) {
      const request = plannedRequest({ rule, recorded: { status: 304 } });
      summary.planned(request);
      summary.result({ request, sentMs: 0, status: 200 });
    }
    const { totals, rules, routes } = summary.snapshot();
    expect(rules.map(({ match }) => match.same)).toEqual([1, 0]);
    expect([totals.match, routes[0]?.match]).toEqual([
      { known: 2, same: 1, sameClass: 1 },
      { known: 2, same: 1, sameClass: 1 },
    ]);
    expect(routes[0]?.examples.map(({ rule }) => rule)).toEqual(['b']);
  });
});
