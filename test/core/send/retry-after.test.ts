import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_RETRY_AFTER_MS, parseRetryAfterMs } from '../../../core/send/retry-after.ts';

const NOW_MS = Date.UTC(1994, 10, 6, 8, 49, 37);

describe('the value of Retry-After', () => {
  it.each([
    ['0', 0],
    ['1', 1_000],
    ['120', 120_000],
    [' 7\t', 7_000],
    ['007', 7_000],
    ['301', MAX_RETRY_AFTER_MS],
    ['99999999999999999999999999', MAX_RETRY_AFTER_MS],
    ['9'.repeat(400), MAX_RETRY_AFTER_MS],
    ['Sun, 06 Nov 1994 08:49:37 GMT', 0],
    ['Sun, 06 Nov 1994 08:50:07 GMT', 30_000],
    ['Sun, 06 Nov 1994 08:49:07 GMT', 0],
    ['Mon, 07 Nov 1994 08:49:37 GMT', MAX_RETRY_AFTER_MS],
  ])('%j is %s ms', (text, ms) => {
    expect(parseRetryAfterMs(text, NOW_MS)).toBe(ms);
  });

  it.each([
    '',
    '-1',
    '+1',
    '1.5',
    '1e3',
    '0x10',
    '10s',
    'soon',
    'Sun, 06 Nov 1994 08:49:37',
    'Sun, 06 Nox 1994 08:49:37 GMT',
    'Sun, 06 anF 1994 08:49:37 GMT',
    'Sun, 06 Nov 94 08:49:37 GMT',
    'Sun, 31 Feb 1994 08:49:37 GMT',
    'Sun, 00 Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 24:49:37 GMT',
    'Sun, 06 Nov 1994 08:60:37 GMT',
    '1994-11-06T08:49:37Z',
    '1, 2',
  ])('%j says nothing', (text) => {
    expect(parseRetryAfterMs(text, NOW_MS)).toBeUndefined();
  });

  it('is never below zero nor above five minutes, whatever a target writes', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.bigInt().map(String), fc.date().map(String)),
        fc.double(),
        (text, nowMs) => {
          const ms = parseRetryAfterMs(text, Number.isFinite(nowMs) ? nowMs : 0);
          expect(ms === undefined || (ms >= 0 && ms <= MAX_RETRY_AFTER_MS)).toBe(true);
        },
      ),
    );
  });

  it('of a date is the time until then', () => {
    fc.assert(
      fc.property(fc.nat(299), (seconds) => {
        const text = new Date(NOW_MS + seconds * 1_000).toUTCString();
        expect(parseRetryAfterMs(text, NOW_MS)).toBe(seconds * 1_000);
      }),
    );
  });
});
