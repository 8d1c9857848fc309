import { describe, expect, it } from 'vitest';
import type { Rule } from '../../../core/rules/rule-set.ts';
import { faultsOf, oneRule, ruleSetOf } from '../../support/rules.ts';

const ruleOf = (keys: string): Rule | undefined => ruleSetOf(oneRule(keys)).rules[0];

const twoRules = (a: string, b: string): string =>
  `version: 1\ntargets: { t: { url: "http://127.0.0.1:1" }, u: { url: "http://127.0.0.1:2" } }\nrules:\n  - { name: a, target: t, ${a} }\n  - { name: b, ${b} }\n`;

describe('backoff', () => {
  const DEFAULT = { kind: 'on', latency: { kind: 'relative', factor: 3 }, errorShare: 0.1, windowMs: 5_000 };

  it.each([
    ['', DEFAULT],
    ['backoff: {}', DEFAULT],
    ['backoff: off', { kind: 'off' }],
    ['backoff: { latency: 800ms }', { ...DEFAULT, latency: { kind: 'absolute', ms: 800 } }],
    ['backoff: { latency: 2.5x }', { ...DEFAULT, latency: { kind: 'relative', factor: 2.5 } }],
    ['backoff: { errors: 12.5% }', { ...DEFAULT, errorShare: 0.125 }],
    ['backoff: { window: 1m }', { ...DEFAULT, windowMs: 60_000 }],
    [
      'backoff: { latency: 1s, errors: 100%, window: 1s }',
      { kind: 'on', latency: { kind: 'absolute', ms: 1_000 }, errorShare: 1, windowMs: 1_000 },
    ],
  ])('%j is filled in', (keys, backoff) => {
    expect(ruleOf(keys)?.backoff).toEqual(backoff);
  });

  it('says what its window can be', () => {
    for (const window of ['999ms', '61s', '2m'])
      expect(faultsOf(oneRule(`backoff: { window: ${window} }`))).toEqual([
        `r1.yaml:4:46  RULE_RANGE  window must be from 1s to 60s, got "${window}"`,
      ]);
  });

  it('has one window at a target, and shows both places where it has not', () => {
    expect(faultsOf(twoRules('backoff: { window: 10s }', 'target: t'))).toEqual([
      'r1.yaml:5:5  RULE_CONFLICT  rules of one target have one backoff window: 5s here, 10s for rule "a" at r1.yaml:4:46\n             hint: give both the same window; left out, it is 5s',
    ]);
    expect(faultsOf(twoRules('backoff: { window: 10s }', 'target: t, backoff: { window: 2.5s }'))).toEqual([
      'r1.yaml:5:46  RULE_CONFLICT  rules of one target have one backoff window: 2.5s here, 10s for rule "a" at r1.yaml:4:46\n              hint: give both the same window; left out, it is 5s',
    ]);
  });

  it.each([
    ['of another target', 'target: u'],
    ['whose backoff is off', 'target: t, backoff: off'],
    ['that says the same in other words', 'target: t, backoff: { window: 0.16666666666666666m }'],
  ])('may have another window than a rule %s', (_, b) => {
    expect(faultsOf(twoRules('backoff: { window: 10s }', b)).join()).not.toContain('RULE_CONFLICT');
  });
});

describe('abort', () => {
  it.each([
    ['errors > 50% for 60s', { errorShare: 0.5, orEqual: false, forMs: 60_000 }],
    ['errors >= 12.5% for 1m', { errorShare: 0.125, orEqual: true, forMs: 60_000 }],
    ['errors > 0% for 1s', { errorShare: 0, orEqual: false, forMs: 1_000 }],
    ['errors >= 100% for 1h', { errorShare: 1, orEqual: true, forMs: 3_600_000 }],
  ])('when %s', (when, abort) => {
    expect(ruleOf(`abort: { when: "${when}" }`)?.abort).toEqual(abort);
  });

  it.each([
    ['errors > 100% for 9s', 'can never hold', 'errors >= 100% holds when there is nothing else'],
    ['errors >= 0% for 9s', 'always holds', 'errors > 0% holds once there are any'],
  ])('when %s is refused, since it %s', (when, why, hint) => {
    expect(faultsOf(oneRule(`abort: { when: "${when}" }`))).toEqual([
      `r1.yaml:4:42  RULE_VALUE  abort.when ${why}, got "${when}"\n              hint: ${hint}`,
    ]);
  });

  it.each(['999ms', '0s', '61m'])('does not look at %s', (time) => {
    expect(faultsOf(oneRule(`abort: { when: "errors > 5% for ${time}" }`))).toEqual([
      `r1.yaml:4:42  RULE_RANGE  the time in abort.when must be from 1s to 1h, got "${time}"`,
    ]);
  });
});

describe('limits of a rule', () => {
  it('are those of a target', () => {
    expect(
      ruleOf(
        'maxRate: 90/m, maxInFlight: 7, timeout: 1.5s, budget: { requests: 5, bytes: 2KiB, duration: 1m }',
      ),
    ).toMatchObject({
      maxRatePerSecond: 1.5,
      maxInFlight: 7,
      timeoutMs: 1_500,
      budget: { requests: 5, bytes: 2_048, durationMs: 60_000 },
    });
  });

  it.each([
    [
      'maxRte: 5/s',
      'r1.yaml:4:27  RULE_UNKNOWN_KEY  "maxRte" is not a key of a rule\n              hint: did you mean "maxRate"?',
    ],
    ['timeout: 11m', 'r1.yaml:4:36  RULE_RANGE  timeout must be at most 10m, got "11m"'],
    [
      'maxInFlight: 1000',
      'r1.yaml:4:40  RULE_RANGE  maxInFlight must be a whole number from 1 to 999, got 1000',
    ],
    [
      'budget: { requests: 9007199254740993 }',
      'r1.yaml:4:47  RULE_RANGE  requests must be a whole number from 1 to 9007199254740991, got 9007199254740993',
    ],
    [
      `budget: { requests: ${'9'.repeat(70)} }`,
      `r1.yaml:4:47  RULE_RANGE  requests must be a whole number from 1 to 9007199254740991, got ${'9'.repeat(60)}…`,
    ],
    [
      'budget: { bytes: 0B }',
      'r1.yaml:4:44  RULE_VALUE  bytes must be a size above 0 such as 500MB or 2GiB, got "0B"',
    ],
    [
      'budget: { request: 1 }',
      'r1.yaml:4:37  RULE_UNKNOWN_KEY  "request" is not a key of budget\n              hint: did you mean "requests"?',
    ],
  ])('are refused with %s', (keys, fault) => {
    expect(faultsOf(oneRule(keys))[0]).toBe(fault);
  });

  it('above those of the target have no effect, which is told', () => {
    const file = `version: 1
targets:
  t: { url: "http://127.0.0.1:1", maxRate: 5/s, maxInFlight: 10, timeout: 5s, budget: { requests: 9, bytes: 1MB, duration: 1h } }
rules:
  - { name: a, target: t, maxRate: 6/s, maxInFlight: 11, timeout: 6s, budget: { requests: 10, bytes: 2MB, duration: 2h } }
  - { name: b, target: t, maxRate: 5/s, maxInFlight: 10, timeout: 5s, budget: { requests: 9, bytes: 1MB, duration: 1h } }
  - { name: c, target: t }
`;
    const faults = faultsOf(file);
    expect(faults[0]).toBe(
      'r1.yaml:5:36  LIMIT_WITHOUT_EFFECT  warning: maxRate of rule "a" is above that of the target "t", which holds in any case\n              hint: raise maxRate of the target, or leave this one out',
    );
    expect(faults.map((fault) => /warning: (\S+) of/.exec(fault)?.[1])).toEqual([
      'maxRate',
      'maxInFlight',
      'timeout',
      'budget.requests',
      'budget.bytes',
      'budget.duration',
    ]);
  });
});

describe('a ramp', () => {
  it.each([
    ['', 10_000],
    ['pacing: { ramp: 0s }', 0],
    ['pacing: { ramp: 0ms, mode: even }', 0],
    ['pacing: { ramp: 1.5m }', 90_000],
    ['pacing: { ramp: 10m }', 600_000],
  ])('with %j has a length', (keys, rampMs) => {
    expect(ruleOf(keys)?.pacing).toMatchObject({ rampMs });
  });

  it.each([
    ['pacing: { ramp: 10.1m }', 'r1.yaml:4:43  RULE_RANGE  ramp must be at most 10m, got "10.1m"'],
    [
      'pacing: { ramp: 5x }',
      'r1.yaml:4:43  RULE_VALUE  ramp must be a duration up to 10m such as 10s, or 0s for none, got "5x"',
    ],
    [
      'pacing: { mode: constant, rate: 1/s, ramp: 0s }',
      'r1.yaml:4:64  RULE_CONFLICT  ramp does not go with mode constant, which begins at its rate',
    ],
  ])('is refused with %s', (keys, fault) => {
    expect(faultsOf(oneRule(keys))).toEqual([fault]);
  });
});

describe('a template', () => {
  it('is refused with a placeholder that is none, at its place', () => {
    const file = `version: 1
targets: { t: { url: "http://127.0.0.1:1" } }
rules:
  - name: a
    target: t
    body:
      template: '{"a":"{{id}}","b":"{{idd}}"}'
`;
    expect(faultsOf(file)).toEqual([
      'r1.yaml:7:37  TEMPLATE_SYNTAX  the template has no placeholder "idd"\n              hint: did you mean {{id}}?',
    ]);
    expect(ruleOf(`body: { template: '{"a":"{{id}}"}' }`)?.body).toEqual({ template: '{"a":"{{id}}"}' });
  });

  it('is refused where it is longer than a request may be', () => {
    const [fault = ''] = faultsOf(oneRule(`body: { template: "${'x'.repeat(65_537)}" }`));
    expect(fault).toMatch(/RULE_VALUE {2}template must be text of at most 65536 characters, got "x{60}…"$/);
  });
});
