import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  GATE_MEASURES,
  type Gate,
  parseGate,
  parseRuleGate,
  parseRunGate,
} from '../../../core/rules/gates.ts';

const gateOf = (text: string): Gate => {
  const gate = parseGate(text);
  if (gate.kind === 'fault') throw new Error(gate.message);
  return gate;
};

describe('parseGate', () => {
  it.each([
    ['p95 <= 300ms', 'p95', '<=', { kind: 'time', ms: 300 }],
    ['fromDue.p99<1.5s', 'fromDue.p99', '<', { kind: 'time', ms: 1500 }],
    ['  failed  <  0.1%  ', 'failed', '<', { kind: 'share', percent: 0.1 }],
    ['statusMatch >= 99%', 'statusMatch', '>=', { kind: 'share', percent: 99 }],
    ['p95 <= 1.1x recorded', 'p95', '<=', { kind: 'relative', factor: 1.1, to: 'recorded' }],
    ['max <= +10% baseline', 'max', '<=', { kind: 'relative', factor: 1.1, to: 'baseline' }],
    ['statusMatch >= -5% baseline', 'statusMatch', '>=', { kind: 'relative', factor: 0.95, to: 'baseline' }],
    ['status5xx <= 2x\trecorded', 'status5xx', '<=', { kind: 'relative', factor: 2, to: 'recorded' }],
    ['lag.p99 <= 5ms', 'lag.p99', '<=', { kind: 'time', ms: 5 }],
    ['achievedRate > 500/s', 'achievedRate', '>', { kind: 'rate', ratePerSecond: 500 }],
    ['achievedRate >= 99%', 'achievedRate', '>=', { kind: 'share', percent: 99 }],
    ['heldBack <= 0%', 'heldBack', '<=', { kind: 'share', percent: 0 }],
  ])('reads %j', (text, measure, op, limit) => {
    expect(parseGate(text)).toEqual({
      kind: 'gate',
      text: text.trim(),
      scope: { eachRoute: false },
      measure,
      op,
      limit,
      minCount: 1,
      isOptional: false,
    });
  });

  it.each<[string, Partial<Gate>]>([
    ['rule:catalog p95 <= 1s', { scope: { rule: 'catalog', eachRoute: false } }],
    ['route:"GET /cart/*" p95 <= 1s', { scope: { route: 'GET /cart/*', eachRoute: false } }],
    [
      `route:'* Shop.example.com/**' failed <= 1%`,
      { scope: { route: '* Shop.example.com/**', eachRoute: false } },
    ],
    ['route:"GET **"failed <= 1%', { scope: { route: 'GET **', eachRoute: false } }],
    ['each route p95 <= 1s', { scope: { eachRoute: true }, minCount: 50 }],
    ['each  route p95 <= 1s min 7', { scope: { eachRoute: true }, minCount: 7 }],
    ['rule:a-1_b each route p95 <= 1s', { scope: { rule: 'a-1_b', eachRoute: true }, minCount: 50 }],
    [
      'rule:a route:"GET /x/{id}" p95 <= 1s',
      { scope: { rule: 'a', route: 'GET /x/{id}', eachRoute: false } },
    ],
    ['p95 <= 1s min 1', { minCount: 1 }],
    ['p95 <= +10% recorded min 999999999 optional', { minCount: 999_999_999, isOptional: true }],
    ['p95 <= 1s optional', { minCount: 1, isOptional: true }],
    ['p95<=1s  optional ', { isOptional: true, text: 'p95<=1s  optional' }],
  ])('reads the scope and the end of %j', (text, parts) => {
    expect(gateOf(text)).toMatchObject(parts);
  });

  const LATENCY =
    'the limit of p95 must be a duration such as 300ms, or relative such as "1.1x recorded" or "+10% baseline", got';
  const ROUTE =
    'after route: comes a route in quotes such as "GET /cart/*" or "GET shop.example.com/**", got';
  const SCOPES =
    'a scope is rule:NAME, route:"GET /cart/*" or each route, with rule:NAME first where there are two';
  const END = 'after the limit comes "min 100" or "optional", or both in that order, or nothing, got';
  const MIN = 'after min comes a number of requests from 1 to 999999999, got';
  const LINES =
    'rejected counts lines of the log, before there are rules and routes: it stands without a scope';
  it.each<[text: string, offset: number, message: string, hint?: string]>([
    ['', 0, 'a gate begins with a measure, got ""', `measures are ${GATE_MEASURES.join(', ')}`],
    ['  p59 <= 3ms', 2, 'a gate begins with a measure, got "p59"', 'did you mean "p50"?'],
    [
      'rule:a statusmatch >= 9%',
      7,
      'after the scope comes a measure, got "statusmatch"',
      'did you mean "statusMatch"?',
    ],
    ['p95', 3, 'after p95 comes one of <=, <, >=, >, got ""'],
    ['p95 == 3ms', 4, 'after p95 comes one of <=, <, >=, >, got "=="'],
    ['p95 300ms', 4, 'after p95 comes one of <=, <, >=, >, got "300ms"'],
    ['p95 <=', 6, `${LATENCY} ""`],
    ['p95 <= optional', 7, `${LATENCY} ""`],
    ['p95 <=  3%', 8, `${LATENCY} "3%"`],
    ['p95 <= -100% recorded', 7, `${LATENCY} "-100% recorded"`],
    ['p95 <= recorded', 7, `${LATENCY} "recorded"`],
    ['p95 <= 300ms maybe', 7, `${LATENCY} "300ms maybe"`],
    ['p95 <= 12345678901ms', 7, `${LATENCY} "12345678901ms"`],
    [
      'lag.p99 <= 2x recorded',
      11,
      'the limit of lag.p99 must be a duration such as 5ms, or relative such as "1.1x baseline", got "2x recorded"',
    ],
    [
      'statusMatch >= 101%',
      15,
      'the limit of statusMatch must be a share from 0% to 100%, or relative such as "1.1x baseline", got "101%"',
    ],
    [
      'status5xx >= 5ms',
      13,
      'the limit of status5xx must be a share from 0% to 100%, or relative such as "1.1x recorded", got "5ms"',
    ],
    [
      'achievedRate >= fast',
      16,
      'the limit of achievedRate must be a share of the rate asked such as 99%, a rate such as 500/s, or relative such as "0.9x baseline", got "fast"',
    ],
    ['rule: p95 <= 1s', 5, 'after rule: comes the name of a rule, got ""'],
    [' rule:A p95 <= 1s', 6, 'after rule: comes the name of a rule, got "A"'],
    ['route:GET /x p95 <= 1s', 6, `${ROUTE} "GET /x p95 <= 1s"`],
    ['route:"GET /x p95 <= 1s', 6, `${ROUTE} "\\"GET /x p95 <= 1s"`],
    ['route:"/x" p95 <= 1s', 6, `${ROUTE} "/x"`],
    ['route:"GET x" p95 <= 1s', 6, `${ROUTE} "GET x"`],
    ['route:"GET /x?a=1" p95 <= 1s', 6, `${ROUTE} "GET /x?a=1"`, 'routes are named without the query'],
    ['rule:a route:"GET /\u0007" p95 <= 1s', 13, `${ROUTE} "GET /\\u0007"`],
    ['each route', 0, SCOPES, 'write: each route p95 <= 300ms'],
    ['each routes p95 <= 1s', 0, SCOPES, 'write: each route p95 <= 300ms'],
    ['each route rule:a p95 <= 1s', 11, SCOPES],
    ['route:"GET /x" rule:a p95 <= 1s', 15, SCOPES],
    ['rule:a rule:b p95 <= 1s', 7, SCOPES],
    ['route:"GET /x" each route p95 <= 1s', 15, 'a gate is of one route: or of each route, got both'],
    ['each route rejected <= 1%', 0, LINES],
    [' rule:a rejected <= 1%', 1, LINES],
    ['p95 <= 1s min', 13, `${MIN} ""`],
    ['p95 <= 1s min 0', 14, `${MIN} "0"`],
    ['p95 <= 1s min 5.5', 14, `${MIN} "5.5"`],
    ['p95 <= 1s min 5 min 6', 16, `${END} "min 6"`],
    ['p95 <= 1s optional min 5', 19, `${END} "min 5"`],
    ['p95 <= 1s optional really', 19, `${END} "really"`],
  ])('refuses %j', (text, offset, message, hint) => {
    expect(parseGate(text)).toEqual({ kind: 'fault', offset, message, ...(hint ? { hint } : {}) });
  });

  it('reads +10% as the very factor of 1.1x', () => {
    expect(gateOf('p95 <= +10% recorded').limit).toEqual(gateOf('p95 <= 1.1x recorded').limit);
  });

  it('tells a place inside of any text that is no gate, and shows no more of it than fits a line', () => {
    const word = fc.constantFrom(
      ...[
        'rule:a',
        'route:"GET /"',
        'each',
        'route',
        'p95',
        'rejected',
        '<=',
        '1s',
        '2x',
        'recorded',
        'min',
        '5',
      ],
      ...['optional', ' ', '"', '\n', '\ud800', 'x'.repeat(1000), '%'],
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(word).map((words) => words.join(' ')),
        ),
        (text) => {
          const gate = parseGate(text);
          if (gate.kind === 'gate') return;
          expect(gate.offset).toBeGreaterThanOrEqual(0);
          expect(gate.offset).toBeLessThanOrEqual(text.length);
          expect(gate.message.length).toBeLessThan(400);
        },
      ),
    );
  });

  it('reads again what it read', () => {
    const number = fc.integer({ min: 1, max: 99_999 }).map((value) => value / 100);
    const limited = fc.oneof(
      fc.tuple(fc.constantFrom('p95', 'max', 'fromDue.p50'), number).map(([m, n]) => [m, `${n}ms`]),
      fc.tuple(fc.constantFrom('p95', 'p99'), number).map(([m, n]) => [m, `${n}x recorded`]),
      fc.tuple(fc.constantFrom('failed', 'sizeMatch'), number).map(([m, n]) => [m, `+${n}% baseline`]),
    );
    const scope = fc.constantFrom('', 'rule:a ', 'each route ', 'rule:b route:"* /a/**" ');
    const op = fc.constantFrom('<=', '<', '>=', '>');
    const end = fc.constantFrom('', ' min 12', ' optional', ' min 3 optional');
    fc.assert(
      fc.property(scope, limited, op, end, (where, [measure, limit], sign, rest) => {
        const gate = gateOf(`  ${where}${measure}  ${sign}  ${limit}${rest}`);
        expect(gateOf(gate.text)).toEqual(gate);
      }),
    );
  });
});

describe('parseRunGate', () => {
  it('takes gates of the run and of rules that there are', () => {
    expect(parseRunGate('p95 <= 1s', []).kind).toBe('gate');
    expect(parseRunGate('rule:cart p95 <= 1s', ['cart']).kind).toBe('gate');
  });

  it.each<[string, readonly string[], number, string, string?]>([
    [' rule:card p95 <= 1s', ['cart', 'all'], 6, 'there is no rule named "card"', 'did you mean "cart"?'],
    ['rule:x p95 <= 1s', ['cart', 'all'], 5, 'there is no rule named "x"', 'rules are cart, all'],
    ['rule:x p95 <= 1s', [], 5, 'there is no rule named "x"'],
  ])('refuses %j beside %j', (text, names, offset, message, hint) => {
    expect(parseRunGate(text, names)).toEqual({ kind: 'fault', offset, message, ...(hint ? { hint } : {}) });
  });
});

describe('parseRuleGate', () => {
  it('makes a gate one of its rule', () => {
    expect(parseRuleGate('each route p95 <= 1s', 'cart')).toMatchObject({
      scope: { rule: 'cart', eachRoute: true },
    });
    expect(parseRuleGate('rule:cart p95 <= 1s', 'cart')).toMatchObject({ scope: { rule: 'cart' } });
    expect(parseRuleGate('rejected <= 1%', 'cart')).toMatchObject({ scope: { rule: 'cart' } });
  });

  it('refuses one of another rule, and what is no gate', () => {
    expect(parseRuleGate('rule:all p95 <= 1s', 'cart')).toEqual({
      kind: 'fault',
      offset: 5,
      message: 'a gate in a rule is about that rule, "cart", got "all"',
      hint: 'leave rule: out, or give the gate with --gate',
    });
    expect(parseRuleGate('p95', 'cart')).toMatchObject({ kind: 'fault', offset: 3 });
  });
});
