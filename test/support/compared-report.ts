/** Reports of runs whose latencies and answers are given, made by the real engine, so that they can be compared. */

import { countResult, newAccounting } from '../../core/measure/accounting.ts';
import { createSummary } from '../../core/measure/summary.ts';
import { buildReport, type Report, type ReportRun } from '../../core/report/report-json.ts';
import { reportTargets } from '../../core/report/target-report.ts';
import type { PlannedRequest, Result } from '../../core/types.ts';

const START_AT_MS = Date.UTC(2026, 10, 21, 9, 30);
const RULE = 'shop';

/** What the requests of one route came to: the first `failed` of them fail, and so on; the rest are answered 200, as recorded. */
export interface RouteRun {
  readonly route: string;
  readonly serviceMs: readonly number[];
  readonly failed?: number;
  readonly status503?: number;
  readonly status404?: number;
  readonly heldBack?: number;
  /** False: the log has no status. */
  readonly hasStatus?: boolean;
}

/** So many latencies around a median, spread evenly by a factor of 2 to both sides. */
export const spreadMs = (count: number, medianMs: number): readonly number[] =>
  Array.from(
    { length: count },
    (_, i) => medianMs * 2 ** (((i * 7919) % count) / count - 0.5) * 2 ** (0.5 ** 9),
  );

const endOf = (request: PlannedRequest, place: number, serviceMs: number, run: RouteRun): Result => {
  const { failed = 0, status503 = 0, status404 = 0, heldBack = 0 } = run;
  if (place < heldBack) return { request, heldBack: 'backoff' };
  const sentMs = request.dueMs;
  if (place < heldBack + failed) return { request, sentMs, failed: 'timeout' };
  const at = place - heldBack - failed;
  const status = at < status503 ? 503 : at < status503 + status404 ? 404 : 200;
  return { request, sentMs, status, serviceMs, fromDueMs: serviceMs };
};

export const comparedReport = (
  routes: readonly RouteRun[],
  given: Partial<ReportRun> & { readonly ratePerSecond?: number; readonly lines?: number } = {},
): Report => {
  const { ratePerSecond = 200, lines, ...run } = given;
  const accounting = newAccounting([RULE]);
  const counts = accounting.rules[RULE];
  if (counts === undefined) throw new Error('the rule has counts');
  const summary = createSummary({ rules: [{ name: RULE, statusMap: {}, sizeTolerance: 0.1 }] });
  let n = 0;
  for (const routeRun of routes) {
    for (const [place, serviceMs] of routeRun.serviceMs.entries()) {
      const dueMs = (n * 1000) / ratePerSecond;
      const request: PlannedRequest = {
        id: `${n.toString(16).padStart(16, '0')}.${RULE}.0`,
        rule: RULE,
        target: 'staging',
        method: 'GET',
        path: '/',
        headers: [],
        recordedAtMs: START_AT_MS + n,
        logAtMs: START_AT_MS + n,
        dueMs,
        route: routeRun.route,
        recorded: routeRun.hasStatus === false ? {} : { status: 200 },
      };
      const result = endOf(request, place, serviceMs, routeRun);
      summary.planned(request);
      summary.result(result);
      countResult(counts, result);
      n += 1;
    }
  }
  for (const key of ['matched', 'chosen', 'planned'] as const) counts[key] = n;
  const read = lines ?? n;
  for (const key of ['lines', 'parsed'] as const) accounting.lines[key] = read;
  accounting.lines.matched = n;
  accounting.lines.unmatched = read - n;
  return buildReport({
    run: {
      id: 'b1946ac92492d234',
      startedAt: '2026-11-21T10:30:00.000Z',
      endedAt: '2026-11-21T10:31:00.000Z',
      durationMs: 60_000,
      rulesHash: '6cd3556deb0da54b',
      seed: 'reprise',
      endedBy: 'end',
      inputs: [{ name: '/logs/access.log', lines: read }],
      ...run,
    },
    accounting,
    summary: summary.snapshot(),
    targets: reportTargets([{ name: 'staging', origin: 'https://staging.example.com' }], [], []),
    budgets: [],
  });
};
