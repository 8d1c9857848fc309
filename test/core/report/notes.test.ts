import { describe, expect, it } from 'vitest';
import { newAccounting } from '../../../core/measure/accounting.ts';
import { reportAccounting } from '../../../core/measure/accounting-report.ts';
import { renderNotes } from '../../../core/report/notes.ts';
import { createPaint } from '../../../core/report/paint.ts';
import { reportTargets, type TargetReport } from '../../../core/report/target-report.ts';
import { sampleReport } from './sample-report.ts';

const view = { width: 200, paint: createPaint(false) };

const notesFor = (changed: Readonly<Record<string, number | Record<string, number>>>): string => {
  const accounting = newAccounting(['all']);
  const counts: Record<string, unknown> = { ...accounting.rules.all };
  for (const [key, value] of Object.entries(changed)) {
    const before = counts[key];
    const list = Array.isArray(before) ? [...before] : { ...(before as object) };
    counts[key] = typeof value === 'number' ? value : Object.assign(list, value);
  }
  const rules = { all: counts as unknown as (typeof accounting.rules)[string] };
  return renderNotes(reportAccounting({ ...accounting, rules }), undefined, view).join('\n');
};

describe('renderNotes', () => {
  it('says nothing of a run in which all is as it should be', () => {
    const report = sampleReport();
    expect(renderNotes(report.accounting, report.totals, view)).toEqual([]);
  });

  it.each([
    [{ heldBack: { in_flight: 1_200 } }, '  - 1,200 held back as in_flight: the target was too slow'],
    [
      { heldBack: { kill_switch: 7 } },
      '  - 7 held back as kill_switch: they fell due while --switch or a pause (SIGUSR1)',
    ],
    [{ heldBack: { budget: 3_000 } }, '  - 3,000 held back as budget: what their target or rule may use'],
    [
      { heldBack: { backoff: 12 } },
      '  - 12 held back as backoff: the target asked to be left alone (Retry-After); ask for less',
    ],
    [{ notReplayable: { loop_unsafe: 3 } }, '  - 3 left out as loop_unsafe: the log does not show'],
    [{ notReplayable: { no_body: 7 } }, '  - 7 left out as no_body: they had a body'],
    [{ answered: { 429: 5 } }, '  - 5 answered 429: the target limits'],
    [{ sampledByFallback: 2 }, '  - 2 sampled one by one'],
    [{ headersDropped: 4 }, '  - header fields that no client can send were left out: 4'],
    [
      { sent: 3, failed: { refused: 2, dns: 1 } },
      '  - no request was answered (refused, dns): is the target up',
    ],
    [{ planned: 100, reordered: 2 }, '  - 2 came out of order'],
  ])('explains %j', (changed, start) => {
    expect(notesFor(changed).startsWith(start)).toBe(true);
  });

  it('names the targets that backoff has cut, and how low', () => {
    const [calm] = reportTargets(['calm'], [], []);
    const cut = { ...calm, cuts: 3, lowestLevel: 0.125 } as TargetReport;
    const targets = [calm as TargetReport, { ...cut, name: 'a' }, { ...cut, name: 'b', lowestLevel: 0 }];
    const accounting = newAccounting(['all']);
    const rule = accounting.rules.all;
    if (rule !== undefined) rule.heldBack.backoff = 1_234;
    expect(renderNotes(reportAccounting(accounting), undefined, view, targets)).toEqual([
      "  - 1,234 held back as backoff: too slow or too many errors (a, down to 13 %; b, down to 0 %); ask for less (percent, maxRate), or allow more by the rule's backoff",
    ]);
  });

  it('tells when no line could be read', () => {
    const { lines, rules } = newAccounting(['all']);
    const counts = { ...lines, lines: 3, rejected: { ...lines.rejected, not_json: 2, no_time: 1 } };
    const [note] = renderNotes(reportAccounting({ lines: counts, rules }), undefined, view);
    expect(note).toContain('no line is an access log line of Traefik or nginx in JSON (not_json, no_time)');
  });

  it('leaves a little disorder unmentioned', () => {
    expect(notesFor({ planned: 1_000, reordered: 2 })).toBe('');
  });

  it('tells when the sender itself was late', () => {
    const { accounting, totals } = sampleReport();
    const lagMs = { ...totals.pacing.lagMs, p99: 80 };
    const late = { ...totals, pacing: { ...totals.pacing, lagMs } };
    expect(renderNotes(accounting, late, view)[0]).toContain('lag p99 is 80.0 ms: this machine was too busy');
  });
});
