/** What can only be seen with all files together: names given twice, names that name nothing, nothing at all. */

import type { Fault } from './fault.ts';
import { nearestHint } from './nearest.ts';
import type { Entry, Report, RuleSource } from './rule-source.ts';

const placeOf = ({ file, path }: Entry<unknown>, part: 'key' | 'value'): string => {
  const { line, column } = file.place(path, part);
  return `${file.name}:${line}:${column}`;
};

const checkTwice = (
  entries: readonly Entry<unknown>[],
  words: (entry: Entry<unknown>, firstPlace: string) => string,
  report: Report,
  part: 'key' | 'value',
): void => {
  const firsts = new Map<string, Entry<unknown>>();
  for (const entry of entries) {
    const first = firsts.get(entry.name);
    if (first === undefined) firsts.set(entry.name, entry);
    else report(entry, { code: 'RULE_DUPLICATE', message: words(entry, placeOf(first, part)), part });
  }
};

const checkTargets = (sources: readonly RuleSource[], report: Report): void => {
  const names = sources.flatMap(({ targets }) => targets.map(({ name }) => name));
  const known = new Set(names);
  for (const { parts, file, path } of sources.flatMap(({ rules }) => rules)) {
    if (parts.target === undefined || known.has(parts.target)) continue;
    report(
      { file, path: [...path, 'target'] },
      {
        code: 'TARGET_UNKNOWN',
        message: `there is no target named ${JSON.stringify(parts.target)}`,
        hint: nearestHint(parts.target, names, 'targets are'),
      },
    );
  }
};

/** Reports faults across files. What an unreadable file may have held is not guessed at. */
export const checkReferences = (sources: readonly RuleSource[], report: Report): void => {
  const rules = sources.flatMap((source) => source.rules);
  const targets = sources.flatMap((source) => source.targets);
  const named = rules
    .filter(({ name }) => name !== '')
    .map((entry) => ({ ...entry, path: [...entry.path, 'name'] }));
  checkTwice(
    named,
    ({ name }, at) => `the rule ${JSON.stringify(name)} is already given at ${at}`,
    report,
    'value',
  );
  checkTwice(
    targets,
    ({ name }, at) => `the target ${JSON.stringify(name)} is already given at ${at}`,
    report,
    'key',
  );
  for (const key of ['mark', 'logs'] as const) {
    const entries = sources.flatMap((source) => source[key] ?? []);
    checkTwice(
      entries,
      (_, at) => `${key} can stand in one file only; it is already given at ${at}`,
      report,
      'key',
    );
  }
  const [first] = sources;
  if (first === undefined || !sources.every(({ isReadable }) => isReadable)) return;
  const top = { file: first.file, path: [] };
  if (rules.length === 0)
    report(top, { code: 'RULES_NONE', message: 'there is no rule', hint: 'add one under rules' });
  if (targets.length === 0)
    report(top, {
      code: 'TARGETS_NONE',
      message: 'there is no target, and rules can send nowhere else',
      hint: 'add one under targets, such as staging: { url: "https://staging.example.com" }',
    });
  else checkTargets(sources, report);
};

/** Faults in the order of files and places. */
export const sortFaults = (faults: readonly Fault[], files: readonly string[]): readonly Fault[] => {
  const rank = new Map(files.map((name, i) => [name, i]));
  const rankOf = ({ file }: Fault): number => rank.get(file) ?? files.length;
  return faults.toSorted((a, b) => rankOf(a) - rankOf(b) || a.line - b.line || a.column - b.column);
};
