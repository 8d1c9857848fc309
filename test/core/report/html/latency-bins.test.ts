import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addMs, histogramToJson, newHistogram } from '../../../../core/measure/histogram.ts';
import { latencyBins } from '../../../../core/report/html/latency-bins.ts';

const histogramOf = (values: readonly number[]) => {
  const histogram = newHistogram();
  for (const value of values) addMs(histogram, value);
  return histogramToJson(histogram);
};

const binsOf = (values: readonly number[], others: readonly number[] = []) =>
  latencyBins({ recorded: histogramOf(values), service: histogramOf(others), fromDue: histogramOf([]) });

/** 6,000 values from 10 to 1,000 ms, as many in each part of a logarithmic axis. */
const EVEN = Array.from({ length: 6_000 }, (_, at) => 10 * 100 ** (at / 6_000));

describe('latencies in bins', () => {
  it('are all counted, in bins one behind the other', () => {
    const values = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(values, values, (recorded, service) => {
        const bins = binsOf(recorded, service);
        const sum = (key: 'recorded' | 'service'): number => bins.reduce((all, bin) => all + bin[key], 0);
        expect([sum('recorded'), sum('service')]).toEqual([recorded.length, service.length]);
        expect(bins.slice(1).map(({ fromMs }) => fromMs)).toEqual(bins.slice(0, -1).map(({ toMs }) => toMs));
        expect(bins.every(({ fromMs, toMs }) => fromMs < toMs)).toBe(true);
      }),
    );
  });

  it('begin and end with an empty one', () => {
    const bins = binsOf(EVEN);
    expect([bins.at(0)?.recorded, bins.at(-1)?.recorded]).toEqual([0, 0]);
    expect(bins.slice(1, -1).every(({ recorded }) => recorded > 0)).toBe(true);
  });

  it.each([[[11.7]], [[11.7, 12.1, 300]], [[1000]]])(
    'begin and end with an empty one however few there are: %j',
    (values) => {
      const bins = binsOf(values);
      expect([bins.at(0)?.recorded, bins.at(-1)?.recorded]).toEqual([0, 0]);
      expect(bins.at(1)?.recorded).toBeGreaterThan(0);
    },
  );

  it('have no teeth where values are spread evenly', () => {
    const inner = binsOf(EVEN).slice(2, -2);
    const densities = inner.map(({ fromMs, toMs, recorded }) => recorded / Math.log2(toMs / fromMs));
    expect(Math.max(...densities) / Math.min(...densities)).toBeLessThan(1.1);
  });

  it('are fewer and wider where there are few values', () => {
    const few = EVEN.filter((_, at) => at % 50 === 0);
    expect(binsOf(EVEN).length).toBeGreaterThan(50);
    expect(binsOf(few).length).toBeLessThan(18);
  });

  it('are octaves below 8 ms where the log has whole milliseconds', () => {
    const whole = Array.from({ length: 6_000 }, (_, at) => at % 40);
    expect(
      binsOf(whole)
        .slice(1, 5)
        .map(({ fromMs, toMs }) => [fromMs, toMs]),
    ).toEqual([
      [0.5, 1],
      [1, 2],
      [2, 4],
      [4, 8],
    ]);
  });

  it('are none where nothing was measured', () => {
    expect(binsOf([])).toEqual([]);
  });
});
