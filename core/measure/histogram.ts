/**
 * How often which duration was seen: a log-linear histogram of milliseconds with 128 buckets an octave, so that a quantile is off by
 * at most 1/256 of its value. Two histograms merge by adding counts, exactly and in any order. There are counts for the octaves from the
 * lowest to the highest that was hit, so that a thousand histograms stay small. Data and functions apart, and all counts in one list,
 * since adding is on the hot path of every send: what it costs is the memory that it must fetch.
 */

import { RepriseError } from '../errors.ts';

const LOWEST_EXPONENT = -10;
/** Values of 2³² ms (49 days) and above, and what is no number, count as 2³² ms. */
const CEILING_MS = 2 ** 32;
const SUB_BITS = 7;
export const BUCKETS_PER_OCTAVE = 2 ** SUB_BITS;
const SUB_MASK = BUCKETS_PER_OCTAVE - 1;
const BUCKETS = (32 - LOWEST_EXPONENT + 1) * BUCKETS_PER_OCTAVE;
const MAX_UINT32 = 0xffff_ffff;

// The upper half of a double is sign, exponent and the first 20 bits of the mantissa: shifted, it is octave and bucket in one number.
const DOUBLE = new Float64Array(1);
const HALVES = new Uint32Array(DOUBLE.buffer);
const UPPER = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;
const INDEX_SHIFT = 20 - SUB_BITS;
const INDEX_BASE = (1023 + LOWEST_EXPONENT) << SUB_BITS;

/** Those of a histogram that outgrows 32 bits become doubles. */
type Counts = Uint32Array | Float64Array;
const NO_COUNTS = new Uint32Array(0);

/** Counts of values in ms. To be changed by the functions of this file only. */
export interface Histogram {
  count: number;
  /** Exact extremes; +∞ and −∞ while empty. */
  minMs: number;
  maxMs: number;
  /** Values below 2⁻¹⁰ ms (just under 1 µs), negative ones too. */
  low: number;
  /** Number of the first bucket in `counts`, which holds whole octaves. */
  firstIndex: number;
  counts: Counts;
}

/** A histogram as JSON; `buckets` holds bucket number and count by turns, bucket numbers ascending. */
export interface HistogramJson {
  /** `null` while empty. */
  readonly minMs: number | null;
  readonly maxMs: number | null;
  readonly low: number;
  readonly buckets: readonly number[];
}

export const newHistogram = (): Histogram => ({
  count: 0,
  minMs: Number.POSITIVE_INFINITY,
  maxMs: Number.NEGATIVE_INFINITY,
  low: 0,
  firstIndex: 0,
  counts: NO_COUNTS,
});

/** Makes room for a bucket, where there is none. */
const reach = (histogram: Histogram, index: number): void => {
  const { counts, firstIndex } = histogram;
  if (index >= firstIndex && index < firstIndex + counts.length) return;
  const isEmpty = counts.length === 0;
  const first = (isEmpty ? index : Math.min(firstIndex, index)) & ~SUB_MASK;
  const end = (isEmpty ? index : Math.max(firstIndex + counts.length - 1, index)) | SUB_MASK;
  const longer = new (counts instanceof Uint32Array ? Uint32Array : Float64Array)(end + 1 - first);
  if (!isEmpty) longer.set(counts, firstIndex - first);
  histogram.firstIndex = first;
  histogram.counts = longer;
};

const raise = (histogram: Histogram, index: number, by: number): void => {
  reach(histogram, index);
  const at = index - histogram.firstIndex;
  const sum = (histogram.counts[at] as number) + by;
  if (sum > MAX_UINT32 && histogram.counts instanceof Uint32Array)
    histogram.counts = Float64Array.from(histogram.counts);
  histogram.counts[at] = sum;
};

/** Counts the value that `DOUBLE` holds. */
const addHeld = (histogram: Histogram): void => {
  const ms = DOUBLE[0] as number;
  histogram.count += 1;
  if (ms < histogram.minMs) histogram.minMs = ms;
  if (ms > histogram.maxMs) histogram.maxMs = ms;
  const index = ((HALVES[UPPER] as number) >>> INDEX_SHIFT) - INDEX_BASE;
  // A negative value, its sign bit set, would have the greatest index of all.
  if (ms <= 0 || index < 0) {
    histogram.low += 1;
    return;
  }
  const { counts } = histogram;
  const at = index - histogram.firstIndex;
  // An index that a list has not is slow to ask for.
  if (at < 0 || at >= counts.length || counts[at] === MAX_UINT32) raise(histogram, index, 1);
  else counts[at] = (counts[at] as number) + 1;
};

/** Counts one value in ms. */
export const addMs = (histogram: Histogram, ms: number): void => {
  // Not Math.min, which would let NaN through; + 0, since JSON has no negative zero. So short that it is compiled into its callers: a
  // number that is handed to a function proper is a new object each time.
  DOUBLE[0] = ms < CEILING_MS ? ms + 0 : CEILING_MS;
  addHeld(histogram);
};

/** Visits those buckets that hold anything, ascending. */
export const eachBucket = (
  { counts, firstIndex }: Histogram,
  visit: (index: number, count: number) => void,
): void => {
  counts.forEach((count, at) => {
    if (count > 0) visit(firstIndex + at, count);
  });
};

/** Adds to `into` all that `from` counted; `from` stays as it is. */
export const mergeHistogram = (into: Histogram, from: Histogram): void => {
  into.count += from.count;
  into.low += from.low;
  into.minMs = Math.min(into.minMs, from.minMs);
  into.maxMs = Math.max(into.maxMs, from.maxMs);
  const { counts, firstIndex } = from;
  if (counts.length === 0) return;
  reach(into, firstIndex);
  reach(into, firstIndex + counts.length - 1);
  for (let at = 0; at < counts.length; at += 1) {
    const count = counts[at] as number;
    if (count > 0) raise(into, firstIndex + at, count);
  }
};

/** Where a bucket begins, in ms. */
export const lowerEdgeMs = (index: number): number =>
  2 ** ((index >> SUB_BITS) + LOWEST_EXPONENT) * (1 + (index & SUB_MASK) / BUCKETS_PER_OCTAVE);

const middleOf = (index: number): number => (lowerEdgeMs(index) + lowerEdgeMs(index + 1)) / 2;

/** The value of a rank that is neither the first nor the last; sought from the slowest down, where limits lie, and left early. */
export const valueAtRank = ({ count, minMs, maxMs, counts, firstIndex }: Histogram, rank: number): number => {
  const kept = (ms: number): number => Math.min(maxMs, Math.max(minMs, ms));
  let above = count - rank;
  for (let at = counts.length - 1; at >= 0; at -= 1) {
    above -= counts[at] as number;
    if (above < 0) return kept(middleOf(firstIndex + at));
  }
  return kept(0);
};

/**
 * The value that the share `q` of all values does not exceed, by nearest rank.
 *
 * @param q - from 0 (the least value, exact) to 1 (the greatest, exact)
 * @returns ms, at most 0.4 % off; below 1 µs: 0, kept between the extremes; undefined while empty
 */
export const quantileMs = (histogram: Histogram, q: number): number | undefined => {
  const { count, minMs, maxMs } = histogram;
  const rank = Math.max(1, Math.ceil(q * count));
  if (count === 0) return undefined;
  if (rank === 1) return minMs;
  return rank >= count ? maxMs : valueAtRank(histogram, rank);
};

/** The histogram as plain data, to be stored or sent elsewhere; + 0, since JSON has no negative zero. */
export const histogramToJson = (histogram: Histogram): HistogramJson => {
  const buckets: number[] = [];
  eachBucket(histogram, (index, count) => buckets.push(index, count));
  const { count, minMs, maxMs, low } = histogram;
  return { minMs: count === 0 ? null : minMs + 0, maxMs: count === 0 ? null : maxMs + 0, low, buckets };
};

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/**
 * The histogram that `histogramToJson` wrote.
 *
 * @throws RepriseError `bad_histogram` for bucket numbers or counts that none has
 */
export const histogramFromJson = ({ minMs, maxMs, low, buckets }: HistogramJson): Histogram => {
  if (!isCount(low)) throw new RepriseError('bad_histogram', `low must be a count, got ${low}`);
  const histogram = { ...newHistogram(), count: low, low };
  histogram.minMs = minMs ?? histogram.minMs;
  histogram.maxMs = maxMs ?? histogram.maxMs;
  for (let at = 0; at < buckets.length; at += 2) {
    const index = buckets[at];
    const count = buckets[at + 1];
    if (!isCount(index) || index >= BUCKETS || !isCount(count)) {
      throw new RepriseError(
        'bad_histogram',
        `a histogram's buckets must be pairs of a bucket number below ${BUCKETS} and a count, got ${index}, ${count}`,
      );
    }
    histogram.count += count;
    raise(histogram, index, count);
  }
  return histogram;
};
