import { describe, expect, it } from 'vitest';
import { runEnd } from '../../cli/live/web/run-end.ts';
import type { RunLook } from '../../cli/live/web/run-now.ts';
import type { GateResult, Verdict } from '../../core/judge/verdict.ts';
import type { EndedBy, Report } from '../../core/report/report-json.ts';
import { sampleReport } from '../core/report/sample-report.ts';

const look: RunLook = {
  ...{ progress: undefined, isStopping: true, isPaused: false },
  ...{ limit: 1, sourceShare: 1, share: 1, failures: [] },
};

const gate = (outcome: GateResult['outcome'], isOptional = false): GateResult => ({
  ...{
    gate: 'failed < 1%',
    rule: null,
    isOptional,
    unit: 'share',
    op: '<',
    limit: 0.01,
    routes: null,
    outcome,
  },
  ...{ count: 0, measured: null, interval: null, value: null, reference: null, note: null },
});
const verdict = (outcome: Verdict['outcome'], ...gates: readonly GateResult[]): Verdict => ({
  ...{ outcome, gates, likelyCauses: [] },
});

const reportOf = (endedBy: EndedBy, given: Verdict): Report => {
  const report = sampleReport();
  return { ...report, run: { ...report.run, endedBy }, verdict: given };
};

describe('how a run has ended', () => {
  it.each([
    ['end', verdict('none'), 'calm', 'Ended'],
    ['end', verdict('held', gate('held')), 'good', 'Ended: its gate held'],
    ['end', verdict('held', gate('held'), gate('missed', true)), 'good', 'Ended: 1 of 2 gates held'],
    [
      'limit',
      verdict('failed', gate('failed'), gate('held')),
      'bad',
      'Ended at its time limit: 1 of 2 gates failed',
    ],
    [
      'end',
      verdict('failed', gate('missed'), gate('missed', true)),
      'bad',
      'Ended: 1 of 2 gates could not be judged',
    ],
    ['stopped', verdict('held', gate('held'), gate('held')), 'warn', 'Stopped: all 2 gates held'],
    ['aborted', verdict('none'), 'bad', 'Given up'],
    ['error', verdict('held', gate('held')), 'bad', 'Ended by an error: its gate held'],
  ] as const)('by %s, with %j: %s, %s', (endedBy, given, tone, title) => {
    const now = runEnd(look, reportOf(endedBy, given));
    expect(now.head).toMatchObject({ tone, title, doneShare: null });
    expect(now.control).toBeNull();
  });

  it('is told with the figures of its report', () => {
    const report = reportOf('end', verdict('failed', gate('missed')));
    const now = runEnd(look, report);
    const { sent, heldBack } = report.accounting.allRules;
    expect(now.head.detail.replace(',', '')).toContain(`${sent} sent`);
    expect(now.heldBack.map(({ count }) => count).reduce((sum, count) => sum + count, 0)).toBe(
      heldBack.total,
    );
    expect(now.tiles.map(({ label }) => label)).toEqual([
      'replayed',
      'latency p95',
      'lag p99',
      'held back',
      'failed',
    ]);
    expect(now.gates).toMatchObject([{ outcome: 'missed', measured: 'could not be judged' }]);
  });

  it('names the likely cause', () => {
    const cause = { kind: 'credentials', text: 'all routes answer 401\u001b' } as const;
    const report = reportOf('end', { ...verdict('failed', gate('failed')), likelyCauses: [cause] });
    expect(runEnd(look, report).notes).toEqual(['all routes answer 401?']);
  });

  it('is bad where there is no report', () => {
    expect(runEnd(look, undefined)).toMatchObject({
      head: { tone: 'bad', title: 'Ended by an error', detail: 'the command says why' },
      control: null,
    });
  });
});
