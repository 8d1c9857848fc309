import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countResult, newAccounting } from '../../../core/measure/accounting.ts';
import { createResultsCollector } from '../../../core/measure/collect-results.ts';
import { resultOf } from '../../../core/measure/read-result.ts';
import { createSummary, type Summary } from '../../../core/measure/summary.ts';
import { buildReport, type Report } from '../../../core/report/report-json.ts';
import { resultLine } from '../../../core/report/result-line.ts';
import { sliceHeaderLine, sliceResultLine } from '../../../core/report/slice-records.ts';
import { HELD_BACK_REASONS, type Result } from '../../../core/types.ts';
import { usedBytes } from '../../support/gc.ts';
import { sliceEvent } from '../../support/slices.ts';
import { plannedRequest, START_AT_MS } from '../report/sample-report.ts';

const RULES = [
  { name: 'a', statusMap: { 304: 200 }, sizeTolerance: 0.1 },
  { name: 'b', statusMap: {}, sizeTolerance: 0.1 },
] as const;

const RUN = {
  id: 'run',
  startedAt: '2024-05-06T08:00:00.000Z',
  endedAt: '2024-05-06T08:00:02.850Z',
  durationMs: 2850,
  rulesHash: 'hash',
  seed: 'reprise',
  endedBy: 'end',
  inputs: [],
} as const;

const reportOf = (summary: Summary, accounting: ReturnType<typeof newAccounting>): Report =>
  buildReport({ run: RUN, accounting, summary, targets: [], budgets: [] });

/** A run, its report, and the lines that it wrote. */
const runOf = (results: readonly Result[]) => {
  const summary = createSummary({ rules: RULES });
  const accounting = newAccounting(RULES.map(({ name }) => name));
  for (const { request } of results) {
    summary.recorded(request.dueMs);
    summary.planned(request);
    const counts = accounting.rules[request.rule];
    for (const key of ['matched', 'chosen', 'planned'] as const) if (counts !== undefined) counts[key] += 1;
  }
  const lines = results.map((result) => {
    const counts = accounting.rules[result.request.rule];
    if (counts !== undefined) countResult(counts, result);
    return resultLine(result, summary.result(result));
  });
  return { report: reportOf(summary.snapshot(), accounting), lines };
};

const reportOfLines = (lines: readonly string[]): Report => {
  const collector = createResultsCollector({ rules: RULES });
  for (const line of lines) {
    const result = resultOf(line);
    if (result === undefined) throw new Error(`no result: ${line}`);
    collector.add(result);
  }
  const { summary, accounting } = collector.snapshot();
  return reportOf(summary, accounting);
};

const METHODS = ['GET', 'HEAD'] as const;
/** Milliseconds with so many decimals, since more are rounded in the line. */
const ms = (max: number, decimals: number) =>
  fc.integer({ min: 1, max: max * 10 ** decimals }).map((value) => value / 10 ** decimals);

const anyResult = (decimals: number): fc.Arbitrary<Result> =>
  fc
    .record({
      n: fc.nat(1e9),
      rule: fc.constantFrom('a', 'b'),
      method: fc.constantFrom(...METHODS),
      path: fc.constantFrom('/cart/42?token=abc', '/search?q=1', '/catalog/shoes', '/a;jsessionid=1/b'),
      host: fc.option(fc.constantFrom('shop.example.com', 'ümlaut\udcff'), { nil: undefined }),
      dueMs: ms(60_000, decimals),
      lagMs: ms(20, decimals),
      offsetMs: fc.constantFrom(0, 0.25),
      recordedStatus: fc.constantFrom(200, 304, 404, undefined),
      durationMs: fc.option(ms(400, decimals), { nil: undefined }),
      originMs: fc.option(ms(400, decimals), { nil: undefined }),
      bytes: fc.constantFrom(0, 100, undefined),
      serviceMs: ms(2000, decimals),
      end: fc.oneof(
        fc.constantFrom(...HELD_BACK_REASONS).map((heldBack) => ({ heldBack })),
        fc
          .constantFrom('timeout', 'reset', 'aborted')
          .map((failed) => ({ failed, detail: `of ?token=x ${failed}` })),
        fc.constantFrom(200, 204, 304, 503).map((status) => ({ status })),
      ),
    })
    .map(({ n, dueMs, lagMs, offsetMs, serviceMs, end, bytes, ...given }): Result => {
      const recordedAtMs = START_AT_MS + dueMs * 10;
      const request = plannedRequest({
        ...given,
        id: `${n}.${given.rule}.0`,
        dueMs,
        recordedAtMs,
        logAtMs: recordedAtMs + offsetMs,
        recorded: {
          status: given.recordedStatus,
          durationMs: given.durationMs,
          originMs: given.originMs,
          bytes,
        },
      });
      if ('heldBack' in end) return { request, heldBack: end.heldBack };
      const times = { sentMs: dueMs + lagMs, serviceMs, fromDueMs: lagMs + serviceMs };
      return { request, ...times, ...(bytes === undefined ? {} : { bytes }), ...end } as Result;
    });

const COUNTS = ['counts', 'status', 'match', 'size'] as const;
const countsIn = (report: Report): object =>
  [report.totals, ...report.rules, ...report.routes].map((one) => COUNTS.map((key) => one[key]));
const near = (a: number | null, b: number | null): void => {
  if (a === null || b === null) expect(a).toBe(b);
  else expect(Math.abs(a - b)).toBeLessThanOrEqual(0.002 + Math.abs(b) * 0.009);
};

describe('a report made of results.ndjson', () => {
  it('is that of the run itself, examples and histograms included', () => {
    fc.assert(
      fc.property(fc.array(anyResult(3), { maxLength: 80 }), (results) => {
        const { report, lines } = runOf(results);
        const { totals, rules, routes, timeline, accounting, balanced } = reportOfLines(lines);
        expect({ totals, rules, routes, timeline, accounting, balanced }).toEqual({
          totals: report.totals,
          rules: report.rules,
          routes: report.routes,
          timeline: report.timeline,
          accounting: report.accounting,
          balanced: true,
        });
      }),
      { numRuns: 60 },
    );
  });

  it('differs by no more than the rounding of its lines where times have more decimals', () => {
    fc.assert(
      fc.property(fc.array(anyResult(6), { maxLength: 60 }), (results) => {
        const { report, lines } = runOf(results);
        const again = reportOfLines(lines);
        expect(countsIn(again)).toEqual(countsIn(report));
        for (const kind of ['recorded', 'service', 'fromDue'] as const) {
          for (const q of ['p50', 'p95', 'max'] as const)
            near(again.totals.latency[kind][q], report.totals.latency[kind][q]);
        }
        near(again.totals.pacing.lagMs.max, report.totals.pacing.lagMs.max);
      }),
      { numRuns: 40 },
    );
  });

  it('counts a recorded request once, however many copies it had', () => {
    const collector = createResultsCollector();
    for (const copy of [0, 1, 2]) {
      const request = plannedRequest({ id: `0.__proto__.${copy}`, rule: '__proto__', dueMs: copy });
      collector.add({ request, sentMs: copy, status: 200 });
    }
    const { accounting, summary, cells } = collector.snapshot();
    expect(
      Object.entries(accounting.rules).map(([name, { matched, chosen, planned, sent }]) => [
        name,
        matched,
        chosen,
        planned,
        sent,
      ]),
    ).toEqual([['__proto__', 1, 1, 3, 3]]);
    expect(summary.timeline.steps[0]).toMatchObject({ recorded: 1, planned: 3, sent: 3 });
    expect(cells).toHaveLength(1);
    expect(reportOf(summary, accounting)).toMatchObject({ balanced: true, imbalances: [] });
  });

  it('is made in flat memory', () => {
    const collector = createResultsCollector();
    const lineOf = (n: number): string =>
      resultLine(
        {
          request: plannedRequest({
            id: `${n}.r.0`,
            dueMs: n / 10,
            recorded: { status: 200, durationMs: 5 },
          }),
          ...{ sentMs: n / 10 + 1, status: n % 50 === 0 ? 503 : 200, serviceMs: 1 + (n % 997), fromDueMs: 9 },
        },
        `GET h/${n % 400}/${n % 7919}`,
      );
    const take = (from: number, to: number): void => {
      for (let n = from; n < to; n += 1) {
        const result = resultOf(lineOf(n));
        if (result !== undefined) collector.add(result);
      }
    };
    take(0, 10_000);
    const before = usedBytes();
    take(10_000, 50_000);
    expect(usedBytes() - before).toBeLessThan(12 * 1024 * 1024);
    expect(collector.snapshot().summary.totals.counts.planned).toBe(50_000);
  }, 60_000);
});

describe('resultOf', () => {
  const event = sliceEvent({ startAtMs: START_AT_MS + 5000 });
  const result: Result = {
    request: plannedRequest({ path: '/cart/42?page=2', dueMs: 20 }),
    ...{ sentMs: 21, failed: 'reset', detail: 'gone', serviceMs: 3, fromDueMs: 4 },
  };

  it('reads a record of the results stream of AWS, as text and as it was parsed, on any axis', () => {
    const line = sliceResultLine(event, 3, result);
    for (const given of [line, JSON.parse(line)]) {
      expect(resultOf(given, START_AT_MS)).toMatchObject({
        request: { method: 'GET', path: '/cart/42?page=2', dueMs: 5020, recorded: { durationMs: 12 } },
        ...{ sentMs: 5021, failed: 'reset', detail: 'gone', serviceMs: 3, fromDueMs: 4 },
      });
      expect(resultOf(given)).toMatchObject({ sentMs: 21, request: { dueMs: 20 } });
    }
  });

  it('knows the method of a request that does not stand out, and no path', () => {
    const line = resultLine(
      { request: plannedRequest(), heldBack: 'late' },
      'GET shop.example.com/cart/{id}',
    );
    expect(resultOf(line)?.request).toMatchObject({ method: 'GET', path: '' });
    expect(resultOf(line)).not.toHaveProperty('sentMs');
  });

  it('takes nothing for a result that is none', () => {
    const good = JSON.parse(resultLine(result, 'GET /')) as object;
    const bad: readonly unknown[] = [
      ...[{ status: 200 }, { failed: undefined }, { failed: 'bored' }, { heldBack: 'late' }],
      ...[{ failed: undefined, status: 1e9 }, { failed: undefined, status: '200' }, { failed: null }],
      ...[
        { id: 7 },
        { rule: null },
        { target: undefined },
        { route: {} },
        { dueMs: null },
        { recordedAtMs: 'x' },
      ],
    ].map((change) => ({ ...good, ...change }));
    for (const fields of bad) expect(resultOf(JSON.stringify(fields))).toBeUndefined();
    expect(resultOf(sliceHeaderLine(event, [result.request]))).toBeUndefined();
    for (const text of ['', '{', 'null', '[]', '7', resultLine(result, 'GET /').slice(0, 60)])
      expect(resultOf(text)).toBeUndefined();
  });

  it('never throws, whatever it is given', () => {
    const fields = fc.record(
      { status: fc.jsonValue(), recorded: fc.jsonValue(), request: fc.jsonValue(), bytes: fc.jsonValue() },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fields), (given) => {
        const text =
          typeof given === 'string'
            ? given
            : JSON.stringify({ ...JSON.parse(resultLine(result, 'GET /')), failed: undefined, ...given });
        const read = resultOf(text);
        if (read !== undefined) createResultsCollector().add(read);
      }),
    );
  });
});
