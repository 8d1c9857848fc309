import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newMinuteMemory, parseLineTime, utcFromBytes } from '../../../core/parse/line-time.ts';
import { bytesOf } from '../../support/decode.ts';

const AT = Date.UTC(2026, 10, 21, 11, 18, 1);

describe('parseLineTime', () => {
  it.each([
    ['2026-11-21T11:18:01Z', 0, 1_000],
    ['2026-11-21T11:18:01.406Z', 406, 0],
    ['2026-11-21T11:18:01.4Z', 400, 100],
    ['2026-11-21T11:18:01.40Z', 400, 10],
    ['2026-11-21T11:18:01.406123Z', 406.123, 0],
    ['2026-11-21T11:18:01.406123456Z', 406.123456, 0],
    ['2026-11-21t11:18:01z', 0, 1_000],
    ['2026-11-21T11:18:01+00:00', 0, 1_000],
    ['2026-11-21T13:18:01+02:00', 0, 1_000],
    ['2026-11-21T13:18:01+0200', 0, 1_000],
    ['2026-11-21T13:18:01+02', 0, 1_000],
    ['2026-11-21T05:48:01-05:30', 0, 1_000],
    ['2026-11-21 11:18:01', 0, 1_000],
    ['2026-11-21 11:18:01,406', 406, 0],
    ['2026-11-21 13:18:01.406 +0200', 406, 0],
    ['2026-11-21 11:18:01 UTC', 0, 1_000],
    ['2026-11-21 11:18:01.406 +0000 UTC', 406, 0],
    ['2026-11-21T11:18:01.406', 406, 0],
    ['2026/11/21 11:18:01', 0, 1_000],
    ['21/Nov/2026:11:18:01 +0000', 0, 1_000],
    ['21/Nov/2026:13:18:01 +0200', 0, 1_000],
    ['21/Nov/2026:11:18:01.406 +0000', 406, 0],
    ['21/Nov/2026:11:18:01', 0, 1_000],
    ['[21/Nov/2026:11:18:01 +0000]', 0, 1_000],
    ['1795259881', 0, 1_000],
    ['1795259881.406', 406, 0],
    ['1795259881.4', 400, 100],
    ['1795259881406', 406, 0],
    ['1795259881406123', 406.123, 0],
    ['1795259881406123456', 406.123456, 0],
    ['1.795259881406E9', 406, 0],
  ])('reads %s', (text, partMs, tickMs) => {
    const time = parseLineTime(text);
    expect(time?.atMs).toBeCloseTo(AT + partMs, 2);
    expect(time?.tickMs).toBe(tickMs);
  });

  it('reads a time of whole minutes, and a leap second as the next minute', () => {
    expect(parseLineTime('2026-11-21T11:18Z')).toEqual({ atMs: AT - 1_000, tickMs: 60_000 });
    expect(parseLineTime('2026-11-21T11:17:60Z')).toEqual({ atMs: AT - 1_000, tickMs: 1_000 });
  });

  it.each([
    '',
    '-',
    'now',
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-11-21T24:00:00Z',
    '2026-11-21T11:60:00Z',
    '2026-11-21T11:18:61Z',
    '2026-11-21T11:18:01+24:00',
    '2026-11-21T11:18:01+01:60',
    '2026-11-21T11:18:01X',
    '2026-11-21',
    '31/Feb/2026:11:18:01 +0000',
    '21/nov/2026:11:18:01 +0000',
    '21/Foo/2026:11:18:01 +0000',
    '1989-12-31T23:59:59Z',
    '0001-01-01T00:00:00Z',
    '2200-01-01T00:00:00Z',
    '12345',
    '0',
    '99999999999',
    '-1795259881',
    '0x6b0f5f29',
    '17952598814061234567890',
  ])('refuses %j', (text) => {
    expect(parseLineTime(text)).toBeUndefined();
  });

  it('gives back any instant in every notation', () => {
    const instants = fc.integer({ min: 631_152_000_000, max: 7_258_118_399_999 });
    fc.assert(
      fc.property(instants, fc.integer({ min: -14 * 60, max: 14 * 60 }), (atMs, offset) => {
        const iso = new Date(atMs).toISOString();
        const local = new Date(atMs + offset * 60_000).toISOString().slice(0, -1);
        const minutes = Math.abs(offset);
        const [hh, mm] = [Math.floor(minutes / 60), minutes % 60].map((n) => String(n).padStart(2, '0'));
        const sign = offset < 0 ? '-' : '+';
        const [, year, , day, clock] = /^(\d+)-(\d+)-(\d+)T(.*)$/.exec(local) ?? [];
        const month = new Date(`${local}Z`).toLocaleString('en-US', { month: 'short', timeZone: 'UTC' });
        const texts = [
          iso,
          iso.replace('T', ' ').replace('.', ','),
          `${local}${sign}${hh}:${mm}`,
          `${local} ${sign}${hh}${mm}`,
          `${day}/${month}/${year}:${clock} ${sign}${hh}${mm}`,
          (atMs / 1_000).toFixed(3),
          ...(atMs > 1e12 ? [`${atMs}`, `${atMs}000`, `${atMs}000000`] : []),
        ];
        for (const text of texts) expect([text, parseLineTime(text)?.atMs]).toEqual([text, atMs]);
      }),
      { numRuns: 300 },
    );
  });
});

describe('utcFromBytes', () => {
  it('says what parseLineTime says, or that it does not know', () => {
    const minute = newMinuteMemory();
    const parts = fc.tuple(
      fc.integer({ min: 631_152_000_000, max: 7_258_118_399_999 }),
      fc.stringMatching(/^\d{1,10}$/),
      fc.constantFrom('Z', 'z', '', '+00:00'),
      fc.constantFrom('', 'X', ' '),
    );
    fc.assert(
      fc.property(parts, ([atMs, digits, zone, before]) => {
        const text = `${before}${new Date(atMs).toISOString().slice(0, 19)}.${digits}${zone}`;
        const bytes = bytesOf(`"${text}"\n`);
        const got = utcFromBytes(minute, bytes, 1, 1 + text.length);
        const want = parseLineTime(text);
        if (zone === 'Z' && before === '' && digits.length >= 3 && digits.length <= 9)
          expect(got).not.toBeNaN();
        if (!Number.isNaN(got)) expect(got).toBeCloseTo(want?.atMs ?? Number.NaN, 3);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    '2026-13-21T11:18:01.406Z',
    '2026-11-21T11:18:61.406Z',
    '2026-11-21T11:18:0a.406Z',
    '2026-11-21T11:18:01.40aZ',
    '2026-11-21T11:18:01,406Z',
    '2026-11-21T11:18:01.40Z',
  ])('does not know %s', (text) => {
    const minute = newMinuteMemory();
    expect(utcFromBytes(minute, bytesOf(text), 0, text.length)).toBeNaN();
    const good = '2026-11-21T11:18:01.406Z';
    expect(utcFromBytes(minute, bytesOf(good), 0, good.length)).toBe(AT + 406);
  });
});
