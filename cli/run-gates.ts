/** The gates of a run: judged lightly while it goes, and in earnest at its end. */

import { judge } from '../core/judge/judge.ts';
import type { Verdict } from '../core/judge/verdict.ts';
import { type Accounting, sumOf } from '../core/measure/accounting.ts';
import type { SummaryCollector } from '../core/measure/summary.ts';
import type { Report } from '../core/report/report-json.ts';
import type { Gate } from '../core/rules/gates.ts';
import type { RuleSet } from '../core/rules/rule-set.ts';

/** So often gates are judged while a run goes … */
const LOOK_EVERY_MS = 2_000;
/** … and, where there are many gates and routes, less often: nothing is sent meanwhile, so it may take one part in so many of the time. */
const LOOK_PART = 200;

export interface RunGatesOptions {
  readonly ruleSet: Pick<RuleSet, 'rules'>;
  /** Of the whole run, besides those that the rules have. */
  readonly gates: readonly Gate[];
  readonly baseline?: Report | undefined;
}

/** What gates are judged on. */
export interface RunGatesSources {
  readonly summary: Pick<SummaryCollector, 'cells'>;
  readonly accounting: Accounting;
}

export interface RunGates {
  readonly count: number;
  /** How they stand now, or did at most 2 s ago, without intervals; undefined where there is none. To be asked as often as one likes. */
  look(nowMs: number): Verdict | undefined;
  /** The verdict on what was measured so far. */
  judge(): Verdict;
}

/** Gates of the rules and of the run together. */
export const openRunGates = (
  { ruleSet: { rules }, gates: ofRun, baseline }: RunGatesOptions,
  { summary, accounting }: RunGatesSources,
): RunGates => {
  const gates = [...rules.flatMap((rule) => rule.gates), ...ofRun];
  let seen: Verdict | undefined;
  let nextMs = Number.NEGATIVE_INFINITY;

  const judgeNow = (isQuick: boolean): Verdict => {
    const { lines, rejected } = accounting.lines;
    const counts = { lines, rejected: sumOf(rejected) };
    return judge({ gates, rules, cells: summary.cells(), lines: counts, baseline, isQuick });
  };
  return {
    count: gates.length,
    look: (nowMs) => {
      if (gates.length === 0 || nowMs < nextMs) return seen;
      const startMs = performance.now();
      seen = judgeNow(true);
      nextMs = nowMs + Math.max(LOOK_EVERY_MS, (performance.now() - startMs) * LOOK_PART);
      return seen;
    },
    judge: () => judgeNow(false),
  };
};
