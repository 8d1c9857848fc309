/** What a group of requests came to, be they cells of this run or groups of an earlier report: the same questions, the same answers. */

import type { Cell } from '../measure/cells.ts';
import { type RateParts, ratesOf } from '../measure/describe-figures.ts';
import { type Histogram, mergeHistogram, newHistogram } from '../measure/histogram.ts';
import { matchOf } from '../measure/status-match.ts';
import { eachStatus } from '../measure/status-matrix.ts';
import type { StatusMap } from '../rules/rule-set.ts';
import { quantileOfAll } from './quantile-of-all.ts';

/** So many of so many requests. */
export interface Share {
  readonly hits: number;
  readonly of: number;
}

export type LatencyKind = 'recorded' | 'service' | 'fromDue' | 'ratio';

/** Several histograms as one, merged no sooner than someone asks for more than a quantile. */
export interface Latencies {
  readonly count: number;
  quantile(q: number): number | null;
  histogram(): Histogram;
}

export interface Sample {
  readonly planned: number;
  readonly sent: number;
  readonly answered: number;
  readonly failed: number;
  readonly heldBack: number;
  /** Answered with 5xx; and, of those whose status was recorded, recorded with 5xx. */
  serverErrors(): { readonly answered: number; readonly recorded: Share };
  match(): { readonly known: number; readonly same: number; readonly sameClass: number };
  readonly sizes: { readonly known: number; readonly same: number };
  /** `ratio` is no time: service time ÷ recorded latency of the same request. */
  latencies(kind: LatencyKind): Latencies;
  /** Undefined where only its quantile has been kept. */
  lag(): Latencies | undefined;
  /** Of those, where there are none, the one that was kept. */
  readonly lagP99Ms: number | null;
  rates(): { readonly asked: number | null; readonly achieved: number | null };
}

const SUMS = ['planned', 'sent', 'answered', 'failed', 'heldBack'] as const;
type Sums = Record<(typeof SUMS)[number], number>;

/** Counts of several groups as those of one. */
export const sumCounts = (all: readonly Sums[]): Sums => {
  const sums = { planned: 0, sent: 0, answered: 0, failed: 0, heldBack: 0 };
  for (const counts of all) for (const key of SUMS) sums[key] += counts[key];
  return sums;
};

const mergeAll = (histograms: readonly Histogram[]): Histogram => {
  const [only, ...rest] = histograms.filter(({ count }) => count > 0);
  if (only !== undefined && rest.length === 0) return only;
  const merged = newHistogram();
  for (const histogram of histograms) mergeHistogram(merged, histogram);
  return merged;
};

/** Keeps what was reckoned: several gates ask the same of the same requests. */
const once = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
};

/** Histograms of several groups as one. */
export const latenciesOf = (histograms: readonly Histogram[]): Latencies => ({
  count: histograms.reduce((sum, { count }) => sum + count, 0),
  quantile: (q) => quantileOfAll(histograms, q) ?? null,
  histogram: once(() => mergeAll(histograms)),
});

/** Makes what is asked for once. */
export const keepByKind = <K extends string, T>(make: (kind: K) => T): ((kind: K) => T) => {
  const made = new Map<K, T>();
  return (kind) => {
    const value = made.get(kind) ?? make(kind);
    made.set(kind, value);
    return value;
  };
};

const serverErrorsOf = (cells: readonly Cell[]) => {
  const counts = { answered: 0, hits: 0, of: 0 };
  for (const { figures } of cells)
    eachStatus(figures.status, (recorded, replayed, count) => {
      if (replayed !== undefined && replayed >= 500) counts.answered += count;
      if (recorded === undefined) return;
      counts.of += count;
      if (recorded >= 500) counts.hits += count;
    });
  return { answered: counts.answered, recorded: { hits: counts.hits, of: counts.of } };
};

const matchesOf = (cells: readonly Cell[], mapOf: (rule: string) => StatusMap) => {
  const sum = { known: 0, same: 0, sameClass: 0 };
  for (const { rule, figures } of cells) {
    const { known, same, sameClass } = matchOf(figures.status, mapOf(rule));
    sum.known += known;
    sum.same += same;
    sum.sameClass += sameClass;
  }
  return sum;
};

const rateParts = (cells: readonly Cell[]): RateParts => {
  const parts = {
    planned: 0,
    sent: 0,
    due: { first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY },
    recordedAt: { first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY },
    lastSentMs: Number.NEGATIVE_INFINITY,
    lastUnderWayMs: Number.NEGATIVE_INFINITY,
  };
  for (const { figures } of cells) {
    parts.planned += figures.planned;
    parts.sent += figures.sent;
    for (const key of ['due', 'recordedAt'] as const) {
      parts[key].first = Math.min(parts[key].first, figures[key].first);
      parts[key].last = Math.max(parts[key].last, figures[key].last);
    }
    for (const key of ['lastSentMs', 'lastUnderWayMs'] as const)
      parts[key] = Math.max(parts[key], figures[key]);
  }
  return parts;
};

/** What cells of a run came to together. Nothing is merged before it is asked for. */
export const sampleOfCells = (cells: readonly Cell[], mapOf: (rule: string) => StatusMap): Sample => {
  const figures = cells.map((cell) => cell.figures);
  const all = keepByKind((kind: LatencyKind | 'lag') => latenciesOf(figures.map((one) => one[kind])));
  return {
    ...sumCounts(figures),
    serverErrors: once(() => serverErrorsOf(cells)),
    match: once(() => matchesOf(cells, mapOf)),
    sizes: figures.reduce(
      (sum, { sizes }) => ({ known: sum.known + sizes.known, same: sum.same + sizes.same }),
      { known: 0, same: 0 },
    ),
    latencies: all,
    lag: () => all('lag'),
    lagP99Ms: null,
    rates: () => {
      const { askedRatePerSecond: asked, achievedRatePerSecond: achieved } = ratesOf(rateParts(cells));
      return { asked, achieved };
    },
  };
};
