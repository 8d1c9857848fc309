/** Every route with its figures, worst first; behind each, all that is known of it and lines to try it. */

import { counted, formatCount, formatParts } from '../format.ts';
import { type RankedRoute, rankRoutes } from '../rank-routes.ts';
import type { Report } from '../report-json.ts';
import { sharedHost, withoutHost } from '../route-host.ts';
import { exampleBlocks, type Origins, originsOf } from './examples.ts';
import { quantileTable } from './latency-section.ts';
import { EMPTY, html, type Markup } from './markup.ts';
import { ROUTE_COLUMNS } from './route-columns.ts';
import { scroll, section } from './table.ts';
import { findings, statusChanges } from './worst-section.ts';

const MAX_CHANGES = 6;
/** The route and what was found of it. */
const COLUMNS = ROUTE_COLUMNS.length + 2;

const sortable = (label: string, sort: 'text' | 'number', group = ''): Markup =>
  html`<th scope="col" data-sort="${sort}"${label === 'finding' ? html` aria-sort="descending"` : EMPTY}><span class="static">${label}</span><button type="button" class="sort" hidden>${group === '' ? EMPTY : html`<span class="visually-hidden">${group} </span>`}${label}</button></th>`;

/** Headings over columns that belong together. */
const groupRow = (): Markup => {
  const groups: { name: string; width: number }[] = [{ name: '', width: 2 }];
  for (const { group = '' } of ROUTE_COLUMNS) {
    const last = groups.at(-1);
    if (last?.name === group) last.width += 1;
    else groups.push({ name: group, width: 1 });
  }
  const cells = groups.map(({ name, width }) =>
    name === ''
      ? html`<td colspan="${width}"></td>`
      : html`<th scope="colgroup" colspan="${width}" class="over">${name}</th>`,
  );
  return html`<tr>${cells}</tr>`;
};

const fact = (name: string, words: string): Markup =>
  words === '' ? EMPTY : html`<div><dt>${name}</dt><dd>${words}</dd></div>`;

const failuresOf = ({ summary: { failures } }: RankedRoute): string =>
  formatParts(Object.fromEntries(Object.entries(failures).map(([code, { count }]) => [code, count])), 6);

const detailsOf = (ranked: RankedRoute, origins: Origins): Markup => {
  const { summary } = ranked;
  const { examples, counts } = summary;
  const shown =
    examples.length === 0
      ? html`<p class="muted">No request of this route went so wrong that it is worth a second look.</p>`
      : html`<h3>Worst requests</h3>${exampleBlocks(examples, origins)}`;
  const changes = statusChanges(ranked);
  const rest = changes.length > MAX_CHANGES ? ` and ${changes.length - MAX_CHANGES} others` : '';
  return html`<div class="side"><div><dl class="facts">${fact('planned', formatCount(counts.planned))}${fact('held back', formatCount(counts.heldBack))}${fact('other status', `${changes.slice(0, MAX_CHANGES).join(', ')}${rest}`)}${fact('failures', failuresOf(ranked))}</dl>${shown}</div>${quantileTable(summary.latency)}</div>`;
};

interface Shown {
  readonly origins: Origins;
  /** Left out of the names of routes. */
  readonly host: string;
}

const routeBody = (ranked: RankedRoute, at: number, { origins, host }: Shown): Markup => {
  const { summary, badness } = ranked;
  const name = withoutHost(summary.route, host);
  const id = `route-${at + 1}`;
  const cells = ROUTE_COLUMNS.map(
    ({ value, text }) => html`<td data-value="${value(ranked) ?? ''}">${text(ranked)}</td>`,
  );
  const row = html`<tr><th scope="row" data-value="${summary.route}"><div class="name"><button type="button" class="expand screen-only" aria-expanded="false" aria-controls="${id}" hidden><span class="visually-hidden">Details of ${summary.route}</span></button><code>${name}</code></div></th><td class="found" data-value="${(badness - at * 1e-6).toFixed(6)}">${findings(ranked)}</td>${cells}</tr>`;
  return html`<tbody class="route">${row}<tr class="more" id="${id}"><td colspan="${COLUMNS}">${detailsOf(ranked, origins)}</td></tr></tbody>`;
};

/** The section of routes. */
export const routesSection = (report: Report): Markup => {
  const options = { id: 'routes', title: 'Routes' };
  if (report.routes.length === 0) return section({ ...options, lead: 'Nothing was planned.' });
  const shown = { origins: originsOf(report), host: sharedHost(report.routes.map(({ route }) => route)) };
  const head = html`${groupRow()}<tr>${sortable('route', 'text')}${sortable('finding', 'number')}${ROUTE_COLUMNS.map(({ label, group }) => sortable(label, 'number', group))}</tr>`;
  const bodies = rankRoutes(report.routes).map((ranked, at) => routeBody(ranked, at, shown));
  const filter = html`<div class="tools screen-only" hidden><label for="filter">Filter routes</label><input type="search" id="filter" autocomplete="off" spellcheck="false"><span class="muted" role="status" id="filtered">${counted(report.routes.length, 'route')}</span></div>`;
  return section(
    {
      ...options,
      title: shown.host === '' ? 'Routes' : `Routes of ${shown.host}`,
      lead: 'Worst first. Times recorded: the median of what each request took, divided by what it took in the log.',
    },
    filter,
    scroll('routes', html`<table class="routes" id="route-table"><thead>${head}</thead>${bodies}</table>`),
  );
};
