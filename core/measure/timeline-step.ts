/** One step of a timeline: what it counts, how two become one, and what is told of it. */

import type { HeldBackReason, Result } from '../types.ts';
import { sumOf } from './accounting.ts';
import { addMs, type Histogram, mergeHistogram, newHistogram, quantileMs } from './histogram.ts';

const FIRST_SERVER_ERROR = 500;

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

/** A step while it is counted. */
export interface Step {
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

/** Nothing has happened in it yet. */
export const newStep = (): Step => ({
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

/** Takes a level of backoff in, where there is one: the lowest is kept. */
export const lowerLevel = (step: Step, level: number | undefined): void => {
  if (level !== undefined) step.backoffLevel = Math.min(step.backoffLevel ?? 1, level);
};

/** Adds a step to another. */
export const mergeStep = (into: Step, from: Step): Step => {
  into.recorded += from.recorded;
  into.planned += from.planned;
  into.sent += from.sent;
  into.errors += from.errors;
  for (const [reason, count] of Object.entries(from.heldBack) as [HeldBackReason, number][])
    into.heldBack[reason] = (into.heldBack[reason] ?? 0) + count;
  mergeHistogram(into.service, from.service);
  mergeHistogram(into.lag, from.lag);
  into.isSummed = false;
  lowerLevel(into, from.backoffLevel);
  return into;
};

/** Counts a request that was sent in it, once it has ended. */
export const countSent = (
  step: Step,
  { request, sentMs = request.dueMs, status, failed, serviceMs }: Result,
): void => {
  step.sent += 1;
  addMs(step.lag, sentMs - request.dueMs);
  if (failed !== undefined || (status !== undefined && status >= FIRST_SERVER_ERROR)) step.errors += 1;
  if (failed === undefined && serviceMs !== undefined) addMs(step.service, serviceMs);
};

/** What is told of a step; of one in which nothing happened, too. */
export const describeStep = (step: Step | undefined, startMs: number): TimelineStep => {
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
export const countOf = ({ recorded, planned, sent, heldBack, backoffLevel }: Step): number =>
  recorded + planned + sent + sumOf(heldBack) + (backoffLevel === undefined ? 0 : 2 - backoffLevel);

/** What is told of several steps that are one. */
export const describeSteps = (steps: readonly (Step | undefined)[], startMs: number): TimelineStep => {
  const into = newStep();
  for (const step of steps) if (step !== undefined) mergeStep(into, step);
  return describeStep(into, startMs);
};
