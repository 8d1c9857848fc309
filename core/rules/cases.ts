/** Cases: log lines beside a rule file, and what its rules are expected to make of them. */

import { maskSecrets } from '../report/mask.ts';
import type { HeaderPairs, NotReplayableReason, RejectReason } from '../types.ts';
import { casesSchema } from './cases-schema.ts';
import { describeValue, type Fault, type RuleText } from './fault.ts';
import { nearestHint } from './nearest.ts';
import { createSchemaCompiler, reportInto } from './rule-source.ts';
import { findSchemaFaults } from './schema-faults.ts';
import { type Path, type Place, readYaml } from './yaml-places.ts';

/** What a rule makes of one line, before anything is sent. A `url` is origin, path and query. */
export type RuleOutcome =
  | { readonly kind: 'unmatched' }
  | { readonly kind: 'sampledOut' }
  | { readonly kind: 'notReplayable'; readonly reason: NotReplayableReason }
  | {
      readonly kind: 'planned';
      readonly method: string;
      readonly url: string;
      readonly headers: HeaderPairs;
    };

/** What became of a line: a rejected one never reaches a rule. */
export type LineOutcome = Readonly<Record<string, RuleOutcome>> | { readonly rejected: RejectReason };

/** One thing expected, with its place. */
interface Expected<T> extends Place {
  readonly value: T;
}

/** What is expected of one rule. */
export interface Expectation extends Place {
  readonly rule: string;
  /** `unmatched`, `sampledOut`, a not-replayable reason, or `planned`, of which only what is named is compared. */
  readonly outcome: string;
  readonly method?: Expected<string>;
  readonly url?: Expected<string>;
  readonly headers: readonly (Expected<string | null> & { readonly name: string })[];
}

/** One log line with all that is expected of it. */
export interface Case extends Place {
  readonly file: string;
  /** The raw log line, without the newline at its end. */
  readonly text: string;
  readonly expect: readonly Expectation[];
}

/** A case that does not hold; `expected` and `got` in words. */
export interface CaseFault extends Fault {
  readonly rule: string;
  readonly expected: string;
  readonly got: string;
}

interface RawPlanned {
  readonly method?: string;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string | null>>;
}
interface RawCase {
  readonly line: string;
  readonly expect: Readonly<Record<string, string | RawPlanned>>;
}

const validate = createSchemaCompiler().compile(casesSchema);

type PlaceOf = (path: Path, part?: 'key' | 'value') => Place;

const expectationOf = (rule: string, raw: string | RawPlanned, path: Path, place: PlaceOf): Expectation => {
  if (typeof raw === 'string') return { ...place(path), rule, outcome: raw, headers: [] };
  const expected = <T>(value: T, steps: Path): Expected<T> => ({ value, ...place([...path, ...steps]) });
  return {
    ...place(path),
    rule,
    outcome: 'planned',
    ...(raw.method === undefined ? {} : { method: expected(raw.method, ['method']) }),
    ...(raw.url === undefined ? {} : { url: expected(raw.url, ['url']) }),
    headers: Object.entries(raw.headers ?? {}).map(([name, value]) => ({
      name,
      ...expected(value, ['headers', name]),
    })),
  };
};

/**
 * Reads a cases file. Never throws: what is wrong comes back as faults, and then there are no cases.
 *
 * @param ruleNames - names of the rules that cases may speak of
 */
export const loadCases = (
  file: RuleText,
  ruleNames: readonly string[],
): { readonly cases: readonly Case[]; readonly faults: readonly Fault[] } => {
  const yaml = readYaml(file);
  if (yaml.faults.length > 0) return { cases: [], faults: yaml.faults };
  // A file of comments only has no cases yet.
  if (yaml.value === undefined || yaml.value === null) return { cases: [], faults: [] };
  const found = findSchemaFaults(yaml, validate, 'a cases file');
  if (found.length > 0) return { cases: [], faults: found.map(({ path: _, ...fault }) => fault) };
  const faults: Fault[] = [];
  const report = reportInto(faults);
  const cases = (yaml.value as readonly RawCase[]).map((raw, i): Case => {
    const expect = Object.entries(raw.expect).map(([rule, outcome]) => {
      const path = [i, 'expect', rule];
      if (!ruleNames.includes(rule))
        report(
          { file: yaml, path },
          {
            code: 'CASE_RULE_UNKNOWN',
            message: `there is no rule named ${describeValue(rule)}`,
            hint: nearestHint(rule, ruleNames, 'rules are'),
            part: 'key',
          },
        );
      return expectationOf(rule, outcome, path, yaml.place);
    });
    return { file: yaml.name, ...yaml.place([i]), text: raw.line.replace(/[\r\n]+$/, ''), expect };
  });
  return faults.length > 0 ? { cases: [], faults } : { cases, faults };
};

const outcomeWords = (outcome: RuleOutcome): string =>
  outcome.kind === 'notReplayable' ? outcome.reason : outcome.kind;

const headerWords = (headers: HeaderPairs, name: string): string | null => {
  const values = headers
    .filter(([key]) => key.toLowerCase() === name.toLowerCase())
    .map(([, value]) => value);
  return values.length === 0 ? null : values.join(', ');
};

const absentWords = (name: string, value: string | null): string =>
  value === null ? `no header ${name}` : `header ${name} ${JSON.stringify(value)}`;

type Difference = Place & { readonly expected: string; readonly got: string };

const differences = (expectation: Expectation, outcome: RuleOutcome | undefined): readonly Difference[] => {
  const { line, column } = expectation;
  const got = outcome === undefined ? 'no such rule' : outcomeWords(outcome);
  if (got !== expectation.outcome) return [{ line, column, expected: expectation.outcome, got }];
  if (outcome?.kind !== 'planned') return [];
  const all = [
    {
      place: expectation.method,
      words: `method ${expectation.method?.value}`,
      got: `method ${outcome.method}`,
    },
    { place: expectation.url, words: `url ${expectation.url?.value}`, got: `url ${outcome.url}` },
    ...expectation.headers.map((place) => ({
      place,
      words: absentWords(place.name, place.value),
      got: absentWords(place.name, headerWords(outcome.headers, place.name)),
    })),
  ];
  return all.flatMap(({ place, words, got: given }) =>
    place === undefined || words === given
      ? []
      : [{ line: place.line, column: place.column, expected: words, got: given }],
  );
};

/** Compares a case with what really became of its line; empty when it holds. */
export const judgeCase = ({ file, expect }: Case, outcomes: LineOutcome): readonly CaseFault[] =>
  expect.flatMap((expectation) => {
    const { rule, line, column, outcome } = expectation;
    const rejected =
      'rejected' in outcomes && typeof outcomes.rejected === 'string' ? outcomes.rejected : undefined;
    const all =
      rejected === undefined
        ? differences(
            expectation,
            Object.hasOwn(outcomes, rule)
              ? (outcomes as Readonly<Record<string, RuleOutcome>>)[rule]
              : undefined,
          )
        : [{ line, column, expected: outcome, got: `the line is rejected: ${rejected}` }];
    return all.map((difference): CaseFault => {
      const wanted = maskSecrets(difference.expected);
      const got = maskSecrets(difference.got);
      return {
        file,
        line: difference.line,
        column: difference.column,
        code: 'CASE_MISMATCH',
        message: `rule ${JSON.stringify(rule)}: expected ${wanted}, got ${got}`,
        severity: 'error',
        rule,
        expected: wanted,
        got,
      };
    });
  });
