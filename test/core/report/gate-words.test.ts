import { describe, expect, it } from 'vitest';
import { formatIn, gateName, measuredWords, outcomeWords } from '../../../core/report/gate-words.ts';
import { EACH_ROUTE, FAILED, HELD, MISSED } from './sample-verdict.ts';

describe('a value', () => {
  it.each([
    ['ms', 84, '84.0 ms'],
    ['ms', 1_284, '1.28 s'],
    ['share', 0.9921, '99.21 %'],
    ['share', 1.02, '102 %'],
    ['share', 0.0004, '0.04 %'],
    ['perSecond', 497, '497/s'],
    ['factor', 1.149, '1.15x'],
    ['factor', 12.34, '12.3x'],
    ['factor', null, '–'],
  ] as const)('in %s, %d, is shown as %s', (unit, value, text) => {
    expect(formatIn(unit, value)).toBe(text);
  });
});

describe('the words of a gate', () => {
  it('tell what was measured, with its interval, both sides and its requests', () => {
    expect(measuredWords(FAILED, FAILED)).toBe('1.42x (1.31x–1.55x; 142 ms against 100 ms; 2,000 requests)');
  });

  it('tell both sides where nothing is held against nothing', () => {
    const gate = {
      ...FAILED,
      gate: 'status5xx <= 1x recorded',
      measured: null,
      interval: null,
      value: 0,
      reference: 0,
    };
    expect(measuredWords(gate, gate)).toBe('0 % against 0 %; 2,000 requests');
  });

  it('tell the times behind a comparison to a baseline', () => {
    const gate = { ...FAILED, gate: 'no regression since the baseline' };
    expect(measuredWords(gate, gate)).toBe('1.42x (1.31x–1.55x; 142 ms against 100 ms; 2,000 requests)');
  });

  it('tell of routes how many failed, and the worst', () => {
    expect(outcomeWords(EACH_ROUTE)).toBe(
      '1 of 40 routes failed, 3 not judged; worst GET shop.example.com/cart/{id} 2.10x (1.80x–2.40x; 210 ms against 100 ms; 320 requests)',
    );
  });

  it('tell why one could not be judged', () => {
    expect(outcomeWords(MISSED)).toBe('could not be judged: the log has no latency');
  });

  it('tell of one that holds what it came to', () => {
    expect(outcomeWords(HELD)).toBe('measured 99.5 % (2,000 requests)');
  });

  it('name the rule that it stands in, once', () => {
    expect(gateName(HELD)).toBe('statusMatch >= 99%');
    expect(gateName(FAILED)).toBe('p95 <= 1.1x recorded · rule catalog');
    expect(gateName({ ...HELD, gate: 'rule:catalog p95 <= 1s', rule: 'catalog' })).toBe(
      'rule:catalog p95 <= 1s',
    );
  });
});
