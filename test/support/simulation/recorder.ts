/** What is measured of a simulated run: windows of five seconds, levels of each second. */

import type { Result } from '../../../core/types.ts';
import type { Scenario } from './scenario.ts';
import type { World } from './world.ts';

export const WINDOW_S = 5;

/** What ended in five seconds, and how it looked to an onlooker who sees everything at once. */
export interface SeenWindow {
  n: number;
  over: number;
  failed: number;
  sent: number;
}

export interface Recorder {
  ended(result: Result): void;
  /** The level now, and how many requests wait in the target. */
  sample(level: number, queued: number): void;
  readonly windows: readonly SeenWindow[];
  readonly seconds: readonly SeenWindow[];
  /** One a second. */
  readonly levels: readonly number[];
  worstMs: number;
  worstQueue: number;
}

export const createRecorder = (world: World, { seconds, backoff, traffic }: Scenario): Recorder => {
  const { latencyMs, latencyFactor = 3 } = backoff;
  const limitMs = latencyMs ?? latencyFactor * (traffic.recordedP95Ms ?? Number.POSITIVE_INFINITY);
  const emptyWindows = (count: number): SeenWindow[] =>
    Array.from({ length: count }, () => ({ n: 0, over: 0, failed: 0, sent: 0 }));
  const windows = emptyWindows(Math.ceil(seconds / WINDOW_S) + 1);
  const bySecond = emptyWindows(seconds + 1);
  const windowsAt = (ms: number): SeenWindow[] => [
    windows[Math.floor(ms / 1_000 / WINDOW_S)] as SeenWindow,
    bySecond[Math.floor(ms / 1_000)] as SeenWindow,
  ];
  const levels: number[] = [];
  const recorder: Recorder = {
    windows,
    seconds: bySecond,
    levels,
    worstMs: 0,
    worstQueue: 0,
    ended: ({ sentMs, serviceMs = 0, status, failed }) => {
      if (sentMs === undefined) return;
      for (const window of windowsAt(sentMs)) window.sent += 1;
      for (const window of windowsAt(world.clock())) {
        window.n += 1;
        if (serviceMs > limitMs) window.over += 1;
        if (failed !== undefined || (status ?? 0) >= 500 || status === 429) window.failed += 1;
      }
      recorder.worstMs = Math.max(recorder.worstMs, serviceMs);
    },
    sample: (level, queued) => {
      levels.push(level);
      recorder.worstQueue = Math.max(recorder.worstQueue, queued);
    },
  };
  return recorder;
};
