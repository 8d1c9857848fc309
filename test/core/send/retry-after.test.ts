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
    ['Sunday, 06-Nov-94 08:50:07 GMT', 30_000],
    ['Sunday, 06-Nov-94 08:49:07 GMT', 0],
    ['Tuesday, 06-Nov-44 08:49:37 GMT', MAX_RETRY_AFTER_MS],
    ['Monday, 06-Nov-45 08:49:37 GMT', 0],
    ['Sun Nov  6 08:50:07 1994', 30_000],
    ['Sun Nov 06 08:50:07 1994', 30_000],
    ['Mon Nov  7 08:49:37 1994', MAX_RETRY_AFTER_MS],
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
    'Sunday, 31-Feb-94 08:49:37 GMT',
    'Sun, 06-Nov-94 08:49:37 GMT',
    'Sunday, 06-Nov-1994 08:49:37 GMT',
    'Sunday, 06-Nov-94 08:49:37',
    'Sun Nov 31 08:49:37 1994',
    'Sun Nov 6 08:49:37 1994',
    'Sun Nov  6 08:49:37 1994 GMT',
    'Sun Nov  6 08:49::7 1994',
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

  it('of a date is the time until then, in whichever of the three forms', () => {
    const formsOf = (date: Date): readonly string[] => {
      const imf = date.toUTCString();
      const [day = '', month = '', year = '', time = ''] = imf.slice(5).split(' ');
      const name = date.toLocaleDateString('en', { weekday: 'long', timeZone: 'UTC' });
      return [
        imf,
        `${name}, ${day}-${month}-${year.slice(2)} ${time} GMT`,
        `${imf.slice(0, 3)} ${month} ${String(Number(day)).padStart(2)} ${time} ${year}`,
      ];
    };
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4_000_000_000 }),
        fc.nat(MAX_RETRY_AFTER_MS / 1_000),
        (nowSeconds, seconds) => {
          for (const text of formsOf(new Date((nowSeconds + seconds) * 1_000)))
            expect(parseRetryAfterMs(text, nowSeconds * 1_000)).toBe(seconds * 1_000);
        },
      ),
    );
  });
});
