/** Measures results that were written before, one by one, in memory that does not grow with them. */

import type { Result } from '../types.ts';
import { type Accounting, countResult, newLineCounts, newRuleCounts, type RuleCounts } from './accounting.ts';
import type { Cell, MeasuredRule } from './cells.ts';
import type { UnseenEnds } from './count-unseen.ts';
import { createSummary, type Summary } from './summary.ts';

/** What results alone can tell of a run. */
export interface CollectedResults {
  readonly summary: Summary;
  readonly cells: readonly Cell[];
  /** Balanced by itself: of each rule what ended is what was planned, and its first copies are what was matched and chosen; no lines. */
  readonly accounting: Accounting;
}

export interface ResultsCollector {
  /** Takes the end of one planned request, once each. */
  add(result: Result): void;
  /** Requests of a rule that no line tells of; not among what `accounting` counts. See `SummaryCollector`. */
  unseen(rule: string, ends: UnseenEnds, target?: string): void;
  snapshot(): CollectedResults;
}

/** A recorded request that was chosen is counted by its first copy. */
const isFirstCopy = (id: string): boolean => id.endsWith('.0');

const countPlanned = (counts: RuleCounts, result: Result): void => {
  counts.planned += 1;
  if (!isFirstCopy(result.request.id)) return;
  counts.matched += 1;
  counts.chosen += 1;
};

/**
 * An empty collector.
 *
 * @param rules - of the run, in their order, where they are known; others are found on the way, and take the defaults
 */
export const createResultsCollector = ({
  rules = [],
}: {
  readonly rules?: readonly MeasuredRule[];
} = {}): ResultsCollector => {
  const summary = createSummary({ rules });
  // Not a plain object: names come out of a file.
  const counted = new Map(rules.map(({ name }) => [name, newRuleCounts()]));

  const countsOf = (rule: string): RuleCounts => {
    const counts = counted.get(rule) ?? newRuleCounts();
    counted.set(rule, counts);
    return counts;
  };

  return {
    add(result) {
      const { request } = result;
      const counts = countsOf(request.rule);
      countPlanned(counts, result);
      countResult(counts, result);
      if (isFirstCopy(request.id)) summary.recorded(request.dueMs);
      summary.planned(request);
      summary.result(result);
    },
    unseen: summary.unseen,
    snapshot: () => ({
      summary: summary.snapshot(),
      cells: summary.cells(),
      accounting: { lines: newLineCounts(), rules: Object.fromEntries(counted) },
    }),
  };
};
