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
    [{ heldBack: { max_rate: 9 } }, '  - 9 held back as max_rate: more was due in a second than maxRate'],
    [{ heldBack: { late: 2 } }, '  - 2 held back as late: they were past due by more than 5 s'],
    [{ heldBack: { in_flight: 1_200 } }, '  - 1,200 held back as in_flight: the target was too slow'],
    [
      { heldBack: { kill_switch: 7 } },
      '  - 7 held back as kill_switch: they fell due while --switch, a pause or the live',
    ],
    [{ heldBack: { budget: 3_000 } }, '  - 3,000 held back as budget: what their target or rule may use'],
    [{ heldBack: { backoff: 12 } }, '  - 12 held back as backoff: to spare the target'],
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

  const calm = reportTargets(
    [{ name: 'calm', origin: 'https://calm.example.com' }],
    [],
    [],
  )[0] as TargetReport;
  const cut: TargetReport = { ...calm, name: 't', cuts: 3, lowestLevel: 0.125, slowWindows: 3 };
  const ADVICE = '; ask for less (percent, maxRate), or';

  it.each<[string, readonly Partial<TargetReport>[], string]>([
    ['too slow', [cut], `too slow (t, down to 13 %)${ADVICE} allow more by the rule's backoff`],
    [
      'too many errors, and both',
      [
        { ...cut, name: 'a', slowWindows: 0, failedWindows: 2 },
        { ...cut, name: 'b', lowestLevel: 0, failedWindows: 1 },
      ],
      `too many errors (a, down to 13 %); too slow and too many errors (b, down to 0 %); see first why it fails, then ask for less (percent, maxRate)`,
    ],
    [
      'all places taken',
      [{ ...cut, slowWindows: 0, pinnedWindows: 3 }],
      `all of maxInFlight in use (t, down to 13 %)${ADVICE} allow more in flight (maxInFlight)`,
    ],
    ['Retry-After', [{ name: 't', retryAfters: 2 }], 't asked to be left alone (Retry-After)'],
    [
      'the level at which live copies begin',
      [{ name: 't', startLevel: 0.25, lowestLevel: 0.25 }],
      't began at 25 %, the recorded rate, and multiply asks for more',
    ],
    [
      'one after the other',
      [{ ...cut, retryAfters: 1 }],
      `too slow (t, down to 13 %); t asked to be left alone (Retry-After)${ADVICE} allow more by the rule's backoff`,
    ],
  ])('tells why backoff held back: %s', (_, changed, words) => {
    const accounting = newAccounting(['all']);
    const rule = accounting.rules.all;
    if (rule !== undefined) rule.heldBack.backoff = 1_234;
    const targets = [calm, ...changed.map((change) => ({ ...calm, ...change }))];
    const wide = { ...view, width: 400 };
    expect(renderNotes(reportAccounting(accounting), undefined, wide, targets)).toEqual([
      `  - 1,234 held back as backoff: ${words}`,
    ]);
  });

  it('tells where relative limits have nothing to be relative to', () => {
    const { accounting, totals } = sampleReport();
    const recorded = { ...totals.latency.recorded, count: 0 };
    const unrecorded = { ...totals, latency: { ...totals.latency, recorded } };
    const relative = [calm, { ...calm, hasRelativeLatency: true }];
    expect(renderNotes(accounting, unrecorded, view, relative)).toEqual([
      '  - the log holds no latency: backoff goes by errors alone; give backoff.latency a duration',
    ]);
    expect(renderNotes(accounting, unrecorded, view, [calm])).toEqual([]);
    expect(renderNotes(accounting, totals, view, relative)).toEqual([]);
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
