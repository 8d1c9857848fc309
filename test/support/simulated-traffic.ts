/** A minute of traffic at 200 requests a second over 50 routes of which few are popular, and what a replay of it takes. */

import type { Cell } from '../../core/measure/cells.ts';
import type { FigureSummary } from '../../core/measure/describe-figures.ts';
import { newFigures } from '../../core/measure/figures.ts';
import {
  addMs,
  type Histogram,
  histogramToJson,
  mergeHistogram,
  newHistogram,
} from '../../core/measure/histogram.ts';
import type { Report } from '../../core/report/report-json.ts';
import { comparedReport } from './compared-report.ts';
import type { Draws } from './random-latency.ts';

export const SIGMA = 0.5;
/** Share of requests that fail, and that are answered otherwise than recorded, with a target as good as ever. */
const FAILED_SHARE = 0.002;
const OTHER_STATUS_SHARE = 0.005;

export interface Route {
  readonly route: string;
  readonly count: number;
  readonly medianMs: number;
}

/** The n-th route has 1/n of the requests of the first; medians go from 5 ms to half a second. */
export const TRAFFIC: readonly Route[] = (() => {
  const weights = Array.from({ length: 50 }, (_, i) => 1 / (i + 1));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight, i) => ({
    route: `GET shop.example.com/${i}`,
    count: Math.round((60 * 200 * weight) / sum),
    medianMs: 5 * 1.1 ** ((i * 7) % 50),
  }));
})();

interface Replayed {
  readonly count: number;
  readonly service: Histogram;
  readonly failed: number;
  readonly otherStatus: number;
}

const summaryOf = (
  like: FigureSummary,
  { count, service, failed, otherStatus }: Replayed,
): FigureSummary => ({
  ...like,
  counts: { planned: count, sent: count, answered: service.count, failed, heldBack: 0 },
  match: { known: count, same: count - failed - otherStatus, sameClass: count },
  latency: { ...like.latency, service: { ...like.latency.service, count: service.count } },
  histograms: { ...like.histograms, service: histogramToJson(service) },
});

const EMPTY = comparedReport([]);

const replay = (draws: Draws, { count, medianMs }: Route): Replayed => {
  const failed = draws.hits(count, FAILED_SHARE);
  const otherStatus = draws.hits(count, OTHER_STATUS_SHARE);
  return { count, service: draws.histogram(count - failed, medianMs, SIGMA), failed, otherStatus };
};

/** The report of one replay; `slower` says by what factor a route is. */
export const drawReport = (
  draws: Draws,
  traffic: readonly Route[] = TRAFFIC,
  slower: (route: Route) => number = () => 1,
): Report => {
  const total = { count: 0, service: newHistogram(), failed: 0, otherStatus: 0 };
  const routes = traffic.map((route) => {
    const replayed = replay(draws, { ...route, medianMs: route.medianMs * slower(route) });
    total.count += replayed.count;
    total.failed += replayed.failed;
    total.otherStatus += replayed.otherStatus;
    mergeHistogram(total.service, replayed.service);
    return { route: route.route, ...summaryOf(EMPTY.totals, replayed), examples: [] };
  });
  return { ...EMPTY, totals: summaryOf(EMPTY.totals, total), routes };
};

/**
 * What one replay of each route measured, beside what was recorded of the same requests.
 *
 * @param ownSigma - spread that each answer has of its own; the rest of it is the same, since it is the same request. `SIGMA`: all of it
 */
export const drawCells = (
  draws: Draws,
  ownSigma: number,
  traffic: readonly Route[] = TRAFFIC,
  slower: (route: Route) => number = () => 1,
): readonly Cell[] => {
  const sharedSigma = Math.sqrt(SIGMA ** 2 - ownSigma ** 2);
  return traffic.map((route) => {
    const { count, medianMs } = route;
    const factor = slower(route);
    const figures = newFigures();
    figures.planned = count;
    figures.sent = count;
    figures.answered = count;
    figures.status.set(200 * 1024 + 200, { count });
    for (let i = 0; i < count; i += 1) {
      const requestMs = sharedSigma === 0 ? medianMs : draws.lognormalMs(medianMs, sharedSigma);
      const recordedMs = draws.lognormalMs(requestMs, ownSigma);
      const serviceMs = draws.lognormalMs(requestMs, ownSigma) * factor;
      addMs(figures.recorded, recordedMs);
      addMs(figures.service, serviceMs);
      addMs(figures.ratio, serviceMs / recordedMs);
    }
    return { rule: 'shop', route: route.route, figures };
  });
};
