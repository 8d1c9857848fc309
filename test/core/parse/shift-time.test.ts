import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLineTime } from '../../../core/parse/line-time.ts';
import { shiftTimeText } from '../../../core/parse/shift-time.ts';

const DAY = 86_400;

describe('a time that is moved', () => {
  it.each([
    ['2026-11-21T11:21:50.635491836Z', 1, '2026-11-21T11:21:51.635491836Z'],
    ['2026-11-21T11:21:50Z', DAY, '2026-11-22T11:21:50Z'],
    ['2026-12-31T23:59:59.9+01:00', 1, '2027-01-01T00:00:00.9+01:00'],
    ['2026-02-28T12:00:00-0330', DAY, '2026-03-01T12:00:00-0330'],
    ['2026/11/21 11:18:01,406', -1, '2026/11/21 11:18:00,406'],
    ['2026-11-21 11:18:01 UTC', 60, '2026-11-21 11:19:01 UTC'],
    ['2026-11-21t11:18:01z', 60, '2026-11-21t11:19:01z'],
    ['2026-11-21T11:18Z', 90, '2026-11-21T11:19Z'],
    ['2026-11-21T11:18+01', 90, '2026-11-21T11:19+01'],
    ['21/Nov/2026:11:18:01 +0000', DAY * 10, '01/Dec/2026:11:18:01 +0000'],
    ['21/Nov/2026:11:18:01.250 -0500', 2, '21/Nov/2026:11:18:03.250 -0500'],
    ['[21/Nov/2026:11:18:01 +0000]', 1, '[21/Nov/2026:11:18:02 +0000]'],
    ['1795259881.406', 100, '1795259981.406'],
    ['1795259881', 100, '1795259981'],
    ['1795259881406', 100, '1795259981406'],
    ['1795259881406123', 100, '1795259981406123'],
    ['1795259881406123456', 100, '1795259981406123456'],
    ['1.795259881406E9', 100, '1.795259981406E9'],
    ['1.7952E9', 1, '1.795200001E9'],
    ['999999999.5', 1, '1000000000.5'],
  ])('%s, %i s later, is %s', (text, seconds, moved) => {
    expect(shiftTimeText(text, seconds)).toBe(moved);
  });

  it.each(['', '-', 'yesterday', '2026-13-01T00:00:00Z', '2026-11-21', '12', '0x10'])(
    'is none in %j',
    (text) => {
      expect(shiftTimeText(text, 1)).toBeUndefined();
    },
  );

  it('does not leave the years that logs are read of', () => {
    expect(shiftTimeText('1990-01-01T00:00:00Z', -1)).toBeUndefined();
    expect(shiftTimeText('2199-12-31T23:59:59Z', 1)).toBeUndefined();
  });

  const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0');
  const fraction = fc.string({ unit: fc.constantFrom(...'0123456789'), maxLength: 9 });
  const zone = fc.constantFrom('', 'Z', '+00:00', '-05:30', '+0200');
  const instant = fc.integer({ min: 900_000_000, max: 4_000_000_000 });
  const texts = fc.oneof(
    fc.tuple(instant, fraction, zone, fc.constantFrom('T', ' ')).map(([at, digits, offset, gap]) => {
      const text = new Date(at * 1_000).toISOString().slice(0, 19).replace('T', gap);
      return `${text}${digits === '' ? '' : `.${digits}`}${offset}`;
    }),
    fc
      .tuple(instant, zone)
      .map(([at, offset]) => `${new Date(at * 1_000).toISOString().slice(0, 16)}${offset}`),
    fc.tuple(instant, fraction).map(([at, digits]) => `${at}${digits === '' ? '' : `.${digits}`}`),
    fc
      .tuple(instant, fc.constantFrom(3, 6, 9), fc.nat(999))
      .map(([at, more, rest]) => `${at}${pad(rest, more)}`),
    fc
      .tuple(instant, fc.nat(999))
      .map(
        ([at, rest]) => `${String(at).slice(0, 1)}.${String(at).slice(1)}${rest}E${String(at).length - 1}`,
      ),
    instant.map((at) => {
      const [, day, month, year, clock] = new Date(at * 1_000).toUTCString().split(/,? /);
      return `${day}/${month}/${year}:${clock} +0100`;
    }),
  );

  it('is read as later by just as much, with the same resolution', () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: -DAY * 3_000, max: DAY * 3_000 }), (text, seconds) => {
        const before = parseLineTime(text);
        fc.pre(before !== undefined);
        const moved = shiftTimeText(text, seconds);
        const after = moved === undefined ? undefined : parseLineTime(moved);
        fc.pre(moved !== undefined);
        const whole = before?.tickMs === 60_000 ? Math.floor(seconds / 60) * 60 : seconds;
        expect(after?.tickMs).toBe(before?.tickMs);
        expect((after?.atMs ?? 0) - (before?.atMs ?? 0)).toBeCloseTo(whole * 1_000, 2);
      }),
    );
  });

  it('comes back when it is moved back', () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: -DAY * 3_000, max: DAY * 3_000 }), (text, seconds) => {
        // Written out with fewer digits than it stands for, or in the second that a minute does not have, it cannot come back.
        fc.pre(!/e/i.test(text) && parseLineTime(text)?.tickMs !== 60_000);
        const moved = shiftTimeText(text, seconds);
        fc.pre(moved !== undefined && moved.length === text.length);
        expect(shiftTimeText(moved ?? '', -seconds)).toBe(text);
      }),
    );
  });
});
