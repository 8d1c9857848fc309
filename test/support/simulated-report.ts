/** Reports of runs that never were, made by the real engine: the same numbers each time, in any size and any state. */

import { judge } from '../../core/judge/judge.ts';
import { type Accounting, countResult, newAccounting, sumOf } from '../../core/measure/accounting.ts';
import { createSummary } from '../../core/measure/summary.ts';
import { buildReport, type EndedBy, type Report } from '../../core/report/report-json.ts';
import { reportTargets } from '../../core/report/target-report.ts';
import { type Gate, parseGate } from '../../core/rules/gates.ts';
import type { FailureCode, HeldBackReason, PlannedRequest, Result } from '../../core/types.ts';

const START_AT_MS = Date.UTC(2026, 10, 21, 9, 30);
const RULE = 'shop-to-staging';

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
export const randomOf = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

export interface SimulatedRoute {
  readonly method?: string;
  readonly host?: string;
  readonly path: string;
  readonly weight: number;
  readonly medianMs: number;
}

/** What a request came to, by what it would have come to; `at` is its place in the run, from 0 to 1. */
export interface Fate {
  readonly heldBack?: HeldBackReason;
  readonly failed?: FailureCode;
  readonly status?: number;
  readonly slower?: number;
}

export interface Simulated {
  readonly routes: readonly SimulatedRoute[];
  readonly seconds: number;
  readonly ratePerSecond: number;
  readonly gates?: readonly string[];
  readonly fate?: (route: SimulatedRoute, at: number, random: () => number) => Fate;
  readonly level?: (at: number) => number | undefined;
  readonly endedBy?: EndedBy;
  readonly hasRecorded?: boolean;
  readonly adjust?: (accounting: Accounting) => void;
  readonly origin?: string;
}

const pick = (routes: readonly SimulatedRoute[], random: () => number): SimulatedRoute => {
  let left = random() * routes.reduce((sum, { weight }) => sum + weight, 0);
  const found = routes.find(({ weight }) => {
    left -= weight;
    return left < 0;
  });
  const route = found ?? routes[0];
  if (route === undefined) throw new Error('a simulated run has routes');
  return route;
};

const recordedStatus = (random: () => number): number => {
  const place = random();
  if (place < 0.93) return 200;
  if (place < 0.96) return 304;
  return place < 0.975 ? 302 : place < 0.996 ? 404 : 500;
};

/** The rate goes up and down over the run, as traffic does. */
const dueOf = (at: number, spanMs: number): number => (at + Math.sin(at * Math.PI * 4) / 40) * spanMs;

const requestOf = (
  n: number,
  route: SimulatedRoute,
  dueMs: number,
  random: () => number,
  hasRecorded: boolean,
): PlannedRequest => {
  const tookMs = route.medianMs * Math.exp(0.5 * normal(random));
  return {
    id: `${n.toString(16).padStart(16, '0')}.${RULE}.0`,
    rule: RULE,
    target: 'staging',
    method: route.method ?? 'GET',
    path: route.path,
    headers: [],
    recordedAtMs: START_AT_MS + dueMs,
    logAtMs: START_AT_MS + dueMs,
    dueMs,
    recordedHost: route.host ?? 'shop.example.com',
    recorded: hasRecorded
      ? { status: recordedStatus(random), originMs: tookMs, durationMs: tookMs + 2, bytes: 1200 }
      : {},
  };
};

const resultOf = (request: PlannedRequest, fate: Fate, random: () => number): Result => {
  if (fate.heldBack !== undefined) return { request, heldBack: fate.heldBack };
  const lagMs = 0.3 + 0.4 * random() + (random() < 0.01 ? 6 * random() : 0);
  const sentMs = request.dueMs + lagMs;
  if (fate.failed !== undefined)
    return {
      request,
      sentMs,
      failed: fate.failed,
      detail: 'no answer within 10 s',
      fromDueMs: 10_000 + lagMs,
    };
  const before = request.recorded.originMs ?? 20;
  const serviceMs = before * (fate.slower ?? 1) * Math.exp(0.12 * normal(random)) + 0.6;
  const status = fate.status ?? request.recorded.status ?? 200;
  return { request, sentMs, status, serviceMs, fromDueMs: lagMs + serviceMs, bytes: 1200 };
};

const gateOf = (text: string): Gate => {
  const gate = parseGate(text);
  if (gate.kind !== 'gate') throw new Error(`${text} is no gate`);
  return gate;
};

/** The report of the run. */
export const simulatedReport = (given: Simulated): Report => {
  const { routes, seconds, ratePerSecond, gates = [], fate = () => ({}), hasRecorded = true } = given;
  const random = randomOf(7);
  const rules = [{ name: RULE, statusMap: { 304: 200 }, sizeTolerance: 0.1 }];
  const accounting = newAccounting([RULE]);
  const summary = createSummary({ rules });
  const counts = accounting.rules[RULE];
  if (counts === undefined) throw new Error('the rule has counts');
  const count = Math.round(seconds * ratePerSecond);
  for (let n = 0; n < count; n += 1) {
    const at = n / count;
    const route = pick(routes, random);
    const request = requestOf(n, route, dueOf(at, seconds * 1000) + random() * 30, random, hasRecorded);
    const level = given.level?.(at);
    if (level !== undefined) summary.backoff(request.dueMs, level);
    const result = resultOf(request, fate(route, at, random), random);
    summary.recorded(request.dueMs);
    summary.planned(request);
    summary.result(result);
    countResult(counts, result);
  }
  for (const key of ['matched', 'chosen', 'planned'] as const) counts[key] += count;
  for (const key of ['lines', 'parsed', 'matched'] as const) accounting.lines[key] += count;
  given.adjust?.(accounting);
  const { lines, rejected } = accounting.lines;
  const verdict = judge({
    gates: gates.map(gateOf),
    rules,
    cells: summary.cells(),
    lines: { lines, rejected: sumOf(rejected) },
  });
  const ended = new Date(START_AT_MS + 3_600_000 + seconds * 1000);
  return buildReport({
    run: {
      id: 'b1946ac92492d234',
      startedAt: new Date(START_AT_MS + 3_600_000).toISOString(),
      endedAt: ended.toISOString(),
      durationMs: seconds * 1000 + 41.7,
      rulesHash: '6cd3556deb0da54b',
      seed: 'reprise',
      endedBy: given.endedBy ?? 'end',
      inputs: [{ name: 'access.log.gz', lines }],
    },
    accounting,
    summary: summary.snapshot(),
    targets: reportTargets(
      [{ name: 'staging', origin: given.origin ?? 'https://staging.example.com' }],
      [],
      [],
    ),
    budgets: [],
    verdict,
  });
};
