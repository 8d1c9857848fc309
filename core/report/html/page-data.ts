/** The numbers that charts are drawn from, and no more: what a page holds for its script. */

import type { Report } from '../report-json.ts';
import { type LatencyBin, latencyBins } from './latency-bins.ts';

/** By step of the run. */
export interface CourseData {
  readonly stepMs: number;
  /** Of the last step: a run seldom ends where a step does. */
  readonly endMs: number;
  readonly recorded: readonly number[];
  readonly planned: readonly number[];
  readonly sent: readonly number[];
  readonly errors: readonly number[];
  readonly p95Ms: readonly (number | null)[];
  readonly lagP99Ms: readonly (number | null)[];
  readonly level: readonly (number | null)[];
  /** By reason. */
  readonly held: Readonly<Record<string, readonly number[]>>;
}

/** Shares of all values of a kind by bin, in eighths of an octave. */
export interface LatencyData {
  /** Middle of each bin. */
  readonly ms: readonly number[];
  readonly recorded: readonly number[];
  readonly service: readonly number[];
  /** Absent where it is the same but for a hair: two lines on one another can be told apart by nobody. */
  readonly fromDue?: readonly number[];
}

export interface PageData {
  readonly course: CourseData;
  readonly latency: LatencyData;
}

/** From this change on the wait on our side can be seen. */
const FAR = 1.05;

const isFarFromDue = ({ service, fromDue }: Report['totals']['latency']): boolean =>
  (['p50', 'p95', 'p99'] as const).some((key) => (fromDue[key] ?? 0) > (service[key] ?? 0) * FAR);

const WIDTH_OF_BINS = 1 / 8;

/** Share of all in a bin, as if it were an eighth of an octave wide: edges are those of buckets, so bins are not quite as wide as one another. */
const densityOf = ({ fromMs, toMs }: LatencyBin, count: number, of: number): number =>
  of === 0 ? 0 : Number(((count / of) * (WIDTH_OF_BINS / Math.log2(toMs / fromMs))).toPrecision(4));

const latencyData = ({ totals: { latency, histograms } }: Report): LatencyData => {
  const bins = latencyBins(histograms);
  const densities = (kind: 'recorded' | 'service' | 'fromDue'): readonly number[] =>
    bins.map((bin) => densityOf(bin, bin[kind], latency[kind].count));
  return {
    ms: bins.map(({ fromMs, toMs }) => Number(Math.sqrt(fromMs * toMs).toPrecision(4))),
    recorded: densities('recorded'),
    service: densities('service'),
    ...(isFarFromDue(latency) ? { fromDue: densities('fromDue') } : {}),
  };
};

/** Where the last step ends: with the run, if that ended within it. */
const endOf = ({ timeline, timelineStepMs, run }: Report): number => {
  const endMs = timeline.length * timelineStepMs;
  return run.durationMs > endMs - timelineStepMs ? Math.min(endMs, run.durationMs) : endMs;
};

/** Reasons for which anything was held back, most first. */
export const heldReasons = ({ accounting }: Report): readonly string[] =>
  Object.entries(accounting.allRules.heldBack.by)
    .filter(([, count]) => count > 0)
    .toSorted(([, a], [, b]) => b - a)
    .map(([reason]) => reason);

/** The data of a report's charts. */
export const pageData = (report: Report): PageData => {
  const { timeline, timelineStepMs } = report;
  return {
    course: {
      stepMs: timelineStepMs,
      endMs: endOf(report),
      recorded: timeline.map(({ recorded }) => recorded),
      planned: timeline.map(({ planned }) => planned),
      sent: timeline.map(({ sent }) => sent),
      errors: timeline.map(({ errors }) => errors),
      p95Ms: timeline.map(({ p95Ms }) => p95Ms),
      lagP99Ms: timeline.map(({ lagP99Ms }) => lagP99Ms),
      level: timeline.map(({ backoffLevel }) => backoffLevel),
      held: Object.fromEntries(
        heldReasons(report).map((reason) => [reason, timeline.map(({ heldBack }) => heldBack[reason] ?? 0)]),
      ),
    },
    latency: latencyData(report),
  };
};
