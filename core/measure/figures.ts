/** The figures of one group of requests (a rule, a route, all of them): counts, statuses, latencies, pacing and failures. */

import type { Rule } from '../rules/rule-set.ts';
import type { PlannedRequest, Result } from '../types.ts';
import { type Example, keepWorst, mergeExamples } from './example.ts';
import { countFailure, type Failures, mergeFailures } from './failures.ts';
import { addMs, type Histogram, mergeHistogram, newHistogram } from './histogram.ts';
import { recordedMs } from './recorded-ms.ts';
import { countStatus, mergeStatus, type StatusCounts } from './status-matrix.ts';

/** What a rule says of how answers are held against the recorded ones. */
export type AnswerSettings = Pick<Rule, 'statusMap' | 'sizeTolerance'>;

/** A stretch of time in ms, empty while `first > last`. */
export interface Extent {
  first: number;
  last: number;
}

export interface Figures {
  planned: number;
  sent: number;
  answered: number;
  failed: number;
  heldBack: number;
  readonly status: StatusCounts;
  /** Recorded latency of the sent. */
  readonly recorded: Histogram;
  /** Of `recorded`: how many are the origin's time rather than that of the whole request. */
  recordedOfOrigin: number;
  /** Socket write to last byte, of the answered. */
  readonly service: Histogram;
  /** Due instant to last byte, of the answered. */
  readonly fromDue: Histogram;
  /** Due instant to dispatch, of the sent. */
  readonly lag: Histogram;
  /** Service time ÷ recorded latency of the same request (not ms), of the answered whose latency was recorded. */
  readonly ratio: Histogram;
  /** Of those answered with the recorded status whose sizes are both known: as large as recorded, within the tolerance of the rule. */
  readonly sizes: { known: number; same: number };
  /** The worst, at most three, worst first. */
  readonly examples: Example[];
  readonly failures: Failures;
  /** Due instants of the planned. */
  readonly due: Extent;
  /** Recorded starts of the planned, epoch ms. */
  readonly recordedAt: Extent;
  lastSentMs: number;
  /** Due instant of the last that a stop did not cut off: until then the run was under way. */
  lastUnderWayMs: number;
}

const emptyExtent = (): Extent => ({ first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY });

export const newFigures = (): Figures => ({
  planned: 0,
  sent: 0,
  answered: 0,
  failed: 0,
  heldBack: 0,
  status: new Map(),
  recorded: newHistogram(),
  recordedOfOrigin: 0,
  service: newHistogram(),
  fromDue: newHistogram(),
  lag: newHistogram(),
  ratio: newHistogram(),
  sizes: { known: 0, same: 0 },
  examples: [],
  failures: new Map(),
  due: emptyExtent(),
  recordedAt: emptyExtent(),
  lastSentMs: Number.NEGATIVE_INFINITY,
  lastUnderWayMs: Number.NEGATIVE_INFINITY,
});

const stretch = (extent: Extent, first: number, last: number): void => {
  if (first < extent.first) extent.first = first;
  if (last > extent.last) extent.last = last;
};

/** Counts a request that was planned. */
export const countPlanned = (figures: Figures, request: PlannedRequest): void => {
  figures.planned += 1;
  stretch(figures.due, request.dueMs, request.dueMs);
  stretch(figures.recordedAt, request.logAtMs, request.logAtMs);
};

const countSize = (
  sizes: Figures['sizes'],
  { request, status, bytes }: Result,
  sizeTolerance: number,
): void => {
  const { recorded } = request;
  if (bytes === undefined || recorded.bytes === undefined || status !== recorded.status) return;
  sizes.known += 1;
  if (Math.abs(bytes - recorded.bytes) <= recorded.bytes * sizeTolerance) sizes.same += 1;
};

const countAnswer = (figures: Figures, result: Result, beforeMs: number | undefined): void => {
  const { serviceMs, fromDueMs } = result;
  figures.answered += 1;
  if (fromDueMs !== undefined) addMs(figures.fromDue, fromDueMs);
  if (serviceMs === undefined) return;
  addMs(figures.service, serviceMs);
  if (beforeMs !== undefined && beforeMs > 0) addMs(figures.ratio, serviceMs / beforeMs);
};

const countSent = (figures: Figures, { request, status, sentMs }: Result): number | undefined => {
  const { recorded, dueMs } = request;
  figures.sent += 1;
  countStatus(figures.status, recorded.status, status);
  if (sentMs !== undefined) {
    addMs(figures.lag, sentMs - dueMs);
    if (sentMs > figures.lastSentMs) figures.lastSentMs = sentMs;
  }
  const beforeMs = recordedMs(recorded);
  if (beforeMs === undefined) return undefined;
  addMs(figures.recorded, beforeMs);
  if (recorded.originMs !== undefined) figures.recordedOfOrigin += 1;
  return beforeMs;
};

/**
 * Counts how a planned request ended. What is recorded of one that was held back is left out, so that like stands beside like.
 *
 * @param settings - of the rule that planned it
 */
export const countEnd = (figures: Figures, result: Result, settings: AnswerSettings): void => {
  const { dueMs } = result.request;
  if (result.heldBack !== 'stopped' && dueMs > figures.lastUnderWayMs) figures.lastUnderWayMs = dueMs;
  if (result.heldBack !== undefined) {
    figures.heldBack += 1;
    return;
  }
  const beforeMs = countSent(figures, result);
  if (result.failed === undefined) {
    countAnswer(figures, result, beforeMs);
    countSize(figures.sizes, result, settings.sizeTolerance);
  } else {
    figures.failed += 1;
    countFailure(figures.failures, result.failed, result);
  }
  keepWorst(figures.examples, result, settings.statusMap);
};

/** Adds to `into` all that `from` counted. */
export const mergeFigures = (into: Figures, from: Figures): void => {
  into.planned += from.planned;
  into.sent += from.sent;
  into.answered += from.answered;
  into.failed += from.failed;
  into.heldBack += from.heldBack;
  into.recordedOfOrigin += from.recordedOfOrigin;
  mergeStatus(into.status, from.status);
  for (const kind of ['recorded', 'service', 'fromDue', 'lag', 'ratio'] as const)
    mergeHistogram(into[kind], from[kind]);
  into.sizes.known += from.sizes.known;
  into.sizes.same += from.sizes.same;
  mergeExamples(into.examples, from.examples);
  mergeFailures(into.failures, from.failures);
  stretch(into.due, from.due.first, from.due.last);
  stretch(into.recordedAt, from.recordedAt.first, from.recordedAt.last);
  into.lastSentMs = Math.max(into.lastSentMs, from.lastSentMs);
  into.lastUnderWayMs = Math.max(into.lastUnderWayMs, from.lastUnderWayMs);
};
