import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Case, judgeCase, type LineOutcome, loadCases } from '../../../core/rules/cases.ts';
import { formatFault } from '../../../core/rules/fault.ts';

const load = (text: string) => loadCases({ name: 'c.yaml', text }, ['a', 'b']);
const only = (text: string): Case => {
  const { cases, faults } = load(text);
  const [first] = cases;
  if (first === undefined) throw new Error(faults.map(formatFault).join('\n'));
  return first;
};

const PLANNED = `- line: '{"a": 1}'
  expect:
    a:
      method: GET
      url: "http://h/x"
      headers: { X-A: "1", cookie: null }
    b: unmatched
`;

describe('loadCases', () => {
  it('reads lines and expectations, with their places', () => {
    expect(load(PLANNED)).toEqual({
      faults: [],
      cases: [
        {
          file: 'c.yaml',
          line: 1,
          column: 3,
          text: '{"a": 1}',
          expect: [
            {
              line: 4,
              column: 7,
              rule: 'a',
              outcome: 'planned',
              method: { value: 'GET', line: 4, column: 15 },
              url: { value: 'http://h/x', line: 5, column: 12 },
              headers: [
                { name: 'X-A', value: '1', line: 6, column: 23 },
                { name: 'cookie', value: null, line: 6, column: 36 },
              ],
            },
            { line: 7, column: 8, rule: 'b', outcome: 'unmatched', headers: [] },
          ],
        },
      ],
    });
  });

  it('takes a block scalar as a line, and a file of comments as no cases', () => {
    expect(only('- line: |\n    {"a": 1}\n  expect: { a: no_host }').text).toBe('{"a": 1}');
    expect(load('# none yet\n')).toEqual({ cases: [], faults: [] });
  });

  const reasons = 'unmatched, sampledOut, unsafe_method, loop_unsafe, no_body, no_host, too_large';
  it.each([
    [
      'a: 1',
      'c.yaml:1:1  RULE_TYPE  a cases file must be a list of cases, each with line and expect, got a mapping',
    ],
    ['- line: x', 'c.yaml:1:3  RULE_MISSING_KEY  a case needs the key "expect"'],
    ['- { line: x, expect: {} }', 'c.yaml:1:22  RULE_VALUE  expect must not be empty, got an empty mapping'],
    [
      '- { line: { a: 1 }, expect: { a: unmatched } }',
      'c.yaml:1:11  RULE_TYPE  line must be a raw log line, in single quotes, got a mapping',
    ],
    [
      '- { line: x, expects: 1, expect: { a: unmatched } }',
      'c.yaml:1:14  RULE_UNKNOWN_KEY  "expects" is not a key of a case\n             hint: did you mean "expect"?',
    ],
    [
      '- { line: x, expect: { a: sampled } }',
      `c.yaml:1:27  RULE_VALUE  a must be one of ${reasons}, or a mapping of method, url and headers, got "sampled"`,
    ],
    [
      '- { line: x, expect: { a: { uri: /x } } }',
      'c.yaml:1:29  RULE_UNKNOWN_KEY  "uri" is not a key of a\n             hint: did you mean "url"?',
    ],
    [
      '- { line: x, expect: { a: { headers: { x: 1 } } } }',
      'c.yaml:1:43  RULE_TYPE  x must be the text of the header, or null where it must be absent, got 1\n             hint: put it in quotes: "1"',
    ],
    [
      '- { line: x, expect: { c: unmatched } }',
      'c.yaml:1:24  CASE_RULE_UNKNOWN  there is no rule named "c"\n             hint: rules are a, b',
    ],
  ])('refuses %s', (text, fault) => {
    const { cases, faults } = load(text);
    expect([cases, faults.map(formatFault)]).toEqual([[], [fault]]);
  });

  it('never throws', () => {
    const unit = fc.constantFrom(
      '- ',
      'line: ',
      'expect: ',
      'a: ',
      '\n',
      '  ',
      '{',
      '}',
      '[',
      '*a',
      '&a ',
      "'",
      'x',
    );
    fc.assert(fc.property(fc.string({ unit, maxLength: 40 }), (text) => Array.isArray(load(text).faults)));
  });
});

describe('judgeCase', () => {
  const planned = {
    kind: 'planned',
    method: 'GET',
    url: 'http://h/x',
    headers: [
      ['x-a', '1'],
      ['other', '2'],
    ],
  } as const;
  const shown = (outcomes: LineOutcome): readonly string[] =>
    judgeCase(only(PLANNED), outcomes).map(({ line, column, message }) => `${line}:${column} ${message}`);

  it('holds when what is named is so, whatever else there is', () => {
    expect(shown({ a: planned, b: { kind: 'unmatched' } })).toEqual([]);
  });

  it('tells each difference where it was expected', () => {
    const other = {
      kind: 'planned',
      method: 'HEAD',
      url: 'http://h/y',
      headers: [
        ['X-A', '1'],
        ['x-a', '2'],
        ['Cookie', 'c'],
      ],
    } as const;
    expect(shown({ a: other, b: { kind: 'notReplayable', reason: 'no_host' } })).toEqual([
      '4:15 rule "a": expected method GET, got method HEAD',
      '5:12 rule "a": expected url http://h/x, got url http://h/y',
      '6:23 rule "a": expected header X-A "1", got header X-A "1, 2"',
      '6:36 rule "a": expected no header cookie, got header cookie "c"',
      '7:8 rule "b": expected unmatched, got no_host',
    ]);
  });

  it('tells that a line was rejected, or another outcome, or no such rule', () => {
    expect(shown({ rejected: 'not_json' })).toEqual([
      '4:7 rule "a": expected planned, got the line is rejected: not_json',
      '7:8 rule "b": expected unmatched, got the line is rejected: not_json',
    ]);
    expect(shown({ a: { kind: 'sampledOut' } })).toEqual([
      '4:7 rule "a": expected planned, got sampledOut',
      '7:8 rule "b": expected unmatched, got no such rule',
    ]);
  });

  it('gives faults that are shown like those of rules', () => {
    const [fault] = judgeCase(only('- { line: x, expect: { a: unmatched } }'), { a: planned });
    expect(fault && formatFault(fault)).toBe(
      'c.yaml:1:27  CASE_MISMATCH  rule "a": expected unmatched, got planned',
    );
    expect(fault).toMatchObject({ rule: 'a', expected: 'unmatched', got: 'planned' });
  });

  it('hides secrets of query keys', () => {
    const found = judgeCase(only('- { line: x, expect: { a: { url: "http://h/x?token=abc" } } }'), {
      a: { ...planned, url: 'http://h/x?token=def&b=1' },
    });
    expect(found[0]).toMatchObject({
      message: 'rule "a": expected url http://h/x?token=***, got url http://h/x?token=***&b=1',
      expected: 'url http://h/x?token=***',
      got: 'url http://h/x?token=***&b=1',
    });
  });
});
