import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createReorderWindow, WINDOW } from '../../../core/pace/reorder.ts';
import type { UnpacedRequest } from '../../../core/plan/plan.ts';
import { plannedRequest } from '../../support/send.ts';

const BASE_MS = Date.UTC(2026, 10, 21);
const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;

interface Line {
  readonly endMs: number;
  readonly durationMs?: number;
  readonly copies?: number;
  readonly body?: string;
}

const requestOf = ({ endMs, durationMs = 0, body }: Line, n: number): UnpacedRequest => ({
  ...plannedRequest({
    id: String(n),
    recordedAtMs: BASE_MS + endMs - durationMs,
    recorded: { durationMs },
    ...(body === undefined ? {} : { body }),
  }),
  logAtMs: BASE_MS + endMs - durationMs,
});

interface Out {
  readonly ids: readonly string[];
  /** Places on the log's clock, from its base. */
  readonly placesMs: readonly number[];
  readonly reordered: readonly string[];
  /** Most that it held, and how many were given out before the end. */
  readonly mostHeld: number;
  readonly early: number;
}

const pass = (lines: readonly Line[]): Out => {
  const reordered: string[] = [];
  const window = createReorderWindow(({ id }) => reordered.push(id));
  const out: UnpacedRequest[] = [];
  let held = 0;
  let mostHeld = 0;
  const takeAll = (): void => {
    mostHeld = Math.max(mostHeld, held);
    for (let request = window.take(); request !== undefined; request = window.take()) {
      out.push(request);
      held -= 1;
    }
  };
  for (const [n, line] of lines.entries()) {
    for (let copy = 0; copy < (line.copies ?? 1); copy += 1) {
      window.add(requestOf(line, n));
      held += 1;
    }
    window.advance(BASE_MS + line.endMs);
    takeAll();
  }
  const early = out.length;
  window.flush();
  takeAll();
  return {
    ids: out.map(({ id }) => id),
    placesMs: out.map(({ logAtMs }) => logAtMs - BASE_MS),
    reordered,
    mostHeld,
    early,
  };
};

const steady = (count: number, fromMs = 0, stepMs = 100): Line[] =>
  Array.from({ length: count }, (_, i) => ({ endMs: fromMs + i * stepMs }));

const isAscending = (numbers: readonly number[]): boolean =>
  numbers.every((value, i) => i === 0 || value >= (numbers[i - 1] ?? 0));

describe('the look-ahead window', () => {
  it('orders any log whose disorder is below its span, and counts none of it', () => {
    const anyLine = fc.record({
      endMs: fc.integer({ min: 0, max: 200_000 }),
      durationMs: fc.integer({ min: 0, max: WINDOW.spanMs - 1 }),
    });
    fc.assert(
      fc.property(fc.array(anyLine, { maxLength: 200 }), (lines) => {
        const sorted = lines.toSorted((a, b) => a.endMs - b.endMs);
        const { placesMs, reordered } = pass(sorted);
        expect(reordered).toEqual([]);
        expect(placesMs).toEqual(
          sorted.map((line) => line.endMs - line.durationMs).toSorted((a, b) => a - b),
        );
      }),
    );
  });

  it('gives out each request once and in order, whatever the times', () => {
    const anyLine = fc.record({
      endMs: fc.oneof(
        fc.integer({ min: -100_000, max: 100_000 }),
        fc.integer({ min: -40 * YEAR_MS, max: 40 * YEAR_MS }),
      ),
      durationMs: fc.oneof(fc.nat(100_000), fc.integer({ min: -10 * YEAR_MS, max: 10 * YEAR_MS })),
      copies: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(anyLine, { maxLength: 60 }), (lines) => {
        const { ids, placesMs, reordered } = pass(lines);
        const expected = lines.flatMap(({ copies }, n) => Array.from({ length: copies }, () => String(n)));
        expect(ids.toSorted()).toEqual(expected.toSorted());
        expect(isAscending(placesMs)).toBe(true);
        expect(reordered.length).toBeLessThanOrEqual(expected.length);
      }),
      { numRuns: 500 },
    );
  });

  it('puts what starts before the released edge at that edge, and counts it', () => {
    const lines: Line[] = [...steady(600), { endMs: 60_000, durationMs: 50_000 }];
    const { placesMs, ids, reordered } = pass(lines);
    expect(reordered).toEqual(['600']);
    // The log has come to 59.9 s: what starts up to 29.9 s is released.
    expect(placesMs[ids.indexOf('600')]).toBe(29_900);
  });

  it('keeps the order of lines that start at the same instant', () => {
    expect(pass(Array.from({ length: 50 }, () => ({ endMs: 0 }))).ids).toEqual(
      Array.from({ length: 50 }, (_, n) => String(n)),
    );
  });

  it('lets go at 30 s of log time, not before', () => {
    expect(pass([{ endMs: 0 }, { endMs: 1 }, { endMs: 29_999 }]).early).toBe(0);
    expect(pass([{ endMs: 0 }, { endMs: 1 }, { endMs: 30_000 }]).early).toBe(1);
  });

  it('holds 50,000 requests at most', () => {
    const { mostHeld, placesMs, early } = pass(
      Array.from({ length: 60_000 }, (_, i) => ({ endMs: i / 100 })),
    );
    expect(mostHeld).toBe(50_001);
    expect(early).toBe(10_000);
    expect(isAscending(placesMs)).toBe(true);
  });

  it('holds 64 MiB at most', () => {
    const body = 'x'.repeat(100 * 1024);
    const { mostHeld } = pass(Array.from({ length: 1_000 }, (_, i) => ({ endMs: i, body })));
    // Two bytes a character, and 1 KiB for the rest.
    expect(mostHeld).toBe(Math.floor((64 * 1024) / 201) + 1);
  });

  it('gives out a log of a single line', () => {
    expect(pass([{ endMs: 0, durationMs: 50_000 }])).toMatchObject({ placesMs: [-50_000], reordered: [] });
    expect(pass([])).toMatchObject({ ids: [] });
  });
});

describe('a line with a clock that is off', () => {
  const places = [0, 1, 100, 700, 999];

  it.each(
    places.flatMap((at) =>
      [YEAR_MS, -YEAR_MS, 30 * YEAR_MS, -30 * YEAR_MS].map((offMs) => [at, offMs] as const),
    ),
  )('at place %i of 1,000, off by %i ms, neither stalls the log nor lets it go at once', (at, offMs) => {
    const lines = steady(1_000).map((line, i) => (i === at ? { endMs: line.endMs + offMs } : line));
    const { placesMs, ids, reordered, mostHeld } = pass(lines);
    expect(reordered).toEqual([String(at)]);
    expect(isAscending(placesMs)).toBe(true);
    expect(Math.min(...placesMs)).toBeGreaterThanOrEqual(-WINDOW.spanMs);
    expect(Math.max(...placesMs)).toBeLessThanOrEqual(99_900);
    // All others are where they belong.
    const others = placesMs.filter((_, i) => ids[i] !== String(at));
    expect(others).toEqual(steady(1_000).flatMap(({ endMs }, i) => (i === at ? [] : [endMs])));
    expect(mostHeld).toBeLessThan(310);
  });

  it('is put where the log has come to', () => {
    const lines = steady(1_000).map((line, i) => (i === 500 ? { endMs: 30 * YEAR_MS } : line));
    const { placesMs, ids } = pass(lines);
    // The line after it tells that it is off.
    expect(placesMs[ids.indexOf('500')]).toBe(50_100);
  });

  it('is a request of years, too, in a log that begins with it', () => {
    const { placesMs, reordered } = pass([{ endMs: 0, durationMs: YEAR_MS }, ...steady(10, 10)]);
    expect(reordered).toEqual(['0']);
    expect(placesMs[0]).toBe(-WINDOW.spanMs);
  });

  it('is one whose duration is below nothing', () => {
    const { placesMs, reordered } = pass([
      ...steady(10),
      { endMs: 1_000, durationMs: -YEAR_MS },
      ...steady(10, 2_000),
    ]);
    expect(reordered).toEqual(['10']);
    expect(Math.max(...placesMs)).toBeLessThan(100_000);
  });

  it.each([
    ['a night', 12 * 3_600_000],
    ['a weekend', 2.5 * DAY_MS],
    ['a year', YEAR_MS],
  ])('is none after %s of silence', (_, gapMs) => {
    const { placesMs, reordered } = pass([...steady(20), ...steady(20, gapMs)]);
    expect(reordered).toEqual([]);
    expect(placesMs).toEqual([...steady(20), ...steady(20, gapMs)].map(({ endMs }) => endMs));
  });

  it('is none in a log with days between any two lines', () => {
    const { placesMs, reordered } = pass([...steady(10, 0, 3 * DAY_MS), { endMs: 27 * DAY_MS + 1 }]);
    expect(reordered).toEqual([]);
    expect(placesMs.at(-1)).toBe(27 * DAY_MS + 1);
  });

  it('leaves the window as small as it was, however many there are', () => {
    const lines = steady(20_000).map((line, i) =>
      i % 2 === 1 ? { endMs: line.endMs + 10 * YEAR_MS } : line,
    );
    const { mostHeld, placesMs } = pass(lines);
    expect(mostHeld).toBeLessThan(310);
    expect(Math.max(...placesMs)).toBeLessThan(2_000_001);
  });
});
