/** `reprise rules check`: every fault of the rule files, and the cases beside them. */

import { EXIT } from '../../core/errors.ts';
import { judgeCase, type LineOutcome, loadCases } from '../../core/rules/cases.ts';
import { type Fault, formatFault } from '../../core/rules/fault.ts';
import { loadRules } from '../../core/rules/load.ts';
import { DEFAULT_SEED, type RuleSet } from '../../core/rules/rule-set.ts';
import { readRuleFiles } from '../../io/rule-files.ts';
import { type Command, writeTo } from '../context.ts';
import { traceLine } from '../trace-line.ts';

export interface RulesCheckOptions {
  readonly path: string;
  readonly json: boolean;
}

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

/** What the rules make of the first record of a line. */
const decideLine = (line: string, ruleSet: RuleSet): LineOutcome => {
  const [first] = traceLine(new TextEncoder().encode(line), 'case', ruleSet, DEFAULT_SEED);
  if (first === undefined) return { rejected: 'empty_request' };
  return first.kind === 'rejected' ? { rejected: first.rejected.reason } : first.outcomes;
};

/** Runs `reprise rules check`. */
export const rulesCheckCommand: Command<RulesCheckOptions> = async ({ path, json }, { stdout }) => {
  const files = await readRuleFiles(path);
  const { ruleSet, faults } = loadRules(files.rules);
  const found: Fault[] = [...faults];
  let cases = 0;
  if (ruleSet !== undefined) {
    const names = ruleSet.rules.map(({ name }) => name);
    for (const file of files.cases) {
      const loaded = loadCases(file, names);
      cases += loaded.cases.length;
      found.push(...loaded.faults);
      for (const one of loaded.cases) found.push(...judgeCase(one, decideLine(one.text, ruleSet)));
    }
  }
  const errors = found.filter(({ severity }) => severity === 'error').length;
  const warnings = found.length - errors;
  if (json) {
    await writeTo(
      stdout,
      `${JSON.stringify({ ok: errors === 0, rules: ruleSet?.rules.length ?? 0, cases, faults: found }, null, 2)}\n`,
    );
  } else {
    const rules =
      ruleSet === undefined ? '' : `${plural(ruleSet.rules.length, 'rule')}, ${plural(cases, 'case')}: `;
    const verdict = errors === 0 ? 'all is well' : plural(errors, 'fault');
    const end = warnings === 0 ? '' : `, ${plural(warnings, 'warning')}`;
    await writeTo(
      stdout,
      `${found.map((fault) => `${formatFault(fault)}\n`).join('')}${rules}${verdict}${end}\n`,
    );
  }
  return errors === 0 ? EXIT.ok : EXIT.badInput;
};
