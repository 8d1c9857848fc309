import { checkLimits } from './check-limits.ts';
import { checkReferences, sortFaults } from './check-references.ts';
import { checkRule } from './check-rule.ts';
import { checkSafety } from './check-safety.ts';
import { checkLogs, checkMark, checkTarget } from './check-settings.ts';
import type { Fault, RuleText } from './fault.ts';
import { logsOf, ruleOf } from './normalise.ts';
import { DEFAULT_MARK, type LogOptions, type RuleSet, type Target } from './rule-set.ts';
import { type PlacedRule, type Report, type RuleSource, readRuleSource, reportInto } from './rule-source.ts';
import { rulesHash } from './rules-hash.ts';

export interface LoadedRules {
  /** Defined exactly when no fault is an error. */
  readonly ruleSet: RuleSet | undefined;
  /** Every fault of every file, in the order of files and places. */
  readonly faults: readonly Fault[];
}

const loadTargets = (sources: readonly RuleSource[], report: Report): ReadonlyMap<string, Target> => {
  const targets = new Map<string, Target>();
  for (const entry of sources.flatMap((source) => source.targets)) {
    const target = checkTarget(entry, report);
    if (target) targets.set(target.name, target);
  }
  return targets;
};

const loadPlacedRules = (sources: readonly RuleSource[], report: Report): readonly PlacedRule[] =>
  sources
    .flatMap((source) => source.rules)
    .flatMap((entry) => {
      checkRule(entry, report);
      return entry.raw ? [{ entry, rule: ruleOf(entry.raw) }] : [];
    });

const loadLogs = (sources: readonly RuleSource[], report: Report): LogOptions => {
  let logs = logsOf({});
  for (const entry of sources.flatMap((source) => source.logs ?? [])) logs = checkLogs(entry, report) ?? logs;
  return logs;
};

const loadMark = (sources: readonly RuleSource[], report: Report): string => {
  let mark = DEFAULT_MARK;
  for (const entry of sources.flatMap((source) => source.mark ?? [])) {
    if (entry.raw === undefined) continue;
    checkMark(entry, entry.raw, report);
    mark = entry.raw;
  }
  return mark;
};

/**
 * Loads one rule set from its files. Never throws: all that is wrong with any of them comes back at once, each fault with its place.
 */
export const loadRules = (files: readonly RuleText[]): LoadedRules => {
  const sources = files.map(readRuleSource);
  const faults: Fault[] = sources.flatMap((source) => source.faults);
  const report = reportInto(faults);
  if (files.length === 0) {
    const place = { file: 'rules', line: 1, column: 1 };
    faults.push({ ...place, code: 'RULES_NONE', message: 'there is no rule file', severity: 'error' });
  }
  const mark = loadMark(sources, report);
  const logs = loadLogs(sources, report);
  const targets = loadTargets(sources, report);
  const placed = loadPlacedRules(sources, report);
  checkReferences(sources, report);
  checkSafety(placed, targets, report);
  checkLimits(placed, targets, report);
  const names = files.map(({ name }) => name);
  if (faults.some(({ severity }) => severity === 'error'))
    return { ruleSet: undefined, faults: sortFaults(faults, names) };
  const rules = placed.map(({ rule }) => rule);
  const meaning = { mark, logs, targets: Object.fromEntries(targets), rules };
  return { ruleSet: { ...meaning, hash: rulesHash(meaning) }, faults: sortFaults(faults, names) };
};
