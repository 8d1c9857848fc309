/** The rules that a stack deploys: those that `reprise rules check` passes and that its settings can carry out. */

import { spawnSync } from 'node:child_process';
import { join, relative, resolve } from 'node:path';
import { EXIT, RepriseError } from '../core/errors.ts';
import { type Fault, faultsError, type RuleText } from '../core/rules/fault.ts';
import { loadRules } from '../core/rules/load.ts';
import { overrideRules } from '../core/rules/override.ts';
import type { RuleSet } from '../core/rules/rule-set.ts';
import { readRuleSource, reportInto } from '../core/rules/rule-source.ts';
import { readRuleFiles } from '../io/rule-files.ts';
import { checkSenders, checkSource, checkTargets } from './check-rules.ts';
import type { Settings } from './settings.ts';

const ROOT = join(import.meta.dirname, '..');
/** Far above what any cases take. */
const CHECK_TIMEOUT_MS = 60_000;

/** A path as people write it: from the project's folder where it lies inside. */
const shown = (path: string): string => {
  const inside = relative(ROOT, path);
  return inside.startsWith('..') ? path : inside;
};

/** Runs the cases by the very command that people run, and throws what it says. */
const runCases = (path: string): void => {
  const args = [join(ROOT, 'bin/reprise.js'), 'rules', 'check', path];
  const { status, stdout, stderr, error } = spawnSync(process.execPath, args, {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: CHECK_TIMEOUT_MS,
  });
  if (error !== undefined) throw error;
  if (status === EXIT.ok) return;
  const text = `${stdout}${stderr}`.trimEnd();
  throw new RepriseError('RULES_INVALID', `the rules do not pass \`reprise rules check ${path}\`\n${text}`);
};

const checkSources = (files: readonly RuleText[], settings: Settings): readonly Fault[] => {
  const faults: Fault[] = [];
  const report = reportInto(faults);
  for (const source of files.map(readRuleSource)) checkSource(source, settings, report);
  return faults;
};

/** The rules with the URL that the setting `target` gives. */
const withTarget = (ruleSet: RuleSet, given: string): RuleSet => {
  const [, named, url = ''] = /^(?:([a-z0-9_-]+)=)?(.*)$/s.exec(given) ?? [];
  const names = Object.keys(ruleSet.targets);
  if (named === undefined && names.length !== 1)
    throw new RepriseError(
      'SETTINGS_INVALID',
      `target ${JSON.stringify(given)} could mean any of the targets ${names.join(', ')}`,
      { hint: `say which one: ${names[0]}=${url}` },
    );
  try {
    return overrideRules(ruleSet, { targets: { [named ?? names[0] ?? '']: url } });
  } catch (error) {
    if (!(error instanceof RepriseError)) throw error;
    const { code, message, hint } = error;
    // On the command line it is a flag.
    throw new RepriseError(
      code,
      message.replace(/^--target:/, 'target:'),
      hint === undefined ? {} : { hint },
    );
  }
};

/** Rules that may be deployed, and what is doubtful about them. */
export interface CheckedRules {
  readonly ruleSet: RuleSet;
  readonly warnings: readonly Fault[];
}

/**
 * Reads and checks the rules.
 *
 * @throws RepriseError RULES_MISSING, RULES_UNREADABLE, RULES_INVALID with every fault and its place,
 *   SETTINGS_INVALID, ARGUMENT_INVALID, TARGET_BLOCKED or TARGET_IS_PRODUCTION for what settings ask of them
 */
export const readCheckedRules = async (settings: Settings): Promise<CheckedRules> => {
  const path = resolve(ROOT, settings.rules);
  const { rules, cases } = await readRuleFiles(path);
  const files = rules.map(({ name, text }) => ({ name: shown(name), text }));
  const { ruleSet, faults: warnings } = loadRules(files);
  if (ruleSet === undefined) throw faultsError(warnings);
  if (cases.length > 0) runCases(shown(path));
  const found = checkSources(files, settings);
  if (found.length > 0) throw faultsError(found);
  checkSenders(ruleSet, settings);
  const { target } = settings;
  if (target === undefined) return { ruleSet, warnings };
  const changed = withTarget(ruleSet, target);
  checkTargets(changed);
  return { ruleSet: changed, warnings };
};

/** Names that rules take from the sender's environment, sorted. */
export const secretNamesOf = ({ rules }: RuleSet): readonly string[] => {
  const names = rules.flatMap(({ headers }) =>
    headers.set.flatMap(([, value]) => (typeof value === 'string' ? [] : [value.fromEnv])),
  );
  return [...new Set(names)].toSorted();
};
