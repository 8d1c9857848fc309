import { describe, expect, it } from 'vitest';
import { judgeSince } from '../../../core/judge/since-baseline.ts';
import { BASELINE_GATE } from '../../../core/judge/verdict.ts';
import { reportFaults } from '../../support/report-schema.ts';
import { type Run, sampleReport } from '../report/sample-report.ts';

const since = (run: Run, before: Run = {}) => judgeSince(sampleReport(before), sampleReport(run)).report;

describe('a baseline', () => {
  it('is a gate that holds where nothing became worse', () => {
    const report = since({});
    expect(report.verdict).toMatchObject({
      outcome: 'held',
      gates: [
        {
          gate: BASELINE_GATE,
          outcome: 'held',
          rule: null,
          limit: 1.05,
          note: null,
          routes: { failed: 0, judged: 6 },
        },
      ],
    });
    expect(reportFaults(report)).toEqual([]);
  });

  it('names the routes that became slower, with both medians and the shift', () => {
    const [gate] = since({ fate: (n) => (n % 6 === 4 ? { slow: 2 } : {}) }).verdict.gates;
    expect(gate).toMatchObject({ outcome: 'failed', routes: { failed: 1, judged: 6 } });
    const [worst] = gate?.routes?.worst ?? [];
    expect(worst).toMatchObject({ route: 'GET shop.example.com/assets/app.{hash}.js', outcome: 'failed' });
    expect(worst?.measured).toBeCloseTo(2, 1);
    expect(worst?.interval?.low).toBeGreaterThan(1.05);
    expect((worst?.value ?? 0) / (worst?.reference ?? 1)).toBeCloseTo(2, 1);
  });

  it('lets grow as much as is tolerated, and no more', () => {
    const slower = sampleReport({ fate: () => ({ slow: 1.2 }) });
    const gateAt = (toleranceShare: number) =>
      judgeSince(sampleReport(), slower, { toleranceShare }).report.verdict.gates[0];
    expect(gateAt(0.1)).toMatchObject({ outcome: 'failed', limit: 1.1 });
    expect(gateAt(0.5)).toMatchObject({ outcome: 'held', limit: 1.5 });
    expect(judgeSince(sampleReport(), slower).comparison.toleranceShare).toBe(0.05);
  });

  it('tells that all requests together became slower, where no route could be told from chance', () => {
    const few = { count: 900, fate: (n: number) => ({ slow: n % 6 === 4 ? 1.5 : 1.3 }) };
    const [gate] = since(few, { count: 900 }).verdict.gates;
    expect(gate?.outcome).toBe('failed');
    expect(gate?.note).toMatch(/^all requests together: slower, 1\.[2-4]\dx/);
  });

  it('says in words what else is worse: errors, other statuses', () => {
    const { verdict } = since({ fate: (n) => (n % 6 === 3 ? { status: 500 } : {}) });
    expect(verdict.outcome).toBe('failed');
    expect(verdict.gates[0]?.routes?.worst[0]?.note).toMatch(
      /^more errors: 333 of 333, before 0 of 333; fewer answered as recorded: 0 of 333, before 333 of 333$/,
    );
  });

  it('is missed, and fails the verdict, where there is too little to compare', () => {
    const { verdict } = since({ count: 30 }, { count: 30 });
    expect(verdict).toMatchObject({
      outcome: 'failed',
      gates: [{ outcome: 'missed', note: 'fewer than 50 requests in one of both', routes: null }],
    });
  });

  it('leaves a verdict failed that was, and its gates before it', () => {
    const failed = { outcome: 'failed', gates: [], likelyCauses: [] } as const;
    const { report } = judgeSince(sampleReport(), { ...sampleReport(), verdict: failed });
    expect(report.verdict.outcome).toBe('failed');
  });

  it('has six decimals at most, as every gate of a report', () => {
    const { verdict } = since({ fate: (n) => (n % 6 === 4 ? { slow: 2.1234567 } : {}) });
    const numbers = JSON.stringify(verdict).match(/\d+\.\d+/g) ?? [];
    expect(numbers.length).toBeGreaterThan(10);
    expect(numbers.filter((number) => /\.\d{7}/.test(number))).toEqual([]);
  });
});
