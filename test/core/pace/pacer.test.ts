import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Pace } from '../../../core/pace/course.ts';
import { createPacer, type Origin, pacingGroups, spreadEvenly } from '../../../core/pace/pacer.ts';
import type { UnpacedRequest } from '../../../core/plan/plan.ts';
import type { Pacing } from '../../../core/rules/rule-set.ts';
import { planRule } from '../../support/plan.ts';
import { plannedRequest } from '../../support/send.ts';

/** A whole stretch of `even` begins here. */
const BASE_MS = 1_790_000_000_000;

const recorded = (speed: number, rampMs = 0): Pacing => ({ mode: 'recorded', speed, rampMs });
const even = (speed: number, rampMs = 0): Pacing => ({ mode: 'even', speed, rampMs });

const requestAt = (atMs: number, rule = 'r'): UnpacedRequest => ({
  ...plannedRequest({ rule, dueMs: Number.NaN }),
  logAtMs: BASE_MS + atMs,
});

/** Due times of requests in the order in which they come out. */
const paced = (
  pacing: Pacing,
  requests: readonly UnpacedRequest[],
  origin: Origin = { logAtMs: undefined },
  load: Omit<Pace, 'pacing'> = {},
) => {
  const pacer = createPacer({ pacing, ...load }, origin);
  const out: UnpacedRequest[] = [];
  const takeAll = (): void => {
    for (let request = pacer.take(); request !== undefined; request = pacer.take()) out.push(request);
  };
  for (const request of requests) {
    pacer.add(request);
    takeAll();
  }
  pacer.flush();
  takeAll();
  return out;
};

const duesOf = (pacing: Pacing, atMs: readonly number[], origin?: Origin): readonly number[] =>
  paced(
    pacing,
    atMs.map((ms) => requestAt(ms)),
    origin,
  ).map(({ dueMs }) => dueMs);

describe('spreading evenly', () => {
  it.each([
    [3, 900, [0, 300, 600]],
    [1, 10_000, [0]],
    [0, 10_000, []],
    [4, 1, [0, 0.25, 0.5, 0.75]],
  ])('%i over %i ms gives %j', (count, windowMs, offsets) => {
    expect(spreadEvenly(count, windowMs)).toEqual(offsets);
  });

  it('stays below the window', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5_000 }),
        fc.double({ min: 0.001, max: 1e6, noNaN: true }),
        (count, windowMs) => {
          const last = spreadEvenly(count, windowMs).at(-1) ?? Number.NaN;
          expect(last).toBeGreaterThanOrEqual(0);
          expect(last).toBeLessThan(windowMs);
        },
      ),
    );
  });
});

describe('recorded pacing', () => {
  it('has the rhythm of the log, from its first request on', () => {
    expect(duesOf(recorded(1), [500, 700, 700, 5_500.25])).toEqual([0, 200, 200, 5_000.25]);
  });

  it.each([
    [10, [0, 100, 1_000]],
    [0.5, [0, 2_000, 20_000]],
  ])('at speed %d gives %j', (speed, dues) => {
    expect(duesOf(recorded(speed), [0, 1_000, 10_000])).toEqual(dues);
  });

  it('counts from an instant that is given, also from one behind the first request', () => {
    const origin = { logAtMs: BASE_MS + 1_000 };
    expect(duesOf(recorded(1), [400, 1_500], origin)).toEqual([-600, 500]);
  });

  it('does not drift over a day', () => {
    const dues = duesOf(
      recorded(3),
      Array.from({ length: 86_401 }, (_, i) => i * 1_000),
    );
    expect(dues.at(-1)).toBe(28_800_000);
  });
});

describe('constant pacing', () => {
  it('is due at its rate, whatever the log says', () => {
    expect(duesOf({ mode: 'constant', ratePerSecond: 4 }, [0, 0, 90_000])).toEqual([0, 250, 500]);
  });

  it('is exact after a million requests', () => {
    const pacer = createPacer({ pacing: { mode: 'constant', ratePerSecond: 3 } }, { logAtMs: undefined });
    const request = requestAt(0);
    for (let i = 0; i < 1_000_000; i += 1) {
      pacer.add(request);
      pacer.take();
    }
    expect(request.dueMs).toBe(333_333_000);
  });
});

describe('even pacing', () => {
  it('spreads what lies in one 10 s of log time over it', () => {
    expect(duesOf(even(1), [1_000, 1_001, 9_999, 10_000])).toEqual([0, 10_000 / 3, 20_000 / 3, 10_000]);
  });

  it('goes by the clock of the log, not by its first request', () => {
    expect(duesOf(even(1), [9_000, 11_000, 12_000])).toEqual([0, 10_000, 15_000]);
  });

  it('leaves a stretch without requests empty', () => {
    expect(duesOf(even(1), [0, 35_000])).toEqual([0, 30_000]);
  });

  it('is as much faster as its speed says', () => {
    expect(duesOf(even(4), [0, 1, 10_000])).toEqual([0, 1_250, 2_500]);
  });

  it('spreads each rule on its own', () => {
    const out = paced(even(1), [
      requestAt(0, 'a'),
      requestAt(1, 'b'),
      requestAt(2, 'b'),
      requestAt(3, 'a'),
      requestAt(4, 'b'),
    ]);
    const duesOfRule = (name: string) => out.filter(({ rule }) => rule === name).map(({ dueMs }) => dueMs);
    expect(duesOfRule('a')).toEqual([0, 5_000]);
    expect(duesOfRule('b')).toEqual([0, 10_000 / 3, 20_000 / 3]);
    expect(out.map(({ rule }) => rule)).toEqual(['a', 'b', 'b', 'a', 'b']);
  });

  it('counts from an instant that is given', () => {
    expect(duesOf(even(1), [1, 2], { logAtMs: BASE_MS - 5_000 })).toEqual([5_000, 10_000]);
  });

  it('is unharmed by a flush before anything came', () => {
    const origin: Origin = { logAtMs: undefined };
    const pacer = createPacer({ pacing: even(1) }, origin);
    pacer.flush();
    pacer.add(requestAt(1));
    pacer.flush();
    expect(pacer.take()?.dueMs).toBe(0);
    expect(origin.logAtMs).toBe(BASE_MS);
  });

  it('gives one that comes after its stretch was spread its own instant, and leaves the rest alone', () => {
    const dues = duesOf(even(1), [10_000, 10_001, 9_000, 10_002, 20_000], {
      logAtMs: BASE_MS,
    });
    expect(dues.toSorted((a, b) => a - b)).toEqual([
      9_000,
      10_000,
      10_000 + 10_000 / 3,
      10_000 + 20_000 / 3,
      20_000,
    ]);
  });
});

const anyPacing = fc.oneof(
  fc.record({
    mode: fc.constantFrom('recorded' as const, 'even' as const),
    speed: fc.double({ min: 0.01, max: 1_000, noNaN: true }),
    rampMs: fc.constantFrom(0, 1, 10_000, 600_000),
  }),
  fc.record({
    mode: fc.constant('constant' as const),
    ratePerSecond: fc.double({ min: 0.01, max: 1e5, noNaN: true }),
  }),
);

describe('any pacing', () => {
  it('gives out each request once, with due times that never decrease and are never before the start', () => {
    fc.assert(
      fc.property(
        anyPacing,
        fc.array(fc.tuple(fc.nat(60_000), fc.constantFrom('a', 'b', 'c'))),
        fc.constantFrom(0.5, 1, 1.5, 1_000),
        (pacing, given, loadFactor) => {
          const requests = given.toSorted((a, b) => a[0] - b[0]).map(([ms, rule]) => requestAt(ms, rule));
          const out = paced(pacing, requests, { logAtMs: undefined }, { loadFactor });
          expect(new Set(out)).toEqual(new Set(requests));
          expect(out).toHaveLength(requests.length);
          expect(out.every(({ dueMs }, i) => dueMs >= (out[i - 1]?.dueMs ?? 0))).toBe(true);
        },
      ),
    );
  });
});

describe('a ramp', () => {
  const RAMP_MS = 10_000;
  const dues = (speed: number, loadFactor: number, atMs: readonly number[], rampMs = RAMP_MS) =>
    paced(
      recorded(speed, rampMs),
      atMs.map((ms) => requestAt(ms)),
      { logAtMs: BASE_MS },
      { loadFactor },
    ).map(({ dueMs }) => dueMs);

  it('begins at the rate recorded and ends, evenly faster, at what is asked for', () => {
    // 100 requests a second were recorded, 400 are asked for.
    const all = dues(
      4,
      4,
      Array.from({ length: 20_000 }, (_, i) => i * 10),
    );
    const rateIn = (fromMs: number): number =>
      all.filter((dueMs) => dueMs >= fromMs && dueMs < fromMs + 1_000).length;
    expect([0, 1_000, 4_000, 5_000, 8_000, 9_000].map(rateIn)).toEqual([115, 145, 235, 265, 354, 385]);
    expect([10_000, 20_000, 40_000].map(rateIn)).toEqual([400, 400, 400]);
  });

  it('begins at the rate recorded where copies ask for more, and not speed', () => {
    const all = dues(1, 2, [0, 10, 7_500, 8_500, 9_500]);
    expect(all[1]).toBeCloseTo(20, 1);
    expect(all.slice(2)).toEqual([10_000, 11_000, 12_000]);
  });

  it.each([
    [2, 2, 15_000, 10_000],
    [2, 2, 25_000, 15_000],
    [10, 10, 55_000, 10_000],
    [0.5, 5, 3_000, 10_000],
    [3, 1.5, 25_000, 10_000],
  ])(
    'at speed %d and %d times the load has reached %d ms of the log after %d ms',
    (speed, load, logMs, dueMs) => {
      expect(dues(speed, load, [logMs])[0]).toBeCloseTo(dueMs, 6);
    },
  );

  it('spreads stretches of even pacing as the recorded ones', () => {
    const out = paced(
      even(2, RAMP_MS),
      [0, 1, 2, 3, 40_000].map((ms) => requestAt(ms)),
      { logAtMs: undefined },
      { loadFactor: 2 },
    );
    expect(out.map(({ dueMs }) => dueMs)).toEqual(dues(2, 2, [0, 2_500, 5_000, 7_500, 40_000]));
  });

  it.each<[string, Omit<Pace, 'pacing'>, number]>([
    ['live', { loadFactor: 4, isLive: true }, RAMP_MS],
    ['where no more is asked for than was recorded', { loadFactor: 1 }, RAMP_MS],
    ['where less is', { loadFactor: 0.3 }, RAMP_MS],
    ['where its length is 0', { loadFactor: 4 }, 0],
  ])('is none %s: not a bit of a due time changes', (_, load, rampMs) => {
    const gaps = fc.array(fc.double({ min: 0, max: 1e5, noNaN: true }), { maxLength: 50 });
    fc.assert(
      fc.property(gaps, fc.double({ min: 0.01, max: 1_000, noNaN: true }), (atMs, speed) => {
        const requests = () => atMs.toSorted((a, b) => a - b).map((ms) => requestAt(ms));
        const plain = paced(recorded(speed), requests());
        const ramped = paced(recorded(speed, rampMs), requests(), { logAtMs: undefined }, load);
        expect(ramped.map(({ dueMs }) => dueMs)).toEqual(plain.map(({ dueMs }) => dueMs));
      }),
    );
  });

  const anyRamp = fc.record({
    speed: fc.double({ min: 0.01, max: 1_000, noNaN: true }),
    loadFactor: fc.double({ min: 1.0001, max: 1e6, noNaN: true }),
    rampMs: fc.double({ min: 1, max: 600_000, noNaN: true }),
  });
  /** Differences of numbers of this size are exact to so many ms. */
  const near = (ms: number): number => 1e-9 * Math.max(1, Math.abs(ms));

  it('keeps the order, is never faster than speed, and exactly at speed from its end on', () => {
    fc.assert(
      fc.property(anyRamp, fc.array(fc.nat(100_000_000)), ({ speed, loadFactor, rampMs }, given) => {
        const atMs = given.toSorted((a, b) => a - b);
        const out = dues(speed, loadFactor, atMs, rampMs);
        for (let i = 1; i < out.length; i += 1) {
          const [before, due] = [out[i - 1] ?? 0, out[i] ?? 0];
          const fastest = ((atMs[i] ?? 0) - (atMs[i - 1] ?? 0)) / speed;
          expect(due).toBeGreaterThanOrEqual(before);
          expect(due - before).toBeGreaterThanOrEqual(fastest - near(due));
          if (before > rampMs) expect(Math.abs(due - before - fastest)).toBeLessThanOrEqual(near(due));
        }
      }),
    );
  });

  it('is continuous, also where it ends', () => {
    fc.assert(
      fc.property(
        anyRamp,
        fc.double({ min: 0, max: 2, noNaN: true }),
        ({ speed, loadFactor, rampMs }, part) => {
          const endLogMs = (speed / loadFactor + speed) * 0.5 * rampMs;
          const stepMs = Math.max(1, endLogMs * 1e-6);
          const at = BASE_MS + Math.round(endLogMs * part);
          const [a = 0, b = 0] = dues(speed, loadFactor, [at - BASE_MS, at - BASE_MS + stepMs], rampMs);
          expect(b - a).toBeLessThanOrEqual(
            (stepMs * loadFactor) / speed + near(b) + 0.001 * (loadFactor / speed),
          );
        },
      ),
    );
  });
});

describe('groups of rules that share one reading', () => {
  it('have the same mode, speed and ramp, and keep the order of the rules', () => {
    const rules = [
      planRule({ name: 'a' }),
      planRule({ name: 'b', pacing: recorded(2) }),
      planRule({ name: 'c', pacing: { mode: 'constant', ratePerSecond: 5 } }),
      planRule({ name: 'd', pacing: even(1) }),
      planRule({ name: 'e' }),
      planRule({ name: 'f', pacing: { mode: 'constant', ratePerSecond: 5 } }),
      planRule({ name: 'g', pacing: even(1) }),
    ];
    const groups = pacingGroups(rules);
    expect(groups.map((group) => group.rules.map(({ name }) => name).join())).toEqual([
      'a,e',
      'b',
      'c',
      'd,g',
      'f',
    ]);
    expect(groups.map(({ pacing }) => pacing.mode)).toEqual([
      'recorded',
      'recorded',
      'constant',
      'even',
      'constant',
    ]);
    expect(pacingGroups([])).toEqual([]);
    const [short, long] = [recorded(2, 1_000), recorded(2, 2_000)];
    expect(pacingGroups([planRule({ pacing: short }), planRule({ pacing: long })])).toHaveLength(2);
  });

  it('ask for the load of the rule that asks for most', () => {
    const groups = pacingGroups([
      planRule({ name: 'a', pacing: recorded(2), multiply: 0.5 }),
      planRule({ name: 'b', pacing: recorded(2), multiply: 3 }),
      planRule({ name: 'c', pacing: even(0.5), multiply: 1.5 }),
    ]);
    expect(groups.map(({ loadFactor }) => loadFactor)).toEqual([6, 0.75]);
  });
});
