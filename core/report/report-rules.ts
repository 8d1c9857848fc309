/** What of a rule set a report of results is made with. */

import type { Gate } from '../rules/gates.ts';
import type { Rule, RuleSet } from '../rules/rule-set.ts';

/** A rule as far as it judges results. */
export type JudgingRule = Pick<Rule, 'name' | 'target' | 'statusMap' | 'sizeTolerance'>;

export interface ReportRules {
  readonly rules: readonly JudgingRule[];
  readonly gates: readonly Gate[];
  readonly targets: readonly { readonly name: string; readonly origin: string }[];
}

/** Where nothing is known of the rules: what the ledgers name is reported, and nothing is judged. */
export const NO_RULES: ReportRules = { rules: [], gates: [], targets: [] };

/** The part of a rule set that a report needs. */
export const reportRulesOf = ({ rules, targets }: Pick<RuleSet, 'rules' | 'targets'>): ReportRules => ({
  rules: rules.map(({ name, target, statusMap, sizeTolerance }) => ({
    name,
    target,
    statusMap,
    sizeTolerance,
  })),
  gates: rules.flatMap(({ gates }) => gates),
  targets: Object.values(targets).map(({ name, origin }) => ({ name, origin })),
});
