import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sumOf } from '../../../core/measure/accounting.ts';
import { emfLines } from '../../../core/measure/emf.ts';
import { createSliceTally, sliceMetricValues } from '../../../core/measure/slice-tally.ts';
import { FAILURE_CODES, HELD_BACK_REASONS, type Result } from '../../../core/types.ts';
import { plannedRequest } from '../../support/send.ts';

const request = plannedRequest({ dueMs: 100 });
const ofB = plannedRequest({ rule: 'b', dueMs: 100 });

const RESULTS: readonly Result[] = [
  { request, sentMs: 101, status: 200, serviceMs: 20, fromDueMs: 21 },
  { request, sentMs: 102, status: 503, serviceMs: 30, fromDueMs: 32 },
  { request: ofB, sentMs: 103, failed: 'timeout', fromDueMs: 10_003 },
  { request: ofB, heldBack: 'kill_switch' },
];

describe('the tally of a slice', () => {
  it('counts each end once, over all and by rule', () => {
    const tally = createSliceTally();
    for (const result of RESULTS) tally.count(result);
    expect(tally.counts()).toEqual({
      planned: 4,
      sent: 3,
      answered: { 200: 1, 503: 1 },
      failed: { timeout: 1 },
      heldBack: { kill_switch: 1 },
      rules: {
        r: { sent: 2, answered: { 200: 1, 503: 1 }, failed: {}, heldBack: {} },
        b: { sent: 1, answered: {}, failed: { timeout: 1 }, heldBack: { kill_switch: 1 } },
      },
    });
  });

  it('as metrics has errors, classes and latencies of the answered', () => {
    const tally = createSliceTally();
    for (const result of RESULTS) tally.count(result);
    expect(sliceMetricValues(tally)).toEqual({
      Sent: 3,
      Answered: 2,
      Failed: 1,
      Errors: 2,
      Latency: [20, 30],
      LatencyFromDue: [21, 32],
      Lag: [1, expect.closeTo(2, 1), 3],
      Status2xx: 1,
      Status5xx: 1,
      FailedTimeout: 1,
      HeldBackKillSwitch: 1,
    });
  });

  it('counts as lag what the whole slice was late by', () => {
    const tally = createSliceTally({ shiftMs: 2_000 });
    for (const result of RESULTS) tally.count(result);
    expect(sliceMetricValues(tally)).toMatchObject({
      Latency: [20, 30],
      LatencyFromDue: [2_021, 2_032],
      Lag: [2_001, expect.closeTo(2_002, -1), 2_003],
    });
  });

  it('of nothing is zeros', () => {
    const tally = createSliceTally();
    expect(tally.counts()).toEqual({
      planned: 0,
      sent: 0,
      answered: {},
      failed: {},
      heldBack: {},
      rules: {},
    });
    expect(emfLines({ stack: 's', target: 't', atMs: 0, metrics: sliceMetricValues(tally) })).toHaveLength(1);
  });

  it('gives what it counted until then: later ends leave it as it is', () => {
    const tally = createSliceTally();
    const before = tally.counts();
    for (const result of RESULTS) tally.count(result);
    expect(before.planned).toBe(0);
    expect(before.rules).toEqual({});
  });

  it('balances, and so do its rules, whatever the ends', () => {
    const anyEnd = fc.oneof(
      fc.constantFrom(...HELD_BACK_REASONS).map((heldBack) => ({ heldBack })),
      fc.constantFrom(...FAILURE_CODES).map((failed) => ({ sentMs: 0, failed })),
      fc.integer({ min: 0, max: 999 }).map((status) => ({ sentMs: 0, status })),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(request, ofB), anyEnd)), (ends) => {
        const tally = createSliceTally();
        for (const [one, end] of ends) tally.count({ request: one, ...end });
        const { planned, sent, answered, failed, heldBack, rules } = tally.counts();
        expect(planned).toBe(ends.length);
        expect(sumOf(answered) + sumOf(failed)).toBe(sent);
        expect(sent + sumOf(heldBack)).toBe(planned);
        expect(Object.values(rules).reduce((sum, rule) => sum + rule.sent + sumOf(rule.heldBack), 0)).toBe(
          planned,
        );
        expect(tally.lag.count).toBe(sent);
      }),
    );
  });
});
