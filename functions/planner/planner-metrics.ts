/** The planner's own metrics as EMF lines: what it planned of each target, stamped with the due instant, and how the stack is. */

import { emfLines, metricStamp } from '../../core/measure/emf.ts';
import type { MetricValues } from '../../core/measure/metric-names.ts';
import {
  createRecordedMetrics,
  RECORDED_STRETCH_MS,
  type RecordedMetrics,
  type RecordedStretch,
  recordedMetricValues,
} from '../../core/measure/recorded-metrics.ts';
import type { Slice } from '../../core/pace/grid.ts';
import type { HeldBackReason, PlannedRequest } from '../../core/types.ts';
import type { PlannerClock } from './planner-clock.ts';

/** A slice that is throttled is settled this much due time after the next at the latest. */
const OPEN_STRETCHES = 2;

/** Counts what becomes of an object's requests, each once, however often the object is tried: what is not noted is decided anew. */
export interface SliceMetrics {
  /** The backoff level (0–1) by which a slice was thinned. */
  levelSeen(slice: Pick<Slice, 'target' | 'startMs'>, level: number): void;
  /** These are held back, or else handed to a sender; it counts once it is noted with the object. */
  decided(requests: readonly PlannedRequest[], heldBack?: HeldBackReason): void;
  /** All that was decided so far is noted with the object. */
  noted(): void;
  /** As `decided`, of requests that a mark covers already. */
  settled(requests: readonly PlannedRequest[], heldBack?: HeldBackReason): void;
  /** Writes what is left of what counts. */
  flush(): void;
}

export interface MetricsOptions {
  readonly stack: string;
  readonly clock: PlannerClock;
  /** Writes one line, without its newline, to where Lambda reads metrics from. */
  readonly write: (line: string) => void;
}

export interface SliceMetricsOptions extends MetricsOptions {
  readonly run: string;
  /** Epoch instant that due offsets count from. */
  readonly startAtMs: number;
}

/** The lowest level of each target and stretch, given out once. */
const createLowestLevels = () => {
  const levels = new Map<string, number>();
  const keyOf = (target: string, startDueMs: number): string =>
    `${target} ${Math.floor(startDueMs / RECORDED_STRETCH_MS)}`;
  return {
    see: (target: string, startDueMs: number, level: number): void => {
      const key = keyOf(target, startDueMs);
      levels.set(key, Math.min(level, levels.get(key) ?? level));
    },
    /** Undefined where none was seen: nothing was decided by it. */
    take: (target: string, startDueMs: number): number | undefined => {
      const key = keyOf(target, startDueMs);
      const level = levels.get(key);
      levels.delete(key);
      return level;
    },
  };
};

/** Publishes each stretch of due time once it is over. */
export const createSliceMetrics = (options: SliceMetricsOptions): SliceMetrics => {
  const { stack, clock, write, run, startAtMs } = options;
  const collected = createRecordedMetrics();
  const unnoted = createRecordedMetrics();
  const levels = createLowestLevels();
  let latestDueMs = Number.NEGATIVE_INFINITY;
  let stretch = Number.NEGATIVE_INFINITY;

  const publish = (stretches: readonly RecordedStretch[]): void => {
    for (const closed of stretches) {
      const { target, startDueMs } = closed;
      const atMs = metricStamp(startAtMs + startDueMs, clock.now());
      const level = levels.take(target, startDueMs);
      const metrics = {
        ...recordedMetricValues(closed),
        ...(level !== undefined && { BackoffLevel: level }),
      };
      for (const line of emfLines({ stack, target, atMs, metrics, properties: { run } })) write(line);
    }
  };

  const add = (
    to: RecordedMetrics,
    requests: readonly PlannedRequest[],
    heldBack: HeldBackReason | undefined,
  ): void => {
    for (const request of requests) to.add(request, heldBack);
    latestDueMs = Math.max(latestDueMs, requests.at(-1)?.dueMs ?? latestDueMs);
  };

  const publishClosed = (): void => {
    const own = Math.floor(latestDueMs / RECORDED_STRETCH_MS);
    if (own <= stretch) return;
    stretch = own;
    publish(collected.takeClosed((own - OPEN_STRETCHES) * RECORDED_STRETCH_MS));
  };

  return {
    levelSeen: ({ target, startMs }, level) => levels.see(target, startMs, level),
    decided: (requests, heldBack) => add(unnoted, requests, heldBack),
    noted: () => {
      for (const counted of unnoted.flush()) collected.merge(counted);
      publishClosed();
    },
    settled: (requests, heldBack) => {
      add(collected, requests, heldBack);
      publishClosed();
    },
    flush: () => publish(collected.flush()),
  };
};

/** What the switch says is published this often, and at once when it changes. */
const SWITCH_EVERY_MS = 30_000;

/** Publishes metrics of the stack, stamped with now. */
export const createStackMetrics = ({ stack, clock, write }: MetricsOptions) => {
  let unreadable = 0;
  let last: { readonly share: number | undefined; readonly atMs: number } | undefined;

  const emit = (metrics: MetricValues): void => {
    for (const line of emfLines({ stack, atMs: clock.now(), metrics })) write(line);
  };

  return {
    emit,
    /** One reading of the switch; undefined where nothing usable was read. */
    switchReading: (share: number | undefined): void => {
      const atMs = clock.now();
      if (share === undefined) unreadable += 1;
      if (last !== undefined && last.share === share && atMs - last.atMs < SWITCH_EVERY_MS) return;
      last = { share, atMs };
      emit({ ...(share !== undefined && { Switch: share * 100 }), SwitchUnreadable: unreadable });
      unreadable = 0;
    },
  };
};

export type StackMetrics = ReturnType<typeof createStackMetrics>;
