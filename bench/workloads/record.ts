/** What it takes to record how one planned request ended: its counts, its route's and its rule's figures, the timeline. */

import { countResult, newRuleCounts } from '../../core/measure/accounting.ts';
import { createSummary } from '../../core/measure/summary.ts';
import type { PlannedRequest, Result } from '../../core/types.ts';
import { randomNumbers } from '../make-log.ts';
import { freshRequests, RULE } from './plan-file.ts';
import { type Figures, measured, needed, sumFigures, type Workload } from './workload.ts';

/** As many as a run plans ahead. */
const UNDER_WAY = 20_000;
const ROUNDS = 5;

const resultOf = (request: PlannedRequest, random: (below: number) => number): Result => {
  const serviceMs = 1 + random(80_000) / 1_000;
  const sentMs = request.dueMs + random(1_000) / 1_000 - 0.5;
  return {
    request,
    sentMs,
    status: request.recorded.status ?? 200,
    serviceMs,
    fromDueMs: sentMs + serviceMs - request.dueMs,
    bytes: random(40_000),
  };
};

/**
 * What was made for the measurement is moved out of the young generation, by surviving twice: else the collector would copy it while
 * recording is measured, in some runs and not in others, and at twice the cost of recording itself.
 */
const settleHeap = (): void => {
  if (globalThis.gc === undefined) throw new Error('this process was started without --expose-gc');
  for (let i = 0; i < 2; i += 1) globalThis.gc({ type: 'minor' });
};

/** Records results of requests that were planned before, 2,000 a second of the run. */
export const recordResults: Workload = async (order) => {
  const file = needed(order, 'file');
  const random = randomNumbers(11);
  const summary = createSummary({ rules: [{ name: RULE, statusMap: {}, sizeTolerance: 0.1 }] });
  const counts = newRuleCounts();
  let sum: Figures = { cpuMs: 0, wallMs: 0, count: 0 };
  for (let round = 0; round < ROUNDS; round += 1) {
    const requests = await freshRequests(file, UNDER_WAY);
    const results = requests.map((request, i) => {
      const planned = { ...request, dueMs: (round * UNDER_WAY + i) / 2 };
      summary.planned(planned);
      return resultOf(planned, random);
    });
    settleHeap();
    const figures = await measured(() => {
      for (const result of results) {
        countResult(counts, result);
        summary.result(result);
      }
      return results.length;
    });
    sum = sumFigures([sum, figures]);
  }
  return sum;
};
