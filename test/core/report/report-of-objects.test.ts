import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SETTLED_AFTER_MS } from '../../../core/report/reconcile.ts';
import { createObjectsReport, type ObjectsReport } from '../../../core/report/report-of-objects.ts';
import { NO_RULES, type ReportRules, reportRulesOf } from '../../../core/report/report-rules.ts';
import { parseSliceRecord } from '../../../core/report/slice-records.ts';
import { usedBytes } from '../../support/gc.ts';
import { anySliceCase, ledgerOf, recordsOf } from '../../support/ledgers.ts';
import { ledgerOfObject, type ReplayedObject, resultLinesOf } from '../../support/replayed-object.ts';
import { ruleSetOf } from '../../support/rules.ts';

const TEN = Date.UTC(2026, 10, 21, 10);
const MINUTE_MS = 60_000;
const LATER_MS = TEN + 2 * 3_600_000;

const rulesWith = (gates: readonly string[]): ReportRules =>
  reportRulesOf(
    ruleSetOf(`
version: 1
targets: { staging: { url: "https://staging.example.com" } }
rules:
  - { name: a, target: staging, match: { host: shop.example.com }, gates: ${JSON.stringify(gates)} }
`),
  );

const one: ReplayedObject = { run: '00000000000000aa', startedAtMs: TEN, slices: 3, perSlice: 50 };
const two: ReplayedObject = { ...one, run: '00000000000000bb', startedAtMs: TEN + MINUTE_MS };

interface Options {
  readonly rules?: ReportRules;
  readonly nowMs?: number;
  readonly change?: (lines: readonly string[]) => readonly string[];
}

const reportOf = (
  objects: readonly ReplayedObject[],
  { rules = NO_RULES, nowMs = LATER_MS, change = (lines) => lines }: Options = {},
): ObjectsReport => {
  const ledgers = objects.map(ledgerOfObject);
  const maker = createObjectsReport({ id: 'shop 2026-11-21T10', ledgers, rules, nowMs });
  const lines = objects.flatMap((object) => [...resultLinesOf(object)]);
  for (const line of change(lines)) maker.take(parseSliceRecord(line));
  return maker.end();
};

describe('the report of objects', () => {
  it('has every request of ledgers and results in one place', () => {
    const { report, ...counts } = reportOf([{ ...one, heldBack: { kill_switch: 7 } }, two]);
    expect(counts).toEqual({ open: 0, objects: 2, results: 300, repeats: 0 });
    expect([report.balanced, report.imbalances]).toEqual([true, []]);
    expect(report.accounting).toMatchObject({
      lines: 307,
      allRules: { planned: 307, sent: 300, heldBack: { total: 7, by: { kill_switch: 7 } } },
    });
    expect(report.totals).toMatchObject({
      counts: { planned: 307, sent: 300, answered: 300, failed: 0, heldBack: 7 },
      latency: { service: { count: 300, p50: 20, p99: 20 }, recorded: { count: 300, p50: 20 } },
    });
    expect(report.routes.at(-1)).toMatchObject({ route: 'other', counts: { planned: 7, heldBack: 7 } });
    expect(report.run).toEqual({
      id: 'shop 2026-11-21T10',
      startedAt: '2026-11-21T10:00:00.000Z',
      endedAt: '2026-11-21T10:02:00.000Z',
      durationMs: 120_000,
      rulesHash: 'abc',
      seed: 'reprise',
      endedBy: 'end',
      inputs: [
        { name: 's3://logs/captured/00000000000000aa.log.gz', lines: 157 },
        { name: 's3://logs/captured/00000000000000bb.log.gz', lines: 150 },
      ],
    });
  });

  it('is the same in whatever order records come, and however often', () => {
    const expected = reportOf([one, two]);
    const { repeats, ...again } = reportOf([one, two], {
      change: (lines) => [...lines, ...lines].toSorted((a, b) => (a.slice(60) < b.slice(60) ? -1 : 1)),
    });
    expect(repeats).toBe(300);
    expect({ ...again, repeats: 0 }).toEqual(expected);
  });

  it('passes over records of other objects', () => {
    const { report, results } = reportOf([one], { change: (lines) => [...lines, ...resultLinesOf(two)] });
    expect([results, report.totals.counts.planned]).toEqual([150, 150]);
  });

  it('counts what was lost on the way by what the trailer says of it', () => {
    const { report, results } = reportOf([one], {
      change: (lines) => lines.filter((line, i) => !line.includes('"type":"result"') || i % 10 !== 0),
    });
    const lost = 150 - results;
    expect(lost).toBeGreaterThan(10);
    expect(report.balanced).toBe(true);
    expect(report.totals.counts).toMatchObject({ planned: 150, answered: 150, failed: 0 });
    expect(report.totals.latency.service.count).toBe(results);
    expect(report.totals.status.none).toEqual({ 200: lost });
  });

  it('counts what no sender told of as undelivered, and what one took with it as unknown', () => {
    const { report } = reportOf([one], {
      change: (lines) =>
        lines.filter((line, i) => !line.includes('"slice":2') && !(line.includes('"slice":1') && i > 60)),
    });
    expect([report.balanced, report.imbalances]).toEqual([true, []]);
    const { allRules } = report.accounting;
    expect(allRules.heldBack.by).toEqual({ undelivered: 50 });
    expect(allRules.failed.by.unknown).toBeGreaterThan(0);
    expect(report.totals.counts).toMatchObject({ planned: 150, heldBack: 50, failed: allRules.failed.total });
    expect(report.totals.failures.unknown?.example).toEqual({
      ...{ id: '–', method: '–', path: '–' },
      detail: 'no line tells of it',
    });
  });

  it('says what is open while results may still come', () => {
    const endedAtMs = TEN + MINUTE_MS;
    const withoutLast = (lines: readonly string[]) => lines.filter((line) => !line.includes('"slice":2'));
    const open = (nowMs: number) => reportOf([one], { nowMs, change: withoutLast }).open;
    expect(open(endedAtMs + SETTLED_AFTER_MS + 4_999)).toBe(50);
    expect(open(endedAtMs + SETTLED_AFTER_MS + 5_000)).toBe(0);
  });

  it('is balanced wherever senders were killed', () => {
    fc.assert(
      fc.property(fc.array(anySliceCase, { maxLength: 8 }), (slices) => {
        const ledgers = [ledgerOf(slices, { late: 3 })];
        const maker = createObjectsReport({ id: 'x', ledgers, rules: NO_RULES, nowMs: LATER_MS });
        for (const [index, slice] of slices.entries())
          for (const record of recordsOf(slice, index).slice(0, slice.written)) maker.take(record);
        const { report, open } = maker.end();
        expect([open, report.imbalances]).toEqual([0, []]);
      }),
      { numRuns: 40 },
    );
  });

  it.each(['__proto__', 'constructor', 'toString'])(
    'takes results of a rule called %s for those of one that nobody handed out',
    (name) => {
      const { report } = reportOf([{ ...one, slices: 1 }], {
        change: (lines) => lines.map((line) => line.replaceAll('"a"', JSON.stringify(name))),
      });
      expect(report.balanced).toBe(false);
      expect(report.imbalances).toContain(`rule ${name}: planned: 0 ≠ 50 (sent 50 + held back 0)`);
      expect(Object.keys(Object.prototype)).toEqual([]);
    },
  );

  it('says of objects of which more was reported than handed out that they do not balance', () => {
    const maker = createObjectsReport({
      id: 'x',
      ledgers: [ledgerOfObject({ ...one, slices: 1 })],
      rules: NO_RULES,
      nowMs: LATER_MS,
    });
    for (const line of resultLinesOf(one)) maker.take(parseSliceRecord(line));
    const { report } = maker.end();
    expect(report.balanced).toBe(false);
    expect(report.imbalances[0]).toBe('rule a: planned: 50 ≠ 150 (sent 150 + held back 0)');
  });

  it('judges by the gates of the rules', () => {
    const failing: ReplayedObject = { ...two, end: (_, n) => (n % 2 === 0 ? { status: 503 } : {}) };
    const rules = rulesWith(['status5xx < 1%', 'p95 <= 300ms', 'heldBack <= 5%']);
    const outcomes = (objects: readonly ReplayedObject[]) =>
      reportOf(objects, { rules }).report.verdict.gates.map(({ gate, outcome }) => `${gate}: ${outcome}`);
    expect(outcomes([one])).toEqual(['status5xx < 1%: held', 'p95 <= 300ms: held', 'heldBack <= 5%: held']);
    // What a planner held back has no line in the results, and counts all the same.
    expect(outcomes([failing, { ...one, heldBack: { backoff: 100 } }])).toEqual([
      'status5xx < 1%: failed',
      'p95 <= 300ms: held',
      'heldBack <= 5%: failed',
    ]);
  });

  it('names targets with their origins, and says that nothing is known of their load', () => {
    const { report } = reportOf([one], { rules: rulesWith([]) });
    expect(report.targets).toMatchObject([
      { name: 'staging', origin: 'https://staging.example.com', isLoadUnknown: true },
    ]);
    expect(report.rules).toMatchObject([{ name: 'a', target: 'staging' }]);
  });

  it('names a hundred objects, and how many more there are', () => {
    const objects = Array.from({ length: 103 }, (_, i) => ({
      ...one,
      run: i.toString(16).padStart(16, '0'),
      slices: 1,
      perSlice: 2,
    }));
    const { inputs } = reportOf(objects).report.run;
    expect(inputs).toHaveLength(101);
    expect(inputs.at(-1)).toEqual({ name: '3 more objects', lines: 6 });
  });

  it('takes flat memory: 300,000 results come and go, and a bit of each at most stays', () => {
    const size = { slices: 30, perSlice: 1_000 };
    const objects = Array.from({ length: 10 }, (_, i) => ({
      ...{ ...one, ...size, run: `${i}`.padStart(16, '0') },
      startedAtMs: TEN + i * MINUTE_MS,
      end: (slice: number, n: number) => ({ serviceMs: 5 + ((slice * 31 + n * 17) % 400) }),
    }));
    const maker = createObjectsReport({
      id: 'x',
      ledgers: objects.map(ledgerOfObject),
      rules: NO_RULES,
      nowMs: LATER_MS,
    });
    const takeAll = (object: ReplayedObject): void => {
      for (const line of resultLinesOf(object)) maker.take(parseSliceRecord(line));
    };
    const [first, ...rest] = objects;
    if (first !== undefined) takeAll(first);
    const beforeBytes = usedBytes();
    for (const object of rest) takeAll(object);
    expect(usedBytes() - beforeBytes).toBeLessThan(8 * 2 ** 20);
    const { report, results } = maker.end();
    expect([results, report.balanced, report.totals.counts.answered]).toEqual([300_000, true, 300_000]);
    expect(JSON.stringify(report).length).toBeLessThan(500_000);
  }, 60_000);
});
