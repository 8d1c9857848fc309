import { describe, expect, it } from 'vitest';
import type { GateResult } from '../../../../core/judge/verdict.ts';
import { gateRange } from '../../../../core/report/html/gate-range.ts';
import { HELD } from '../sample-verdict.ts';

const gateOf = (given: Partial<GateResult>): GateResult => ({ ...HELD, op: '<=', interval: null, ...given });

const numberIn = (markup: string, pattern: RegExp): number => Number(pattern.exec(markup)?.[1]);

describe('the drawing of a gate', () => {
  const interval = { low: 70, high: 90, confidence: 0.95 };

  it('has the estimate within its interval, and on the side of the limit where it lies', () => {
    const { markup } = gateRange(gateOf({ measured: 84, limit: 300, interval }));
    const [low, high] = [
      numberIn(markup, /interval" d="M([\d.]+)/),
      numberIn(markup, /interval" d="M[\d.]+ 9H([\d.]+)/),
    ];
    const [estimate, limit] = [numberIn(markup, /cx="([\d.]+)"/), numberIn(markup, /limit" d="M([\d.]+)/)];
    expect([low, estimate, high, limit]).toEqual([low, estimate, high, limit].toSorted((a, b) => a - b));
    expect(numberIn(markup, /allowed" x="([\d.]+)"/)).toBe(0);
  });

  it('allows what lies above a lower limit', () => {
    const { markup } = gateRange(gateOf({ measured: 0.98, limit: 0.99, op: '>=', unit: 'share' }));
    expect(numberIn(markup, /allowed" x="([\d.]+)"/)).toBe(numberIn(markup, /limit" d="M([\d.]+)/));
  });

  it.each([
    ['nothing was measured', { measured: null }],
    ['it is beyond all bounds', { measured: Number.POSITIVE_INFINITY }],
  ])('is left out where %s', (_, given) => {
    expect(gateRange(gateOf(given)).markup).toBe('');
  });

  it('stands where measured and limit are one value', () => {
    expect(gateRange(gateOf({ measured: 0, limit: 0 })).markup).not.toContain('NaN');
  });
});
