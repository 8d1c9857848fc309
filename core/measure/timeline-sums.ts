/** Service times and lags of a whole timeline, without adding up all of its steps each time: those that are over are added up once. */

import type { Result } from '../types.ts';
import { addMs, type Histogram, mergeHistogram, newHistogram } from './histogram.ts';

/** Nearly all that was sent in a step that is over for so long has ended. */
const OVER_AFTER_MS = 2_000;

interface SummedStep {
  readonly service: Histogram;
  readonly lag: Histogram;
  isSummed: boolean;
}

interface Sums {
  readonly service: Histogram;
  readonly lag: Histogram;
}

const newSums = (): Sums => ({ service: newHistogram(), lag: newHistogram() });

const addSums = (into: Sums, { service, lag }: Sums): void => {
  mergeHistogram(into.service, service);
  mergeHistogram(into.lag, lag);
};

/** Sums over the steps of `axis`, whose steps grow longer now and then: steps that were merged are not summed, and all begins anew. */
export const createTimelineSums = (axis: {
  readonly stepMs: number;
  readonly steps: readonly (SummedStep | undefined)[];
}) => {
  let over = newSums();
  let stepMs = axis.stepMs;

  const beginAnew = (): void => {
    over = newSums();
    stepMs = axis.stepMs;
    for (const step of axis.steps) if (step !== undefined) step.isSummed = false;
  };

  return {
    /** Adds a result of a step that was added up before. */
    addLate({ request, sentMs = request.dueMs, failed, serviceMs }: Result): void {
      addMs(over.lag, sentMs - request.dueMs);
      if (failed === undefined && serviceMs !== undefined) addMs(over.service, serviceMs);
    },
    until(nowMs: number): Sums {
      if (stepMs !== axis.stepMs) beginAnew();
      const recent = newSums();
      for (const [at, step] of axis.steps.entries()) {
        if (step === undefined || step.isSummed) continue;
        step.isSummed = (at + 1) * stepMs + OVER_AFTER_MS < nowMs;
        addSums(step.isSummed ? over : recent, step);
      }
      addSums(recent, over);
      return recent;
    },
  };
};
