import { describe, expect, it } from 'vitest';
import { faultsOf, oneRule } from '../../support/rules.ts';

const HEAD = `version: 1
targets: { t: { url: "http://127.0.0.1:1" } }
rules:
  - name: a
    target: t
`;

describe('faults of gates in a rule file', () => {
  it('are all told, each at its place inside the gate', () => {
    const gates = `    gates:
      - p95 <= 3%
      - 'rule:b p95 <= 1s'
      - "each route  p96 <= 1s"
      - each route rejected <= 1%
      - p95 <= 1s min none
      - route:/cart p95 <= 1s
      - rule:a failed <= 1%
`;
    expect(faultsOf(HEAD + gates)).toEqual([
      'r1.yaml:7:16  GATE_SYNTAX  the limit of p95 must be a duration such as 300ms, or relative such as "1.1x recorded" or "+10% baseline", got "3%"',
      'r1.yaml:8:15  GATE_SYNTAX  a gate in a rule is about that rule, "a", got "b"\n              hint: leave rule: out, or give the gate with --gate',
      'r1.yaml:9:22  GATE_SYNTAX  after the scope comes a measure, got "p96"\n              hint: did you mean "p90"?',
      'r1.yaml:10:9  GATE_SYNTAX  rejected counts lines of the log, before there are rules and routes: it stands without a scope',
      'r1.yaml:11:23  GATE_SYNTAX  after min comes a number of requests from 1 to 999999999, got "none"',
      'r1.yaml:12:15  GATE_SYNTAX  after route: comes a route in quotes such as "GET /cart/*" or "GET shop.example.com/**", got "/cart p95 <= 1s"',
    ]);
  });

  it('are told of a single gate, too', () => {
    expect(faultsOf(`${HEAD}    gates: p95 = 1s\n`)).toEqual([
      'r1.yaml:6:16  GATE_SYNTAX  after p95 comes one of <=, <, >=, >, got "="',
    ]);
  });
});

describe('a gate that keeps a run from being good', () => {
  const high = (gate: string, measure: string, op: string): readonly string[] => [
    `r1.yaml:6:12  GATE_REVERSED  warning: the gate "${gate}" holds when ${measure} is high, and fails when it is low\n              hint: did you mean ${op}?`,
  ];
  const low = (gate: string, measure: string, op: string): readonly string[] =>
    high(gate, measure, op).map((line) =>
      line.replace(/high, and fails when it is low/, 'low, and fails when it is high'),
    );

  it.each([
    ...[
      'p95 >= 300ms',
      'fromDue.max > 1s',
      'lag.p99 >= 1ms',
      'failed > 1%',
      'status5xx >= 1x recorded',
      'heldBack >= 50%',
      'rejected > 0%',
    ].map((gate) => [gate, high(gate, gate.split(' ')[0] ?? '', gate.includes('>=') ? '<=' : '<')] as const),
    ...['statusMatch <= 99%', 'statusClassMatch < 99%', 'sizeMatch < 5%', 'achievedRate <= 99%'].map(
      (gate) => [gate, low(gate, gate.split(' ')[0] ?? '', gate.includes('<=') ? '>=' : '>')] as const,
    ),
  ])('is warned of: %s', (gate, faults) => {
    expect(faultsOf(`${HEAD}    gates: ${gate}\n`)).toEqual(faults);
  });

  it.each([
    'p95 <= 300ms',
    'failed < 1%',
    'statusMatch >= 99%',
    'achievedRate > 90%',
    'each route sizeMatch >= 9%',
  ])('is not %s', (gate) => {
    expect(faultsOf(`${HEAD}    gates: ${gate}\n`)).toEqual([]);
  });
});

describe('faults of statusMap and sizeTolerance', () => {
  it.each<[string, string]>([
    [
      'statusMap: { 99: 200 }',
      'r1.yaml:4:40  RULE_VALUE  the key "99" of statusMap is no status from 200 to 599',
    ],
    [
      'statusMap: { 4xx: 200 }',
      'r1.yaml:4:40  RULE_VALUE  the key "4xx" of statusMap is no status from 200 to 599',
    ],
    [
      'statusMap: { 304: 2000 }',
      'r1.yaml:4:45  RULE_RANGE  304 must be a status from 200 to 599, or any, got 2000',
    ],
    [
      'statusMap: { 304: all }',
      'r1.yaml:4:45  RULE_VALUE  304 must be a status from 200 to 599, or any, got "all"',
    ],
    ['statusMap: 304', 'r1.yaml:4:38  RULE_TYPE  statusMap must be a mapping, got 304'],
    [
      'sizeTolerance: 10',
      'r1.yaml:4:42  RULE_TYPE  sizeTolerance must be a percentage from 0% to 100%, such as 10%, got 10\n              hint: it needs a unit: %',
    ],
    [
      'sizeTolerance: 101%',
      'r1.yaml:4:42  RULE_VALUE  sizeTolerance must be a percentage from 0% to 100%, such as 10%, got "101%"',
    ],
  ])('are told of %s', (rule, fault) => {
    expect(faultsOf(oneRule(rule))).toEqual([fault]);
  });

  it('are none where all is well', () => {
    expect(faultsOf(oneRule('statusMap: { 304: 200, "499": any, 500: "503" }, sizeTolerance: 0%'))).toEqual(
      [],
    );
    expect(faultsOf(oneRule('statusMap: {}, sizeTolerance: 100%'))).toEqual([]);
  });
});
