import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AbortCondition, RuleSet } from '../../core/rules/rule-set.ts';
import { abortLimitsOf, DEFAULT_LIMIT, type ErrorLimit } from '../../infra/error-limit.ts';
import { planRule } from '../support/plan.ts';

const rulesWith = (aborts: readonly AbortCondition[]): RuleSet['rules'] =>
  aborts.map((abort, i) => planRule({ name: `r${i}`, abort }));
const abort = (errorShare: number, forMs: number, orEqual = false): AbortCondition => ({
  errorShare,
  forMs,
  orEqual,
});
const shown = (limits: readonly ErrorLimit[]): readonly string[] =>
  limits.map(
    ({ percent, orEqual, datapointsToAlarm, evaluationPeriods }) =>
      `${orEqual ? '>=' : '>'} ${percent} %, ${datapointsToAlarm} of ${evaluationPeriods}`,
  );

/** The minute with which an alarm goes off; undefined where it never does. */
const ringsAt = (shares: readonly number[], limit: ErrorLimit): number | undefined => {
  const { percent, orEqual, datapointsToAlarm, evaluationPeriods } = limit;
  const isOver = shares.map((share) => share > percent || (orEqual && share === percent));
  const at = isOver.findIndex(
    (_, i) =>
      isOver.slice(Math.max(0, i + 1 - evaluationPeriods), i + 1).filter(Boolean).length >= datapointsToAlarm,
  );
  return at < 0 ? undefined : at;
};
const firstOf = (shares: readonly number[], limits: readonly ErrorLimit[]): number =>
  Math.min(...limits.map((limit) => ringsAt(shares, limit) ?? Number.POSITIVE_INFINITY));

describe('limits of errors', () => {
  it.each<[string, readonly AbortCondition[], readonly string[]]>([
    ['no rule aborts', [], []],
    ['the default includes it', [abort(0.5, 120_000), abort(0.9, 3_600_000)], []],
    [
      'one is sooner, one lower',
      [abort(0.1, 3_600_000), abort(0.5, 60_000)],
      ['> 10 %, 60 of 60', '> 50 %, 1 of 1'],
    ],
    ['as many are too many already', [abort(0.5, 120_000, true)], ['>= 50 %, 2 of 2']],
    ['two are one', [abort(0.07, 61_000), abort(0.07, 120_000)], ['> 7 %, 2 of 2']],
    ['one includes the other', [abort(0.2, 300_000), abort(0.2, 10_000, true)], ['>= 20 %, 1 of 1']],
  ])('that aborts add where %s', (_, aborts, limits) => {
    expect(shown(abortLimitsOf('t', rulesWith(aborts)))).toEqual(limits);
  });

  it('are of the rules of the target alone', () => {
    expect(abortLimitsOf('u', rulesWith([abort(0.1, 60_000)]))).toEqual([]);
  });

  it('an abort never makes the breaker later', () => {
    const share = fc.constantFrom(0, 5, 10, 20, 50, 60, 100);
    const aborts = fc.array(
      fc.record({
        errorShare: fc.constantFrom(0.05, 0.1, 0.5, 0.6),
        orEqual: fc.boolean(),
        forMs: fc.integer({ min: 1_000, max: 600_000 }),
      }),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(fc.array(share, { maxLength: 20 }), aborts, (shares, conditions) => {
        const limits = [DEFAULT_LIMIT, ...abortLimitsOf('t', rulesWith(conditions))];
        const each = conditions.flatMap((condition) => abortLimitsOf('t', rulesWith([condition])));
        // Nor is anything lost of what any of them asks for by itself.
        expect(firstOf(shares, limits)).toBe(firstOf(shares, [DEFAULT_LIMIT, ...each]));
        expect(firstOf(shares, limits)).toBeLessThanOrEqual(firstOf(shares, [DEFAULT_LIMIT]));
      }),
    );
  });
});
