/** The course of a run in equal steps of its time axis, in bounded memory: when a run outgrows them, neighbours are merged. */

import type { HeldBackReason, Result } from '../types.ts';
import type { Histogram } from './histogram.ts';
import { createCourse } from './timeline-course.ts';
import {
  countOf,
  countSent,
  describeStep,
  describeSteps,
  lowerLevel,
  mergeStep,
  newStep,
  type Step,
  type TimelineStep,
} from './timeline-step.ts';
import { createTimelineSums } from './timeline-sums.ts';

export const MAX_STEPS = 600;
const FIRST_STEP_MS = 100;
/** 300 years: an instant beyond is a mistake, and would only make all steps one. */
const MAX_AXIS_MS = 1e13;

export interface Timeline {
  readonly stepMs: number;
  readonly steps: readonly TimelineStep[];
}

export interface TimelineCollector {
  recorded(dueMs: number): void;
  planned(dueMs: number): void;
  heldBack(dueMs: number, reason: HeldBackReason): void;
  /** A request that was sent, once it has ended. */
  sent(result: Result): void;
  /** The lowest level of all targets at that instant. Instants must not go back; between two of them the level stays what it is. */
  backoff(nowMs: number, level: number): void;
  /** Planned requests due from the start of the run until `ms`, spread evenly within a step. */
  plannedUntil(ms: number): number;
  snapshot(): Timeline;
  /** The same in steps of at least `leastStepMs`. One that has not changed since this was asked last is the same object. */
  course(leastStepMs: number): Timeline;
  /** Service times and lags of all that ended so far, to be asked ten times a second. */
  sums(nowMs: number): { readonly service: Histogram; readonly lag: Histogram };
}

const halve = (steps: readonly (Step | undefined)[]): (Step | undefined)[] =>
  Array.from({ length: Math.ceil(steps.length / 2) }, (_, at) => {
    const [first, second] = [steps[2 * at], steps[2 * at + 1]];
    return first !== undefined && second !== undefined ? mergeStep(first, second) : (first ?? second);
  });

interface Axis {
  stepMs: number;
  steps: (Step | undefined)[];
}

const stepAt = (axis: Axis, givenMs: number): Step => {
  const ms = givenMs > 0 ? Math.min(givenMs, MAX_AXIS_MS) : 0;
  while (ms >= axis.stepMs * MAX_STEPS) {
    axis.steps = halve(axis.steps);
    axis.stepMs *= 2;
  }
  const at = Math.floor(ms / axis.stepMs);
  while (axis.steps.length <= at) axis.steps.push(undefined);
  const known = axis.steps[at];
  if (known !== undefined) return known;
  const step = newStep();
  axis.steps[at] = step;
  return step;
};

const plannedUntil = ({ stepMs, steps }: Axis, ms: number): number => {
  let planned = 0;
  for (const [at, step] of steps.entries()) {
    const share = Math.min(1, Math.max(0, ms / stepMs - at));
    planned += (step?.planned ?? 0) * share;
  }
  return planned;
};

/** An empty timeline of 100 ms steps, which double whenever there would be more than `MAX_STEPS`. */
export const createTimeline = (): TimelineCollector => {
  const axis: Axis = { stepMs: FIRST_STEP_MS, steps: [] };
  const course = createCourse({ countOf, describe: describeSteps });
  const sums = createTimelineSums(axis);
  let judgedMs: number | undefined;

  return {
    recorded(dueMs) {
      stepAt(axis, dueMs).recorded += 1;
    },
    planned(dueMs) {
      stepAt(axis, dueMs).planned += 1;
    },
    heldBack(dueMs, reason) {
      const { heldBack } = stepAt(axis, dueMs);
      heldBack[reason] = (heldBack[reason] ?? 0) + 1;
    },
    sent(result) {
      const step = stepAt(axis, result.sentMs ?? result.request.dueMs);
      countSent(step, result);
      if (step.isSummed) sums.addLate(result);
    },
    backoff(nowMs, level) {
      if (!(nowMs >= 0)) return;
      lowerLevel(stepAt(axis, nowMs), level);
      // A process that was held up has looked at none of the steps in between.
      for (let ms = (judgedMs ?? nowMs) + axis.stepMs; ms < nowMs; ms += axis.stepMs)
        lowerLevel(stepAt(axis, ms), level);
      judgedMs = nowMs;
    },
    plannedUntil: (ms) => plannedUntil(axis, ms),
    snapshot: () => ({
      stepMs: axis.stepMs,
      steps: axis.steps.map((step, at) => describeStep(step, at * axis.stepMs)),
    }),
    course: (leastStepMs) => course(axis, leastStepMs),
    sums: sums.until,
  };
};
