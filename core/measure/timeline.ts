/** The course of a run in equal steps of its time axis, in bounded memory: when a run outgrows them, neighbours are merged. */

import type { HeldBackReason, Result } from '../types.ts';
import { sumOf } from './accounting.ts';
import { addMs, type Histogram, mergeHistogram, newHistogram, quantileMs } from './histogram.ts';
import { createCourse } from './timeline-course.ts';
import { createTimelineSums } from './timeline-sums.ts';

export const MAX_STEPS = 600;
const FIRST_STEP_MS = 100;
const FIRST_SERVER_ERROR = 500;
/** 300 years: an instant beyond is a mistake, and would only make all steps one. */
const MAX_AXIS_MS = 1e13;

/** One step: recorded, planned and held back by due instant; sent, errors, p95 and lag by the instant of dispatch. */
export interface TimelineStep {
  /** From the start of the run. */
  readonly startMs: number;
  readonly recorded: number;
  readonly planned: number;
  readonly sent: number;
  /** Of the sent: failed, or answered with 5xx. */
  readonly errors: number;
  readonly heldBack: Readonly<Record<string, number>>;
  /** Of the service times of the answered; `null` where there is none. */
  readonly p95Ms: number | null;
  readonly lagP99Ms: number | null;
  /** Lowest share (0–1) of its traffic that backoff left to a target; `null` where no target was judged. */
  readonly backoffLevel: number | null;
}

export interface Timeline {
  readonly stepMs: number;
  readonly steps: readonly TimelineStep[];
}

interface Step {
  recorded: number;
  planned: number;
  sent: number;
  errors: number;
  readonly heldBack: Partial<Record<HeldBackReason, number>>;
  readonly service: Histogram;
  readonly lag: Histogram;
  /** Added up already: what comes later is added there, too. */
  isSummed: boolean;
  backoffLevel: number | undefined;
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

const newStep = (): Step => ({
  recorded: 0,
  planned: 0,
  sent: 0,
  errors: 0,
  heldBack: {},
  service: newHistogram(),
  lag: newHistogram(),
  isSummed: false,
  backoffLevel: undefined,
});

const lower = (step: Step, level: number | undefined): void => {
  if (level !== undefined) step.backoffLevel = Math.min(step.backoffLevel ?? 1, level);
};

const mergeStep = (into: Step, from: Step): Step => {
  into.recorded += from.recorded;
  into.planned += from.planned;
  into.sent += from.sent;
  into.errors += from.errors;
  for (const [reason, count] of Object.entries(from.heldBack) as [HeldBackReason, number][])
    into.heldBack[reason] = (into.heldBack[reason] ?? 0) + count;
  mergeHistogram(into.service, from.service);
  mergeHistogram(into.lag, from.lag);
  into.isSummed = false;
  lower(into, from.backoffLevel);
  return into;
};

const halve = (steps: readonly (Step | undefined)[]): (Step | undefined)[] =>
  Array.from({ length: Math.ceil(steps.length / 2) }, (_, at) => {
    const [first, second] = [steps[2 * at], steps[2 * at + 1]];
    return first !== undefined && second !== undefined ? mergeStep(first, second) : (first ?? second);
  });

const describe = (step: Step | undefined, startMs: number): TimelineStep => {
  const { recorded, planned, sent, errors, heldBack, service, lag, backoffLevel } = step ?? newStep();
  return {
    startMs,
    recorded,
    planned,
    sent,
    errors,
    heldBack: { ...heldBack },
    p95Ms: quantileMs(service, 0.95) ?? null,
    lagP99Ms: quantileMs(lag, 0.99) ?? null,
    backoffLevel: backoffLevel ?? null,
  };
};

/** Grows with everything that happens to a step: a level is only ever lowered. */
const countOf = ({ recorded, planned, sent, heldBack, backoffLevel }: Step): number =>
  recorded + planned + sent + sumOf(heldBack) + (backoffLevel === undefined ? 0 : 2 - backoffLevel);

const describeAll = (steps: readonly (Step | undefined)[], startMs: number): TimelineStep => {
  const into = newStep();
  for (const step of steps) if (step !== undefined) mergeStep(into, step);
  return describe(into, startMs);
};

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
  const course = createCourse({ countOf, describe: describeAll });
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
      const { request, sentMs = request.dueMs, status, failed, serviceMs } = result;
      const step = stepAt(axis, sentMs);
      step.sent += 1;
      if (step.isSummed) sums.addLate(result);
      addMs(step.lag, sentMs - request.dueMs);
      if (failed !== undefined || (status !== undefined && status >= FIRST_SERVER_ERROR)) step.errors += 1;
      if (failed === undefined && serviceMs !== undefined) addMs(step.service, serviceMs);
    },
    backoff(nowMs, level) {
      if (!(nowMs >= 0)) return;
      lower(stepAt(axis, nowMs), level);
      // A process that was held up has looked at none of the steps in between.
      for (let ms = (judgedMs ?? nowMs) + axis.stepMs; ms < nowMs; ms += axis.stepMs)
        lower(stepAt(axis, ms), level);
      judgedMs = nowMs;
    },
    plannedUntil: (ms) => plannedUntil(axis, ms),
    snapshot: () => ({
      stepMs: axis.stepMs,
      steps: axis.steps.map((step, at) => describe(step, at * axis.stepMs)),
    }),
    course: (leastStepMs) => course(axis, leastStepMs),
    sums: sums.until,
  };
};
