/** Latencies counted in bins that are about as wide as one another on a logarithmic axis, so that distributions can be laid over one another. */

import { bucketsOf } from '../../measure/buckets.ts';
import { type Histogram, type HistogramJson, histogramFromJson } from '../../measure/histogram.ts';

export interface LatencyBin {
  readonly fromMs: number;
  readonly toMs: number;
  readonly recorded: number;
  readonly service: number;
  readonly fromDue: number;
}

const KINDS = ['recorded', 'service', 'fromDue'] as const;
type Kind = (typeof KINDS)[number];

/** A histogram has so many buckets an octave. */
const PARTS = 128;

interface Fineness {
  /** Where bins begin in an octave: where buckets do, also where these were joined two by two, or the curve would have teeth. */
  readonly edges: readonly number[];
  /** Values it takes of each distribution: with fewer, bins would show chance. */
  readonly leastCount: number;
  /** Over more octaves buckets were joined more often, and there is room for wider bins only. */
  readonly mostOctaves: number;
}

const WHOLE: readonly number[] = [0];
const FINENESS: readonly Fineness[] = [
  { edges: [0, 12, 24, 38, 54, 70, 88, 106], leastCount: 5_000, mostOctaves: 8 },
  { edges: [0, 24, 52, 88], leastCount: 500, mostOctaves: Number.POSITIVE_INFINITY },
  { edges: [0, 52], leastCount: 100, mostOctaves: Number.POSITIVE_INFINITY },
];
/** Shorter times tell of clocks. */
const LEAST_MS = 0.5;
/** Below 8 ms a log in whole milliseconds has gaps between its values, which are none of the target's. */
const COARSE_OCTAVES = 3;
/** So few buckets below it hold all that a clock of whole milliseconds can say. */
const COARSE_BUCKETS = 2 ** COARSE_OCTAVES;

const octaveOf = (ms: number): number => Math.floor(Math.log2(Math.max(LEAST_MS, ms)));

/** As fine as the smallest of the distributions can fill. */
const edgesFor = (filled: readonly Histogram[], octaves: number): readonly number[] => {
  const fewest = Math.min(...filled.map(({ count }) => count));
  const fits = ({ leastCount, mostOctaves }: Fineness): boolean =>
    fewest >= leastCount && octaves <= mostOctaves;
  return FINENESS.find(fits)?.edges ?? WHOLE;
};

const isCoarse = (histogram: Histogram): boolean => {
  const low = bucketsOf(histogram).filter(({ toMs }) => toMs <= 2 ** COARSE_OCTAVES);
  return low.length > 0 && low.length <= COARSE_BUCKETS;
};

/** Where bins begin, ascending. An empty bin at either end lets the curves begin and end at nothing. */
const startsFor = (filled: readonly Histogram[]): readonly number[] => {
  const first = octaveOf(Math.min(...filled.map(({ minMs }) => minMs)));
  const last = octaveOf(Math.max(...filled.map(({ maxMs }) => maxMs)));
  const edges = edgesFor(filled, last - first);
  const coarseBelow = filled.some(isCoarse) ? COARSE_OCTAVES : Number.NEGATIVE_INFINITY;
  // Of the last bin the next one's start is the end.
  const octaves = Array.from({ length: last - first + 4 }, (_, at) => first - 1 + at);
  return octaves.flatMap((octave) =>
    (octave < coarseBelow ? WHOLE : edges).map((edge) => 2 ** octave * (1 + edge / PARTS)),
  );
};

type Counts = Record<Kind, number>;

/** All bins from the least to the greatest latency, empty ones too; none where nothing was measured. */
export const latencyBins = (histograms: Readonly<Record<Kind, HistogramJson>>): readonly LatencyBin[] => {
  const all = KINDS.map((kind) => ({ kind, histogram: histogramFromJson(histograms[kind]) }));
  const filled = all.map(({ histogram }) => histogram).filter(({ count }) => count > 0);
  if (filled.length === 0) return [];
  const starts = startsFor(filled);
  const counts: Counts[] = starts.map(() => ({ recorded: 0, service: 0, fromDue: 0 }));
  for (const { kind, histogram } of all) {
    // A bucket is counted where its middle lies; it is far narrower than a bin.
    for (const { fromMs, toMs, count } of bucketsOf(histogram)) {
      const middleMs = Math.max(LEAST_MS, (fromMs + toMs) / 2);
      const bin = counts[starts.findLastIndex((startMs) => startMs <= middleMs)];
      if (bin !== undefined) bin[kind] += count;
    }
  }
  const isFilled = ({ recorded, service, fromDue }: Counts): boolean => recorded + service + fromDue > 0;
  const [first, last] = [counts.findIndex(isFilled), counts.findLastIndex(isFilled)];
  return counts.flatMap((bin, at) => {
    const [fromMs, toMs] = [starts[at], starts[at + 1]];
    const isOutside = at < first - 1 || at > last + 1;
    return isOutside || fromMs === undefined || toMs === undefined ? [] : [{ fromMs, toMs, ...bin }];
  });
};
