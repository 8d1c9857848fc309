import { describe, expect, it } from 'vitest';
import { loadRules } from '../../../core/rules/load.ts';
import { faultsOf, oneRule, ruleSetOf } from '../../support/rules.ts';

const TOP = 'version: 1\n';
const TARGET = 'targets: { t: { url: "http://127.0.0.1:1" } }\n';
const RULE = 'rules: [{ name: a, target: t }]\n';

describe('loadRules', () => {
  it('fills in every default', () => {
    const { hash, ...meaning } = ruleSetOf(TOP + TARGET + RULE);
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
    expect(meaning).toEqual({
      mark: 'reprise',
      logs: { format: 'auto', fields: {} },
      targets: {
        t: {
          name: 't',
          origin: 'http://127.0.0.1:1',
          hostname: '127.0.0.1',
          maxInFlight: 100,
          timeoutMs: 10_000,
          allowUnsafeMethods: false,
          allowProduction: false,
        },
      },
      rules: [
        {
          name: 'a',
          match: {},
          percent: 100,
          sampleBy: { kind: 'request' },
          multiply: 1,
          target: 't',
          host: { kind: 'target' },
          headers: { strip: [], keep: [], set: [] },
          query: { strip: [] },
          pacing: { mode: 'recorded', speed: 1, rampMs: 10_000 },
          backoff: {
            kind: 'on',
            latency: { kind: 'relative', factor: 3 },
            errorShare: 0.1,
            windowMs: 5_000,
          },
          gates: [],
          statusMap: {},
          sizeTolerance: 0.1,
        },
      ],
    });
  });

  it('reads every key', () => {
    const { mark, logs, targets, rules } = ruleSetOf(`
version: 1
mark: shadow-1
logs: { format: nginx, fields: { at: ts, headers.X-Foo: h.foo } }
targets:
  t:
    url: "HTTPS://Staging.Example.com:8443/"
    maxRate: 30/m
    maxInFlight: 7
    timeout: 1.5s
    allowUnsafeMethods: true
    allowProduction: true
    budget: { requests: 5, bytes: 2KiB, duration: 1m }
rules:
  - name: a
    match:
      host: [API.example.com, "*.shop.example.com"]
      method: [GET, POST]
      path: /a/**
      status: [404, 5xx, "200"]
      client: 10.0.0.0/8
      header.User-Agent: "**bot**"
      query.Page: ["1", ""]
      not: { host: internal.example.com, not: { path: /x } }
    percent: 0.5
    sampleBy: header:X-User
    multiply: 1.5
    target: t
    host: api.example.com:8080
    headers: { strip: [X-Internal-*, a], keep: Authorization, set: { X-B: "1", X-A: { fromEnv: A_TOKEN } } }
    query: { strip: utm_* }
    pacing: { mode: constant, rate: 90/m }
    maxRate: 10/h
    maxInFlight: 3
    timeout: 1s
    budget: { requests: 4 }
    backoff: { latency: 2.5x, errors: 5%, window: 10s }
    body: { template: "{}" }
    abort: { when: "errors >= 12.5% for 60s" }
    gates: " p95 <= 300ms "
    statusMap: { 304: 200, 499: any, 410: "404" }
    sizeTolerance: 12.5%
`);
    expect({ mark, logs }).toEqual({
      mark: 'shadow-1',
      logs: { format: 'nginx', fields: { at: 'ts', 'headers.X-Foo': 'h.foo' } },
    });
    expect(targets).toEqual({
      t: {
        name: 't',
        origin: 'https://staging.example.com:8443',
        hostname: 'staging.example.com',
        maxRatePerSecond: 0.5,
        maxInFlight: 7,
        timeoutMs: 1500,
        allowUnsafeMethods: true,
        allowProduction: true,
        budget: { requests: 5, bytes: 2048, durationMs: 60_000 },
      },
    });
    expect(rules).toEqual([
      {
        name: 'a',
        match: {
          host: ['api.example.com', '*.shop.example.com'],
          method: ['GET', 'POST'],
          path: ['/a/**'],
          status: ['404', '5xx', '200'],
          client: ['10.0.0.0/8'],
          header: { 'user-agent': ['**bot**'] },
          query: { Page: ['1', ''] },
          not: { host: ['internal.example.com'], not: { path: ['/x'] } },
        },
        percent: 0.5,
        sampleBy: { kind: 'header', name: 'x-user' },
        multiply: 1.5,
        target: 't',
        host: { kind: 'literal', value: 'api.example.com:8080' },
        headers: {
          strip: ['x-internal-*', 'a'],
          keep: ['authorization'],
          set: [
            ['X-B', '1'],
            ['X-A', { fromEnv: 'A_TOKEN' }],
          ],
        },
        query: { strip: ['utm_*'] },
        pacing: { mode: 'constant', ratePerSecond: 1.5 },
        maxRatePerSecond: 1 / 360,
        maxInFlight: 3,
        timeoutMs: 1_000,
        budget: { requests: 4 },
        backoff: {
          kind: 'on',
          latency: { kind: 'relative', factor: 2.5 },
          errorShare: 0.05,
          windowMs: 10_000,
        },
        body: { template: '{}' },
        abort: { errorShare: 0.125, orEqual: true, forMs: 60_000 },
        gates: [
          {
            kind: 'gate',
            text: 'p95 <= 300ms',
            scope: { rule: 'a', eachRoute: false },
            measure: 'p95',
            op: '<=',
            limit: { kind: 'time', ms: 300 },
            minCount: 1,
            isOptional: false,
          },
        ],
        statusMap: { 304: 200, 499: 'any', 410: 404 },
        sizeTolerance: 0.125,
      },
    ]);
  });

  it.each([
    ['client', { kind: 'client' }],
    ['cookie:Session', { kind: 'cookie', name: 'Session' }],
    ['query:a:b', { kind: 'query', name: 'a:b' }],
  ])('reads sampleBy %s', (text, sampleBy) => {
    expect(ruleSetOf(oneRule(`sampleBy: "${text}"`)).rules[0]?.sampleBy).toEqual(sampleBy);
  });

  it('takes the files of a folder as one rule set', () => {
    const set = ruleSetOf(
      TOP + TARGET,
      `${TOP}mark: four`,
      TOP + RULE,
      `${TOP}rules: [{ name: b, target: t }]`,
    );
    expect([set.mark, set.rules.map(({ name }) => name)]).toEqual(['four', ['a', 'b']]);
  });

  it('reads a byte order mark, CRLF, aliases and JSON', () => {
    expect(faultsOf(`\ufeff${(TOP + TARGET + RULE).replaceAll('\n', '\r\n')}`)).toEqual([]);
    expect(
      faultsOf(
        JSON.stringify({
          version: 1,
          targets: { t: { url: 'http://[::1]:1' } },
          rules: [{ name: 'a', target: 't' }],
        }),
      ),
    ).toEqual([]);
    const set = ruleSetOf(
      `${TOP + TARGET}rules: [{ name: a, target: t, match: &m { path: /a } }, { name: b, target: t, match: *m }]`,
    );
    expect(set.rules.map(({ match }) => match.path)).toEqual([['/a'], ['/a']]);
  });

  it('keeps names that every object inherits apart', () => {
    const text =
      'version: 1\ntargets: { constructor: { url: "http://127.0.0.1:1" } }\nrules: [{ name: a, target: valueof }]';
    expect(faultsOf(text)).toEqual([
      'r1.yaml:3:28  TARGET_UNKNOWN  there is no target named "valueof"\n              hint: targets are constructor',
    ]);
    expect(Object.keys(ruleSetOf(text.replace('valueof', 'constructor')).targets)).toEqual(['constructor']);
  });

  it('keeps the rule set when there are only warnings', () => {
    const { ruleSet, faults } = loadRules([{ name: 'r', text: oneRule('match: { method: POST }') }]);
    expect(ruleSet).toBeDefined();
    expect(faults.map(({ code, severity }) => [code, severity])).toEqual([['METHOD_UNSAFE', 'warning']]);
  });

  describe('hash', () => {
    const hash = (...texts: readonly string[]): string => ruleSetOf(...texts).hash;
    const base = hash(TOP + TARGET + RULE);

    it('ignores comments, formatting, order of keys and files, and defaults written out', () => {
      expect(hash(`# hi\n${RULE}${TARGET}${TOP}`)).toBe(base);
      expect(hash(TOP + RULE, TOP + TARGET)).toBe(base);
      expect(
        hash(
          oneRule(
            'percent: 100.0, pacing: { speed: 1, mode: recorded, ramp: 10000ms }, backoff: { latency: 3x }',
          ),
        ),
      ).toBe(base);
      const [b, c] = ['rules: [{ name: b, target: t }]', 'rules: [{ name: c, target: t }]'];
      expect(hash(TOP + TARGET, TOP + b, TOP + c)).toBe(hash(TOP + TARGET, TOP + c, TOP + b));
    });

    it.each([
      'percent: 99',
      'match: { path: /a }',
      'host: recorded',
      'gates: ["failed < 1%"]',
      'backoff: off',
      'backoff: { window: 6s }',
      'pacing: { ramp: 0s }',
      'maxRate: 5/s',
      'timeout: 5s',
      'headers: { set: { a: "1" } }',
    ])('changes with %s', (rule) => {
      expect(hash(oneRule(rule))).not.toBe(base);
    });
  });
});
