import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openRateLimit, openRunRates } from '../../../core/pace/rate-limit.ts';
import type { PlannedRequest } from '../../../core/types.ts';
import { planTarget } from '../../support/plan.ts';
import { plannedRequest } from '../../support/send.ts';

/** Asks whether a request due then may be sent, and counts it where it may. */
const createRateLimit = (ratePerSecond: number) => {
  const limit = openRateLimit(ratePerSecond);
  return (dueMs: number): boolean => {
    const isOpen = limit.isOpen(dueMs);
    if (isOpen) limit.count();
    return isOpen;
  };
};

const createRateLimits = (...given: Parameters<typeof openRunRates>) => {
  const rates = openRunRates(...given);
  return (request: PlannedRequest): boolean => {
    const areOpen = rates.areOpen(request);
    if (areOpen) rates.count(request);
    return areOpen;
  };
};

/** How many pass in each of `seconds`, when `offered` are due in each. */
const passedIn = (ratePerSecond: number, seconds: readonly number[], offered = 100): readonly number[] => {
  const mayPass = createRateLimit(ratePerSecond);
  return seconds.map(
    (second) =>
      Array.from({ length: offered }, (_, i) => mayPass(second * 1_000 + (i * 1_000) / offered)).filter(
        Boolean,
      ).length,
  );
};

const first = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);

describe('a rate limit', () => {
  it.each([
    [5, first(4), [5, 5, 5, 5]],
    [0.5, first(6), [1, 0, 1, 0, 1, 0]],
    [0.1, first(21), [1, ...Array(9).fill(0), 1, ...Array(9).fill(0), 1]],
    [1 / 60, [0, 59, 60, 119, 120, 181], [1, 0, 1, 0, 1, 1]],
    [5, [0, 1_000, 1_001], [5, 5, 5]],
    [1_000, [0], [100]],
  ])('of %d a second lets pass in seconds %j: %j', (rate, seconds, passed) => {
    expect(passedIn(rate, seconds)).toEqual(passed);
  });

  it('holds across the edge of a second', () => {
    const mayPass = createRateLimit(3);
    const duesMs = [900, 950, 990, 1_000, 1_100, 1_899, 1_900, 1_950, 1_989];
    expect(duesMs.filter(mayPass)).toEqual([900, 950, 990, 1_900, 1_950]);
  });

  it('does not make up for quiet seconds', () => {
    const mayPass = createRateLimit(3);
    mayPass(0);
    expect(Array.from({ length: 10 }, () => mayPass(60_000)).filter(Boolean)).toHaveLength(3);
  });

  it('lets through in all what the rate asks, to one window', () => {
    for (const rate of [0.3, 0.7, 1.1, 2.3, 99.9]) {
      const total = passedIn(rate, first(1_000), 1_000).reduce((sum, count) => sum + count, 0);
      expect(Math.abs(total - rate * 1_000) / (rate * 1_000)).toBeLessThan(0.015);
    }
  });

  it('never lets more pass within any second than the rate, rounded up', () => {
    const anyDues = fc.array(fc.integer({ min: -3_000, max: 20_000 }), { maxLength: 400 });
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 40, noNaN: true }),
        anyDues,
        fc.boolean(),
        (rate, dues, isOrdered) => {
          const mayPass = createRateLimit(rate);
          const passedMs: number[] = [];
          let latestMs = Number.NEGATIVE_INFINITY;
          for (const dueMs of isOrdered ? dues.toSorted((a, b) => a - b) : dues) {
            // Out of order it counts as due with the latest.
            latestMs = Math.max(latestMs, dueMs);
            if (mayPass(dueMs)) passedMs.push(latestMs);
          }
          for (const startMs of passedMs) {
            const within = passedMs.filter((ms) => ms >= startMs && ms < startMs + 1_000);
            expect(within.length).toBeLessThanOrEqual(Math.ceil(rate));
          }
        },
      ),
    );
  });
});

describe('the rates of a run', () => {
  const targets = {
    a: planTarget({ name: 'a', maxRatePerSecond: 3 }),
    b: planTarget({ name: 'b' }),
  };
  const passed = (maxRatePerSecond: number | undefined, names: readonly string[]): number => {
    const mayPass = createRateLimits(targets, maxRatePerSecond);
    return names.filter((target) => mayPass(plannedRequest({ target }))).length;
  };

  it('are those of each target', () => {
    expect(passed(undefined, Array(10).fill('a'))).toBe(3);
    expect(passed(undefined, Array(10).fill('b'))).toBe(10);
  });

  it('are one over all targets besides', () => {
    expect(passed(5, ['a', 'a', 'a', 'a', 'b', 'b', 'b', 'b'])).toBe(5);
    expect(passed(2, Array(10).fill('a'))).toBe(2);
  });

  it('are those of each rule as well, and one that is closed uses up none of the others', () => {
    const mayPass = createRateLimits(targets, 4, { r: { maxRatePerSecond: 1 }, s: {} });
    const pass = (rule: string): boolean => mayPass(plannedRequest({ target: 'a', rule }));
    expect(['r', 'r', 'r', 'r', 's', 's', 's'].map(pass)).toEqual([
      true,
      false,
      false,
      false,
      true,
      true,
      false,
    ]);
    expect(mayPass(plannedRequest({ target: 'b', rule: 's' }))).toBe(true);
    expect(mayPass(plannedRequest({ target: 'b', rule: 's' }))).toBe(false);
  });
});
