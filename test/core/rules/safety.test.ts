import { describe, expect, it } from 'vitest';
import { faultsOf } from '../../support/rules.ts';

const file = (target: string, ...rules: readonly string[]): string =>
  `version: 1\ntargets: { t: { ${target} } }\nrules:\n${rules.map((rule) => `  - { target: t, ${rule} }\n`).join('')}`;
const STAGING = 'url: "https://staging.example.com"';
const codes = (text: string): readonly string[] =>
  faultsOf(text).map((fault) => /[A-Z]+_[A-Z_]+/.exec(fault)?.[0] ?? fault);

describe('TARGET_IS_PRODUCTION', () => {
  it('stops a rule from replaying a host to itself', () => {
    expect(faultsOf(file(STAGING, 'name: a, match: { host: [api.example.com, "*.example.com"] }'))).toEqual([
      'r1.yaml:4:15  TARGET_IS_PRODUCTION  rule "a" sends to staging.example.com, a host whose traffic it replays\n' +
        '              hint: set allowProduction: true on the target if that is meant',
    ]);
  });

  it.each([
    [
      'the target says that it is meant',
      `${STAGING}, allowProduction: true`,
      'name: a, match: { host: staging.example.com }',
      ['LOOP_POSSIBLE'],
    ],
    [
      'the host is excluded',
      STAGING,
      'name: a, match: { host: "*.example.com", not: { host: staging.example.com } }',
      [],
    ],
    [
      'the exclusion needs more than the host',
      STAGING,
      'name: a, match: { host: "*.example.com", not: { host: "**", path: /x } }',
      ['TARGET_IS_PRODUCTION'],
    ],
    ['the target is this machine', 'url: "http://localhost:1"', 'name: a, match: { host: localhost }', []],
    [
      'case, port and a dot at the end differ',
      'url: "https://Staging.example.com.:8443"',
      'name: a, match: { host: staging.EXAMPLE.com }',
      ['TARGET_IS_PRODUCTION'],
    ],
    ['no host is matched', STAGING, 'name: a', ['LOOP_POSSIBLE']],
  ])('where %s', (_, target, rule, expected) => {
    expect(codes(file(target, rule))).toEqual(expected);
  });
});

describe('LOOP_POSSIBLE', () => {
  it('tells which rule would take what another sends', () => {
    expect(
      faultsOf(file(STAGING, 'name: a, match: { host: api.example.com }', 'name: b, match: { path: /x }')),
    ).toEqual([
      'r1.yaml:4:24  LOOP_POSSIBLE  warning: rule "a" sends to a host whose requests rule "b" takes from the log; those whose user agent the log does not show will be left out as loop_unsafe\n' +
        '              hint: log the user agent, or give rule "b" a match.host',
      'r1.yaml:5:24  LOOP_POSSIBLE  warning: rule "b" sends to a host whose requests it takes from the log; those whose user agent the log does not show will be left out as loop_unsafe\n' +
        '              hint: log the user agent, or give rule "b" a match.host',
    ]);
  });

  it.each([
    [
      'a literal Host that is replayed',
      'name: a, match: { host: api.example.com }, host: "api.example.com:443"',
      ['LOOP_POSSIBLE'],
    ],
    ['the recorded Host', 'name: a, match: { host: api.example.com }, host: recorded', ['LOOP_POSSIBLE']],
    ['a literal Host that is not', 'name: a, match: { host: api.example.com }, host: other.example.com', []],
  ])('weighs %s', (_, rule, expected) => {
    expect(codes(file(STAGING, rule))).toEqual(expected);
  });
});

describe('METHOD_UNSAFE', () => {
  it.each([
    ['POST without leave', '', 'POST', ['METHOD_UNSAFE']],
    ['POST with leave', 'allowUnsafeMethods: true, ', 'POST', []],
    ['safe methods', '', '[GET, HEAD, OPTIONS]', []],
    ['a method in the wrong case', '', 'get', ['METHOD_CASE']],
  ])('weighs %s', (_, leave, method, expected) => {
    expect(codes(file(`${leave}url: "http://127.0.0.1"`, `name: a, match: { method: ${method} }`))).toEqual(
      expected,
    );
  });
});
