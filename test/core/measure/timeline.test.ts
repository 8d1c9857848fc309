import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addMs, histogramToJson, newHistogram } from '../../../core/measure/histogram.ts';
import { createTimeline } from '../../../core/measure/timeline.ts';
import type { Result } from '../../../core/types.ts';
import { plannedRequest } from '../report/sample-report.ts';

describe('createTimeline', () => {
  it('places recorded, planned and held back by due instant, sent by the instant of dispatch', () => {
    const timeline = createTimeline();
    timeline.recorded(20);
    timeline.planned(20);
    timeline.planned(120);
    timeline.heldBack(120, 'in_flight');
    const sent = (dueMs: number, result: Partial<Result>): void =>
      timeline.sent({ request: plannedRequest({ dueMs }), ...result });
    sent(20, { sentMs: 130, status: 200, serviceMs: 8 });
    sent(138, { sentMs: 140, status: 500 });
    sent(139, { sentMs: 140, failed: 'timeout', serviceMs: 9 });
    sent(139, { sentMs: 140, status: 499 });
    const none = {
      recorded: 0,
      planned: 0,
      sent: 0,
      errors: 0,
      heldBack: {},
      p95Ms: null,
      lagP99Ms: null,
      backoffLevel: null,
    };
    expect(timeline.snapshot()).toEqual({
      stepMs: 100,
      steps: [
        { ...none, startMs: 0, recorded: 1, planned: 1 },
        {
          ...{ ...none, startMs: 100, planned: 1, sent: 4, errors: 2 },
          ...{ heldBack: { in_flight: 1 }, p95Ms: 8, lagP99Ms: 110 },
        },
      ],
    });
  });

  it('adds up service times and lags of all steps, whenever it is asked, and however late some end', () => {
    const anySent = fc.record({
      sentMs: fc.integer({ min: 0, max: 200_000 }),
      lagMs: fc.integer({ min: 0, max: 50 }),
      serviceMs: fc.integer({ min: 1, max: 5000 }),
      isFailed: fc.boolean(),
      askedMs: fc.option(fc.integer({ min: 0, max: 250_000 })),
    });
    fc.assert(
      fc.property(fc.array(anySent, { maxLength: 60 }), (all) => {
        const timeline = createTimeline();
        const [service, lag] = [newHistogram(), newHistogram()];
        for (const { sentMs, lagMs, serviceMs, isFailed, askedMs } of all) {
          const end = isFailed ? ({ failed: 'timeout' } as const) : { status: 200 };
          timeline.sent({ request: plannedRequest({ dueMs: sentMs - lagMs }), sentMs, serviceMs, ...end });
          addMs(lag, lagMs);
          if (!isFailed) addMs(service, serviceMs);
          if (askedMs === null) continue;
          const sums = timeline.sums(askedMs);
          expect(histogramToJson(sums.service)).toEqual(histogramToJson(service));
          expect(histogramToJson(sums.lag)).toEqual(histogramToJson(lag));
        }
      }),
    );
  });

  it('keeps the lowest backoff level of each step, also of those at which nobody looked', () => {
    const timeline = createTimeline();
    for (const [ms, level] of [
      [-5, 0.1],
      [10, 1],
      [60, 0.5],
      [99, 0.6],
      [110, 1],
      [430, 0.25],
    ] as const)
      timeline.backoff(ms, level);
    timeline.planned(550);
    const levels = timeline.snapshot().steps.map(({ backoffLevel }) => backoffLevel);
    expect(levels).toEqual([0.5, 1, 0.25, 0.25, 0.25, null]);
  });

  it('keeps the lower of two levels where steps are merged, and none where there is none', () => {
    const timeline = createTimeline();
    timeline.backoff(20, 0.5);
    timeline.backoff(120, 1);
    timeline.planned(70_000);
    const { stepMs, steps } = timeline.snapshot();
    expect(stepMs).toBe(200);
    expect([steps[0]?.backoffLevel, steps[1]?.backoffLevel]).toEqual([0.5, null]);
  });

  it('doubles its steps when there would be more than 600, and loses nothing by it', () => {
    const timeline = createTimeline();
    for (let second = 0; second < 86_400; second += 10) {
      timeline.planned(second * 1000);
      timeline.heldBack(second * 1000, second % 20 === 0 ? 'late' : 'stopped');
    }
    const { stepMs, steps } = timeline.snapshot();
    expect(stepMs).toBe(204_800);
    expect(steps).toHaveLength(422);
    expect(steps.reduce((sum, step) => sum + step.planned, 0)).toBe(8640);
    expect(steps.reduce((sum, step) => sum + (step.heldBack.late ?? 0), 0)).toBe(4320);
    expect(steps[1]?.startMs).toBe(204_800);
  });

  it.each([-5, Number.NaN, 1e300, Number.POSITIVE_INFINITY])(
    'takes an instant of %d without growing',
    (ms) => {
      const timeline = createTimeline();
      timeline.planned(ms);
      const { steps } = timeline.snapshot();
      expect(steps.length).toBeLessThanOrEqual(600);
      expect(steps.reduce((sum, step) => sum + step.planned, 0)).toBe(1);
    },
  );
});
