import { describe, expect, it } from 'vitest';
import { newAccounting, type RuleCounts } from '../../../core/measure/accounting.ts';
import { reportAccounting } from '../../../core/measure/accounting-report.ts';
import { renderNotes } from '../../../core/report/notes.ts';
import { createPaint } from '../../../core/report/paint.ts';
import { sampleReport } from './sample-report.ts';

const view = { width: 200, paint: createPaint(false) };

const notesFor = (change: (counts: RuleCounts) => void): string => {
  const accounting = newAccounting(['all']);
  const counts = accounting.rules.all;
  if (counts !== undefined) change(counts);
  return renderNotes(reportAccounting(accounting), undefined, view).join('\n');
};

describe('renderNotes', () => {
  it('says nothing of a run in which all is as it should be', () => {
    const report = sampleReport();
    expect(renderNotes(report.accounting, report.totals, view)).toEqual([]);
  });

  it.each<[string, (counts: RuleCounts) => void, string]>([
    [
      'in_flight',
      (c) => void (c.heldBack.in_flight = 1_200),
      '  - 1,200 held back as in_flight: the target was too slow',
    ],
    [
      'loop_unsafe',
      (c) => void (c.notReplayable.loop_unsafe = 3),
      '  - 3 left out as loop_unsafe: the log does not show',
    ],
    ['no_body', (c) => void (c.notReplayable.no_body = 7), '  - 7 left out as no_body: they had a body'],
    ['429', (c) => void (c.answered[429] = 5), '  - 5 answered 429: the target limits'],
    ['fallback', (c) => void (c.sampledByFallback = 2), '  - 2 sampled one by one'],
    ['dropped headers', (c) => void (c.headersDropped = 4), '  - 4 header fields left out'],
    ['disorder', (c) => Object.assign(c, { planned: 100, reordered: 2 }), '  - 2 came out of order'],
  ])('explains %s', (_, change, start) => {
    expect(notesFor(change).startsWith(start)).toBe(true);
  });

  it('leaves a little disorder unmentioned', () => {
    expect(notesFor((counts) => Object.assign(counts, { planned: 1_000, reordered: 2 }))).toBe('');
  });

  it('tells when the sender itself was late', () => {
    const { accounting, totals } = sampleReport();
    const lagMs = { ...totals.pacing.lagMs, p99: 80 };
    const late = { ...totals, pacing: { ...totals.pacing, lagMs } };
    expect(renderNotes(accounting, late, view)[0]).toContain('lag p99 is 80.0 ms: this machine was too busy');
  });
});
