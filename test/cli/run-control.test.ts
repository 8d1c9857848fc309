import { describe, expect, it } from 'vitest';
import { createRunControl, type RunControlOptions } from '../../cli/run-control.ts';
import type { RepriseError } from '../../core/errors.ts';
import type { Rule, Target } from '../../core/rules/rule-set.ts';
import type { Result } from '../../core/types.ts';
import { fakeClock, fakeSender } from '../support/fake-sender.ts';
import { planRule, planTarget } from '../support/plan.ts';
import { plannedRequest } from '../support/send.ts';

interface Scene extends Partial<Pick<RunControlOptions, 'forMs' | 'isLive'>> {
  readonly targets?: readonly Target[];
  readonly rules?: readonly Rule[];
}

const setUp = ({ targets = [planTarget()], rules = [planRule()], isLive = false, forMs }: Scene = {}) => {
  const time = fakeClock();
  const sender = fakeSender(time);
  const ends: [string, RepriseError | undefined][] = [];
  const levels: [number, number][] = [];
  const control = createRunControl({
    ruleSet: {
      mark: 'reprise',
      logs: { format: 'auto', fields: {} },
      targets: Object.fromEntries(targets.map((target) => [target.name, target])),
      rules,
      hash: '0',
    },
    isLive,
    forMs,
    clock: { now: time.clock, elapsedMs: time.clock, startIn: () => undefined },
    runSwitch: {
      share: () => 1,
      isPaused: () => false,
      look: () => undefined,
    },
    summary: { backoff: (nowMs, level) => levels.push([nowMs, level]) },
    stop: (endedBy, error) => ends.push([endedBy, error]),
  });
  const watched = control.watch(sender);
  /** One request each 10 ms, answered at once, until `untilMs`. */
  const pass = (untilMs: number, status: number): void => {
    for (; time.nowMs < untilMs; time.nowMs += 10) {
      const request = plannedRequest({ share: 0, dueMs: time.nowMs });
      watched.dispatch(request, () => undefined);
      const result: Result = { request, sentMs: time.nowMs, status, serviceMs: 1 };
      control.ended(result);
      control.tick(false);
    }
  };
  return { time, control, ends, levels, pass };
};

const strict = planRule({
  backoff: { kind: 'on', latency: { kind: 'absolute', ms: 100 }, errorShare: 0.1, windowMs: 1_000 },
});

describe('the control of a run', () => {
  it('shows the level of a target that fails, and keeps its course for the report', () => {
    const { control, levels, pass } = setUp({ rules: [strict] });
    expect(control.view()).toEqual({
      isPaused: false,
      switchShare: 1,
      backoff: undefined,
      targetCount: 1,
      isLeftAlone: false,
      targets: [{ name: 't', level: 1, isLeftAlone: false }],
    });
    pass(2_000, 500);
    expect(control.view().backoff).toEqual({ target: 't', level: 0.5 });
    expect(control.targets()).toMatchObject([{ name: 't', level: 0.5, cuts: 1, budget: null }]);
    // Nothing is said of a target that was not judged yet: the first second is cold.
    expect(levels[0]?.[0]).toBeGreaterThan(1_000);
    expect(levels.at(-1)?.[1]).toBe(0.5);
  });

  it('ends a run whose rule gives up, in words', () => {
    const abort = { errorShare: 0.5, orEqual: false, forMs: 60_000 };
    const { ends, pass } = setUp({ rules: [planRule({ backoff: { kind: 'off' }, abort })] });
    pass(30_000, 200);
    pass(80_000, 500);
    expect(ends).toEqual([]);
    pass(100_000, 503);
    const [first] = ends;
    expect(first?.[0]).toBe('aborted');
    expect(first?.[1]).toMatchObject({
      code: 'RUN_ABORTED',
      exitCode: 3,
      message: 'rule "r" was given up: 100 % errors for 60 s (limit 50 %)',
      hint: 'its `abort` asks for that; the summary says what went wrong, and percent or maxRate ask for less',
    });
  });

  it('ends a run at the time it was given, unless all of it was sent', () => {
    const { time, control, ends } = setUp({ forMs: 1_000 });
    for (const [nowMs, isAllSent] of [
      [990, false],
      [1_200, true],
      [1_300, false],
    ] as const) {
      time.nowMs = nowMs;
      control.tick(isAllSent);
    }
    expect(ends).toEqual([['limit', undefined]]);
    expect(time.nowMs).toBe(1_300);
  });

  it('lets nothing go from that time on, however late it is looked at', () => {
    const { control, ends } = setUp({ forMs: 1_000 });
    const { whyHeldBack } = control.replayerOptions;
    expect(whyHeldBack?.(plannedRequest({ dueMs: 999 }), 999.9)).toBeUndefined();
    expect(ends).toEqual([]);
    expect(whyHeldBack?.(plannedRequest({ dueMs: 999 }), 1_000)).toBe('stopped');
    expect(ends).toEqual([['limit', undefined]]);
  });

  it('tells of the budgets of targets and rules', () => {
    const budget = { requests: 3 };
    const { control } = setUp({ targets: [planTarget({ budget })], rules: [planRule({ budget })] });
    expect(control.budgets()).toMatchObject([
      { kind: 'target', name: 't', limit: budget },
      { kind: 'rule', name: 'r', limit: budget },
    ]);
  });

  it('starts live copies at the recorded rate', () => {
    const rules = [strict, planRule({ ...strict, name: 's', multiply: 4 })];
    const levelOf = (isLive: boolean) => setUp({ isLive, rules }).control.targets()[0]?.level;
    expect([levelOf(false), levelOf(true)]).toEqual([1, 0.25]);
    const [load] = setUp({ isLive: true, rules }).control.targets();
    expect(load).toMatchObject({ startLevel: 0.25, lowestLevel: 0.25, cuts: 0 });
  });

  it('names the target of the lowest level, and the longest timeout of all', () => {
    const targets = [planTarget(), planTarget({ name: 'u', timeoutMs: 20_000 })];
    const rules = [strict, planRule({ name: 's', target: 'u', timeoutMs: 500 })];
    const { control, pass } = setUp({ targets, rules });
    pass(2_000, 500);
    expect(control.view()).toMatchObject({ backoff: { target: 't', level: 0.5 }, targetCount: 2 });
    expect(control.longestTimeoutMs).toBe(20_000);
    const timeoutOf = (rule: string) => control.timeoutMsOf(plannedRequest({ rule }));
    expect([timeoutOf('r'), timeoutOf('s'), timeoutOf('none')]).toEqual([undefined, 500, undefined]);
  });
});
