import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeValue, faultsError, formatFault } from '../../../core/rules/fault.ts';
import { loadRules } from '../../../core/rules/load.ts';
import { faultsOf, oneRule } from '../../support/rules.ts';

const fixture = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../../fixtures/rules', name), 'utf8');

describe('faults', () => {
  it('are all shown at once, each with its place, what was given and what is allowed', () => {
    const { faults } = loadRules([{ name: 'test/fixtures/rules/broken.yaml', text: fixture('broken.yaml') }]);
    expect(`${faults.map(formatFault).join('\n')}\n`).toBe(fixture('broken.txt'));
  });

  it('say once what is wrong at one place', () => {
    expect(faultsOf(oneRule('match: { path: 1 }'))).toEqual([
      'r1.yaml:4:42  RULE_TYPE  path must begin with / or *, be visible ASCII (other bytes as %XX) and hold no query, or be a list of such, got 1',
    ]);
  });

  it.each([
    ['query: { strip: 1 }', 'put it in quotes: "1"'],
    ['headers: { set: { x-a: true } }', 'put it in quotes'],
    ['sampleBy: 1', undefined],
    ['gates: 5', undefined],
    ['budget: { bytes: 0 }', undefined],
    ['budget: { bytes: -1 }', undefined],
    ['budget: { bytes: true }', undefined],
    ['budget: { bytes: 500 }', 'it needs a unit: B, kB, MB, GB, KiB, MiB or GiB'],
    ['budget: { duration: 5 }', 'it needs a unit: ms, s, m, h or d'],
    ['timeout: 0', undefined],
    ['maxRate: 50', 'it needs a unit: /s, /m or /h'],
    ['backoff: false', 'did you mean off?'],
    ['backoff: true', undefined],
    ['backoff: 3', undefined],
    ['backoff: { errors: 5 }', 'it needs a unit: %'],
    ['backoff: { errors: 500 }', undefined],
    ['backoff: { latency: 800 }', 'it needs a unit: ms, s, m, h or d'],
    ['pacing: { ramp: 10 }', 'it needs a unit: ms, s, m, h or d'],
  ])('hint at nothing that would be the next one: %s', (keys, hint) => {
    const [fault = ''] = faultsOf(oneRule(keys));
    expect(fault).toContain('  RULE_TYPE  ');
    expect(fault.split('hint: ')[1]).toBe(hint);
    const quoted = hint?.startsWith('put it in quotes') ? keys.replace(/(1|true) \}/, '"$1" }') : undefined;
    const other = hint === 'did you mean off?' ? 'backoff: off' : quoted;
    if (other !== undefined) expect(faultsOf(oneRule(other))).toEqual([]);
    // Without a hint the words themselves say what would do.
    if (hint === undefined) expect(fault).toMatch(/such as|must be (off|request), /);
  });

  it('never repeat what may be a secret', () => {
    const url = oneRule().replace('http://127.0.0.1:1', 'https://user:hunter2@a.example.com/x?y');
    const values = oneRule(
      'headers: { set: { authorization: "Bearer hunter2\\n", x-key: { fromEnv: A, hunter: 1 }, x-pin: 1234 } }',
    );
    const shown = [...faultsOf(url), ...faultsOf(values)].join('\n');
    expect(shown).toContain('TARGET_URL');
    expect(shown).toContain('authorization must be text without control characters, or { fromEnv: NAME }');
    expect(shown).not.toMatch(/hunter2|1234/);
  });

  it('name the place of the first where a name stands twice, across files', () => {
    const other =
      'version: 1\nmark: four\nlogs: {}\ntargets: { t: { url: "http://127.0.0.1:2" } }\nrules: [{ name: a, target: t }]';
    expect(faultsOf(`${oneRule()}mark: five\nlogs: {}`, other)).toEqual([
      'r2.yaml:2:1  RULE_DUPLICATE  mark can stand in one file only; it is already given at r1.yaml:5:1',
      'r2.yaml:3:1  RULE_DUPLICATE  logs can stand in one file only; it is already given at r1.yaml:6:1',
      'r2.yaml:4:12  RULE_DUPLICATE  the target "t" is already given at r1.yaml:2:12',
      'r2.yaml:5:17  RULE_DUPLICATE  the rule "a" is already given at r1.yaml:4:13',
    ]);
  });

  it('of one file do not hide those of another, and nothing is guessed of a file that cannot be read', () => {
    expect(faultsOf('version: [', 'version: 1\nrules: [{ name: a, target: t, percent: 0 }]')).toEqual([
      expect.stringMatching(/^r1\.yaml:1:\d+ {2}YAML_SYNTAX/),
      'r2.yaml:2:40  RULE_RANGE  percent must be a number above 0 and at most 100, got 0',
    ]);
  });

  it('point into the text of a gate, through quotes, but not through escapes', () => {
    const places = (gate: string): readonly string[] =>
      faultsOf(oneRule(`gates: [${gate}]`)).map((fault) => fault.split(' ')[0] ?? '');
    expect(places('"p95 <= 3%"')).toEqual(['r1.yaml:4:43']);
    expect(places('p95 <= 3%')).toEqual(['r1.yaml:4:42']);
    expect(places('"p95 \\u003c= 3%"')).toEqual(['r1.yaml:4:35']);
  });

  it('tell that there is no file', () => {
    expect(faultsOf()).toEqual(['rules:1:1  RULES_NONE  there is no rule file']);
  });
});

describe('faultsError', () => {
  it('holds every fault but warnings, and ends the command with 2', () => {
    const { faults } = loadRules([
      { name: 'r', text: oneRule('percent: 0, match: { method: POST, path: a }') },
    ]);
    const error = faultsError(faults);
    expect([error.code, error.exitCode]).toEqual(['RULES_INVALID', 2]);
    expect(error.message).toBe(
      'the rules have 2 faults\n' +
        'r:4:36  RULE_RANGE  percent must be a number above 0 and at most 100, got 0\n' +
        'r:4:68  RULE_VALUE  path must begin with / or *, be visible ASCII (other bytes as %XX) and hold no query, or be a list of such, got "a"',
    );
  });
});

describe('describeValue', () => {
  it.each([
    [null, 'nothing'],
    [undefined, 'nothing'],
    [[], 'an empty list'],
    [[1], 'a list'],
    [{}, 'an empty mapping'],
    [{ a: 1 }, 'a mapping'],
    [true, 'true'],
    ['a"b', '"a\\"b"'],
    ['x'.repeat(100), `"${'x'.repeat(60)}…"`],
  ])('%j is %s', (value, words) => {
    expect(describeValue(value)).toBe(words);
  });
});
