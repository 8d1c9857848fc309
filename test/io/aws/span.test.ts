import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HOUR_MS, hourFolder, hourFolders, spanOfPrefix } from '../../../io/aws/span.ts';

const TEN = Date.UTC(2026, 10, 21, 10);

describe('folders of hours', () => {
  it('are those that a span touches, across days and years', () => {
    expect(hourFolders({ fromMs: TEN + 1, toMs: TEN + HOUR_MS })).toEqual(['2026/11/21/10/']);
    expect(hourFolders({ fromMs: TEN, toMs: TEN + HOUR_MS + 1 })).toEqual([
      '2026/11/21/10/',
      '2026/11/21/11/',
    ]);
    const newYear = Date.UTC(2027, 0, 1);
    expect(hourFolders({ fromMs: newYear - 1, toMs: newYear + 1 })).toEqual([
      '2026/12/31/23/',
      '2027/01/01/00/',
    ]);
    expect(hourFolders({ fromMs: TEN, toMs: TEN })).toEqual([]);
    expect(hourFolders({ fromMs: TEN, toMs: TEN - HOUR_MS })).toEqual([]);
  });
});

describe('a prefix of results', () => {
  it.each([
    ['results/2026/11/21/10/', '2026-11-21T10:00:00.000Z', '2026-11-21T11:00:00.000Z'],
    ['results/2026/11/21/10', '2026-11-21T10:00:00.000Z', '2026-11-21T11:00:00.000Z'],
    ['results/2026/12/31/23/', '2026-12-31T23:00:00.000Z', '2027-01-01T00:00:00.000Z'],
    ['results/2026/02/28/', '2026-02-28T00:00:00.000Z', '2026-03-01T00:00:00.000Z'],
    ['results/2026/12', '2026-12-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
    ['results/2026/', '2026-01-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
  ])('%s is a span', (prefix, from, to) => {
    expect(spanOfPrefix(prefix)).toEqual({ fromMs: Date.parse(from), toMs: Date.parse(to) });
  });

  it.each(['', 'results', 'results/'])('"%s" is all there is', (prefix) => {
    expect(spanOfPrefix(prefix)).toEqual({ fromMs: 0, toMs: 8.64e15 });
  });

  it.each([
    ...['results/2026/13/', 'results/2026/02/30/', 'results/2026/11/21/24/', 'results/26/', 'captured/2026/'],
    ...['results/2026/11/21/10/a.gz', 'results/2026//', 'results/2026/11/21/10/\n'],
  ])('"%s" is none', (prefix) => {
    expect(spanOfPrefix(prefix)).toBeUndefined();
  });

  it('of an hour is that of its folder', () => {
    const years = { min: Date.UTC(1970, 0), max: Date.UTC(9999, 0) };
    fc.assert(
      fc.property(fc.integer(years), (atMs) => {
        const span = spanOfPrefix(`results/${hourFolder(atMs)}`);
        expect(span?.fromMs).toBe(Math.floor(atMs / HOUR_MS) * HOUR_MS);
        expect((span?.toMs ?? 0) - (span?.fromMs ?? 0)).toBe(HOUR_MS);
      }),
    );
  });
});
