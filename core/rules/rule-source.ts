/** One rule file, taken apart: what of it can be relied on, and what was wrong with its shape. */

import { Ajv } from 'ajv';
import { isRecord } from '../is-record.ts';
import type { Fault, RuleText } from './fault.ts';
import type { RawLogs, RawRule, RawTarget } from './raw-rules.ts';
import type { Rule } from './rule-set.ts';
import { rulesSchema } from './schema.ts';
import { findSchemaFaults, type PathFault } from './schema-faults.ts';
import { type Path, readYaml, type YamlFile } from './yaml-places.ts';

/** A named thing and where it stands; `raw` only when its shape is right; `parts` are those keys of it whose shape is. */
export interface Entry<T> {
  readonly name: string;
  readonly file: YamlFile;
  readonly path: Path;
  readonly raw?: T;
  readonly parts: Partial<T>;
}

/** A rule that stood all checks so far, with the place where it stands. */
export interface PlacedRule {
  readonly entry: Entry<unknown>;
  readonly rule: Rule;
}

/** What one file gives. */
export interface RuleSource {
  readonly file: YamlFile;
  /** Whether every rule and target of the file could at least be counted. */
  readonly isReadable: boolean;
  readonly mark?: Entry<string>;
  readonly logs?: Entry<RawLogs>;
  readonly targets: readonly Entry<RawTarget>[];
  readonly rules: readonly Entry<RawRule>[];
  readonly faults: readonly Fault[];
}

/** What a check calls for each fault it finds; `part` and `offset` say where at `path`. */
export type Report = (
  at: { readonly file: YamlFile; readonly path: Path },
  fault: {
    readonly code: string;
    readonly message: string;
    readonly hint?: string | undefined;
    readonly severity?: 'error' | 'warning';
    readonly part?: 'key' | 'value';
    readonly offset?: number;
  },
) => void;

/** A report that collects into `faults`. */
export const reportInto =
  (faults: Fault[]): Report =>
  ({ file, path }, { hint, part, offset, severity = 'error', ...fault }) => {
    const place = offset === undefined ? file.place(path, part) : file.placeInside(path, offset);
    faults.push({ file: file.name, ...place, ...fault, ...(hint === undefined ? {} : { hint }), severity });
  };

/** `verbose` gives each error its schema, from which the words are taken; unions of types stand for "one or a list". */
export const createSchemaCompiler = (): Ajv => {
  const ajv = new Ajv({ allErrors: true, verbose: true, allowUnionTypes: true });
  ajv.addKeyword('errorMessage');
  return ajv;
};

const validate = createSchemaCompiler().compile(rulesSchema);

/** Faults by the first step and by the first two steps of their paths. */
const groupByStart = (faults: readonly PathFault[]): ReadonlyMap<string, readonly PathFault[]> => {
  const groups = new Map<string, PathFault[]>();
  for (const fault of faults)
    for (const length of new Set([1, Math.min(2, fault.path.length)])) {
      const start = JSON.stringify(fault.path.slice(0, length));
      const group = groups.get(start);
      if (group) group.push(fault);
      else groups.set(start, [fault]);
    }
  return groups;
};

const emptyFault = (name: string): Fault => ({
  file: name,
  line: 1,
  column: 1,
  code: 'RULE_FILE_EMPTY',
  message: 'the file holds nothing but blanks and comments',
  hint: 'a rule file begins with version: 1',
  severity: 'error',
});

/** Makes the entries of a file, leaving out of each what has a fault. */
const entriesOf = (file: YamlFile, faults: readonly PathFault[]) => {
  const groups = groupByStart(faults);
  return <T>(name: string, path: Path, value: unknown): Entry<T> => {
    const below = groups.get(JSON.stringify(path)) ?? [];
    const broken = new Set(below.map((fault) => fault.path[path.length]));
    const parts = isRecord(value) ? Object.entries(value).filter(([key]) => !broken.has(key)) : [];
    return {
      name,
      file,
      path,
      parts: Object.fromEntries(parts) as Partial<T>,
      ...(below.length === 0 ? { raw: value as T } : {}),
    };
  };
};

const nameOf = (rule: unknown): string => (isRecord(rule) && typeof rule.name === 'string' ? rule.name : '');

/** Reads one file. Never throws: whatever is wrong is a fault with its place. */
export const readRuleSource = (text: RuleText): RuleSource => {
  const file = readYaml(text);
  const unreadable = (faults: readonly Fault[]): RuleSource => ({
    file,
    isReadable: false,
    targets: [],
    rules: [],
    faults,
  });
  if (file.faults.length > 0) return unreadable(file.faults);
  if (file.value === undefined || file.value === null) return unreadable([emptyFault(file.name)]);
  const found = findSchemaFaults(file, validate, 'a rule file');
  const faults = found.map(({ path: _, ...fault }) => fault);
  if (!isRecord(file.value)) return unreadable(faults);

  const top = file.value;
  const entry = entriesOf(file, found);
  const targets = isRecord(top.targets) ? Object.entries(top.targets) : [];
  const rules: unknown[] = Array.isArray(top.rules) ? top.rules : [];
  return {
    file,
    isReadable: !found.some(
      ({ path }) => path.length === 1 && (path[0] === 'targets' || path[0] === 'rules'),
    ),
    ...('mark' in top ? { mark: entry<string>('mark', ['mark'], top.mark) } : {}),
    ...('logs' in top ? { logs: entry<RawLogs>('logs', ['logs'], top.logs) } : {}),
    targets: targets.map(([name, value]) => entry<RawTarget>(name, ['targets', name], value)),
    rules: rules.map((value, i) => entry<RawRule>(nameOf(value), ['rules', i], value)),
    faults,
  };
};
