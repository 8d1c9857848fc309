import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatSwitch,
  parseSwitch,
  SWITCH_CHECK_EVERY_MS,
  SWITCH_MAX_AGE_MS,
  SWITCH_READ_EVERY_MS,
  switchShareAt,
} from '../../../core/send/kill-switch.ts';

describe('the text of the switch', () => {
  it.each<[string, number | undefined]>([
    ['on', 1],
    ['off', 0],
    [' ON\n', 1],
    ['Off', 0],
    ['25%', 0.25],
    ['0%', 0],
    ['100%', 1],
    ['100.0%', 1],
    ['0.5%', 0.005],
    ['12.345%', 0.12345],
    ['\t007% ', 0.07],
    ['100.1%', undefined],
    ['101%', undefined],
    ['-1%', undefined],
    ['+1%', undefined],
    ['1e1%', undefined],
    ['.5%', undefined],
    ['5.%', undefined],
    ['25 %', undefined],
    ['25', undefined],
    ['%', undefined],
    ['', undefined],
    ['true', undefined],
    ['on off', undefined],
    ['٢٥%', undefined],
    [`${'9'.repeat(400)}%`, undefined],
    [`${'0'.repeat(4_000)}1%`, 0.01],
  ])('%j means %s', (text, share) => {
    expect(parseSwitch(text)).toEqual(share === undefined ? undefined : { share });
  });

  it('is never read as more than all or less than nothing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^ ?\d{1,4}(\.\d*)?%?$/)), (text) => {
        const share = parseSwitch(text)?.share ?? 0;
        expect(share >= 0 && share <= 1).toBe(true);
      }),
    );
  });

  it.each([
    [1, 'on'],
    [0, 'off'],
    [0.25, '25%'],
    [0.07, '7%'],
    [0.005, '0.5%'],
    [0.29, '29%'],
    [1.5, 'on'],
    [-1, 'off'],
  ])('for %d is %s', (share, text) => {
    expect(formatSwitch(share)).toBe(text);
  });

  it('is read back as what was written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100_000 }), (thousandths) => {
        const share = thousandths / 100_000;
        expect(parseSwitch(formatSwitch(share))?.share).toBeCloseTo(share, 12);
        expect(formatSwitch(parseSwitch(formatSwitch(share))?.share ?? -1)).toBe(formatSwitch(share));
      }),
    );
  });
});

describe('the share that may be sent', () => {
  it.each<[string, { share: number; readAtMs: number } | undefined, number]>([
    ['is nothing before the switch was ever read', undefined, 0],
    ['is that of a fresh value', { share: 0.25, readAtMs: 100_000 }, 0.25],
    ['is that of a value of 30 s ago', { share: 1, readAtMs: 100_000 - SWITCH_MAX_AGE_MS }, 1],
    ['is nothing from then on', { share: 1, readAtMs: 100_000 - SWITCH_MAX_AGE_MS - 1 }, 0],
    ['is that of a reader whose clock is a little ahead', { share: 1, readAtMs: 100_500 }, 1],
    [
      'is nothing where its clock is far ahead: it might have stopped long ago',
      { share: 1, readAtMs: 131_000 },
      0,
    ],
    ['is nothing where the instant is unknown', { share: 1, readAtMs: Number.NaN }, 0],
  ])('%s', (_, state, share) => {
    expect(switchShareAt(state, 100_000)).toBe(share);
  });

  it('is known often enough that off takes hold within 5 s', () => {
    // At the worst a planner has just read, and a sender has just looked; the rest of the 5 s is for the calls.
    expect(SWITCH_READ_EVERY_MS + SWITCH_CHECK_EVERY_MS).toBeLessThanOrEqual(4_000);
    expect(SWITCH_MAX_AGE_MS).toBe(30_000);
  });
});
