import { describe, expect, it } from 'vitest';
import { DEFAULT_BACKOFF } from '../../../core/rules/rule-set.ts';
import { loadFactorOf } from '../../../core/send/backoff.ts';
import { createRamp, type RampOptions } from '../../../functions/planner/ramp.ts';
import { createTargetLevels } from '../../../functions/planner/target-levels.ts';
import { createFakeTime } from '../../support/fake-time.ts';
import { planRule } from '../../support/plan.ts';

const on = { backoff: DEFAULT_BACKOFF };

describe('the load of a target', () => {
  it.each<[string, RampOptions['rules'], number]>([
    ['none of its rules asks for more', [planRule({ ...on, multiply: 0.5 })], 1],
    [
      'copies and speed add up in one rule',
      [planRule({ ...on, multiply: 2, pacing: { mode: 'even', speed: 3, rampMs: 0 } })],
      6,
    ],
    ['one rule of several counts', [planRule({ ...on, multiply: 2 }), planRule({ ...on, multiply: 4 })], 4],
    ['a rule does not back off', [planRule({ multiply: 4 })], 1],
    ['another target is meant', [planRule({ ...on, multiply: 4, target: 'u' })], 1],
  ])('where %s', (_, rules, factor) => {
    expect(loadFactorOf('t', rules)).toBe(factor);
  });
});

const ramp = (changes: Partial<RampOptions> = {}) => {
  const time = createFakeTime(0);
  const started: string[] = [];
  const problems: unknown[] = [];
  const levels = createTargetLevels();
  const answer: { wasQuiet: boolean | Error } = { wasQuiet: true };
  const begin = createRamp({
    clock: time,
    timing: 'live',
    rules: [planRule({ ...on, multiply: 4 })],
    startTarget: async (target, { level, nowMs }) => {
      started.push(`${target} ${level} ${nowMs}`);
      if (answer.wasQuiet instanceof Error) throw answer.wasQuiet;
      return answer.wasQuiet;
    },
    levels,
    onProblem: (error) => problems.push(error),
    ...changes,
  });
  return { time, begin, started, problems, levels, answer };
};

describe('the start of a target', () => {
  it('is asked for with the first slice, and again after ten minutes without any', async () => {
    const { time, begin, started, levels } = ramp();
    levels.see('t', { level: 1, retryAtMs: 7 }, 0);
    await begin('t', 100);
    expect(levels.of('t')).toEqual({ level: 0.25, retryAtMs: 7 });
    for (let i = 0; i < 20; i += 1) {
      time.skip(90_000);
      await begin('t', 100);
    }
    expect(started).toEqual(['t 0.25 0']);
    time.skip(600_000);
    await begin('t', 100);
    expect(started).toEqual(['t 0.25 0', 't 0.25 2400000']);
  });

  it('is not asked for where so little is sent that the level could not grow', async () => {
    const { begin, started } = ramp();
    await begin('t', 3.9);
    expect(started).toEqual([]);
    await begin('t', 4);
    expect(started).toEqual(['t 0.25 0']);
  });

  it('leaves the level as it is where the target was not quiet', async () => {
    const { begin, levels, answer } = ramp();
    answer.wasQuiet = false;
    levels.see('t', { level: 0.8 }, 0);
    await begin('t', 100);
    expect(levels.of('t')).toEqual({ level: 0.8 });
  });

  it('is asked for again where the table did not answer', async () => {
    const { begin, started, problems, answer } = ramp();
    answer.wasQuiet = new Error('no table');
    await begin('t', 100);
    await begin('t', 100);
    expect([started.length, problems.length]).toEqual([2, 2]);
  });

  it('is not asked for where the schedule is ours, nor where nothing is multiplied', async () => {
    const arrival = ramp({ timing: 'arrival' });
    await arrival.begin('t', 100);
    const plain = ramp({ rules: [planRule(on)] });
    await plain.begin('t', 100);
    expect([...arrival.started, ...plain.started]).toEqual([]);
  });
});
