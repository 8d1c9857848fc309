import { RepriseError } from '../errors.ts';

/** What is wrong with a rule file, and where: `line` and `column` count from 1. */
export interface Fault {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Stable; docs/rules.md lists them all. */
  readonly code: string;
  /** What is wrong, what was given, what is allowed; lower case, no full stop. */
  readonly message: string;
  readonly hint?: string;
  /** With an error there is no rule set; a warning is shown and the work goes on. */
  readonly severity: 'error' | 'warning';
}

/** A text to read rules from; `name` is shown in faults. */
export interface RuleText {
  readonly name: string;
  readonly text: string;
}

const SHOWN_AT_MOST = 60;

/** A given value in words, cut where it is long. */
export const describeValue = (value: unknown): string => {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return Object.keys(value).length === 0 ? 'an empty mapping' : 'a mapping';
  if (typeof value !== 'string') return String(value);
  return value.length > SHOWN_AT_MOST
    ? `${JSON.stringify(value.slice(0, SHOWN_AT_MOST)).slice(0, -1)}…"`
    : JSON.stringify(value);
};

/** One line, and a second one with the hint, if there is one, below the code. */
export const formatFault = (fault: Fault): string => {
  const place = `${fault.file}:${fault.line}:${fault.column}`;
  const kind = fault.severity === 'warning' ? 'warning: ' : '';
  const hint = fault.hint === undefined ? '' : `\n${' '.repeat(place.length + 2)}hint: ${fault.hint}`;
  return `${place}  ${fault.code}  ${kind}${fault.message}${hint}`;
};

/** The error to throw when rules have faults of severity `error`; its message holds each of them. */
export const faultsError = (faults: readonly Fault[]): RepriseError => {
  const errors = faults.filter((fault) => fault.severity === 'error');
  const count = errors.length === 1 ? '1 fault' : `${errors.length} faults`;
  return new RepriseError('RULES_INVALID', `the rules have ${count}\n${errors.map(formatFault).join('\n')}`);
};
