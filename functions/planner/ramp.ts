/**
 * Lets traffic that is more than what was recorded begin at the recorded rate. Live due times are production's own and cannot be spread
 * out, so a target that was left alone for a while begins at a lower level, and grows by the ordinary recovery.
 */

import type { Rule } from '../../core/rules/rule-set.ts';
import { loadFactorOf, startLevel } from '../../core/send/backoff.ts';
import { QUIET_MS } from '../../io/aws/target-state.ts';
import type { Timing } from './job.ts';
import type { PlannerClock } from './planner-clock.ts';
import type { TargetLevels } from './target-levels.ts';

/** Below it the level would hardly grow: windows hold too few requests to be judged by, and so little hurts no target. */
const MIN_START_RATE_PER_SECOND = 1;

/** Sets the level of a target if it was quiet and its level is not lower already; resolves with whether it was set. */
export type StartTarget = (
  target: string,
  start: { readonly level: number; readonly nowMs: number },
) => Promise<boolean>;

export interface RampOptions {
  readonly clock: PlannerClock;
  readonly timing: Timing;
  readonly rules: readonly Pick<Rule, 'target' | 'multiply' | 'pacing' | 'backoff'>[];
  readonly startTarget: StartTarget;
  readonly levels: TargetLevels;
  readonly onProblem: (error: unknown) => void;
}

/**
 * To be called before each slice of a target is thinned.
 *
 * @param ratePerSecond - of what rules that back off would send in the slice, were there no backoff
 */
export type Ramp = (target: string, ratePerSecond: number) => Promise<void>;

/** Makes it. */
export const createRamp = (options: RampOptions): Ramp => {
  const { clock, timing, rules, startTarget, levels, onProblem } = options;
  const begunAtMs = new Map<string, number>();

  return async (target, ratePerSecond) => {
    // Elsewhere the schedule is ours, and accelerates by itself.
    if (timing !== 'live') return;
    const factor = loadFactorOf(target, rules);
    if (factor <= 1) return;
    const nowMs = clock.now();
    const lastMs = begunAtMs.get(target);
    if (lastMs !== undefined && nowMs - lastMs < QUIET_MS) {
      begunAtMs.set(target, nowMs);
      return;
    }
    const level = startLevel(factor);
    if (ratePerSecond * level < MIN_START_RATE_PER_SECOND) return;
    try {
      if (await startTarget(target, { level, nowMs }))
        levels.see(target, { ...levels.of(target), level }, nowMs);
      begunAtMs.set(target, nowMs);
    } catch (error) {
      // It is asked for again with the next slice.
      onProblem(error);
    }
  };
};
