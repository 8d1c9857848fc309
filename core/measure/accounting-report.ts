/** The accounting as it is reported: reasons that never occurred are left out, each list has its total. */

import { FAILURE_CODES, HELD_BACK_REASONS, NOT_REPLAYABLE_REASONS, REJECT_REASONS } from '../types.ts';
import { type Accounting, answeredBy, type RuleCounts, sumOf } from './accounting.ts';

/** A total and the parts of it that are not zero. */
export interface Parts {
  readonly total: number;
  readonly by: Readonly<Record<string, number>>;
}

/** How the matched requests of one rule, or of all, ended. */
export interface RuleAccounting {
  readonly matched: number;
  readonly notReplayable: Parts;
  readonly sampledOut: number;
  readonly chosen: number;
  readonly planned: number;
  readonly sent: number;
  readonly heldBack: Parts;
  readonly answered: Parts;
  readonly failed: Parts;
  readonly sampledByFallback: number;
  readonly reordered: number;
  readonly headersDropped: number;
}

export interface AccountingReport {
  readonly lines: number;
  readonly parsed: number;
  readonly rejected: Parts;
  readonly ownTraffic: number;
  readonly unmatched: number;
  readonly outOfRange: number;
  /** Lines matched by at least one rule. */
  readonly matched: number;
  readonly repaired: number;
  /** Sums over the rules; a line that two rules match counts twice here. */
  readonly allRules: RuleAccounting;
  readonly rules: readonly (RuleAccounting & { readonly name: string })[];
}

const partsOf = (order: readonly string[], all: readonly Readonly<Record<string, number>>[]): Parts => {
  const by: Record<string, number> = {};
  for (const key of order) {
    const count = all.reduce((sum, counts) => sum + (counts[key] ?? 0), 0);
    if (count > 0) by[key] = count;
  }
  return { total: all.reduce((sum, counts) => sum + sumOf(counts), 0), by };
};

/** Statuses ascending, as integer keys are. */
const answeredParts = (rules: readonly RuleCounts[]): Parts => {
  const all = rules.map(answeredBy);
  return partsOf(Object.keys(Object.assign({}, ...all)), all);
};

type PlainCount = {
  [K in keyof RuleCounts]: RuleCounts[K] extends number ? K : never;
}[keyof RuleCounts];

const sumRules = (rules: readonly RuleCounts[]): RuleAccounting => {
  const sum = (key: PlainCount): number => rules.reduce((total, rule) => total + rule[key], 0);
  const parts = (order: readonly string[], key: 'notReplayable' | 'heldBack' | 'failed'): Parts =>
    partsOf(
      order,
      rules.map((rule) => rule[key]),
    );
  return {
    matched: sum('matched'),
    notReplayable: parts(NOT_REPLAYABLE_REASONS, 'notReplayable'),
    sampledOut: sum('sampledOut'),
    chosen: sum('chosen'),
    planned: sum('planned'),
    sent: sum('sent'),
    heldBack: parts(HELD_BACK_REASONS, 'heldBack'),
    answered: answeredParts(rules),
    failed: parts(FAILURE_CODES, 'failed'),
    sampledByFallback: sum('sampledByFallback'),
    reordered: sum('reordered'),
    headersDropped: sum('headersDropped'),
  };
};

/** The accounting with its sums, keys in the order in which data flows. */
export const reportAccounting = ({ lines, rules }: Accounting): AccountingReport => ({
  lines: lines.lines,
  parsed: lines.parsed,
  rejected: partsOf(REJECT_REASONS, [lines.rejected]),
  ownTraffic: lines.ownTraffic,
  unmatched: lines.unmatched,
  outOfRange: lines.outOfRange,
  matched: lines.matched,
  repaired: lines.repaired,
  allRules: sumRules(Object.values(rules)),
  rules: Object.entries(rules).map(([name, counts]) => ({ name, ...sumRules([counts]) })),
});
