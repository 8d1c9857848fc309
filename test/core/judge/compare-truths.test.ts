/** What comparing and judging promise, held against many simulated runs of which the truth is known; the same ones each time. */

import { describe, expect, it, vi } from 'vitest';
import { compareReports } from '../../../core/judge/compare.ts';
import type { Comparison } from '../../../core/judge/comparison.ts';
import { judge } from '../../../core/judge/judge.ts';
import type { Verdict } from '../../../core/judge/verdict.ts';
import type { Cell } from '../../../core/measure/cells.ts';
import { type Gate, parseGate } from '../../../core/rules/gates.ts';
import { createDraws } from '../../support/random-latency.ts';
import { drawCells, drawReport, type Route, SIGMA } from '../../support/simulated-traffic.ts';

// Seconds on an idle machine; on a busy one they may be a minute.
vi.setConfig({ testTimeout: 120_000 });

const RUNS = 200;

/** A minute at 200 a second again: 48 routes of 200 requests and two with the rest. Of the 48 ten are slower, each a sample of its own. */
const SOUGHT: readonly Route[] = Array.from({ length: 50 }, (_, i) => ({
  route: `GET shop.example.com/${i}`,
  count: i < 48 ? 200 : 1200,
  medianMs: 12 * 1.1 ** ((i * 7) % 50),
}));
const DOUBLED = SOUGHT.slice(0, 2);
const SLOWER = SOUGHT.slice(2, 10);
const slower = (route: Route): number => (DOUBLED.includes(route) ? 2 : SLOWER.includes(route) ? 1.3 : 1);

/** So many that no seed decides: 120 routes twice as slow, and 480 that are 1.3 times as slow. */
const SOUGHT_RUNS = 60;

/** What share of the routes of each kind is found. */
const foundIn = (run: () => (route: string) => boolean): { doubled: number; slower: number } => {
  const found = { doubled: 0, slower: 0 };
  for (let i = 0; i < SOUGHT_RUNS; i += 1) {
    const isFound = run();
    found.doubled += DOUBLED.filter(({ route }) => isFound(route)).length;
    found.slower += SLOWER.filter(({ route }) => isFound(route)).length;
  }
  return {
    doubled: found.doubled / SOUGHT_RUNS / DOUBLED.length,
    slower: found.slower / SOUGHT_RUNS / SLOWER.length,
  };
};

const shareOf = (runs: number, holds: () => boolean): number => {
  let held = 0;
  for (let i = 0; i < runs; i += 1) if (holds()) held += 1;
  return held / runs;
};

describe('comparing two replays of the same target', () => {
  const isSomethingFlagged = ({ total, routes }: Comparison): boolean =>
    [total, ...routes].some(({ latency, errors, statusMatch }) =>
      [latency, errors, statusMatch].some(({ outcome }) => outcome === 'worse' || outcome === 'better'),
    );

  it('flags anything in at most 5 % of 200 runs, all routes and all tests together', () => {
    const draws = createDraws(1);
    const flagged = shareOf(RUNS, () => {
      const comparison = compareReports(drawReport(draws), drawReport(draws), { toleranceShare: 0 });
      expect(comparison.tests).toBeGreaterThan(60);
      return isSomethingFlagged(comparison);
    });
    expect(flagged).toBeLessThanOrEqual(0.05);
  });

  it('finds routes of 200 requests: of those 2 times as slow 99 %, of those 1.3 times as slow 90 %', () => {
    const draws = createDraws(2);
    const found = foundIn(() => {
      const comparison = compareReports(drawReport(draws, SOUGHT), drawReport(draws, SOUGHT, slower));
      expect(comparison.tests).toBeGreaterThan(60);
      return (route) => comparison.routes.find((one) => one.route === route)?.latency.outcome === 'worse';
    });
    expect(found.doubled).toBeGreaterThanOrEqual(0.99);
    expect(found.slower).toBeGreaterThanOrEqual(0.9);
  });

  it('names as many requests as it takes to find 10 % in nine of ten runs; with a quarter of them it does in few', () => {
    const draws = createDraws(3);
    const named = compareReports(drawReport(draws), drawReport(draws)).leastCount?.requests ?? 0;
    // By leastCount for a sigma of 0.5 and about 130 tests: 1,540; the sigma is estimated here.
    expect(named).toBeGreaterThan(1_350);
    expect(named).toBeLessThan(1_750);
    const foundAt = (count: number): number => {
      const traffic = SOUGHT.map((route) => ({ ...route, count }));
      const slowed = new Set(traffic.slice(0, 25));
      const found = Array.from({ length: 10 }, () => {
        const before = drawReport(draws, traffic);
        const after = drawReport(draws, traffic, (route) => (slowed.has(route) ? 1.1 : 1));
        const worse = compareReports(before, after).routes.filter(
          ({ latency }) => latency.outcome === 'worse',
        );
        const names = new Set(worse.map(({ route }) => route));
        return [...slowed].filter(({ route }) => names.has(route)).length;
      });
      return found.reduce((sum, one) => sum + one, 0) / (10 * slowed.size);
    };
    expect(foundAt(named)).toBeGreaterThanOrEqual(0.9);
    expect(foundAt(Math.round(named / 4))).toBeLessThan(0.4);
  });
});

const gateOf = (text: string): Gate => {
  const gate = parseGate(text);
  if (gate.kind !== 'gate') throw new Error(`${text} is no gate`);
  return gate;
};

/** The second has no room at all: the truth lies on its limit. */
const GATES = ['each route p95 <= 1.1x recorded', 'each route p50 <= 1x recorded'].map(gateOf);

const judgeCells = (cells: readonly Cell[]): Verdict =>
  judge({
    gates: GATES,
    rules: [{ name: 'shop', statusMap: {} }],
    cells,
    lines: { lines: 12_000, rejected: 0 },
  });

const hasFailed = ({ gates }: Verdict, route: string): boolean =>
  gates.some(({ routes }) => routes?.worst.some((one) => one.route === route && one.outcome === 'failed'));

describe.each([
  ['each request takes about as long as it was recorded', 0.22],
  ['each request takes as long as it happens to', SIGMA],
])('judging a replay against the log, where %s', (_, ownSigma) => {
  it('fails at most 5 % of 200 runs of the same target, all routes and both gates together', () => {
    const draws = createDraws(4);
    const failed = shareOf(RUNS, () => judgeCells(drawCells(draws, ownSigma)).outcome !== 'held');
    expect(failed).toBeLessThanOrEqual(0.05);
  });

  it('finds routes of 200 requests: of those 2 times as slow 99 %, of those 1.3 times as slow 90 %', () => {
    const draws = createDraws(5);
    const found = foundIn(() => {
      const verdict = judgeCells(drawCells(draws, ownSigma, SOUGHT, slower));
      return (route) => hasFailed(verdict, route);
    });
    expect(found.doubled).toBeGreaterThanOrEqual(0.99);
    expect(found.slower).toBeGreaterThanOrEqual(0.9);
  });
});
