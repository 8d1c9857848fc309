/** Compares two runs by their reports. */

import { OTHER_ROUTE } from '../measure/cells.ts';
import type { FigureSummary } from '../measure/describe-figures.ts';
import { histogramFromJson } from '../measure/histogram.ts';
import { statusClasses } from '../measure/status-matrix.ts';
import type { RouteSummary } from '../measure/summary.ts';
import type { Report } from '../report/report-json.ts';
import { compareWarnings, isOtherSame } from './compare-warnings.ts';
import type {
  ComparedRun,
  Comparison,
  GroupChange,
  LatencyChange,
  LatencyFigures,
  Outcome,
  Part,
  RouteChange,
  ShareChange,
} from './comparison.ts';
import { leastCount } from './statistics/least-count.ts';
import { reachOf } from './statistics/normal.ts';
import { sharedConfidence } from './statistics/shared-confidence.ts';
import { shareDifference } from './statistics/shares.ts';
import { shiftBetween } from './statistics/shift-between.ts';

const CONFIDENCE = 0.95;
/** Fewer requests judge nothing. */
const MIN_REQUESTS = 50;
const DEFAULT_TOLERANCE_SHARE = 0.05;
/** The change for which it is said how many requests it would take, and the share of runs in which they then find it. */
const SOUGHT = { factor: 1.1, power: 0.95 } as const;

interface Pair<T> {
  readonly before: T;
  readonly after: T;
}

interface Strictness {
  readonly confidence: number;
  readonly toleranceShare: number;
}

const both = <T, U>({ before, after }: Pair<T>, of: (one: T) => U): Pair<U> => ({
  before: of(before),
  after: of(after),
});

const errorsOf = ({ counts, status }: FigureSummary): Part => ({
  count: counts.failed + (statusClasses(status, 'replayed')['5xx'] ?? 0),
  of: counts.sent,
});

const matchOf = ({ match }: FigureSummary): Part => ({ count: match.same, of: match.known });

const latencyOf = ({ latency: { service } }: FigureSummary): LatencyFigures => {
  const { count, p50, p95, p99 } = service;
  return { count, p50, p95, p99 };
};

const areEnough = ({ before, after }: Pair<number>): boolean => Math.min(before, after) >= MIN_REQUESTS;

/** Whether a share could differ at all: with none, or all, in both runs there is nothing to test. */
const canDiffer = ({ before, after }: Pair<Part>): boolean => {
  const count = before.count + after.count;
  return areEnough(both({ before, after }, ({ of }) => of)) && count > 0 && count < before.of + after.of;
};

/** How many tests the comparison of a group is; what cannot come out as a difference makes none. */
const countTests = (pair: Pair<FigureSummary>): number =>
  Number(areEnough(both(pair, ({ latency }) => latency.service.count))) +
  Number(canDiffer(both(pair, errorsOf))) +
  Number(canDiffer(both(pair, matchOf)));

const compareLatency = (
  pair: Pair<FigureSummary>,
  { confidence, toleranceShare }: Strictness,
): LatencyChange => {
  const figures = both(pair, latencyOf);
  const histograms = both(pair, (one) => histogramFromJson(one.histograms.service));
  const shift = shiftBetween(histograms.before, histograms.after, confidence);
  if (shift === undefined || !areEnough(both(histograms, ({ count }) => count)))
    return { ...figures, shift: null, outcome: 'too_few' };
  const most = 1 + toleranceShare;
  const isWorse = shift.low > 1 && shift.estimate > most;
  const isBetter = shift.high < 1 && shift.estimate < 1 / most;
  return { ...figures, shift, outcome: isWorse ? 'worse' : isBetter ? 'better' : 'alike' };
};

/** `bad` is the part that should be small: the tolerance is one of it, so that one in a thousand does not hide behind 5 %. */
const compareShares = (
  parts: Pair<Part>,
  bad: (part: Part) => number,
  { confidence, toleranceShare }: Strictness,
): ShareChange => {
  if (!areEnough(both(parts, ({ of }) => of))) return { ...parts, difference: null, outcome: 'too_few' };
  const { before, after } = parts;
  const difference = shareDifference(after.count, after.of, before.count, before.of, confidence);
  const isCertain = difference.low > 0 || difference.high < 0;
  const { before: then, after: now } = both(parts, (part) => bad(part) / part.of);
  const most = 1 + toleranceShare;
  const changed: Outcome = now > then * most ? 'worse' : now * most < then ? 'better' : 'alike';
  return { ...parts, difference, outcome: isCertain ? changed : 'alike' };
};

const compareGroup = (pair: Pair<FigureSummary>, strictness: Strictness): GroupChange => ({
  sent: both(pair, ({ counts }) => counts.sent),
  latency: compareLatency(pair, strictness),
  errors: compareShares(both(pair, errorsOf), ({ count }) => count, strictness),
  statusMatch: compareShares(both(pair, matchOf), ({ count, of }) => of - count, strictness),
});

const isWorse = ({ outcome }: { readonly outcome: Outcome }): boolean => outcome === 'worse';

/** What became worse in a group. */
const regressionsOf = ({ latency, errors, statusMatch }: GroupChange): number =>
  [latency, errors, statusMatch].filter(isWorse).length;

/** Wrong answers before slow ones, since a tenth of them weighs more than twice the time; then by what the interval leaves certain. */
const badnessOf = ({ latency, errors, statusMatch }: GroupChange): number =>
  (isWorse(errors) ? 1 + 20 * Math.abs(errors.difference?.low ?? 0) : 0) +
  (isWorse(statusMatch) ? 1 + 20 * Math.abs(statusMatch.difference?.high ?? 0) : 0) +
  (latency.shift === null ? -1e6 : Math.log(latency.shift.low));

const byBadness = (a: GroupChange, b: GroupChange): number =>
  Number(regressionsOf(b) > 0) - Number(regressionsOf(a) > 0) ||
  badnessOf(b) - badnessOf(a) ||
  b.sent.after - a.sent.after;

const medianOf = (values: readonly number[]): number | undefined =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** Of the logarithm of latencies, as wide as they would be spread if normal, from how sure the shift is. */
const sigmaOf = ({ shift, before, after }: LatencyChange, confidence: number): readonly number[] => {
  if (shift === null) return [];
  const error = Math.log(shift.high / shift.low) / 2 / reachOf(confidence);
  const requests = (2 * before.count * after.count) / (before.count + after.count);
  return [error * Math.sqrt(requests / 2 / (Math.PI / 3))];
};

const leastCountOf = (routes: readonly RouteChange[], confidence: number): Comparison['leastCount'] => {
  const sigma = medianOf(routes.flatMap(({ latency }) => sigmaOf(latency, confidence)));
  if (sigma === undefined) return null;
  return { ...SOUGHT, requests: Math.max(MIN_REQUESTS, leastCount({ ...SOUGHT, sigma, confidence })) };
};

const runOf = ({ run: { id, startedAt, rulesHash } }: Report): ComparedRun => ({ id, startedAt, rulesHash });

const onlyIn = (routes: readonly RouteSummary[], others: ReadonlyMap<string, RouteSummary>) =>
  routes.filter(({ route }) => !others.has(route)).map(({ route, counts }) => ({ route, sent: counts.sent }));

const byRoute = ({ routes }: Report): ReadonlyMap<string, RouteSummary> =>
  new Map(routes.map((one) => [one.route, one]));

/**
 * What changed from one run to another, in total and for each route, and what of it is no chance: all intervals together are right with
 * a confidence of 95 %, since each is made as much wider as there are tests.
 *
 * @param options - `toleranceShare`: growth that is not called worse, 5 % by default
 * @throws RepriseError `bad_histogram` for a report whose histograms were tampered with
 */
export const compareReports = (
  before: Report,
  after: Report,
  { toleranceShare = DEFAULT_TOLERANCE_SHARE }: { readonly toleranceShare?: number } = {},
): Comparison => {
  const [routesBefore, routesAfter] = [byRoute(before), byRoute(after)];
  const totals = { before: before.totals, after: after.totals };
  const pairs = before.routes.flatMap((one) => {
    const other = routesAfter.get(one.route);
    const isLike = one.route !== OTHER_ROUTE || isOtherSame(before, after);
    return other === undefined || !isLike ? [] : [{ before: one, after: other }];
  });
  const tests = [totals, ...pairs].reduce((sum, pair) => sum + countTests(pair), 0);
  const confidence = sharedConfidence(CONFIDENCE, tests);
  const strictness = { confidence, toleranceShare };
  const total = compareGroup(totals, strictness);
  const routes = pairs
    .map((pair) => ({ route: pair.before.route, ...compareGroup(pair, strictness) }))
    .toSorted(byBadness);
  return {
    before: runOf(before),
    after: runOf(after),
    toleranceShare,
    confidence: CONFIDENCE,
    confidenceEach: confidence,
    tests,
    warnings: compareWarnings(before, after),
    regressions: [total, ...routes].reduce((sum, group) => sum + regressionsOf(group), 0),
    isJudged: total.errors.outcome !== 'too_few',
    total,
    routes,
    onlyBefore: onlyIn(before.routes, routesAfter),
    onlyAfter: onlyIn(after.routes, routesBefore),
    leastCount: leastCountOf(routes, confidence),
  };
};
