/** Latencies drawn at random, the same ones for the same seed, fast enough for millions. */

import { normalQuantile } from '../../core/judge/statistics/normal.ts';
import { addMs, type Histogram, newHistogram } from '../../core/measure/histogram.ts';

const BITS = 16;
/** Evenly spaced quantiles of the normal distribution: to draw one is to draw its number. Tails end at 4.2 standard deviations. */
const NORMAL = Float64Array.from({ length: 2 ** BITS }, (_, i) => normalQuantile((i + 0.5) / 2 ** BITS));

/** Whole numbers from 0 to below 2³², by mulberry32. */
const createRandomBits = (seed: number): (() => number) => {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
};

export const createDraws = (seed: number) => {
  const bits = createRandomBits(seed);
  const normal = (): number => NORMAL[bits() >>> (32 - BITS)] as number;
  const uniform = (): number => bits() / 2 ** 32;
  const lognormalMs = (medianMs: number, sigma: number): number => medianMs * Math.exp(sigma * normal());
  return {
    normal,
    uniform,
    lognormalMs,
    histogram: (count: number, medianMs: number, sigma: number): Histogram => {
      const histogram = newHistogram();
      for (let i = 0; i < count; i += 1) addMs(histogram, lognormalMs(medianMs, sigma));
      return histogram;
    },
    /** How many of `tries` hit. */
    hits: (tries: number, share: number): number => {
      let found = 0;
      for (let i = 0; i < tries; i += 1) if (uniform() < share) found += 1;
      return found;
    },
  };
};

export type Draws = ReturnType<typeof createDraws>;

/** A histogram of these values. */
export const histogramOf = (values: Iterable<number>): Histogram => {
  const histogram = newHistogram();
  for (const value of values) addMs(histogram, value);
  return histogram;
};
