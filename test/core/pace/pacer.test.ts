import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPacer, type Origin, pacingGroups, spreadEvenly } from '../../../core/pace/pacer.ts';
import type { UnpacedRequest } from '../../../core/plan/plan.ts';
import type { Pacing } from '../../../core/rules/rule-set.ts';
import { planRule } from '../../support/plan.ts';
import { plannedRequest } from '../../support/send.ts';

/** A whole stretch of `even` begins here. */
const BASE_MS = 1_790_000_000_000;

const requestAt = (atMs: number, rule = 'r'): UnpacedRequest => ({
  ...plannedRequest({ rule, dueMs: Number.NaN }),
  logAtMs: BASE_MS + atMs,
});

/** Due times of requests in the order in which they come out. */
const paced = (
  pacing: Pacing,
  requests: readonly UnpacedRequest[],
  origin: Origin = { logAtMs: undefined },
) => {
  const pacer = createPacer(pacing, origin);
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
    expect(duesOf({ mode: 'recorded', speed: 1 }, [500, 700, 700, 5_500.25])).toEqual([
      0, 200, 200, 5_000.25,
    ]);
  });

  it.each([
    [10, [0, 100, 1_000]],
    [0.5, [0, 2_000, 20_000]],
  ])('at speed %d gives %j', (speed, dues) => {
    expect(duesOf({ mode: 'recorded', speed }, [0, 1_000, 10_000])).toEqual(dues);
  });

  it('counts from an instant that is given, also from one behind the first request', () => {
    const origin = { logAtMs: BASE_MS + 1_000 };
    expect(duesOf({ mode: 'recorded', speed: 1 }, [400, 1_500], origin)).toEqual([-600, 500]);
  });

  it('does not drift over a day', () => {
    const dues = duesOf(
      { mode: 'recorded', speed: 3 },
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
    const pacer = createPacer({ mode: 'constant', ratePerSecond: 3 }, { logAtMs: undefined });
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
    expect(duesOf({ mode: 'even', speed: 1 }, [1_000, 1_001, 9_999, 10_000])).toEqual([
      0,
      10_000 / 3,
      20_000 / 3,
      10_000,
    ]);
  });

  it('goes by the clock of the log, not by its first request', () => {
    expect(duesOf({ mode: 'even', speed: 1 }, [9_000, 11_000, 12_000])).toEqual([0, 10_000, 15_000]);
  });

  it('leaves a stretch without requests empty', () => {
    expect(duesOf({ mode: 'even', speed: 1 }, [0, 35_000])).toEqual([0, 30_000]);
  });

  it('is as much faster as its speed says', () => {
    expect(duesOf({ mode: 'even', speed: 4 }, [0, 1, 10_000])).toEqual([0, 1_250, 2_500]);
  });

  it('spreads each rule on its own', () => {
    const out = paced({ mode: 'even', speed: 1 }, [
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
    expect(duesOf({ mode: 'even', speed: 1 }, [1, 2], { logAtMs: BASE_MS - 5_000 })).toEqual([5_000, 10_000]);
  });

  it('is unharmed by a flush before anything came', () => {
    const origin: Origin = { logAtMs: undefined };
    const pacer = createPacer({ mode: 'even', speed: 1 }, origin);
    pacer.flush();
    pacer.add(requestAt(1));
    pacer.flush();
    expect(pacer.take()?.dueMs).toBe(0);
    expect(origin.logAtMs).toBe(BASE_MS);
  });

  it('gives one that comes after its stretch was spread its own instant, and leaves the rest alone', () => {
    const dues = duesOf({ mode: 'even', speed: 1 }, [10_000, 10_001, 9_000, 10_002, 20_000], {
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
        (pacing, given) => {
          const requests = given.toSorted((a, b) => a[0] - b[0]).map(([ms, rule]) => requestAt(ms, rule));
          const out = paced(pacing, requests);
          expect(new Set(out)).toEqual(new Set(requests));
          expect(out).toHaveLength(requests.length);
          expect(out.every(({ dueMs }, i) => dueMs >= (out[i - 1]?.dueMs ?? 0))).toBe(true);
        },
      ),
    );
  });
});

describe('groups of rules that share one reading', () => {
  it('have the same mode and speed, and keep the order of the rules', () => {
    const rules = [
      planRule({ name: 'a' }),
      planRule({ name: 'b', pacing: { mode: 'recorded', speed: 2 } }),
      planRule({ name: 'c', pacing: { mode: 'constant', ratePerSecond: 5 } }),
      planRule({ name: 'd', pacing: { mode: 'even', speed: 1 } }),
      planRule({ name: 'e' }),
      planRule({ name: 'f', pacing: { mode: 'constant', ratePerSecond: 5 } }),
      planRule({ name: 'g', pacing: { mode: 'even', speed: 1 } }),
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
  });
});
