import { describe, expect, it } from 'vitest';
import { GATE_MEASURES, parseGate } from '../../../core/rules/gates.ts';

describe('parseGate', () => {
  it.each([
    ['p95 <= 300ms', 'p95', '<=', { kind: 'time', ms: 300 }],
    ['fromDue.p99<1.5s', 'fromDue.p99', '<', { kind: 'time', ms: 1500 }],
    ['  failed  <  0.1%  ', 'failed', '<', { kind: 'share', percent: 0.1 }],
    ['statusMatch >= 99%', 'statusMatch', '>=', { kind: 'share', percent: 99 }],
    ['p95 <= 1.1x recorded', 'p95', '<=', { kind: 'relative', factor: 1.1, to: 'recorded' }],
    ['max <= +10% baseline', 'max', '<=', { kind: 'relative', factor: 1.1, to: 'baseline' }],
    ['statusMatch >= -5% baseline', 'statusMatch', '>=', { kind: 'relative', factor: 0.95, to: 'baseline' }],
    ['status5xx <= 2x recorded', 'status5xx', '<=', { kind: 'relative', factor: 2, to: 'recorded' }],
    ['lag.p99 <= 5ms', 'lag.p99', '<=', { kind: 'time', ms: 5 }],
    ['achievedRate > 500/s', 'achievedRate', '>', { kind: 'rate', ratePerSecond: 500 }],
    ['achievedRate >= 99%', 'achievedRate', '>=', { kind: 'share', percent: 99 }],
    ['heldBack <= 0%', 'heldBack', '<=', { kind: 'share', percent: 0 }],
  ])('reads %j', (text, measure, op, limit) => {
    expect(parseGate(text)).toEqual({ kind: 'gate', measure, op, limit });
  });

  it.each([
    ['', 0, 'a gate begins with a measure, got ""', `measures are ${GATE_MEASURES.join(', ')}`],
    ['  p59 <= 3ms', 2, 'a gate begins with a measure, got "p59"', 'did you mean "p50"?'],
    [
      'each route p95 <= 3ms',
      0,
      'a gate begins with a measure, got "each"; scopes are not known yet',
      undefined,
    ],
    [
      'rule:a p95 <= 3ms',
      0,
      'a gate begins with a measure, got "rule:a"; scopes are not known yet',
      undefined,
    ],
    ['p95', 3, 'after p95 comes one of <=, <, >=, >, got ""', undefined],
    ['p95 == 3ms', 4, 'after p95 comes one of <=, <, >=, >, got "=="', undefined],
    ['p95 300ms', 4, 'after p95 comes one of <=, <, >=, >, got "300ms"', undefined],
    [
      'p95 <=  3%',
      8,
      'the limit of p95 must be a duration such as 300ms, or relative such as "1.1x recorded" or "+10% baseline", got "3%"',
      undefined,
    ],
    [
      'p95 <= -100% recorded',
      7,
      'the limit of p95 must be a duration such as 300ms, or relative such as "1.1x recorded" or "+10% baseline", got "-100% recorded"',
      undefined,
    ],
    [
      'lag.p99 <= 2x recorded',
      11,
      'the limit of lag.p99 must be a duration such as 5ms, or relative such as "1.1x baseline", got "2x recorded"',
      undefined,
    ],
    [
      'statusMatch >= 101%',
      15,
      'the limit of statusMatch must be a share from 0% to 100%, or relative such as "1.1x baseline", got "101%"',
      undefined,
    ],
    [
      'achievedRate >= fast',
      16,
      'the limit of achievedRate must be a share of the rate asked such as 99%, a rate such as 500/s, or relative such as "0.9x baseline", got "fast"',
      undefined,
    ],
  ])('refuses %j', (text, offset, message, hint) => {
    expect(parseGate(text)).toEqual({ kind: 'fault', offset, message, ...(hint ? { hint } : {}) });
  });
});
