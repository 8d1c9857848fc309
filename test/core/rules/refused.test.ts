import { describe, expect, it } from 'vitest';
import { loadRules } from '../../../core/rules/load.ts';
import { oneRule } from '../../support/rules.ts';

describe('a rule', () => {
  it.each([
    'percent: 0',
    'percent: 100.1',
    'percent: "10"',
    'percent: .nan',
    'multiply: 0',
    'multiply: 1001',
    'sampleBy: header',
    'sampleBy: "header:a b"',
    'pacing: { speed: 0 }',
    'pacing: { mode: constant, rate: 0/s }',
    'pacing: { mode: constant, rate: 200 }',
    'pacing: { mode: constant }',
    'pacing: { mode: even, rate: 1/s }',
    'pacing: { mode: constant, rate: 1/s, speed: 1 }',
    'host: "a b"',
    'host: "https://a"',
    'match: { host: "api.example.com:80" }',
    'match: { host: [] }',
    'match: { path: catalog }',
    'match: { path: "/a?b" }',
    'match: { path: "/é" }',
    'match: { status: 199 }',
    'match: { status: 600 }',
    'match: { status: 6xx }',
    'match: { status: 40 }',
    'match: { status: 4XX }',
    'match: { client: example.com }',
    'match: { client: 10.0.0.1/33 }',
    'match: { client: "::1/129" }',
    'match: { client: "10" }',
    'match: { not: { client: 1.2.3 } }',
    'match: { "header.a b": x }',
    'match: { "header.": x }',
    'match: { not: [] }',
    'match: { method: "GE T" }',
    'match: { method: "*" }',
    'headers: { set: { "a b": x } }',
    'headers: { set: { a: "x\\ny" } }',
    'headers: { set: { a: "x\\ry" } }',
    'headers: { set: { a: 1 } }',
    'headers: { set: { a: { fromEnv: "1A" } } }',
    'headers: { set: { a: { fromEnv: A, b: c } } }',
    'headers: { set: { Host: x } }',
    'headers: { set: { Transfer-Encoding: chunked } }',
    'headers: { set: { X-Reprise-Id: x } }',
    'headers: { strip: "a b" }',
    'headers: { keep: "" }',
    'query: { strip: "" }',
    'backoff: on',
    'backoff: { latency: 2 }',
    'backoff: { latency: 0x }',
    'backoff: { errors: 101% }',
    'backoff: { errors: 0% }',
    'abort: { when: "errors > 50%" }',
    'abort: {}',
    'body: {}',
    'gates: ["p95"]',
    'gates: [1]',
    'target: T',
    'name: a.b',
    `name: ${'a'.repeat(64)}`,
    'unknown: 1',
  ])('is refused with %s', (rule) => {
    const text =
      rule.startsWith('name') || rule.startsWith('target')
        ? oneRule().replace(rule.startsWith('name') ? 'name: a' : 'target: t', rule)
        : oneRule(rule);
    const { ruleSet, faults } = loadRules([{ name: 'r', text }]);
    expect(ruleSet).toBeUndefined();
    expect(faults.length).toBeGreaterThan(0);
  });
});
