import { describe, expect, it } from 'vitest';
import {
  formatChange,
  formatCount,
  formatDuration,
  formatInstant,
  formatMs,
  formatParts,
  formatRate,
  formatShare,
  shorten,
} from '../../../core/report/format.ts';

describe('format', () => {
  it.each([
    [formatCount(0), '0'],
    [formatCount(999), '999'],
    [formatCount(1_234_567), '1,234,567'],
    [formatMs(null), '–'],
    [formatMs(0.424), '0.42 ms'],
    [formatMs(-0.5), '-0.50 ms'],
    [formatMs(9.996), '10.0 ms'],
    [formatMs(99.96), '100 ms'],
    [formatMs(999.6), '1.00 s'],
    [formatMs(90_000), '90.0 s'],
    [formatDuration(0), '0 ms'],
    [formatDuration(28_400), '28.4 s'],
    [formatDuration(59_960), '1 m 00 s'],
    [formatDuration(125_000), '2 m 05 s'],
    [formatDuration(3_720_000), '1 h 02 m'],
    [formatDuration(86_400_000 * 3 + 4 * 3_600_000), '3 d 04 h'],
    [formatInstant('2026-11-21T22:50:30Z'), '2026-11-21 22:50:30 UTC'],
    [formatInstant('2026-11-21T22:50:30.999Z'), '2026-11-21 22:50:30 UTC'],
    [formatInstant(Date.UTC(2026, 10, 21, 22, 50, 30, 250), 'ms'), '2026-11-21 22:50:30.250 UTC'],
    [formatInstant(Number.NaN, 'ms'), 'unknown'],
    [formatRate(0.4), '0.40/s'],
    [formatRate(2000), '2,000/s'],
    [formatShare(undefined), '–'],
    [formatShare(1), '100 %'],
    [formatShare(0.99999), '99.9 %'],
    [formatShare(0.00001), '0.1 %'],
    [formatChange(100, 108), '+8 %'],
    [formatChange(100, 69), '−31 %'],
    [formatChange(100, 230), '×2.30'],
    [formatChange(100, 100.2), '='],
    [formatChange(null, 5), ''],
    [formatChange(0, 5), ''],
    [formatParts({ a: 1, b: 1200, c: 3, d: 1, e: 1 }, 2), 'b ×1,200, c ×3, others ×3'],
    [shorten('GET shop.example.com/cart', 11), 'GET s…/cart'],
  ])('%#: %s', (found, expected) => {
    expect(found).toBe(expected);
  });
});
