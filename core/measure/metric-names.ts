/** Every metric that Reprise publishes: its name, its unit and who publishes it. */

import { FAILURE_CODES, type FailureCode, HELD_BACK_REASONS, type HeldBackReason } from '../types.ts';

export const NAMESPACE = 'Reprise';
/** Dimensions of what is counted per target, and of what is not. More of them would cost a metric each. */
export const TARGET_DIMENSIONS = ['Stack', 'Target'] as const;
export const STACK_DIMENSIONS = ['Stack'] as const;

/** Units as CloudWatch names them. */
export type MetricUnit = 'Count' | 'Milliseconds' | 'Percent' | 'None' | 'Seconds';
export type MetricEmitter = 'planner' | 'sender' | 'breaker' | 'report';

export interface Metric {
  readonly unit: MetricUnit;
  readonly by: readonly MetricEmitter[];
  /** Whether it has the dimension `Target`. */
  readonly isPerTarget: boolean;
  /** A value of 0 says something: it is published, where counts of 0 are left out. */
  readonly keepsZero?: true;
}

type Pascal<S extends string> = S extends `${infer Head}_${infer Rest}`
  ? `${Capitalize<Head>}${Pascal<Rest>}`
  : Capitalize<S>;

const pascal = <S extends string>(text: S): Pascal<S> =>
  text
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('') as Pascal<S>;

export const STATUS_CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const;
export type StatusClass = (typeof STATUS_CLASSES)[number];

type HeldBackMetric = `HeldBack${Pascal<HeldBackReason>}`;
type FailedMetric = `Failed${Pascal<FailureCode>}`;
type StatusMetric = `Status${StatusClass}`;
type RecordedStatusMetric = `RecordedStatus${StatusClass}`;

/** Metric of what was held back for `reason`. */
export const heldBackMetric = (reason: HeldBackReason): HeldBackMetric => `HeldBack${pascal(reason)}`;
/** Metric of what failed with `code`. */
export const failedMetric = (code: FailureCode): FailedMetric => `Failed${pascal(code)}`;

/** `2xx` for 204; undefined for what is no status. */
export const statusClass = (status: number | undefined): StatusClass | undefined =>
  STATUS_CLASSES[Math.trunc((status ?? 0) / 100) - 1];

const each = <N extends string>(names: readonly N[], metric: Metric): Record<N, Metric> =>
  Object.fromEntries(names.map((name) => [name, metric])) as Record<N, Metric>;

const recorded: Metric = { unit: 'Count', by: ['planner'], isPerTarget: true };
const sent: Metric = { unit: 'Count', by: ['sender'], isPerTarget: true };
const latency: Metric = { unit: 'Milliseconds', by: ['sender'], isPerTarget: true };
const ofStack: Metric = { unit: 'Count', by: ['planner'], isPerTarget: false };
const ofReport = {
  unit: 'Count',
  by: ['report'],
  isPerTarget: false,
  keepsZero: true,
} as const satisfies Metric;

/** The catalogue. Those of the planner per target are stamped with the due instant, so that production and replay stand one above the other. */
export const METRICS = {
  RecordedRequests: recorded,
  RecordedLatency: { ...recorded, unit: 'Milliseconds' },
  ...each(
    STATUS_CLASSES.map((name): RecordedStatusMetric => `RecordedStatus${name}`),
    recorded,
  ),
  Planned: recorded,
  Dispatched: recorded,
  ...each(HELD_BACK_REASONS.map(heldBackMetric), {
    unit: 'Count',
    by: ['planner', 'sender'],
    isPerTarget: true,
  }),
  /** 0 to 1. */
  BackoffLevel: { unit: 'None', by: ['planner', 'sender'], isPerTarget: true, keepsZero: true },

  Sent: { ...sent, keepsZero: true },
  Answered: sent,
  Failed: sent,
  ...each(FAILURE_CODES.map(failedMetric), sent),
  ...each(
    STATUS_CLASSES.map((name): StatusMetric => `Status${name}`),
    sent,
  ),
  /** Failed by the target's doing, or answered with 5xx: what the breaker goes by. */
  Errors: sent,
  /** Socket write to last byte. */
  Latency: latency,
  /** Due instant to last byte. */
  LatencyFromDue: latency,
  /** Due instant to dispatch. */
  Lag: latency,
  InFlight: { ...sent, keepsZero: true },
  SlicesStarted: sent,
  SlicesDuplicate: sent,
  SlicesRefused: sent,
  /** Ended before the first request, since it could not be claimed or announced: nothing of it was sent, and it reads as undelivered. */
  SlicesFailed: sent,
  /** Lines of results that did not get to the results stream. */
  ResultsLost: sent,
  /** Events that are no slices. */
  SlicesInvalid: { unit: 'Count', by: ['sender'], isPerTarget: false },

  LinesRead: ofStack,
  LinesRejected: ofStack,
  ObjectsPlanned: ofStack,
  ObjectsDuplicate: ofStack,
  ObjectsFailed: ofStack,
  ObjectsGone: ofStack,
  /** How late slices were handed to their senders. */
  PlannerLag: { unit: 'Milliseconds', by: ['planner'], isPerTarget: false },
  /** The kill switch in percent: 0 is off, 100 on. */
  Switch: { unit: 'Percent', by: ['planner'], isPerTarget: false, keepsZero: true },
  SwitchUnreadable: ofStack,
  BreakerTripped: { unit: 'Count', by: ['breaker'], isPerTarget: false },

  /** Gates of the newest report of an hour. */
  GatesHeld: ofReport,
  GatesFailed: ofReport,
  GatesMissed: ofReport,
  /** 1 where one failed, or one that is not optional was missed; else 0. */
  VerdictFailed: ofReport,
} as const satisfies Readonly<Record<string, Metric>>;

export type MetricName = keyof typeof METRICS;

/** What is published of one moment: a count, or single values. */
export type MetricValues = Partial<Record<MetricName, number | readonly number[]>>;
