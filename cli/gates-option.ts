/** From `--gate` and `--baseline` to what a run is judged by; everything that is wrong with them is told at once, before a run. */

import { join, resolve } from 'node:path';
import { RepriseError } from '../core/errors.ts';
import { visibleText } from '../core/report/format.ts';
import type { Report } from '../core/report/report-json.ts';
import { reversedGate } from '../core/rules/gate-direction.ts';
import { type Gate, parseGate, parseRunGate } from '../core/rules/gates.ts';
import type { RuleSet } from '../core/rules/rule-set.ts';

export interface GatesOptions {
  /** As given, one text a gate. */
  readonly gates: readonly string[];
  readonly baselineFile?: string | undefined;
}

export interface ChosenGates {
  readonly gates: readonly Gate[];
  readonly baseline: Report | undefined;
  /** What will not come out as it may be meant, in one line each. */
  readonly warnings: readonly string[];
}

interface Problem {
  readonly flag: '--gate' | '--baseline';
  readonly message: string;
  readonly hint?: string | undefined;
  /** A text with a mark below the place where it goes wrong. */
  readonly shown?: readonly string[];
  /** What was thrown. */
  readonly cause?: RepriseError;
}

/** So much of a text is shown before the place that is marked, and in all. */
const SHOWN_BEFORE = 40;
const SHOWN = 90;

/** The text on one line, cut around the place, and a mark below it. */
const pointAt = (text: string, offset: number): readonly string[] => {
  const start = Math.max(0, offset - SHOWN_BEFORE);
  const before = `${start > 0 ? '…' : ''}${visibleText(text.slice(start, offset))}`;
  const after = visibleText(text.slice(offset, start + SHOWN));
  const more = text.length > start + SHOWN ? '…' : '';
  // A character of two units takes one place.
  return [`${before}${after}${more}`, `${' '.repeat([...before].length)}^`];
};

const isOfBaseline = ({ limit, isOptional }: Gate): boolean =>
  limit.kind === 'relative' && limit.to === 'baseline' && !isOptional;

const problemAt = (text: string, offset: number, message: string, hint?: string): Problem => ({
  flag: '--gate',
  shown: pointAt(text, offset),
  message: `column ${offset + 1}: ${message}`,
  hint,
});

const readGate = (
  text: string,
  ruleNames: readonly string[] | undefined,
  hasBaseline: boolean,
): Gate | Problem => {
  const gate = ruleNames === undefined ? parseGate(text) : parseRunGate(text, ruleNames);
  if (gate.kind === 'fault') return problemAt(text, gate.offset, gate.message, gate.hint);
  if (hasBaseline || !isOfBaseline(gate)) return gate;
  const offset = text.lastIndexOf('baseline');
  const hint = '--baseline names the report.json of an earlier run';
  return problemAt(text, offset, 'there is no --baseline to hold it against', hint);
};

const tryBaseline = async (path: string | undefined): Promise<Report | Problem | undefined> => {
  if (path === undefined) return undefined;
  // It brings a schema along, which a run without a baseline has no use for.
  const { readReport } = await import('../io/read-report.ts');
  try {
    return await readReport(path);
  } catch (error) {
    if (!(error instanceof RepriseError)) throw error;
    return { flag: '--baseline', message: error.message, hint: error.hint, cause: error };
  }
};

const wordsOf = ({ flag, message, hint, shown = [] }: Problem): readonly string[] => {
  const [head, mark] = shown;
  const hints = hint === undefined ? [] : [`  hint: ${hint}`];
  if (head === undefined || mark === undefined) return [`${flag}  ${message}`, ...hints];
  return [`${flag}  ${head}`, `${' '.repeat(flag.length)}  ${mark}`, `  ${message}`, ...hints];
};

const problemsError = (problems: readonly Problem[]): RepriseError => {
  const [{ cause } = {}, second] = problems;
  if (cause !== undefined && second === undefined) return cause;
  const count = problems.length === 1 ? '1 fault' : `${problems.length} faults`;
  const flags = [...new Set(problems.map(({ flag }) => flag))].sort().reverse();
  const lines = problems.flatMap(wordsOf).join('\n');
  return new RepriseError(
    'GATES_INVALID',
    `${flags.join(' and ')} ${flags.length === 1 ? 'has' : 'have'} ${count}\n${lines}`,
  );
};

/** A rule file may be used with a baseline and without; who forgets it should know before an hour has passed. */
const warningsOf = ({ rules }: Pick<RuleSet, 'rules'>): readonly string[] => {
  const { length } = rules.flatMap((rule) => rule.gates).filter(isOfBaseline);
  if (length === 0) return [];
  const what = length === 1 ? 'a gate of the rules is' : `${length} gates of the rules are`;
  return [`warning: ${what} held against a baseline, and no --baseline is given: the verdict will fail`];
};

/** Those of rules are told of as their other faults are, with their place. */
const reversedWarnings = (gates: readonly Gate[]): readonly string[] =>
  gates.flatMap((gate) => {
    const reversed = reversedGate(gate);
    return reversed === undefined ? [] : [`warning: ${reversed.message}: ${reversed.hint}`];
  });

/** Where the baseline may lie, by its file or its folder: nothing is to be written there. */
export const baselinePlaces = (file: string | undefined): readonly string[] =>
  file === undefined ? [] : [file, join(file, 'report.json')];

/**
 * Reads gates and baseline.
 *
 * @param ruleSet - whose rules gates may name; undefined where nobody knows them yet: then any may be named
 * @throws RepriseError GATES_INVALID with every fault of both
 */
export const chooseGates = async (
  { gates: texts, baselineFile }: GatesOptions,
  ruleSet: Pick<RuleSet, 'rules'> | undefined,
  cwd: string,
): Promise<ChosenGates> => {
  const hasBaseline = baselineFile !== undefined;
  const ruleNames = ruleSet?.rules.map(({ name }) => name);
  const read = texts.map((text) => readGate(text, ruleNames, hasBaseline));
  const baseline = await tryBaseline(hasBaseline ? resolve(cwd, baselineFile) : undefined);
  const problems = [...read, baseline].filter((one) => one !== undefined && 'flag' in one);
  if (problems.length > 0) throw problemsError(problems);
  const gates = read.filter((one) => 'kind' in one);
  return {
    gates,
    baseline: baseline !== undefined && 'version' in baseline ? baseline : undefined,
    warnings: [
      ...(hasBaseline || ruleSet === undefined ? [] : warningsOf(ruleSet)),
      ...reversedWarnings(gates),
    ],
  };
};
