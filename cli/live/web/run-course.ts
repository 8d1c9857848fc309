/** The course of a run as rows for the charts of the live page, and what of it has changed since the last look. */

import { sumOf } from '../../../core/measure/accounting.ts';
import type { Timeline } from '../../../core/measure/timeline.ts';
import type { TimelineStep } from '../../../core/measure/timeline-step.ts';
import type { LiveChart, LiveCourse, LiveRow } from '../../../core/pages/live-state.ts';

/** Shorter steps show the dice of single requests. 1.6 s is 100 ms doubled four times: steps keep their length for 16 minutes. */
export const LEAST_STEP_MS = 1_600;
/** A step of which less than this has passed says nothing about a rate yet. */
const LEAST_SHARE = 0.5;

/** One above the other, on one time axis. */
export const RUN_CHARTS: readonly LiveChart[] = [
  {
    id: 'recorded',
    title: 'Production, as recorded',
    unit: 'per second',
    scale: 'rate',
    series: [{ label: 'recorded', tone: 'recorded', style: 'area', column: 1 }],
  },
  {
    id: 'replayed',
    title: 'Replay',
    unit: 'per second',
    scale: 'rate',
    series: [
      { label: 'replayed', tone: 'replayed', style: 'area', column: 2 },
      { label: 'held back', tone: 'held', style: 'line', column: 5 },
      { label: 'errors', tone: 'failed', style: 'bars', column: 6 },
    ],
  },
  {
    id: 'latency',
    title: 'Latency and lag',
    unit: 'ms',
    scale: null,
    series: [
      { label: 'latency p95', tone: 'replayed', style: 'line', column: 3 },
      { label: 'lag p99', tone: 'lag', style: 'line', column: 4 },
    ],
  },
  {
    id: 'level',
    title: 'What backoff lets through',
    unit: 'share',
    scale: null,
    series: [{ label: 'lowest level', tone: 'level', style: 'area', column: 7 }],
  },
];

const rowOf = (step: TimelineStep, stepMs: number, nowMs: number): LiveRow => {
  const passedMs = Math.min(stepMs, nowMs - step.startMs);
  const isTooYoung = passedMs < stepMs * LEAST_SHARE;
  const perSecond = (count: number): number | null =>
    isTooYoung ? null : Math.round((count * 1e6) / passedMs) / 1e3;
  return [
    step.startMs,
    // What is recorded is known ahead of now: of a step that goes on it would be too much. It stands there once the step is over.
    passedMs < stepMs ? null : perSecond(step.recorded),
    perSecond(step.sent),
    step.p95Ms,
    step.lagP99Ms,
    passedMs < stepMs ? null : perSecond(sumOf(step.heldBack)),
    perSecond(step.errors),
    step.backoffLevel,
  ];
};

/** Steps that have begun; the plan is further than that. */
const begun = ({ steps }: Timeline, nowMs: number): readonly TimelineStep[] => {
  const end = steps.findIndex(({ startMs }) => startMs > nowMs);
  return end < 0 ? steps : steps.slice(0, end);
};

/** The last step ends with now while it goes on. */
const endOf = ({ stepMs }: Timeline, steps: readonly TimelineStep[], nowMs: number): number | null => {
  const last = steps.at(-1);
  return last === undefined ? null : Math.round(Math.min(last.startMs + stepMs, nowMs));
};

/** Follows a course. Nothing was seen at first. */
export const createRunCourse = (course: (leastStepMs: number) => Timeline) => {
  let seen: readonly TimelineStep[] = [];
  let seenStepMs = 0;

  const rowsOf = (timeline: Timeline, steps: readonly TimelineStep[], nowMs: number): readonly LiveRow[] =>
    steps.map((step) => rowOf(step, timeline.stepMs, nowMs));

  return {
    whole: (nowMs: number): LiveCourse => {
      const timeline = course(LEAST_STEP_MS);
      const steps = begun(timeline, nowMs);
      const endMs = endOf(timeline, steps, nowMs);
      return { isWhole: true, fromMs: null, endMs, rows: rowsOf(timeline, steps, nowMs) };
    },
    changes: (nowMs: number): LiveCourse => {
      const timeline = course(LEAST_STEP_MS);
      const steps = begun(timeline, nowMs);
      const isWhole = timeline.stepMs !== seenStepMs;
      // The last two may have changed by the time that has passed, with nothing happening in them.
      const changed = steps.filter((step, at) => isWhole || step !== seen[at] || at >= seen.length - 2);
      seen = steps;
      seenStepMs = timeline.stepMs;
      return {
        isWhole,
        fromMs: null,
        endMs: endOf(timeline, steps, nowMs),
        rows: rowsOf(timeline, changed, nowMs),
      };
    },
  };
};
