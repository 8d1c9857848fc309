import { describe, expect, it } from 'vitest';
import { senderLoads, sendersNeeded } from '../../../core/pace/senders-needed.ts';
import type { Rule, Target } from '../../../core/rules/rule-set.ts';
import { planRule, planRuleSet, planTarget } from '../../support/plan.ts';

const neededFor = (targets: readonly Partial<Target>[], rules: readonly Partial<Rule>[] = []): number =>
  sendersNeeded(
    senderLoads(
      planRuleSet(
        rules.map(planRule),
        targets.map((target, i) => planTarget({ name: `t${i === 0 ? '' : i}`, ...target })),
      ),
    ),
  );

describe('senders', () => {
  it.each<[string, readonly Partial<Target>[], number]>([
    ['no limit', [{}], 4],
    ['one slice in 5 s', [{ maxRatePerSecond: 50 }], 4],
    ['just one slice in 5 s', [{ maxRatePerSecond: 200 }], 4],
    ['two slices in 5 s', [{ maxRatePerSecond: 201 }], 8],
    ['a high rate', [{ maxRatePerSecond: 10_000 }], 180],
    ['a long timeout', [{ timeoutMs: 600_000 }], 122],
    ['two targets', [{ maxRatePerSecond: 500 }, { timeoutMs: 2_000 }], 13],
    ['none', [], 0],
  ])('for %s are enough', (_, targets, senders) => {
    expect(neededFor(targets)).toBe(senders);
  });

  it('are as many as rules let there be, where those are fewer', () => {
    const limited = [{ maxRatePerSecond: 100 }, { maxRatePerSecond: 50 }];
    expect(neededFor([{ maxRatePerSecond: 10_000 }], limited)).toBe(4);
    // One of them has no limit of its own.
    expect(neededFor([{ maxRatePerSecond: 10_000 }], [...limited, {}])).toBe(180);
  });

  it('wait for the slowest of the rules, within the timeout of the target', () => {
    expect(neededFor([{}], [{ timeoutMs: 5_000 }, { timeoutMs: 1_000 }])).toBe(3);
    expect(neededFor([{}], [{ timeoutMs: 1_000 }])).toBe(2);
    expect(neededFor([{}], [{ timeoutMs: 1_000 }, {}])).toBe(4);
    expect(neededFor([{}], [{ timeoutMs: 600_000 }])).toBe(4);
  });
});

describe('loads', () => {
  it('are held to the peaks of a plan and to every limit', () => {
    const ruleSet = planRuleSet(
      [
        planRule({ name: 'a', maxRatePerSecond: 30 }),
        planRule({ name: 'b' }),
        planRule({ name: 'c', target: 'u' }),
      ],
      [planTarget({ maxRatePerSecond: 70 }), planTarget({ name: 'u', timeoutMs: 5_000 })],
    );
    const peaks: Record<string, number> = { a: 100, b: 20, c: 12 };
    expect(senderLoads(ruleSet, (rule) => peaks[rule])).toEqual([
      { target: 't', ratePerSecond: 50, timeoutMs: 10_000 },
      { target: 'u', ratePerSecond: 12, timeoutMs: 5_000 },
    ]);
    expect(senderLoads(ruleSet).map(({ ratePerSecond }) => ratePerSecond)).toEqual([70, undefined]);
  });
});
