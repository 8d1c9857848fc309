/** What the planner publishes of each target: what production did, and what of it was handed on, each 10 s of due time on its own. */

import type { HeldBackReason, PlannedRequest } from '../types.ts';
import { sampleValues } from './emf.ts';
import { addMs, type Histogram, mergeHistogram, newHistogram } from './histogram.ts';
import { heldBackMetric, type MetricValues, type StatusClass, statusClass } from './metric-names.ts';
import { recordedMs } from './recorded-ms.ts';

/** Length of a stretch: two cells of the grid. */
export const RECORDED_STRETCH_MS = 10_000;

/** Counts of one target and stretch. */
export interface RecordedStretch {
  readonly target: string;
  /** Due instant at which it starts, on the scale of `dueMs`. */
  readonly startDueMs: number;
  /** Recorded requests that rules chose for the target. */
  requests: number;
  /** Recorded latency of these, where it was logged: the origin's own where that was. */
  readonly latency: Histogram;
  readonly status: Partial<Record<StatusClass, number>>;
  /** Planned requests, copies too. */
  planned: number;
  dispatched: number;
  readonly heldBack: Partial<Record<HeldBackReason, number>>;
}

export interface RecordedMetrics {
  /** Counts a planned request once it is decided: handed to a sender, or held back by the planner. */
  add(request: PlannedRequest, heldBack?: HeldBackReason): void;
  /** Adds all that another collection counted of a stretch. */
  merge(stretch: RecordedStretch): void;
  /** The stretches that end at or before `dueMs`, oldest first, by target; each is given out once. */
  takeClosed(dueMs: number): readonly RecordedStretch[];
  /** All that is left. */
  flush(): readonly RecordedStretch[];
}

const newStretch = (target: string, startDueMs: number): RecordedStretch => ({
  target,
  startDueMs,
  requests: 0,
  latency: newHistogram(),
  status: {},
  planned: 0,
  dispatched: 0,
  heldBack: {},
});

/** A recorded request is counted by its first copy. */
const isFirstCopy = ({ id }: PlannedRequest): boolean => id.endsWith('.0');

const count = (
  stretch: RecordedStretch,
  request: PlannedRequest,
  heldBack: HeldBackReason | undefined,
): void => {
  stretch.planned += 1;
  if (heldBack === undefined) stretch.dispatched += 1;
  else stretch.heldBack[heldBack] = (stretch.heldBack[heldBack] ?? 0) + 1;
  if (!isFirstCopy(request)) return;
  const { status } = request.recorded;
  const ms = recordedMs(request.recorded);
  const statusName = statusClass(status);
  stretch.requests += 1;
  if (ms !== undefined) addMs(stretch.latency, ms);
  if (statusName !== undefined) stretch.status[statusName] = (stretch.status[statusName] ?? 0) + 1;
};

type Counts = Partial<Record<string, number>>;

const addCounts = (into: Counts, from: Counts): void => {
  for (const [name, counted] of Object.entries(from)) into[name] = (into[name] ?? 0) + (counted ?? 0);
};

const mergeInto = (stretch: RecordedStretch, from: RecordedStretch): void => {
  stretch.requests += from.requests;
  stretch.planned += from.planned;
  stretch.dispatched += from.dispatched;
  mergeHistogram(stretch.latency, from.latency);
  addCounts(stretch.status, from.status);
  addCounts(stretch.heldBack, from.heldBack);
};

const inOrder = (a: RecordedStretch, b: RecordedStretch): number =>
  a.startDueMs - b.startDueMs || (a.target < b.target ? -1 : Number(a.target > b.target));

/** Makes an empty collection; what is taken from it leaves it. */
export const createRecordedMetrics = (): RecordedMetrics => {
  /** Target → start → stretch. */
  const targets = new Map<string, Map<number, RecordedStretch>>();

  const take = (isClosed: (stretch: RecordedStretch) => boolean): readonly RecordedStretch[] => {
    const taken: RecordedStretch[] = [];
    for (const stretches of targets.values()) {
      for (const [startDueMs, stretch] of stretches) {
        if (!isClosed(stretch)) continue;
        stretches.delete(startDueMs);
        taken.push(stretch);
      }
    }
    return taken.sort(inOrder);
  };

  const stretchOf = (target: string, startDueMs: number): RecordedStretch => {
    const stretches = targets.get(target) ?? new Map<number, RecordedStretch>();
    targets.set(target, stretches);
    const stretch = stretches.get(startDueMs) ?? newStretch(target, startDueMs);
    stretches.set(startDueMs, stretch);
    return stretch;
  };

  return {
    add: (request, heldBack) => {
      const { target, dueMs } = request;
      const startDueMs = Math.floor(dueMs / RECORDED_STRETCH_MS) * RECORDED_STRETCH_MS;
      count(stretchOf(target, startDueMs), request, heldBack);
    },
    merge: (from) => mergeInto(stretchOf(from.target, from.startDueMs), from),
    takeClosed: (dueMs) => take(({ startDueMs }) => startDueMs + RECORDED_STRETCH_MS <= dueMs),
    flush: () => take(() => true),
  };
};

/** The stretch as metrics, to be stamped with its due instant. */
export const recordedMetricValues = (stretch: RecordedStretch): MetricValues => {
  const values: MetricValues = {
    RecordedRequests: stretch.requests,
    RecordedLatency: sampleValues(stretch.latency),
    Planned: stretch.planned,
    Dispatched: stretch.dispatched,
  };
  for (const [name, requests] of Object.entries(stretch.status) as [StatusClass, number][])
    values[`RecordedStatus${name}`] = requests;
  for (const [reason, requests] of Object.entries(stretch.heldBack) as [HeldBackReason, number][])
    values[heldBackMetric(reason)] = requests;
  return values;
};
