/** From `--rules`, `--target` and the overrides to the rule set of a run. */

import { RepriseError } from '../core/errors.ts';
import { maskSecrets } from '../core/report/mask.ts';
import { type Fault, faultsError } from '../core/rules/fault.ts';
import { loadRules } from '../core/rules/load.ts';
import { overrideRules, ruleSetForTarget } from '../core/rules/override.ts';
import type { RuleSet } from '../core/rules/rule-set.ts';
import { readRuleFiles } from '../io/rule-files.ts';

export interface RulesOptions {
  readonly rules?: string | undefined;
  /** `URL` or `NAME=URL`. */
  readonly target?: readonly string[] | undefined;
  readonly speed?: number | undefined;
  readonly percent?: number | undefined;
  readonly multiply?: number | undefined;
  readonly rampMs?: number | undefined;
}

export interface ChosenRules {
  readonly ruleSet: RuleSet;
  readonly warnings: readonly Fault[];
}

/** `NAME=URL`, or a URL alone for the only target there is. */
const parseTargets = (given: readonly string[], names: readonly string[]): Record<string, string> => {
  const targets: Record<string, string> = {};
  for (const text of given) {
    const named = /^([a-z0-9][a-z0-9_-]*)=(.*)$/s.exec(text);
    const [only] = names;
    if (named === null && (names.length !== 1 || only === undefined)) {
      const shown = maskSecrets(text);
      throw new RepriseError(
        'ARGUMENT_INVALID',
        `--target ${shown} could mean any of the targets ${names.join(', ')}`,
        {
          hint: `say which one: --target ${only}=${shown}`,
        },
      );
    }
    const name = named?.[1] ?? only ?? '';
    if (targets[name] !== undefined) {
      throw new RepriseError('ARGUMENT_INVALID', `--target gives the target "${name}" twice`);
    }
    targets[name] = named?.[2] ?? text;
  }
  return targets;
};

const withoutRules = (given: readonly string[]): RuleSet => {
  const [text, second] = given;
  if (text === undefined) {
    throw new RepriseError(
      'ARGUMENT_MISSING',
      'neither --rules nor --target is given: nothing says where to send',
      {
        hint: 'try --target http://127.0.0.1:8080, or --rules rules/',
      },
    );
  }
  if (second !== undefined) {
    throw new RepriseError(
      'ARGUMENT_INVALID',
      'several --target need --rules: nothing says which request goes where',
    );
  }
  const named = /^([a-z0-9][a-z0-9_-]*)=(.*)$/s.exec(text);
  return named === null ? ruleSetForTarget(text) : ruleSetForTarget(named[2] ?? '', named[1]);
};

/**
 * The rule set that the options ask for, overrides applied.
 *
 * @throws RepriseError RULES_INVALID with every fault, ARGUMENT_INVALID, ARGUMENT_MISSING
 */
export const chooseRules = async (options: RulesOptions): Promise<ChosenRules> => {
  const { rules, target = [], speed, percent, multiply, rampMs } = options;
  const overrides = { speed, percent, multiply, rampMs };
  if (rules === undefined) {
    return { ruleSet: overrideRules(withoutRules(target), overrides), warnings: [] };
  }
  const files = await readRuleFiles(rules);
  const { ruleSet, faults } = loadRules(files.rules);
  if (ruleSet === undefined) throw faultsError(faults);
  const targets = parseTargets(target, Object.keys(ruleSet.targets));
  return { ruleSet: overrideRules(ruleSet, { ...overrides, targets }), warnings: faults };
};
