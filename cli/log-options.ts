/** How logs are to be read: by detection, or as the `logs:` block of a rule file says. */

import { faultsError } from '../core/rules/fault.ts';
import { loadRules } from '../core/rules/load.ts';
import type { LogOptions } from '../core/rules/rule-set.ts';
import { readRuleFiles } from '../io/rule-files.ts';

/**
 * The `logs:` block of the rule files at `path`; detection where none are given.
 *
 * @throws RepriseError as `readRuleFiles` does; RULES_INVALID
 */
export const logOptions = async (path: string | undefined): Promise<LogOptions> => {
  if (path === undefined) return { format: 'auto', fields: {} };
  const { ruleSet, faults } = loadRules((await readRuleFiles(path)).rules);
  if (ruleSet === undefined) throw faultsError(faults);
  return ruleSet.logs;
};
