import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type BackoffState,
  countsFromMs,
  excessOf,
  FLOOR,
  judgeWindow,
  levelOf,
  NEW_BACKOFF,
  startLevel,
  type WindowCounts,
} from '../../../core/send/backoff.ts';

const LIMITS = { errorShare: 0.1, maxInFlight: 50 };
const GOOD: WindowCounts = { n: 500, over: 0, failed: 0, inFlight: 3 };
const SLOW: WindowCounts = { ...GOOD, over: 100 };
const FAILING: WindowCounts = { ...GOOD, failed: 100 };
const PINNED: WindowCounts = { ...GOOD, inFlight: 50 };
/** What a probe a second gives. */
const FEW_GOOD: WindowCounts = { n: 5, over: 0, failed: 0, inFlight: 0 };
const FEW_FAILED: WindowCounts = { ...FEW_GOOD, failed: 5 };

const stateAfter = (windows: readonly WindowCounts[], from: BackoffState = NEW_BACKOFF): BackoffState =>
  windows.reduce((state, counts) => judgeWindow(state, counts, LIMITS) ?? state, from);

const times = <T>(count: number, item: T): readonly T[] => Array.from({ length: count }, () => item);

describe('windows in a row', () => {
  const rows: readonly (readonly [string, readonly WindowCounts[], number, number])[] = [
    ['a good one leaves all of it', [GOOD], 1, 1],
    ['one over its latency limit cuts by half', [SLOW], 0.5, 1],
    ['one with failures cuts by half', [FAILING], 0.5, 1],
    ['one with its in-flight limit filled throughout cuts by half', [PINNED], 0.5, 1],
    ['one that is both cuts once', [{ ...SLOW, failed: 100, inFlight: 50 }], 0.5, 1],
    [
      'each further one cuts again, and what was too much is the level that they began at',
      [SLOW, SLOW, SLOW],
      0.125,
      1,
    ],
    ['the first good one after a cut changes nothing', [SLOW, GOOD], 0.5, 1],
    ['the next raises by half', [SLOW, SLOW, GOOD, GOOD], 0.375, 1],
    ['up to 85 % of what was too much', [SLOW, GOOD, GOOD], 0.75, 1],
    ['… and not beyond', [SLOW, GOOD, GOOD, GOOD], 0.85, 1],
    ['from there on by 1.5 % of it', [SLOW, GOOD, GOOD, GOOD, GOOD], 0.865, 1],
    ['up to all', [SLOW, ...times(30, GOOD)], 1, 1],
    [
      'a level that was jumped to and is too much puts too much below it',
      [SLOW, SLOW, GOOD, GOOD, SLOW],
      0.1875,
      0.3,
    ],
    [
      'a level that was stepped to and is too much puts too much six steps below it',
      [SLOW, GOOD, GOOD, GOOD, GOOD, SLOW],
      0.4325,
      0.775,
    ],
    ['seven cuts lead to the floor', times(7, FAILING), FLOOR, 1],
    ['at the floor what was too much stays what it was', times(9, FAILING), FLOOR, 1],
  ];

  it.each(rows)('%s', (_, windows, level, ceiling) => {
    const state = stateAfter(windows);
    expect(state.level).toBeCloseTo(level, 9);
    expect(state.ceiling).toBeCloseTo(ceiling, 9);
    expect(state.isOpen).toBe(false);
  });

  it('three over at the floor leave nothing but probes', () => {
    const atFloor = stateAfter(times(7, FAILING));
    expect(levelOf(stateAfter(times(2, FEW_FAILED), atFloor))).toBe(FLOOR);
    const open = stateAfter(times(3, FEW_FAILED), atFloor);
    expect(open.isOpen).toBe(true);
    expect(levelOf(open)).toBe(0);
    expect(levelOf(stateAfter(times(20, FEW_FAILED), open))).toBe(0);
  });

  it('a good one at the floor begins the count of three anew', () => {
    const atFloor = stateAfter(times(7, FAILING));
    const state = stateAfter([FEW_FAILED, FEW_FAILED, FEW_GOOD], atFloor);
    expect(state).toMatchObject({ level: 0.015, floorWindows: 0, isOpen: false });
  });

  it('probes that are answered lead back to the floor, and from there slowly up', () => {
    const open = stateAfter(times(10, FAILING));
    const levels = [1, 2, 3, 4, 5].map((count) => levelOf(stateAfter(times(count, FEW_GOOD), open)));
    expect(levels.map((level) => Number(level.toFixed(6)))).toEqual([0.01, 0.015, 0.0225, 0.03375, 0.050625]);
    // Twelve windows, a minute, to 85 % of what was borne before.
    expect(levelOf(stateAfter(times(11, GOOD), open))).toBeLessThan(0.85);
    expect(levelOf(stateAfter(times(12, GOOD), open))).toBeCloseTo(0.85, 9);
  });

  it('a target that was down is not held to the level at which it tried to come back', () => {
    const back = stateAfter([...times(10, FAILING), ...times(3, FEW_GOOD), FAILING]);
    expect(back.ceiling).toBe(0.25);
  });

  it('well beyond what was too much growth is fast again', () => {
    const held: BackoffState = { ...NEW_BACKOFF, level: 0.2, ceiling: 0.2 };
    const levels = times(40, GOOD).map((_, i) => stateAfter(times(i, GOOD), held).level);
    const growths = levels.slice(1).map((level, i) => level / (levels[i] as number));
    expect(Math.max(...growths.slice(0, 14))).toBeLessThan(1.016);
    expect(levels[14]).toBeCloseTo(0.242, 9);
    expect(levels[15]).toBeCloseTo(0.242 * 1.2, 9);
    expect(levels.indexOf(1)).toBe(22);
  });
});

describe('a verdict', () => {
  const judged = (counts: Partial<WindowCounts>, level = 1, isOpen = false): string => {
    const state = { ...NEW_BACKOFF, level, isOpen };
    const next = judgeWindow(state, { n: 0, over: 0, failed: 0, inFlight: 0, ...counts }, LIMITS);
    if (next === undefined) return 'goes on';
    return next.wasOver ? 'over' : 'good';
  };

  it.each<[string, Partial<WindowCounts>, string]>([
    ['nothing sent', {}, 'goes on'],
    ['19 sent, all of them failed', { n: 19, failed: 19 }, 'goes on'],
    ['nothing ended, and the limit of those in flight is filled', { inFlight: 50 }, 'over'],
    ['in flight one below its limit', { n: 20, inFlight: 49 }, 'good'],
    ['20 sent', { n: 20 }, 'good'],
    ['two of 20 slow, which is chance', { n: 20, over: 2 }, 'good'],
    ['three of 20 slow', { n: 20, over: 3 }, 'over'],
    ['three of 20 failed, which is chance', { n: 20, failed: 3 }, 'good'],
    ['four of 20 failed', { n: 20, failed: 4 }, 'over'],
    ['5 % of 400 slow', { n: 400, over: 20 }, 'good'],
    ['more than 5 % of 400 slow', { n: 400, over: 21 }, 'over'],
    ['10 % of 1,000 failed', { n: 1_000, failed: 100 }, 'good'],
    ['more than 10 % of 1,000 failed', { n: 1_000, failed: 101 }, 'over'],
  ])('%s', (_, counts, verdict) => {
    expect(judged(counts)).toBe(verdict);
  });

  it('needs three where little is sent, and of so few most to be bad', () => {
    for (const [level, isOpen] of [
      [0.09, false],
      [FLOOR, false],
      [FLOOR, true],
    ] as const) {
      expect(judged({ n: 2, failed: 2 }, level, isOpen)).toBe('goes on');
      expect(judged({ n: 3, failed: 1 }, level, isOpen)).toBe('good');
      expect(judged({ n: 3, failed: 2 }, level, isOpen)).toBe('over');
      expect(judged({ n: 5, over: 3 }, level, isOpen)).toBe('over');
    }
  });
});

describe('a limit of errors that is high', () => {
  it('is exceeded where all failed, whatever it is and however many may be judged', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.constantFrom(0.9, 0.95, 0.99, 1), fc.double({ min: 0, max: 1, noNaN: true })),
        fc.integer({ min: 3, max: 2_000 }),
        (errorShare, n) => {
          const counts = { n, over: 0, failed: n, inFlight: 0 };
          const next = judgeWindow({ ...NEW_BACKOFF, level: 0.05 }, counts, { ...LIMITS, errorShare });
          expect(next?.wasOver).toBe(true);
        },
      ),
    );
  });

  it.each([
    [0.9, 20, 19, false],
    [0.9, 100, 93, false],
    [0.9, 100, 94, true],
    [0.9, 1_000, 900, false],
    [0.9, 1_000, 901, true],
    [1, 1_000, 999, false],
  ])('of %s is not held by chance: %s ended, %s of them failed', (errorShare, n, failed, isFailing) => {
    const excess = excessOf({ n, over: 0, failed, inFlight: 0 }, { ...LIMITS, errorShare });
    expect(excess).toEqual({ isSlow: false, isFailing, isPinned: false });
  });
});

describe('what is counted after a change of level', () => {
  it.each<[string, number, number, number | undefined]>([
    ['a cut: what is sent once the queue has had a fifth of a window to drain', 0.5, 0.25, 11_000],
    ['the end of all but probes', 0.01, 0, 11_000],
    ['back from nothing but probes: what is sent from now on', 0, 0.01, 10_000],
    ['up from the floor: what is sent from now on', 0.01, 0.015, 10_000],
    ['growth: everything', 0.5, 0.75, undefined],
    ['no change: everything', 0.5, 0.5, undefined],
    ['no change at the floor: everything', 0.01, 0.01, undefined],
  ])('%s', (_, before, now, fromMs) => {
    expect(countsFromMs(before, now, 10_000, 5_000)).toBe(fromMs);
  });
});

describe('the level at which traffic begins', () => {
  it.each([
    [0.5, 1],
    [1, 1],
    [3, 1 / 3],
    [60, 1 / 60],
    [1_000, FLOOR],
  ])('of %s times what was recorded is %s', (factor, level) => {
    expect(startLevel(factor)).toBe(level);
  });
});

describe('whatever is counted', () => {
  const countsOf = fc
    .record({ n: fc.nat(2_000), over: fc.nat(2_000), failed: fc.nat(2_000), inFlight: fc.nat(60) })
    .map(({ n, over, failed, inFlight }) => ({
      n,
      over: Math.min(n, over),
      failed: Math.min(n, failed),
      inFlight,
    }));

  it('the level and what was too much lie between the floor and 1', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(countsOf, fc.constantFrom(GOOD, FAILING, FEW_GOOD)), { maxLength: 200 }),
        (windows) => {
          const { level, ceiling, floorWindows, isOpen } = stateAfter(windows);
          expect(level).toBeGreaterThanOrEqual(FLOOR);
          expect(level).toBeLessThanOrEqual(1);
          expect(ceiling).toBeGreaterThan(0);
          expect(ceiling).toBeLessThanOrEqual(1);
          expect(isOpen).toBe(floorWindows === 3);
          expect(!isOpen || level === FLOOR).toBe(true);
        },
      ),
    );
  });

  it('a window never raises by more than half, and lowers by half or to the floor or to probes', () => {
    fc.assert(
      fc.property(fc.array(countsOf, { maxLength: 100 }), countsOf, (windows, last) => {
        const before = stateAfter(windows);
        const now = stateAfter([last], before);
        expect(now.level).toBeLessThanOrEqual(before.level * 1.5);
        if (now.level < before.level) expect(now.level).toBe(Math.max(FLOOR, before.level / 2));
      }),
    );
  });

  it('too few change nothing unless the limit of those in flight is filled', () => {
    fc.assert(
      fc.property(fc.array(countsOf, { maxLength: 50 }), fc.nat(2), fc.nat(49), (windows, n, inFlight) => {
        const counts = { n, over: n, failed: n, inFlight };
        expect(judgeWindow(stateAfter(windows), counts, LIMITS)).toBeUndefined();
      }),
    );
  });

  it('good windows bring any target back to all of it within a quarter of an hour', () => {
    fc.assert(
      fc.property(fc.array(countsOf, { maxLength: 200 }), (windows) => {
        expect(levelOf(stateAfter([...windows, ...times(180, GOOD)]))).toBe(1);
      }),
    );
  });
});
