/** Adds up the accounting of several objects. */

import {
  type Accounting,
  type LineCounts,
  newLineCounts,
  newRuleCounts,
  type RuleCounts,
} from '../measure/accounting.ts';
import { newMapping } from './known-slices.ts';

type Counts = Record<string, number>;

const addCounts = (into: Counts, from: Readonly<Record<string, number | undefined>>): void => {
  for (const [key, count] of Object.entries(from)) into[key] = (into[key] ?? 0) + (count ?? 0);
};

const addLines = (into: LineCounts, from: LineCounts): void => {
  for (const key of [
    'lines',
    'parsed',
    'ownTraffic',
    'unmatched',
    'matched',
    'outOfRange',
    'repaired',
  ] as const)
    into[key] += from[key];
  addCounts(into.rejected, from.rejected);
};

const NUMBERS = [
  'matched',
  'sampledOut',
  'chosen',
  'planned',
  'sent',
  'sampledByFallback',
  'reordered',
  'headersDropped',
] as const;

const addRule = (into: RuleCounts, from: RuleCounts): void => {
  for (const key of NUMBERS) into[key] += from[key];
  for (const [status, count] of from.answered.entries())
    if (count > 0) into.answered[status] = (into.answered[status] ?? 0) + count;
  addCounts(into.notReplayable, from.notReplayable);
  addCounts(into.heldBack, from.heldBack);
  addCounts(into.failed, from.failed);
};

/** The sum so far, rules in the order in which they came. */
export interface AccountingSum {
  add(accounting: Accounting): void;
  readonly sum: Accounting;
}

/** Nothing yet, of these rules, which come first. */
export const createAccountingSum = (ruleNames: readonly string[]): AccountingSum => {
  const lines = newLineCounts();
  const rules = newMapping<RuleCounts>();
  for (const name of ruleNames) rules[name] = newRuleCounts();
  return {
    sum: { lines, rules },
    add: (accounting) => {
      addLines(lines, accounting.lines);
      for (const [name, counts] of Object.entries(accounting.rules)) {
        const known = rules[name] ?? newRuleCounts();
        rules[name] = known;
        addRule(known, counts);
      }
    },
  };
};
