import { type Accounting, countResult, newAccounting } from '../../../core/measure/accounting.ts';
import { createSummary } from '../../../core/measure/summary.ts';
import { buildReport, type EndedBy, type Report } from '../../../core/report/report-json.ts';
import { reportTargets, type TargetReport } from '../../../core/report/target-report.ts';
import type { BudgetAccount } from '../../../core/send/budgets.ts';
import type { FailureCode, HeldBackReason, PlannedRequest, Result } from '../../../core/types.ts';

export const START_AT_MS = Date.UTC(2024, 4, 3, 10);

export const plannedRequest = (given: Partial<PlannedRequest> = {}): PlannedRequest => ({
  id: '0123456789abcdef.catalog.0',
  rule: 'catalog',
  target: 'staging',
  method: 'GET',
  path: '/cart/42?token=s3cret',
  headers: [],
  recordedAtMs: START_AT_MS,
  logAtMs: START_AT_MS,
  dueMs: 0,
  recordedHost: 'shop.example.com',
  recorded: { status: 200, durationMs: 12 },
  ...given,
});

const PATHS = [
  '/cart/42',
  '/catalog/shoes',
  '/catalog/hats?page=2',
  '/search?q=x',
  '/assets/app.9f8e7d.js',
  '/',
];

/** What happens to the n-th request; by default it is answered as it was recorded. */
export type Fate = (n: number) => {
  failed?: FailureCode;
  heldBack?: HeldBackReason;
  status?: number;
  slow?: number;
};

const resultOf = (request: PlannedRequest, n: number, fate: Fate): Result => {
  const { failed, heldBack, status, slow = 1 } = fate(n);
  if (heldBack !== undefined) return { request, heldBack };
  const sentMs = request.dueMs + 0.2 + (n % 9) / 8;
  if (failed !== undefined)
    return { request, sentMs, failed, detail: `no answer within 10 s`, fromDueMs: 10_001 };
  const serviceMs =
    (request.recorded.originMs ?? request.recorded.durationMs ?? 5) * slow * (1.02 + (n % 5) / 50);
  const answered = status ?? request.recorded.status ?? 200;
  return {
    request,
    sentMs,
    status: answered,
    serviceMs,
    fromDueMs: sentMs - request.dueMs + serviceMs,
    bytes: 100,
  };
};

const requestOf = (n: number, rule: string, path = PATHS[n % PATHS.length] ?? '/'): PlannedRequest => {
  const logAtMs = START_AT_MS + n * 14.2 + (n % 7);
  return plannedRequest({
    id: `${n.toString(16).padStart(16, '0')}.${rule}.0`,
    rule,
    path,
    recordedAtMs: logAtMs,
    logAtMs,
    dueMs: (logAtMs - START_AT_MS) / 10,
    recorded: {
      status: n % 50 === 0 ? 404 : 200,
      durationMs: 4 + ((n * 37) % 97) * (n % 6),
      originMs: 3 + ((n * 37) % 97) * (n % 6),
    },
  });
};

export interface Run {
  readonly rules?: readonly string[];
  readonly count?: number;
  readonly fate?: Fate;
  /** Of all requests; several by turns unless given. */
  readonly path?: string;
  readonly endedBy?: EndedBy;
  readonly targets?: readonly TargetReport[];
  readonly budgets?: readonly BudgetAccount[];
  /** Changes the accounting before the report is made of it. */
  readonly adjust?: (accounting: Accounting) => void;
}

/** The report of a run of `count` requests by each rule at ten times their speed. */
export const sampleReport = ({
  rules = ['catalog'],
  count = 2000,
  fate = () => ({}),
  path,
  endedBy = 'end',
  targets = reportTargets([{ name: 'staging', origin: 'https://staging.example.com' }], [], []),
  budgets = [],
  adjust,
}: Run = {}): Report => {
  const accounting = newAccounting(rules);
  const summary = createSummary({
    rules: rules.map((name) => ({ name, statusMap: {}, sizeTolerance: 0.1 })),
  });
  for (const rule of rules) {
    for (let n = 0; n < count; n += 1) {
      const request = requestOf(n, rule, path);
      const result = resultOf(request, n, fate);
      summary.recorded(request.dueMs);
      summary.planned(request);
      summary.result(result);
      const counts = accounting.rules[rule];
      if (counts === undefined) throw new Error(`no counts of ${rule}`);
      for (const key of ['matched', 'chosen', 'planned'] as const) counts[key] += 1;
      countResult(counts, result);
    }
  }
  for (const key of ['lines', 'parsed', 'matched'] as const) accounting.lines[key] = count;
  adjust?.(accounting);
  const run = {
    id: 'b1946ac92492d234',
    startedAt: '2024-05-06T08:00:00.000Z',
    endedAt: '2024-05-06T08:00:02.850Z',
    durationMs: 2850,
    rulesHash: '6cd3556deb0da54b',
    seed: 'reprise',
    endedBy,
    inputs: [{ name: 'access.log', lines: count }],
  };
  return buildReport({ run, accounting, summary: summary.snapshot(), targets, budgets });
};

/** A run in which much goes wrong: rejected lines, own traffic, sampling, failures, held back, a slower target. */
export const troubledReport = (): Report =>
  sampleReport({
    rules: ['catalog-to-staging', 'everything-to-the-new-cluster-in-frankfurt'],
    count: 12_000,
    endedBy: 'stopped',
    targets: [
      {
        name: 'staging',
        origin: 'https://staging.example.com',
        level: 0.12345,
        lowestLevel: 0.0625,
        startLevel: 1,
        cuts: 4,
        opens: 0,
        windows: 31,
        overWindows: 5,
        slowWindows: 4,
        failedWindows: 2,
        pinnedWindows: 0,
        probes: 0,
        retryAfters: 0,
        hasRelativeLatency: true,
        budget: { requests: { used: 10_700, limit: 50_000 } },
      },
    ],
    budgets: [
      {
        kind: 'rule',
        name: 'catalog-to-staging',
        limit: { requests: 20_000 },
        used: { requests: 10_773, bytes: 1_077_300, durationMs: 15_600 },
      },
    ],
    fate: (n) => {
      if (n >= 11_000) return { heldBack: 'stopped' };
      if (n % 400 === 7) return { heldBack: 'in_flight' };
      if (n > 5_000 && n < 5_200) return { heldBack: 'backoff' };
      if (n % 333 === 5) return { failed: 'timeout' };
      if (n % 2000 === 1) return { failed: 'reset_reused' };
      return n % 40 === 3 ? { status: 503 } : { slow: n % 6 === 4 ? 3 : 1.2 };
    },
    adjust: ({ lines, rules }) => {
      lines.lines += 80_000;
      lines.parsed += 79_850;
      lines.rejected.not_json = 120;
      lines.rejected.truncated = 30;
      lines.ownTraffic = 350;
      lines.unmatched = 4500;
      lines.outOfRange = 4000;
      lines.matched += 75_000;
      lines.repaired = 12;
      for (const rule of Object.values(rules)) {
        rule.matched += 75_000;
        rule.notReplayable.unsafe_method = 2200;
        rule.notReplayable.no_body = 300;
        rule.sampledOut = 72_500;
        rule.reordered = 3;
      }
    },
  });
