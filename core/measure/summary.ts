/** Measures a run: takes each planned request and each result once, and tells at any time what came of them. */

import type { HeldBackReason, PlannedRequest, Result } from '../types.ts';
import { describeFigures, type FigureSummary } from './describe-figures.ts';
import { countEnd, countPlanned, type Figures, newFigures, sumFigures } from './figures.ts';
import { describeLive, type LiveFigures } from './live.ts';
import { createRecentRate } from './recent-rate.ts';
import { routeOf } from './route.ts';
import { createRouteTable, type RouteEntry } from './route-table.ts';
import { createTimeline, type Timeline } from './timeline.ts';

const REPORTED_ROUTES = 50;
const OTHER_ROUTE = 'other';

export interface RuleSummary extends FigureSummary {
  readonly name: string;
  /** Absent while the rule has planned nothing. */
  readonly target?: string;
}

export interface RouteSummary extends FigureSummary {
  /** Such as `GET shop.example.com/cart/{id}`, or `other`. */
  readonly route: string;
}

/** Measured totals of a run. Sums over `rules`, and over `routes`, are `totals`. */
export interface Summary {
  readonly totals: FigureSummary;
  readonly rules: readonly RuleSummary[];
  /** The 50 with most planned requests, most first, then all else as `other`, where there is any. */
  readonly routes: readonly RouteSummary[];
  readonly timeline: Timeline;
}

export interface SummaryCollector {
  /** A recorded request of the log, at its place on the run's time axis. */
  recorded(dueAxisMs: number): void;
  planned(request: PlannedRequest): void;
  /**
   * The end of a planned request, once each.
   *
   * @returns its route, so that who writes results need not find it again
   */
  result(result: Result): string;
  /** The lowest backoff level of all targets at an instant; see `TimelineCollector`. */
  backoff(nowMs: number, level: number): void;
  live(nowMs: number): LiveFigures;
  snapshot(): Summary;
}

interface RuleEntry {
  readonly name: string;
  target: string | undefined;
  readonly figures: Figures;
}

const describeRule = ({ name, target, figures }: RuleEntry): RuleSummary => ({
  name,
  ...(target === undefined ? {} : { target }),
  ...describeFigures(figures),
});

const createRuleTable = (ruleNames: readonly string[]) => {
  const entries = new Map<string, RuleEntry>();
  let last: RuleEntry | undefined;
  const find = (name: string): RuleEntry => {
    // Nearly always the rule that was asked for last.
    if (last?.name === name) return last;
    const entry = entries.get(name) ?? { name, target: undefined, figures: newFigures() };
    entries.set(name, entry);
    last = entry;
    return entry;
  };
  for (const name of ruleNames) find(name);
  return {
    find,
    sum: () => sumFigures(Array.from(entries.values(), ({ figures }) => figures)),
    describe: () => Array.from(entries.values(), describeRule),
  };
};

/** What happened when, and of late. */
const createCourse = () => {
  const timeline = createTimeline();
  const ended = createRecentRate();
  const heldBack: Partial<Record<HeldBackReason, number>> = {};

  const place = (result: Result): void => {
    const { request, failed, fromDueMs, serviceMs } = result;
    if (result.heldBack !== undefined) {
      heldBack[result.heldBack] = (heldBack[result.heldBack] ?? 0) + 1;
      timeline.heldBack(request.dueMs, result.heldBack);
      return;
    }
    const sentMs = result.sentMs ?? request.dueMs;
    const answeredMs = failed === undefined ? serviceMs : undefined;
    timeline.sent({ sentMs, lagMs: sentMs - request.dueMs, serviceMs: answeredMs });
    ended.add(fromDueMs === undefined ? sentMs + (serviceMs ?? 0) : request.dueMs + fromDueMs);
  };
  return { timeline, ended, heldBack, place };
};

const describeRoutes = (found: readonly RouteEntry[], other: Figures): readonly RouteSummary[] => {
  const routes = found.map(({ route, figures }) => ({ route, ...describeFigures(figures) }));
  const isEmpty = other.planned + other.sent + other.heldBack === 0;
  return isEmpty ? routes : [...routes, { route: OTHER_ROUTE, ...describeFigures(other) }];
};

const routeOfRequest = ({ route, recordedHost, method, path }: PlannedRequest): string =>
  route ?? routeOf(recordedHost, method, path);

/** An empty summary. Rules are reported in the order of `ruleNames`, also those that plan nothing. */
export const createSummary = ({ ruleNames }: { readonly ruleNames: readonly string[] }): SummaryCollector => {
  const rules = createRuleTable(ruleNames);
  const routes = createRouteTable();
  const course = createCourse();
  const { timeline } = course;

  return {
    recorded: timeline.recorded,
    planned(request) {
      const rule = rules.find(request.rule);
      rule.target ??= request.target;
      countPlanned(rule.figures, request);
      const route = routes.find(routeOfRequest(request));
      countPlanned(route.figures, request);
      timeline.planned(request.dueMs);
    },
    result(result) {
      const { request } = result;
      const route = routes.find(routeOfRequest(request));
      countEnd(rules.find(request.rule).figures, result);
      countEnd(route.figures, result);
      course.place(result);
      return route.route;
    },
    backoff: timeline.backoff,
    live: (nowMs) => describeLive({ ...course, figures: rules.sum() }, nowMs),
    snapshot() {
      const { routes: found, other } = routes.snapshot(REPORTED_ROUTES);
      return {
        totals: describeFigures(rules.sum()),
        rules: rules.describe(),
        routes: describeRoutes(found, other),
        timeline: timeline.snapshot(),
      };
    },
  };
};
