/** Measures a run: takes each planned request and each result once, and tells at any time what came of them. */

import type { HeldBackReason, PlannedRequest, Result } from '../types.ts';
import { describeRoutes, describeRules, type RouteSummary, type RuleSummary } from './cell-sums.ts';
import { type Cell, cellsOf, createCellTable, type MeasuredRule, OTHER_ROUTE } from './cells.ts';
import { countUnseen, type UnseenEnds } from './count-unseen.ts';
import type { FigureSummary } from './describe-figures.ts';
import { countEnd, countPlanned } from './figures.ts';
import { describeLive, type LiveFigures } from './live.ts';
import { createRecentRate } from './recent-rate.ts';
import { routeOf } from './route.ts';
import { classOf } from './status-match.ts';
import { createTimeline, type Timeline } from './timeline.ts';

export type { RouteSummary, RuleSummary } from './cell-sums.ts';

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
  /** Requests of a rule that no line tells of: they stand under `other`, and in no place of the timeline. */
  unseen(rule: string, ends: UnseenEnds, target?: string): void;
  /** The lowest backoff level of all targets at an instant; see `TimelineCollector`. */
  backoff(nowMs: number, level: number): void;
  live(nowMs: number): LiveFigures;
  /** The timeline as a page that looks on shows it; see `TimelineCollector`. */
  course(leastStepMs: number): Timeline;
  /** What each rule sent to each route so far, at most 1,000 of them. Figures go on counting. */
  cells(): readonly Cell[];
  snapshot(): Summary;
}

const CLASSES = 10;

/** What happened when, of late, and in all. */
const createProgress = () => {
  const timeline = createTimeline();
  const ended = createRecentRate();
  const heldBack: Partial<Record<HeldBackReason, number>> = {};
  const counts = { planned: 0, sent: 0, failed: 0 };
  const classes = new Array<number>(CLASSES).fill(0);

  const countSent = ({ status, failed }: Result): void => {
    counts.sent += 1;
    if (failed !== undefined) {
      counts.failed += 1;
      return;
    }
    const digit = classOf(status ?? 0);
    if (digit < CLASSES) classes[digit] = (classes[digit] ?? 0) + 1;
  };

  const place = (result: Result): void => {
    const { request, fromDueMs } = result;
    if (result.heldBack !== undefined) {
      heldBack[result.heldBack] = (heldBack[result.heldBack] ?? 0) + 1;
      timeline.heldBack(request.dueMs, result.heldBack);
      return;
    }
    countSent(result);
    timeline.sent(result);
    const sentMs = result.sentMs ?? request.dueMs;
    ended.add(fromDueMs === undefined ? sentMs + (result.serviceMs ?? 0) : request.dueMs + fromDueMs);
  };

  const planned = ({ dueMs }: PlannedRequest): void => {
    counts.planned += 1;
    timeline.planned(dueMs);
  };
  return { timeline, ended, heldBack, counts, classes, place, planned };
};

const routeOfRequest = ({ route, recordedHost, method, path }: PlannedRequest): string =>
  route ?? routeOf(recordedHost, method, path);

/** An empty summary. Rules are reported in the order given, also those that plan nothing. */
export const createSummary = ({ rules }: { readonly rules: readonly MeasuredRule[] }): SummaryCollector => {
  const table = createCellTable(rules);
  const progress = createProgress();
  const { timeline } = progress;

  return {
    recorded: timeline.recorded,
    planned(request) {
      const rule = table.rule(request.rule);
      rule.target ??= request.target;
      countPlanned(table.find(rule, routeOfRequest(request)).figures, request);
      progress.planned(request);
    },
    result(result) {
      const { request } = result;
      const rule = table.rule(request.rule);
      const route = routeOfRequest(request);
      countEnd(table.find(rule, route).figures, result, rule);
      progress.place(result);
      return route;
    },
    unseen(name, ends, target) {
      const rule = table.rule(name);
      rule.target ??= target;
      countUnseen(table.find(rule, OTHER_ROUTE).figures, ends);
    },
    backoff: timeline.backoff,
    live: (nowMs) => describeLive(progress, nowMs),
    course: timeline.course,
    cells: () => table.rules().flatMap(cellsOf),
    snapshot: () => ({
      ...describeRules(table.rules()),
      routes: describeRoutes(table.rules()),
      timeline: timeline.snapshot(),
    }),
  };
};
