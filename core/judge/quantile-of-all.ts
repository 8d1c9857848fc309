/** A quantile of many histograms together, without merging them: gates ask for it of a thousand while a run goes on. */

import { BUCKETS_PER_OCTAVE, type Histogram, quantileMs, valueAtRank } from '../measure/histogram.ts';

/** How many values of all histograms are in the octave that begins with that bucket. */
const countOctave = (histograms: readonly Histogram[], index: number): number => {
  let sum = 0;
  for (const { counts, firstIndex } of histograms) {
    const from = index - firstIndex;
    if (from < 0 || from >= counts.length) continue;
    for (let i = from; i < from + BUCKETS_PER_OCTAVE; i += 1) sum += counts[i] as number;
  }
  return sum;
};

/** The same, bucket by bucket. */
const addOctave = (histograms: readonly Histogram[], index: number): Float64Array => {
  const sums = new Float64Array(BUCKETS_PER_OCTAVE);
  for (const { counts, firstIndex } of histograms) {
    const from = index - firstIndex;
    if (from < 0 || from >= counts.length) continue;
    for (let i = 0; i < BUCKETS_PER_OCTAVE; i += 1)
      sums[i] = (sums[i] as number) + (counts[from + i] as number);
  }
  return sums;
};

/**
 * What `quantileMs` says of all of them merged. Octaves are added up from the slowest down, and no further than the quantile lies: of the
 * quantiles that people set limits to, that spares most of the work.
 *
 * @param q - from 0 to 1
 * @returns undefined where all are empty
 */
export const quantileOfAll = (histograms: readonly Histogram[], q: number): number | undefined => {
  const [only] = histograms;
  if (only !== undefined && histograms.length === 1) return quantileMs(only, q);
  const all = { count: 0, minMs: Number.POSITIVE_INFINITY, maxMs: Number.NEGATIVE_INFINITY };
  let end = 0;
  for (const { count, minMs, maxMs, firstIndex, counts } of histograms) {
    all.count += count;
    if (minMs < all.minMs) all.minMs = minMs;
    if (maxMs > all.maxMs) all.maxMs = maxMs;
    end = Math.max(end, firstIndex + counts.length);
  }
  const rank = Math.max(1, Math.ceil(q * all.count));
  let below = all.count;
  for (
    let index = end - BUCKETS_PER_OCTAVE;
    index >= 0 && rank > 1 && rank < all.count;
    index -= BUCKETS_PER_OCTAVE
  ) {
    const count = below;
    below -= countOctave(histograms, index);
    if (rank <= below) continue;
    // What lies above and below is told apart no further.
    const counts = addOctave(histograms, index);
    return valueAtRank({ ...all, count, low: below, firstIndex: index, counts }, rank);
  }
  return quantileMs({ ...all, low: below, firstIndex: 0, counts: new Float64Array(0) }, q);
};
