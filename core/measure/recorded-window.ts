/** What the log recorded of each rule's latency over the last minute of log time: relative limits of backoff compare with it. */

import { addMs, type Histogram, mergeHistogram, newHistogram, quantileMs } from './histogram.ts';

/** How far back the window looks. */
export const RECORDED_WINDOW_MS = 60_000;
const BUCKET_MS = 10_000;
/** Buckets kept of a rule: the window, and what is read ahead of the instant that is asked for. */
const MAX_BUCKETS = 16;

export interface RecordedWindow {
  /** Counts a recorded latency; `logAtMs` is its instant on the log's clock. */
  add(rule: string, logAtMs: number, ms: number): void;
  /** p95 of the 60 s of log time before `atMs`, to 10 s; undefined where nothing was recorded in them. */
  p95(rule: string, atMs: number): number | undefined;
}

/** Makes an empty window. Its memory is bounded: a bucket is a histogram, and each rule keeps 16, dropping the oldest. */
export const createRecordedWindow = (): RecordedWindow => {
  const rules = new Map<string, Map<number, Histogram>>();

  const bucketOf = (buckets: Map<number, Histogram>, number: number): Histogram | undefined => {
    const known = buckets.get(number);
    if (known !== undefined) return known;
    if (buckets.size >= MAX_BUCKETS) {
      const oldest = Math.min(...buckets.keys());
      if (number < oldest) return undefined;
      buckets.delete(oldest);
    }
    const histogram = newHistogram();
    buckets.set(number, histogram);
    return histogram;
  };

  return {
    add: (rule, logAtMs, ms) => {
      const known = rules.get(rule);
      const buckets = known ?? new Map<number, Histogram>();
      if (known === undefined) rules.set(rule, buckets);
      const histogram = bucketOf(buckets, Math.floor(logAtMs / BUCKET_MS));
      if (histogram !== undefined) addMs(histogram, ms);
    },
    p95: (rule, atMs) => {
      const last = Math.floor(atMs / BUCKET_MS);
      const first = last - RECORDED_WINDOW_MS / BUCKET_MS;
      const window = newHistogram();
      for (const [number, histogram] of rules.get(rule) ?? [])
        if (number >= first && number <= last) mergeHistogram(window, histogram);
      return quantileMs(window, 0.95);
    },
  };
};
