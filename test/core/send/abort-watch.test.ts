import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AbortCondition } from '../../../core/rules/rule-set.ts';
import { type AbortReason, createAbortWatch } from '../../../core/send/abort-watch.ts';

const HALF_A_MINUTE: AbortCondition = { errorShare: 0.5, orEqual: false, forMs: 30_000 };

/** What ends in a second: how many, and how many of these are errors. */
type Second = readonly [n: number, errors: number];

/** The second in which the watch gives up, and why; judged at the end of each. */
const watched = (
  condition: AbortCondition,
  seconds: readonly Second[],
): { readonly second: number; readonly reason: AbortReason } | undefined => {
  const watch = createAbortWatch(condition);
  for (const [second, [n, errors]] of seconds.entries()) {
    for (let i = 0; i < n; i += 1) watch.add(i < errors, second * 1_000 + i);
    const reason = watch.check(second * 1_000 + 999);
    if (reason !== undefined) return { second, reason };
  }
  return undefined;
};

const lasting = (seconds: number, second: Second): readonly Second[] =>
  Array.from({ length: seconds }, () => second);

describe('a run is given up', () => {
  it('when more than half have failed for as long as the condition asks', () => {
    expect(watched(HALF_A_MINUTE, lasting(60, [10, 6]))).toEqual({
      second: 30,
      reason: { errorShare: 0.6, limitShare: 0.5, forMs: 30_000 },
    });
  });

  it('when one failure is all there is, again and again', () => {
    // One every three seconds: 20 of them in the last minute.
    const seconds = Array.from({ length: 120 }, (_, i): Second => (i % 3 === 0 ? [1, 1] : [0, 0]));
    expect(watched(HALF_A_MINUTE, seconds)?.second).toBe(36);
  });

  it('at the share itself where the condition says at least', () => {
    expect(watched(HALF_A_MINUTE, lasting(60, [10, 5]))).toBeUndefined();
    expect(watched({ ...HALF_A_MINUTE, orEqual: true }, lasting(60, [10, 5]))?.second).toBe(30);
  });
});

/** A target that answers one request with 503, asks to be left alone for so long, and is. */
const leftAlone = (condition: AbortCondition, forSeconds: number, seconds: number): number | undefined => {
  const watch = createAbortWatch(condition);
  for (let second = 0; second < seconds; second += 1) {
    if (second % forSeconds === 0) watch.add(true, second * 1_000);
    if (watch.check(second * 1_000 + 500, true) !== undefined) return second;
  }
  return undefined;
};

describe('a target that asks to be left alone each time', () => {
  it.each([
    [5, 40],
    [20, 70],
    [60, 150],
    [300, 630],
  ])(
    'for %s s has the run given up after %s s: three have failed, and none was answered since',
    (forSeconds, atSecond) => {
      expect(leftAlone(HALF_A_MINUTE, forSeconds, 2_000)).toBe(atSecond);
    },
  );

  it('has it go on where it answers between whiles', () => {
    const watch = createAbortWatch(HALF_A_MINUTE);
    for (let second = 0; second < 600; second += 1) {
      const isSilent = second % 20 > 2;
      if (!isSilent)
        for (let i = 0; i < 10; i += 1) watch.add(second % 20 === 2 && i === 9, second * 1_000 + i);
      expect(watch.check(second * 1_000 + 500, isSilent)).toBeUndefined();
    }
  });

  it('has it given up in that time where the errors before it were many', () => {
    const watch = createAbortWatch(HALF_A_MINUTE);
    for (let i = 0; i < 10; i += 1) watch.add(true, i);
    const seconds = Array.from({ length: 60 }, (_, second) => second);
    expect(seconds.find((second) => watch.check(second * 1_000 + 500, true) !== undefined)).toBe(30);
  });
});

describe('a run goes on', () => {
  it.each<[string, readonly Second[]]>([
    ['while nothing ends', lasting(200, [0, 0])],
    ['while less than half fail', lasting(200, [10, 4])],
    ['when errors stop just before the time is up', [...lasting(28, [10, 10]), ...lasting(100, [10, 0])]],
    [
      'when one good spell breaks the errors',
      [...lasting(25, [10, 10]), ...lasting(8, [10, 0]), ...lasting(25, [10, 10]), ...lasting(60, [10, 0])],
    ],
    ['after one failure in a quiet hour', [[1, 1], ...lasting(3_600, [0, 0])]],
    ['after two failures in a quiet hour', [[2, 2], ...lasting(3_600, [0, 0])]],
  ])('%s', (_, seconds) => {
    expect(watched(HALF_A_MINUTE, seconds)).toBeUndefined();
  });

  it('for as long as the condition asks after it stood still: nobody looked meanwhile', () => {
    const watch = createAbortWatch(HALF_A_MINUTE);
    const failing = (fromMs: number, seconds: number): readonly (AbortReason | undefined)[] =>
      Array.from({ length: seconds }, (_, second) => {
        const atMs = fromMs + second * 1_000;
        for (let i = 0; i < 10; i += 1) watch.add(true, atMs + i);
        return watch.check(atMs + 500);
      });
    expect(failing(0, 10)).toEqual(Array(10).fill(undefined));
    expect(failing(3_600_000, 30).findIndex((reason) => reason !== undefined)).toBe(21);
  });

  it('when the last minute has nothing of an old burst left', () => {
    const condition = { ...HALF_A_MINUTE, forMs: 60_000 };
    expect(watched(condition, [...lasting(3, [5, 5]), ...lasting(600, [0, 0])])).toBeUndefined();
  });
});

describe('whatever ends', () => {
  const secondOf = fc.tuple(fc.nat(30), fc.nat(30)).map(([n, errors]): Second => [n, Math.min(n, errors)]);

  it('no run is given up before the time that the condition asks for, nor one without errors', () => {
    fc.assert(
      fc.property(fc.array(secondOf, { maxLength: 150 }), (seconds) => {
        const found = watched(HALF_A_MINUTE, seconds);
        expect(found === undefined || found.second >= 30).toBe(true);
        expect(
          watched(
            HALF_A_MINUTE,
            seconds.map(([n]) => [n, 0]),
          ),
        ).toBeUndefined();
      }),
    );
  });

  it('of a run that is given up, errors are above the share', () => {
    fc.assert(
      fc.property(fc.array(secondOf, { maxLength: 150 }), (seconds) => {
        const found = watched(HALF_A_MINUTE, seconds);
        expect(found === undefined || (found.reason.errorShare > 0.5 && found.reason.errorShare <= 1)).toBe(
          true,
        );
      }),
    );
  });
});
