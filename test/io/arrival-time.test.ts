import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arrivalOf, mayHoldStarts, skipToStarts } from '../../io/arrival-time.ts';

const at = (clock: string): number => Date.parse(`2026-11-21T${clock}Z`);

describe('when lines of an object arrived', () => {
  it.each([
    ['captured/2026/11/21/11/prod-1-2026-11-21-11-18-40-5d0e2c1f-7f0e.gz', '11:18:40', '11:33:40'],
    ['prod-1-2026-11-21-11-18-40-5d0e2c1f', '11:18:40', '11:33:40'],
    ['captured/2026/11/21/11/anything.gz', '11:00:00', '12:15:00'],
    ['2026/11/21/11/a', '11:00:00', '12:15:00'],
    ['a/year=2026/month=11/day=21/hour=11/b', '11:00:00', '12:15:00'],
  ])('%s says it', (key, first, last) => {
    expect(arrivalOf(key)).toEqual({ firstMs: at(first), lastMs: at(last) });
  });

  it.each([
    'access.log.gz',
    'logs/2026-11-21.gz',
    'logs/2026/11/21/access.gz',
    'logs/2026/13/21/11/access.gz',
    'logs/2026/02/30/11/access.gz',
    'logs/2026/11/21/24/access.gz',
    'a-2026-11-21-11-61-00-b',
    'a-2026-11-21-11-18-40-b/access.gz',
    '12026/11/21/11/a',
  ])('%s does not say it', (key) => {
    expect(arrivalOf(key)).toBeUndefined();
    expect(mayHoldStarts(key, { fromMs: at('00:00:00'), toMs: at('00:00:01') })).toBe(true);
  });
});

describe('an object of 11:00 to 12:15', () => {
  const key = 'captured/2026/11/21/11/a.gz';

  it.each([
    // Lines may start up to an hour before they arrive.
    ['09:00:00', '10:00:00', false],
    ['09:00:00', '10:00:01', true],
    ['12:15:00', '13:00:00', true],
    ['12:15:01', '13:00:00', false],
    ['11:30:00', '11:31:00', true],
    ['00:00:00', '23:59:59', true],
  ])('may hold requests of %s to %s: %s', (from, to, expected) => {
    expect(mayHoldStarts(key, { fromMs: at(from), toMs: at(to) })).toBe(expected);
  });

  it('may hold requests of an open range', () => {
    expect(mayHoldStarts(key, {})).toBe(true);
    expect(mayHoldStarts(key, { fromMs: at('13:00:00') })).toBe(false);
    expect(mayHoldStarts(key, { toMs: at('09:30:00') })).toBe(false);
  });
});

describe('where a listing goes on', () => {
  const range = { fromMs: at('11:30:00'), toMs: at('12:30:00') };

  it.each([
    ['a/2026/11/21/09/x', 'a/2026/11/21/11'],
    ['a/2026/11/21/10/x', 'a/2026/11/21/11'],
    ['a/2026/11/21/11/x', undefined],
    ['a/2026/11/21/13/x', undefined],
    ['a/2026/11/21/14/x', 'a/:'],
    ['2025/01/01/00/x', '2026/11/21/11'],
    ['a\n/2025/01/01/00/x', 'a\n/2026/11/21/11'],
    ['a/year=2025/month=01/day=01/hour=00/x', 'a/year=2026/month=11/day=21/hour=11'],
    ['a/year=2027/month=01/day=01/hour=00/x', 'a/year=:'],
    ['a/2025/13/01/00/x', undefined],
    ['a/2025/01/01/x', undefined],
    ['prod-1-2020-11-21-11-18-40-5d0e2c1f', undefined],
  ])('%s: %s', (key, expected) => {
    expect(skipToStarts(key, range)).toBe(expected);
  });

  it('is behind the key, and before every key that may hold requests of the range', () => {
    const hour = fc.integer({ min: Date.UTC(2020, 0, 1) / 3_600_000, max: Date.UTC(2030, 0, 1) / 3_600_000 });
    const keyOf = (hours: number): string =>
      `a/${new Date(hours * 3_600_000).toISOString().slice(0, 13).replace(/[-T]/g, '/')}/x`;
    const minutes = fc.integer({ min: 0, max: 59 });
    fc.assert(
      fc.property(hour, hour, hour, minutes, fc.nat(50), (one, other, from, minute, span) => {
        const fromMs = from * 3_600_000 + minute * 60_000;
        const given = { fromMs, toMs: fromMs + span * 3_600_000 };
        const next = skipToStarts(keyOf(one), given);
        if (next === undefined) return;
        expect(next > keyOf(one)).toBe(true);
        expect(mayHoldStarts(keyOf(one), given)).toBe(false);
        const isSkipped = keyOf(other) > keyOf(one) && keyOf(other) <= next;
        if (isSkipped) expect(mayHoldStarts(keyOf(other), given)).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is the end of all years where the range lies beyond them', () => {
    expect(skipToStarts('a/2026/11/21/11/x', { fromMs: Date.UTC(10_000, 5, 1) })).toBe('a/:');
  });
});
