import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRecordedMetrics, recordedMetricValues } from '../../../core/measure/recorded-metrics.ts';
import { HELD_BACK_REASONS } from '../../../core/types.ts';
import { plannedRequest } from '../../support/send.ts';
import { anyPlanned, inDueOrder } from '../../support/slices.ts';

const requestAt = (dueMs: number, changes = {}) => plannedRequest({ dueMs, ...changes });

describe('what is published of a target in 10 s', () => {
  it('is what production did of it, and what was handed on', () => {
    const metrics = createRecordedMetrics();
    metrics.add(requestAt(20_000, { recorded: { status: 200, durationMs: 40, originMs: 30 } }));
    metrics.add(requestAt(21_000, { recorded: { status: 503, durationMs: 90 } }), 'kill_switch');
    metrics.add(requestAt(29_999, { recorded: { status: 204 } }), 'kill_switch');
    metrics.add(requestAt(29_999, { recorded: {} }), 'max_rate');
    const [stretch, ...others] = metrics.flush();
    if (stretch === undefined) return expect.fail('no stretch');
    expect([stretch.target, stretch.startDueMs, others]).toEqual(['t', 20_000, []]);
    expect(recordedMetricValues(stretch)).toEqual({
      RecordedRequests: 4,
      RecordedLatency: [30, 90],
      RecordedStatus2xx: 2,
      RecordedStatus5xx: 1,
      Planned: 4,
      Dispatched: 1,
      HeldBackKillSwitch: 2,
      HeldBackMaxRate: 1,
    });
  });

  it('counts a recorded request once, however many copies of it are planned', () => {
    const metrics = createRecordedMetrics();
    for (const copy of [0, 1, 2, 10])
      metrics.add(
        requestAt(0, { id: `00112233445566ff.r.${copy}`, recorded: { status: 200, durationMs: 5 } }),
      );
    expect(metrics.flush().map(recordedMetricValues)).toEqual([
      { RecordedRequests: 1, RecordedLatency: [5], RecordedStatus2xx: 1, Planned: 4, Dispatched: 4 },
    ]);
  });

  it('is given out once it is over, and once only', () => {
    const metrics = createRecordedMetrics();
    for (const dueMs of [0, 9_999, 10_000, 25_000]) metrics.add(requestAt(dueMs));
    metrics.add(requestAt(5_000, { target: 'a' }));
    const startsOf = (dueMs: number) =>
      metrics.takeClosed(dueMs).map(({ target, startDueMs }) => [target, startDueMs]);
    expect(startsOf(9_999)).toEqual([]);
    expect(startsOf(10_000)).toEqual([
      ['a', 0],
      ['t', 0],
    ]);
    expect(startsOf(10_000)).toEqual([]);
    expect(startsOf(30_000)).toEqual([
      ['t', 10_000],
      ['t', 20_000],
    ]);
    expect(metrics.flush()).toEqual([]);
  });

  it('is the same where it was counted apart and merged', () => {
    const anyDecided = fc.array(
      fc.tuple(
        anyPlanned,
        fc.option(fc.constantFrom(...HELD_BACK_REASONS), { nil: undefined }),
        fc.boolean(),
      ),
    );
    fc.assert(
      fc.property(anyDecided, (decided) => {
        const [whole, merged, apart] = [
          createRecordedMetrics(),
          createRecordedMetrics(),
          createRecordedMetrics(),
        ];
        for (const [request, heldBack, isApart] of decided) {
          whole.add(request, heldBack);
          (isApart ? apart : merged).add(request, heldBack);
        }
        for (const stretch of apart.flush()) merged.merge(stretch);
        expect(merged.flush().map(recordedMetricValues)).toEqual(whole.flush().map(recordedMetricValues));
      }),
    );
  });

  it('adds up to the plan, whenever it is taken', () => {
    const anyDecision = fc.option(fc.constantFrom(...HELD_BACK_REASONS), { nil: undefined });
    fc.assert(
      fc.property(fc.array(fc.tuple(anyPlanned, anyDecision, fc.boolean())), (decided) => {
        const metrics = createRecordedMetrics();
        const requests = inDueOrder(decided.map(([request]) => request));
        const stretches = requests.flatMap((request, i) => {
          metrics.add(request, decided[i]?.[1]);
          return decided[i]?.[2] ? metrics.takeClosed(request.dueMs) : [];
        });
        const all = [...stretches, ...metrics.flush()];
        const heldBack = all.flatMap((one) => Object.values(one.heldBack)).reduce((a, b) => a + b, 0);
        const dispatched = all.reduce((sum, one) => sum + one.dispatched, 0);
        expect(heldBack).toBe(decided.filter(([, reason]) => reason !== undefined).length);
        expect(dispatched + heldBack).toBe(requests.length);
        expect(new Set(all.map(({ target, startDueMs }) => `${target} ${startDueMs}`)).size).toBe(all.length);
      }),
    );
  });
});
