import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createTimeline, MAX_STEPS } from '../../../core/measure/timeline.ts';
import type { Result } from '../../../core/types.ts';
import { plannedRequest } from '../report/sample-report.ts';

const sentAt = (sentMs: number, serviceMs = 10): Result => ({
  request: plannedRequest({ dueMs: sentMs - 1 }),
  ...{ sentMs, status: 200, serviceMs },
});

describe('the course of a timeline', () => {
  it('has steps of a power of two of its own, at least as long as asked', () => {
    const timeline = createTimeline();
    timeline.planned(3_300);
    expect(timeline.course(1_600)).toMatchObject({
      stepMs: 1_600,
      steps: [{ startMs: 0 }, {}, { planned: 1 }],
    });
    expect(timeline.course(1_601).stepMs).toBe(3_200);
    expect(timeline.course(1)).toEqual(timeline.snapshot());
  });

  it('takes quantiles of all that is in a step, not of quantiles', () => {
    const timeline = createTimeline();
    for (let i = 0; i < 95; i += 1) timeline.sent(sentAt(0, 10));
    for (let i = 0; i < 5; i += 1) timeline.sent(sentAt(200, 1_000));
    const [step] = timeline.course(1_600).steps;
    expect(timeline.snapshot().steps.map(({ p95Ms }) => p95Ms)).toEqual([10, null, 1_000]);
    expect(step?.p95Ms).toBeCloseTo(10, 0);
  });

  it('gives the same object for a step that has not changed, and another for one that has', () => {
    const timeline = createTimeline();
    timeline.sent(sentAt(100));
    timeline.sent(sentAt(2_000));
    const before = timeline.course(1_600).steps;
    timeline.sent(sentAt(2_100));
    const [first, second] = timeline.course(1_600).steps;
    expect(first).toBe(before[0]);
    expect(second).not.toBe(before[1]);
    expect(second?.sent).toBe(2);
    timeline.backoff(150, 1);
    expect(timeline.course(1_600).steps[0]).toMatchObject({ sent: 1, backoffLevel: 1 });
    timeline.backoff(200, 0.5);
    expect(timeline.course(1_600).steps[0]?.backoffLevel).toBe(0.5);
  });

  it('keeps its steps while the timeline doubles its own, until those are longer', () => {
    const timeline = createTimeline();
    timeline.planned(0);
    const [first] = timeline.course(1_600).steps;
    timeline.planned(MAX_STEPS * 100);
    expect(timeline.course(1_600).stepMs).toBe(1_600);
    expect(timeline.course(1_600).steps[0]).toBe(first);
    timeline.planned(MAX_STEPS * 1_600);
    expect(timeline.course(1_600).stepMs).toBe(3_200);
  });

  it('counts what the timeline counts, whenever it is looked at', () => {
    const event = fc.record({
      ms: fc.nat(2_000_000),
      kind: fc.constantFrom('planned', 'sent', 'heldBack', 'look'),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const timeline = createTimeline();
        const plain = createTimeline();
        for (const { ms, kind } of events) {
          if (kind === 'look') timeline.course(1_600);
          for (const one of [timeline, plain]) {
            if (kind === 'planned') one.planned(ms);
            if (kind === 'sent') one.sent(sentAt(ms, ms / 1000));
            if (kind === 'heldBack') one.heldBack(ms, 'late');
          }
        }
        expect(timeline.course(1_600)).toEqual(plain.course(1_600));
      }),
    );
  });
});
