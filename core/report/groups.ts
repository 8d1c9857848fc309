/** The tables of a summary that compare its parts: rules, routes, kinds of failure. */

import type { FigureSummary } from '../measure/describe-figures.ts';
import { matchShare } from '../measure/status-match.ts';
import type { RouteSummary, RuleSummary } from '../measure/summary.ts';
import { cutAt, formatChange, formatCount, formatMs, formatShare, shorten, visibleText } from './format.ts';
import { sharedHost, withoutHost } from './route-host.ts';
import { type Cell, renderTable } from './table.ts';
import type { View } from './view.ts';

const SHOWN_ROUTES = 5;
/** With fewer answers a p95 says nothing of a route; such routes are shown only where there are no others. */
const MIN_ANSWERS = 5;
const RULE_WIDTH = 30;

const maybe = (count: number, tone: 'red' | 'yellow'): Cell =>
  count === 0 ? '0' : { text: formatCount(count), tone };

/** How each rule fared. */
export const renderRules = (rules: readonly RuleSummary[], view: View): readonly string[] => {
  if (rules.every(({ counts }) => counts.planned === 0)) return [];
  const rows = rules.map(({ name, counts, latency, match }): readonly Cell[] => [
    shorten(visibleText(name), RULE_WIDTH),
    formatCount(counts.planned),
    formatCount(counts.sent),
    maybe(counts.failed, 'red'),
    maybe(counts.heldBack, 'yellow'),
    formatMs(latency.recorded.p95),
    formatMs(latency.service.p95),
    formatShare(matchShare(match)),
  ]);
  const head = ['', 'planned', 'sent', 'failed', 'held', 'p95 then', 'p95 now', 'same'];
  return renderTable({ head, rows }, view);
};

const slowedByMs = ({ latency }: FigureSummary): number =>
  (latency.service.p95 ?? 0) - (latency.recorded.p95 ?? 0);

const changedMost = (routes: readonly RouteSummary[]): readonly RouteSummary[] => {
  const named = routes.filter(({ route, counts }) => route.includes(' ') && counts.answered > 0);
  const often = named.filter(({ counts }) => counts.answered >= MIN_ANSWERS);
  const candidates = often.length > 0 ? often : named;
  return candidates.toSorted((a, b) => slowedByMs(b) - slowedByMs(a)).slice(0, SHOWN_ROUTES);
};

/** The routes whose p95 grew most, in ms; a host that all of them share stands in the title. */
export const describeRoutes = (
  routes: readonly RouteSummary[],
  view: View,
): { readonly title: string; readonly lines: readonly string[] } => {
  const shown = changedMost(routes);
  const host = sharedHost(shown.map(({ route }) => route));
  const rows = shown.map(({ route, counts, latency, match }): readonly Cell[] => [
    visibleText(withoutHost(route, host)),
    formatCount(counts.sent),
    formatMs(latency.recorded.p95),
    formatMs(latency.service.p95),
    formatChange(latency.recorded.p95, latency.service.p95),
    formatShare(matchShare(match)),
  ]);
  const head = ['', 'sent', 'p95 then', 'p95 now', 'change', 'same'];
  const of = host === '' ? '' : ` of ${shorten(visibleText(host), RULE_WIDTH)}`;
  const title = `routes${of}, most time added first`;
  return { title, lines: rows.length === 0 ? [] : renderTable({ head, rows }, view) };
};

/** Each kind of failure with an example. */
export const renderFailures = ({ failures }: FigureSummary, view: View): readonly string[] =>
  Object.entries(failures)
    .sort(([, a], [, b]) => b.count - a.count)
    .flatMap(([code, { count, example }]) => {
      const start = `  ${code.padEnd(12)} ${formatCount(count).padStart(9)}   `;
      const room = view.width - start.length;
      const request = shorten(visibleText(`${example.method} ${example.path}`), room);
      const detail =
        example.detail === '' ? [] : [' '.repeat(start.length) + cutAt(visibleText(example.detail), room)];
      return [view.paint(start, 'red') + request, ...detail.map((line) => view.paint(line, 'dim'))];
    });
