import { describe, expect, it } from 'vitest';
import type { GateResult, LikelyCause, Verdict } from '../../../core/judge/verdict.ts';
import { createPaint } from '../../../core/report/paint.ts';
import { gateWords, renderFailedVerdict, renderVerdict } from '../../../core/report/verdict-text.ts';
import { eachRouteFailed, gateResult, missed, routeMeasured, verdictOf } from '../../support/gate-results.ts';

const plain = (verdict: Verdict, width = 100): readonly string[] =>
  renderVerdict(verdict, { width, paint: createPaint(false) });

const guilty = (verdict: Verdict, width = 100): readonly string[] =>
  renderFailedVerdict(verdict, { width, paint: createPaint(false) });

const credentials: LikelyCause = {
  kind: 'credentials',
  text: '38 of 41 routes answer 401 where the log has 2xx: credentials are stripped unless a rule keeps or sets them',
};

describe('gateWords', () => {
  it('tells both sides in the unit of the measure, whatever the route and the rule are named', () => {
    for (const scope of ['route:"GET /max/p95" ', 'rule:p95 ', '']) {
      const gate = gateResult({
        gate: `${scope}failed <= 1x baseline`,
        unit: 'factor',
        limit: 1,
        measured: 1.5,
        value: 0.03,
        reference: 0.02,
      });
      expect(gateWords(gate)).toBe('measured 1.50x, 3.0 % against 2.0 %');
    }
  });
});

describe('renderVerdict', () => {
  it('says that all held, each gate with what was measured', () => {
    const gates = [
      gateResult(),
      gateResult({ gate: 'failed < 0.1%', unit: 'share', op: '<', limit: 0.001, measured: 0, value: 0 }),
    ];
    expect(plain(verdictOf(gates))).toEqual([
      '  verdict: held, both gates held',
      '  ✓ p95 <= 300ms   measured 84.0 ms',
      '  ✓ failed < 0.1%  measured 0 %',
    ]);
  });

  it('shows what failed first, then what could not be judged, then the rest', () => {
    const verdict = verdictOf([gateResult(), missed(), eachRouteFailed()], [credentials]);
    expect(plain(verdict)).toEqual([
      '  verdict: failed, 1 of 3 gates failed, 1 could not be judged',
      '  ✗ each route p95 <= 1.2x recorded  GET /cart/{id} 2.10x (1.80x–2.40x), and 3 more of 41 routes',
      '  ? p95 <= +10% baseline             missed: there is no baseline',
      '  ✓ p95 <= 300ms                     measured 84.0 ms',
      '  likely cause: 38 of 41 routes answer 401 where the log has 2xx: credentials are stripped unless',
      '    a rule keeps or sets them',
    ]);
  });

  it('puts what was measured below its gate where the terminal is narrow', () => {
    expect(plain(verdictOf([eachRouteFailed(), gateResult()]), 60)).toEqual([
      '  verdict: failed, 1 of 2 gates failed',
      '  ✗ each route p95 <= 1.2x recorded',
      '      GET /cart/{id} 2.10x (1.80x–2.40x), and 3 more of 41',
      '      routes',
      '  ✓ p95 <= 300ms',
      '      measured 84.0 ms',
    ]);
  });

  it('keeps a number and its unit on one line', () => {
    const interval = { low: 0.0031, high: 0.1151, confidence: 0.95 };
    const gate = gateResult({ gate: 'failed <= 5%', unit: 'share', measured: 0.02, interval });
    for (let width = 60; width < 140; width += 1) {
      const lines = plain(verdictOf([{ ...gate, note: 'of 12 s and 80.5 ms at the most 3 %' }]), width);
      for (const line of lines) expect(line).not.toMatch(/\d$|^ *(?:%|ms|s)\b/);
    }
  });

  it('names the rule of a gate where there are several', () => {
    const verdict = verdictOf([
      gateResult({ rule: 'catalog' }),
      gateResult({ rule: 'orders', gate: 'rule:orders p95 <= 300ms' }),
      gateResult(),
    ]);
    expect(plain(verdict).slice(1)).toEqual([
      '  ✓ rule:catalog p95 <= 300ms  measured 84.0 ms',
      '  ✓ rule:orders p95 <= 300ms   measured 84.0 ms',
      '  ✓ p95 <= 300ms               measured 84.0 ms',
    ]);
    expect(plain(verdictOf([gateResult({ rule: 'catalog' })]))[1]).toBe('  ✓ p95 <= 300ms  measured 84.0 ms');
  });

  it('says nothing of a run without gates, but for what its figures point to', () => {
    expect(plain(verdictOf([]))).toEqual([]);
    expect(plain(verdictOf([], [credentials]))[0]).toMatch(/^ {2}likely cause: 38 of 41 routes answer 401/);
  });

  it('shows 20 gates of a thousand, the failed ones among them, and counts the rest', () => {
    const many = Array.from({ length: 1_000 }, (_, i) => gateResult({ gate: `p95 <= ${i + 1}ms` }));
    const lines = plain(verdictOf([...many, eachRouteFailed()]));
    expect(lines).toHaveLength(22);
    expect(lines[0]).toBe('  verdict: failed, 1 of 1,001 gates failed');
    expect(lines[1]).toContain('✗ each route');
    expect(lines.at(-1)).toBe('  … and 981 more, in report.json');
  });

  it('passes on no control character to the terminal', () => {
    const hostile = eachRouteFailed({
      gate: 'route:"GET /\u001b[2J" p95 <= 300ms',
      rule: 'a\u202eb',
      note: 'x\u0007y\nz',
      routes: {
        judged: 1,
        tooFew: 1,
        failed: 1,
        worst: [routeMeasured('GET a/\u001b]0;x\u0007'), routeMeasured('\ud800 </script> | \n')],
      },
    });
    const lines = plain(verdictOf([hostile, gateResult()], [{ kind: 'host', text: 'a\u001bb' }]));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the very characters that must not be there
    for (const line of lines) expect(line).not.toMatch(/[\u0000-\u001f\u202e]/);
  });

  it.each([60, 79, 80, 100, 200])(
    'writes no line wider than %d columns, and the same with colour',
    (width) => {
      const long = 'x'.repeat(300);
      const verdict = verdictOf(
        [
          eachRouteFailed({ note: `${long} ${'word '.repeat(60)}` }),
          gateResult({ gate: `route:"GET /${long}" p95 <= 300ms` }),
          missed({ rule: long, note: long }),
          eachRouteFailed({
            routes: { judged: 1_000, tooFew: 7, failed: 1, worst: [routeMeasured(`GET a/${long}`)] },
          }),
        ],
        [credentials, { kind: 'host', text: long }],
      );
      for (const line of plain(verdict, width)) expect(line.length, line).toBeLessThanOrEqual(width);
      const coloured = renderVerdict(verdict, { width, paint: createPaint(true) });
      expect(coloured.join('')).toContain('\u001b[31m');
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape byte is what colours start with
      expect(coloured.map((line) => line.replace(/\u001b\[\d+m/g, ''))).toEqual(plain(verdict, width));
    },
  );
});

describe('what a verdict says in one line', () => {
  const optional = missed({ isOptional: true });
  it.each([
    ['held, the gate held', [gateResult()]],
    ['held, both gates held', [gateResult(), gateResult()]],
    ['held, all 3 gates held', [gateResult(), gateResult(), gateResult()]],
    ['failed, the gate failed', [eachRouteFailed()]],
    ['failed, the gate could not be judged', [missed()]],
    ['held, the gate could not be judged, which is optional', [optional]],
    ['failed, 0 of 2 gates held, 2 could not be judged', [missed(), missed()]],
    ['failed, 1 of 2 gates held, 1 could not be judged', [gateResult(), missed()]],
    ['held, 1 of 2 gates held, 1 could not be judged, which is optional', [gateResult(), optional]],
    ['failed, 1 of 3 gates failed, 2 could not be judged', [eachRouteFailed(), missed(), optional]],
  ])('%s', (words, gates) => {
    expect(plain(verdictOf(gates))[0]).toBe(`  verdict: ${words}`);
  });
});

describe('gateWords', () => {
  const relative = { gate: 'p95 <= 1.1x recorded', unit: 'factor', limit: 1.1 } as const;
  const interval = { low: 1.05, high: 1.3, confidence: 0.95 };
  const routes = (judged: number, failed: number, tooFew = 0) => ({
    routes: { judged, failed, tooFew, worst: [routeMeasured('GET a.example/x', { interval: null })] },
  });

  it.each<[string, GateResult]>([
    ['measured 84.0 ms', gateResult()],
    [
      'measured 1.15x (1.05x–1.30x), 92.0 ms against 80.0 ms',
      gateResult({ ...relative, measured: 1.15, interval, value: 92, reference: 80 }),
    ],
    [
      'measured 1.15x (1.05x–1.30x), 92.0 ms against 80.0 ms; it may be chance',
      gateResult({
        ...relative,
        measured: 1.15,
        interval,
        value: 92,
        reference: 80,
        note: 'it may be chance',
      }),
    ],
    [
      'measured 2.00x, 4.0 % against 2.0 %',
      gateResult({
        ...relative,
        gate: 'status5xx <= 1.1x recorded',
        measured: 2,
        value: 0.04,
        reference: 0.02,
      }),
    ],
    [
      'measured 0.90x, 450/s against 500/s',
      gateResult({
        ...relative,
        gate: 'achievedRate >= 0.95x baseline',
        measured: 0.9,
        value: 450,
        reference: 500,
      }),
    ],
    ['missed: there was nothing to judge it by', missed({ note: null })],
    ['missed, and optional: there is no baseline', missed({ isOptional: true })],
    ['GET /x 2.10x, 1 of 41 routes', eachRouteFailed(routes(41, 1))],
    ['GET /x 2.10x, and 1 more of 41 routes; 3 not judged', eachRouteFailed(routes(41, 2, 3))],
    ['41 routes, at worst GET /x 2.10x', eachRouteFailed({ outcome: 'held', ...routes(41, 0) })],
    ['1 route, at worst GET /x 2.10x', eachRouteFailed({ outcome: 'held', ...routes(1, 0) })],
    [
      'GET b.example/y 2.10x (1.80x–2.40x), and 1 more of 2 routes',
      eachRouteFailed({
        routes: {
          judged: 2,
          failed: 2,
          tooFew: 0,
          worst: [routeMeasured('GET b.example/y'), routeMeasured('GET a.example/x')],
        },
      }),
    ],
  ])('%s', (words, gate) => {
    expect(gateWords(gate)).toBe(words);
  });
});

describe('renderFailedVerdict', () => {
  it('shows what made the verdict fail, and nothing else', () => {
    const gates = [gateResult(), missed({ isOptional: true }), eachRouteFailed(), missed()];
    expect(guilty(verdictOf(gates, [credentials])).map((line) => line.slice(0, 30).trimEnd())).toEqual([
      '  verdict: failed, 1 of 4 gate',
      '  ✗ each route p95 <= 1.2x rec',
      '  ? p95 <= +10% baseline',
      '  likely cause: 38 of 41 route',
      '    a rule keeps or sets them',
    ]);
  });

  it('is empty where nothing failed', () => {
    expect(guilty(verdictOf([gateResult(), missed({ isOptional: true })], [credentials]))).toEqual([]);
    expect(guilty(verdictOf([]))).toEqual([]);
  });
});
