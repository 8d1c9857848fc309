/** What the live page may look at of a run, and do to it. */

import type { Timeline } from '../../../core/measure/timeline.ts';
import type { Run, RunParts } from '../../run-parts.ts';
import type { RunSwitch } from '../../run-switch.ts';

export interface LiveRun {
  /** Ms since its first request was due; below 0 before. */
  nowMs(): number;
  /** What happened when, in steps of at least so many ms. A step that has not changed is the same object as before. */
  course(leastStepMs: number): Timeline;
  readonly runSwitch: Pick<
    RunSwitch,
    'setPaused' | 'setLimit' | 'limit' | 'isPaused' | 'share' | 'sourceShare'
  >;
  isStopping(): boolean;
  /** Ends it as Ctrl-C does: what is in flight may end. */
  stop(): void;
}

/** Hands out a run whose parts are open. */
export const openLiveRun = (run: Run, { clock, runSwitch, stop }: RunParts): LiveRun => ({
  nowMs: clock.now,
  course: run.summary.course,
  runSwitch,
  isStopping: () => run.isStopping,
  stop: () => stop('stopped'),
});
