import { describe, expect, it } from 'vitest';
import { isMissed, median, medianRatio, newRow, quantile, type RowFigures } from '../../bench/rows.ts';
import { formatTable } from '../../bench/table.ts';

const figures = (changes: Partial<RowFigures> = {}): RowFigures => ({
  name: 'decode',
  value: 250,
  unit: 'MB of log / CPU s',
  ratio: 1,
  against: 'JSON.parse',
  ...changes,
});

describe('median', () => {
  it.each([
    ['one', [7], 7],
    ['an odd number of values, in any order', [9, 1, 5], 5],
    ['an even number of values: the mean of the middle two', [4, 1, 3, 100], 3.5],
    ['numbers of different lengths, by size and not by their text', [10, 9, 100], 10],
  ])('is taken of %s', (_, values, expected) => {
    expect(median(values)).toBe(expected);
  });

  it('leaves its values in their order', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  it('is refused for no values', () => {
    expect(() => median([])).toThrow(new RangeError('there is no median of no values'));
  });
});

describe('medianRatio', () => {
  it('is that of the ratios pair by pair, not the ratio of the medians', () => {
    // The machine was ten times slower during the second pair.
    expect(medianRatio([1, 20, 4], [2, 40, 4])).toBe(0.5);
    expect(medianRatio([1, 30, 4], [2, 10, 8])).toBe(0.5);
  });

  it('is refused where a run has no peer', () => {
    expect(() => medianRatio([1, 2], [1])).toThrow(new RangeError('runs come in pairs, got 2 and 1'));
  });
});

describe('quantile', () => {
  it.each([
    [0, 1],
    [0.5, 2],
    [0.51, 3],
    [0.99, 4],
    [1, 4],
  ])('%d of four values is number %d of them', (q, expected) => {
    expect(quantile([1, 2, 3, 4], q)).toBe(expected);
  });

  it('is refused for no values', () => {
    expect(() => quantile([], 0.5)).toThrow(new RangeError('there is no quantile of no values'));
  });
});

describe('a row', () => {
  it('meets a goal that it just reaches, on either side', () => {
    expect(newRow(figures({ ratio: 0.95, goal: { of: 'ratio', atLeast: 0.95 } })).ok).toBe(true);
    expect(newRow(figures({ value: 200, goal: { of: 'value', atMost: 200 } })).ok).toBe(true);
  });

  it('misses a goal by a hair, even where rounding hides the hair', () => {
    const row = newRow(figures({ ratio: 0.949999, goal: { of: 'ratio', atLeast: 0.95 } }));
    expect(row).toEqual({ ...figures(), ratio: 0.95, goal: 'ratio >= 0.95', ok: false });
    expect(newRow(figures({ value: 200.01, goal: { of: 'value', atMost: 200 } })).ok).toBe(false);
  });

  it('misses its goal where the figure is no number', () => {
    expect(newRow(figures({ ratio: Number.NaN, goal: { of: 'ratio', atMost: 1.5 } })).ok).toBe(false);
  });

  it('without a goal is only reported', () => {
    expect(newRow(figures())).toEqual({ ...figures(), goal: null, ok: true });
  });

  it('that could not be measured misses nothing, and says why', () => {
    const row = newRow(
      figures({
        value: null,
        ratio: null,
        against: 'not measured: no python3',
        goal: { of: 'ratio', atLeast: 2 },
      }),
    );
    expect(row).toMatchObject({
      value: null,
      ratio: null,
      against: 'not measured: no python3',
      goal: 'ratio >= 2',
      ok: true,
    });
    expect(isMissed([row])).toBe(false);
  });

  it('that misses its goal makes the whole bench miss', () => {
    const missed = newRow(figures({ goal: { of: 'ratio', atLeast: 2 } }));
    expect(isMissed([newRow(figures()), missed])).toBe(true);
    expect(isMissed([newRow(figures())])).toBe(false);
  });
});

describe('the table', () => {
  it('aligns columns and names what is missed and what was not measured', () => {
    const goal = { of: 'ratio', atLeast: 0.95 } as const;
    const rows = [
      newRow(figures({ value: 1234.5, goal })),
      newRow(figures({ name: 'plan', ratio: 0.5, goal })),
      newRow(figures({ name: 'python', value: null, ratio: null, goal })),
      newRow(figures({ name: 'zstd' })),
    ];
    expect(formatTable(rows)).toBe(
      [
        'name    value                     ratio  to          goal',
        'decode  1,235  MB of log / CPU s      1  JSON.parse  ratio >= 0.95  met',
        'plan      250  MB of log / CPU s    0.5  JSON.parse  ratio >= 0.95  MISSED',
        'python      –  MB of log / CPU s      –  JSON.parse  ratio >= 0.95  not measured',
        'zstd      250  MB of log / CPU s      1  JSON.parse',
      ].join('\n'),
    );
  });
});
