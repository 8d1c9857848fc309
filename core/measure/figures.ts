/** The figures of one group of requests (a rule, a route, all of them): counts, statuses, latencies, pacing and failures. */

import { maskSecrets } from '../report/mask.ts';
import type { FailureCode, PlannedRequest, Result } from '../types.ts';
import { addMs, type Histogram, mergeHistogram, newHistogram } from './histogram.ts';
import { recordedMs } from './recorded-ms.ts';
import { pathOf } from './route.ts';
import { countStatus, mergeStatus, type StatusCounts } from './status-matrix.ts';

/** A failed request as an example of its kind. */
export interface FailureExample {
  readonly id: string;
  readonly method: string;
  /** Without its query, which may hold secrets. */
  readonly path: string;
  readonly detail: string;
}

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
  readonly failures: Map<FailureCode, { count: number; readonly example: FailureExample }>;
  /** Due instants of the planned. */
  readonly due: Extent;
  /** Recorded starts of the planned, epoch ms. */
  readonly recordedAt: Extent;
  lastSentMs: number;
  /** Due instant of the last that a stop did not cut off: until then the run was under way. */
  lastUnderWayMs: number;
}

const MAX_PATH = 200;
const MAX_DETAIL = 200;

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

const countFailure = (figures: Figures, code: FailureCode, { request, detail }: Result): void => {
  const known = figures.failures.get(code);
  if (known !== undefined) {
    known.count += 1;
    return;
  }
  const path = pathOf(request.path)
    .replace(/;[^/]*/g, '')
    .slice(0, MAX_PATH);
  const example = {
    id: request.id,
    method: request.method,
    path,
    detail: maskSecrets((detail ?? '').slice(0, MAX_DETAIL)),
  };
  figures.failures.set(code, { count: 1, example });
};

const countRecorded = (figures: Figures, recorded: PlannedRequest['recorded']): void => {
  const ms = recordedMs(recorded);
  if (ms === undefined) return;
  addMs(figures.recorded, ms);
  if (recorded.originMs !== undefined) figures.recordedOfOrigin += 1;
};

/** Counts how a planned request ended. What is recorded of one that was held back is left out, so that like stands beside like. */
export const countEnd = (figures: Figures, result: Result): void => {
  const { dueMs } = result.request;
  if (result.heldBack !== 'stopped' && dueMs > figures.lastUnderWayMs) figures.lastUnderWayMs = dueMs;
  if (result.heldBack !== undefined) {
    figures.heldBack += 1;
    return;
  }
  const { request, sentMs } = result;
  figures.sent += 1;
  countRecorded(figures, request.recorded);
  countStatus(figures.status, request.recorded.status, result.status);
  if (sentMs !== undefined) {
    addMs(figures.lag, sentMs - request.dueMs);
    if (sentMs > figures.lastSentMs) figures.lastSentMs = sentMs;
  }
  if (result.failed !== undefined) {
    figures.failed += 1;
    countFailure(figures, result.failed, result);
    return;
  }
  figures.answered += 1;
  if (result.serviceMs !== undefined) addMs(figures.service, result.serviceMs);
  if (result.fromDueMs !== undefined) addMs(figures.fromDue, result.fromDueMs);
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
  for (const kind of ['recorded', 'service', 'fromDue', 'lag'] as const)
    mergeHistogram(into[kind], from[kind]);
  for (const [code, { count, example }] of from.failures) {
    const known = into.failures.get(code);
    if (known === undefined) into.failures.set(code, { count, example });
    else known.count += count;
  }
  stretch(into.due, from.due.first, from.due.last);
  stretch(into.recordedAt, from.recordedAt.first, from.recordedAt.last);
  into.lastSentMs = Math.max(into.lastSentMs, from.lastSentMs);
  into.lastUnderWayMs = Math.max(into.lastUnderWayMs, from.lastUnderWayMs);
};

/** The figures of several groups as those of one. */
export const sumFigures = (all: Iterable<Figures>): Figures => {
  const sum = newFigures();
  for (const figures of all) mergeFigures(sum, figures);
  return sum;
};
