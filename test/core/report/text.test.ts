import { describe, expect, it } from 'vitest';
import type { Report } from '../../../core/report/report-json.ts';
import { renderFailure, renderSummary } from '../../../core/report/text.ts';
import { eachRouteFailed, gateResult, missed, verdictOf } from '../../support/gate-results.ts';
import { sampleReport, troubledReport } from './sample-report.ts';

const plain = (report: Report, width = 80): string => renderSummary(report, { width, color: false });

const VERDICT = verdictOf(
  [
    gateResult({ rule: 'catalog-to-staging' }),
    eachRouteFailed({ rule: 'catalog-to-staging' }),
    gateResult({ gate: 'failed < 1%', unit: 'share', measured: 0.0036, value: 0.0036, limit: 0.01 }),
    missed(),
    missed({ gate: 'p99 <= +10% baseline optional', isOptional: true }),
  ],
  [{ kind: 'slower_everywhere', text: '5 of 5 routes are slower than recorded, at the median 1.20x' }],
);

const GOLDEN: readonly (readonly [string, string, () => Report])[] = [
  ['a run in which all goes well', 'summary', () => sampleReport()],
  ['a run in which much goes wrong', 'summary-troubled', troubledReport],
  [
    'a run with gates, some of which failed',
    'summary-gates',
    () => ({ ...troubledReport(), verdict: VERDICT }),
  ],
  ['a run without a line', 'summary-empty', () => sampleReport({ count: 0 })],
  [
    'a run whose numbers do not balance',
    'summary-unbalanced',
    () => sampleReport({ count: 10, adjust: ({ lines }) => (lines.lines += 1) }),
  ],
];

describe('renderSummary', () => {
  it.each(GOLDEN)('shows %s', async (_, name, make) => {
    await expect(plain(make())).toMatchFileSnapshot(`../../golden/${name}.txt`);
  });

  it.each([60, 72, 80, 120, 200])('writes no line wider than %d columns', (width) => {
    for (const [, , make] of GOLDEN) {
      for (const line of plain(make(), width).split('\n'))
        expect(line.length, line).toBeLessThanOrEqual(width);
    }
  });

  it('says the same with colour as without', () => {
    for (const [, , make] of GOLDEN) {
      const coloured = renderSummary(make(), { width: 80, color: true });
      expect(coloured).toContain('\u001b[');
      const uncoloured = coloured
        .split('\u001b')
        .map((part) => part.replace(/^\[\d+m/, ''))
        .join('');
      expect(uncoloured.replaceAll(/ +$/gm, '')).toBe(plain(make()));
    }
  });

  it.each([
    ['no line could be read as a request', { lines: 3 }, 3, {}],
    ['no rule matched any request', { lines: 3, parsed: 3, unmatched: 3 }, 0, {}],
    ['no matched request was chosen', { lines: 3, parsed: 3, matched: 3 }, 0, { matched: 3, sampledOut: 3 }],
  ])('tells why nothing was sent: %s', (why, lines, notJson, ofRule) => {
    const report = sampleReport({
      count: 0,
      adjust: (accounting) => {
        Object.assign(accounting.lines, lines);
        accounting.lines.rejected.not_json = notJson;
        for (const rule of Object.values(accounting.rules)) Object.assign(rule, ofRule);
      },
    });
    expect(plain(report).split('\n')[0]).toBe(`  nothing sent: ${why}, all accounted for`);
  });

  it.each(['stopped', 'aborted', 'error'] as const)('calls no verdict final that a run %s has', (endedBy) => {
    const report = { ...sampleReport(), verdict: verdictOf([gateResult()]) };
    expect(plain(report)).toContain('\n  verdict: held, the gate held\n');
    const early = { ...report, run: { ...report.run, endedBy } };
    expect(plain(early)).toContain('\n  verdict so far: held, the gate held\n');
    expect(renderSummary(early, { width: 80, color: true })).toContain(
      '\u001b[33mverdict so far: held\u001b',
    );
  });

  describe('where a statusMap takes other statuses for the same', () => {
    const match = { known: 2_000, same: 1_984, sameClass: 2_000 };
    const mapped = <T extends object>(part: T): T => ({ ...part, match });
    const sample = troubledReport();
    const report: Report = {
      ...sample,
      totals: mapped(sample.totals),
      rules: sample.rules.map(mapped),
      routes: sample.routes.map(mapped),
    };

    it('shows the share that is judged, and that of the bare statuses in words', () => {
      expect(plain(report)).toMatch(/\n {2}same status +99\.2 % {3}97\.1 % without statusMap\n/);
      expect(plain(report, 60)).toMatch(/\n {2}same status +99\.2 %\n {4}97\.1 % without statusMap\n/);
      expect(plain(sample)).not.toContain('statusMap');
    });

    it('shows it of each rule and of each route', () => {
      expect(plain(report)).toMatch(/\n {2}catalog-to-staging .* 99\.2 %\n/);
      expect(plain(report)).toMatch(/\n {2}GET \/search .* 99\.2 %\n/);
    });
  });

  it('passes on no control character of a log to the terminal', () => {
    const report = sampleReport({ rules: ['a\u001b[2Jb'], count: 3, fate: () => ({ failed: 'reset' }) });
    expect(plain(report)).not.toContain('\u001b');
  });
});

describe('renderFailure', () => {
  it('shows what made the verdict fail, and nothing of a verdict that held', () => {
    const failure = renderFailure(
      { ...sampleReport({ count: 1 }), verdict: VERDICT },
      { width: 80, color: false },
    );
    expect(failure).toBe(`  verdict: failed, 1 of 5 gates failed, 2 could not be judged
  ✗ rule:catalog-to-staging each route p95 <= 1.2x recorded
      GET /cart/{id} 2.10x (1.80x–2.40x), and 3 more of 41 routes
  ? p95 <= +10% baseline
      missed: there is no baseline
  likely cause: 5 of 5 routes are slower than recorded, at the median 1.20x
`);
    const held = { ...sampleReport({ count: 1 }), verdict: verdictOf([gateResult()]) };
    expect(renderFailure(held, { width: 80, color: false })).toBe('');
  });
});
