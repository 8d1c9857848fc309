import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Accounting,
  answeredBy,
  countResult,
  findImbalances,
  newAccounting,
  newLineCounts,
  newRuleCounts,
  sumOf,
} from '../../../core/measure/accounting.ts';
import {
  FAILURE_CODES,
  HELD_BACK_REASONS,
  NOT_REPLAYABLE_REASONS,
  REJECT_REASONS,
  type Result,
} from '../../../core/types.ts';
import { plannedRequest } from '../../support/send.ts';

const request = plannedRequest();

/** An accounting of one rule `r` in which each kind of end stands once. */
const balanced = (): Accounting => {
  const accounting = newAccounting(['r']);
  const { lines } = accounting;
  for (const reason of REJECT_REASONS) lines.rejected[reason] = 1;
  Object.assign(lines, {
    lines: REJECT_REASONS.length + 20,
    parsed: 20,
    ownTraffic: 2,
    unmatched: 8,
    matched: 10,
  });
  const { r } = accounting.rules;
  if (r === undefined) return expect.fail('no rule');
  for (const reason of NOT_REPLAYABLE_REASONS) r.notReplayable[reason] = 1;
  Object.assign(r, { matched: NOT_REPLAYABLE_REASONS.length + 5, sampledOut: 2, chosen: 3 });
  for (const heldBack of HELD_BACK_REASONS) countResult(r, { request, heldBack });
  for (const failed of FAILURE_CODES) countResult(r, { request, sentMs: 0, failed });
  for (const status of [200, 200, 404]) countResult(r, { request, sentMs: 0, status });
  r.planned = HELD_BACK_REASONS.length + FAILURE_CODES.length + 3;
  return accounting;
};

describe('the closed lists', () => {
  it('are those of the design, in its order', () => {
    expect(REJECT_REASONS.join(' ')).toBe(
      'not_json too_long truncated not_access_log no_method no_target no_time bad_time bad_target connect http09 empty_request',
    );
    expect(NOT_REPLAYABLE_REASONS.join(' ')).toBe('unsafe_method loop_unsafe no_body no_host too_large');
    expect(HELD_BACK_REASONS.join(' ')).toBe(
      'kill_switch backoff late in_flight max_rate budget throttled undelivered rules_changed stopped',
    );
    expect(FAILURE_CODES.join(' ')).toBe(
      'dns refused reset reset_reused timeout tls protocol blocked aborted unknown',
    );
  });
});

describe('the accounting', () => {
  it('begins with zeros, which balance', () => {
    expect(findImbalances(newAccounting(['a', 'b']))).toEqual([]);
    expect(Object.keys(newAccounting(['a', 'b']).rules)).toEqual(['a', 'b']);
    expect(sumOf(newLineCounts().rejected)).toBe(0);
  });

  it('shares no counts between rules', () => {
    const { rules } = newAccounting(['a', 'b']);
    if (rules.a !== undefined) countResult(rules.a, { request, sentMs: 0, status: 200 });
    expect(rules.b).toEqual(newRuleCounts());
  });

  it('balances with every reason, code and status in it', () => {
    expect(findImbalances(balanced())).toEqual([]);
  });

  it('counts each result in one place', () => {
    const { r } = balanced().rules;
    expect(r?.sent).toBe(FAILURE_CODES.length + 3);
    expect(r && answeredBy(r)).toEqual({ 200: 2, 404: 1 });
    expect(sumOf(r?.heldBack ?? {})).toBe(HELD_BACK_REASONS.length);
    expect(sumOf(r?.failed ?? {})).toBe(FAILURE_CODES.length);
  });

  it.each<[string, (accounting: Accounting) => void, string]>([
    [
      'a line',
      ({ lines }) => {
        lines.lines += 1;
      },
      'lines: 33 ≠ 32 (parsed 20 + rejected 12)',
    ],
    [
      'a rejected line',
      ({ lines }) => {
        lines.rejected.connect += 1;
      },
      'lines: 32 ≠ 33 (parsed 20 + rejected 13)',
    ],
    [
      'own traffic',
      ({ lines }) => {
        lines.ownTraffic += 1;
      },
      'parsed: 20 ≠ 21 (own traffic 3 + unmatched 8 + matched 10)',
    ],
    [
      'a sampled one',
      ({ rules }) => {
        (rules.r ?? newRuleCounts()).sampledOut += 1;
      },
      'rule r: matched: 10 ≠ 11 (not replayable 5 + sampled out 3 + chosen 3)',
    ],
    [
      'a planned one',
      ({ rules }) => {
        (rules.r ?? newRuleCounts()).planned += 1;
      },
      'rule r: planned: 24 ≠ 23 (sent 13 + held back 10)',
    ],
    [
      'an answer',
      ({ rules }) => {
        (rules.r ?? newRuleCounts()).answered[200] = 3;
      },
      'rule r: sent: 13 ≠ 14 (answered 4 + failed 10)',
    ],
  ])('names what does not balance: %s', (_, change, fault) => {
    const accounting = balanced();
    change(accounting);
    expect(findImbalances(accounting)).toEqual([fault]);
  });

  it('names a result that is neither answered, failed nor held back', () => {
    const accounting = newAccounting(['r']);
    const counts = accounting.rules.r;
    if (counts === undefined) return expect.fail('no rule');
    counts.planned = 1;
    countResult(counts, { request, sentMs: 0 });
    expect(findImbalances(accounting)).toEqual(['rule r: sent: 1 ≠ 0 (answered 0 + failed 0)']);
  });

  it('balances after any results, and not after one more or less', () => {
    const anyResult: fc.Arbitrary<Result> = fc.oneof(
      fc.constantFrom(...HELD_BACK_REASONS).map((heldBack) => ({ request, heldBack })),
      fc.constantFrom(...FAILURE_CODES).map((failed) => ({ request, sentMs: 0, failed })),
      fc.integer({ min: 100, max: 999 }).map((status) => ({ request, sentMs: 0, status })),
    );
    fc.assert(
      fc.property(fc.array(anyResult), fc.constantFrom(-1, 1), (results, slip) => {
        const accounting = newAccounting(['r']);
        const counts = accounting.rules.r ?? newRuleCounts();
        for (const result of results) countResult(counts, result);
        counts.planned = results.length;
        expect(findImbalances(accounting)).toEqual([]);
        counts.planned += slip;
        expect(findImbalances(accounting)).toHaveLength(1);
      }),
    );
  });
});
