import { formatFault } from '../../core/rules/fault.ts';
import { loadRules } from '../../core/rules/load.ts';
import type { RuleSet } from '../../core/rules/rule-set.ts';

/** Loads texts as r1.yaml, r2.yaml, … and gives every fault as it is shown. */
export const faultsOf = (...texts: readonly string[]): readonly string[] =>
  loadRules(texts.map((text, i) => ({ name: `r${i + 1}.yaml`, text }))).faults.map(formatFault);

/** The rule set of texts that have no error. */
export const ruleSetOf = (...texts: readonly string[]): RuleSet => {
  const { ruleSet, faults } = loadRules(texts.map((text, i) => ({ name: `r${i + 1}.yaml`, text })));
  if (ruleSet === undefined) throw new Error(faults.map(formatFault).join('\n'));
  return ruleSet;
};

/** A rule file with one target on loopback and one rule `a`, whose further keys are `rule` in flow style. */
export const oneRule = (rule = ''): string =>
  `version: 1\ntargets: { t: { url: "http://127.0.0.1:1" } }\nrules:\n  - { name: a, target: t, ${rule} }\n`;
