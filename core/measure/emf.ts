/**
 * Metrics as text: CloudWatch's embedded metric format, which Lambda turns into metrics from lines of standard output.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */

import { type Histogram, quantileMs } from './histogram.ts';
import {
  METRICS,
  type Metric,
  type MetricName,
  type MetricValues,
  NAMESPACE,
  STACK_DIMENSIONS,
  TARGET_DIMENSIONS,
} from './metric-names.ts';

/** Most metrics of one document, and most values of one metric in it. */
export const MAX_EMF_METRICS = 100;
export const MAX_EMF_VALUES = 100;

export interface EmfOptions {
  readonly stack: string;
  /** Name of the target, for metrics that are counted per target. */
  readonly target?: string | undefined;
  /** Instant (epoch ms) that the values belong to. */
  readonly atMs: number;
  /** Counts of 0 are left out but where 0 says something; so is what is not finite. */
  readonly metrics: MetricValues;
  /** Further fields, to be found in the log; a name that is a metric's or a dimension's is left out. */
  readonly properties?: Readonly<Record<string, string | number | boolean>> | undefined;
}

type Entry = readonly [name: MetricName, values: number | readonly number[]];

const rounded = (value: number): number => {
  const micros = Math.round(value * 1000) / 1000;
  return Number.isFinite(micros) ? micros : value;
};

/** What of a metric can be published, in portions of one document each. */
const portionsOf = ([name, given]: Entry): readonly Entry[] => {
  const { unit, keepsZero }: Metric = METRICS[name];
  const shown = (value: number): number => (unit === 'Milliseconds' ? rounded(value) : value);
  if (typeof given === 'number') {
    const isSaid = Number.isFinite(given) && (given !== 0 || keepsZero === true || unit !== 'Count');
    return isSaid ? [[name, shown(given)]] : [];
  }
  const values = given.filter(Number.isFinite).map(shown);
  const portions: Entry[] = [];
  for (let at = 0; at < values.length; at += MAX_EMF_VALUES)
    portions.push([name, values.slice(at, at + MAX_EMF_VALUES)]);
  return portions;
};

/** Documents that no metric stands in twice, and none is too full. */
const documentsOf = (metrics: MetricValues): readonly (readonly Entry[])[] => {
  const documents: Entry[][] = [];
  for (const entry of Object.entries(metrics) as Entry[]) {
    for (const portion of portionsOf(entry)) {
      const free = documents.find(
        (document) => document.length < MAX_EMF_METRICS && !document.some(([name]) => name === portion[0]),
      );
      if (free === undefined) documents.push([portion]);
      else free.push(portion);
    }
  }
  return documents;
};

/** What is not counted per target stands in a document of its own, without that dimension. */
const byDimensions = (
  metrics: MetricValues,
  target: string | undefined,
): readonly (readonly [string | undefined, MetricValues])[] => {
  if (target === undefined) return [[undefined, metrics]];
  const entries = Object.entries(metrics) as Entry[];
  const ofTarget = entries.filter(([name]) => METRICS[name].isPerTarget);
  const ofStack = entries.filter(([name]) => !METRICS[name].isPerTarget);
  return [
    [target, Object.fromEntries(ofTarget)],
    [undefined, Object.fromEntries(ofStack)],
  ];
};

const documentLine = (
  { stack, atMs, properties = {} }: EmfOptions,
  target: string | undefined,
  entries: readonly Entry[],
): string => {
  const reserved = new Set(['_aws', ...TARGET_DIMENSIONS, ...Object.keys(METRICS)]);
  const definition = {
    Namespace: NAMESPACE,
    Dimensions: [target === undefined ? STACK_DIMENSIONS : TARGET_DIMENSIONS],
    Metrics: entries.map(([name]) => ({ Name: name, Unit: METRICS[name].unit })),
  };
  return JSON.stringify({
    _aws: { Timestamp: Math.round(atMs), CloudWatchMetrics: [definition] },
    Stack: stack,
    Target: target,
    ...Object.fromEntries(Object.entries(properties).filter(([name]) => !reserved.has(name))),
    ...Object.fromEntries(entries),
  });
};

/** The metrics as lines for standard output, without newlines; none where there is nothing to say. */
export const emfLines = (options: EmfOptions): readonly string[] =>
  byDimensions(options.metrics, options.target).flatMap(([target, metrics]) =>
    documentsOf(metrics).map((entries) => documentLine(options, target, entries)),
  );

/**
 * How far from now the instant of a metric may be.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/publishingMetrics.html
 */
const MAX_PAST_MS = 14 * 86_400_000;
const MAX_AHEAD_MS = 2 * 3_600_000;

/**
 * The instant (epoch ms) to stamp a metric with that belongs to `atMs`: that instant, or now where CloudWatch would not take it. One
 * rule for all, so that production and its replay stand one above the other.
 */
export const metricStamp = (atMs: number, nowMs: number): number =>
  atMs >= nowMs - MAX_PAST_MS && atMs <= nowMs + MAX_AHEAD_MS ? atMs : nowMs;

const middleShares = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => (i + 0.5) / count);

/**
 * Values that stand for all: themselves up to 100, else the 100 quantiles in the middle of each percent, so that percentiles of them
 * are those of the whole. Ascending. How many there were is a metric of its own.
 */
export const sampleValues = (given: readonly number[] | Histogram): readonly number[] => {
  if ('counts' in given) {
    const shares = middleShares(Math.min(given.count, MAX_EMF_VALUES));
    return shares.map((share) => quantileMs(given, share) ?? 0);
  }
  const values = given.filter(Number.isFinite).sort((a, b) => a - b);
  const shares = middleShares(Math.min(values.length, MAX_EMF_VALUES));
  return shares.map((share) => values[Math.floor(share * values.length)] ?? 0);
};
