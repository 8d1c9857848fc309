/** The matrix of statuses: as recorded down, as replayed across. */

import type { StatusMatrix } from '../../measure/status-matrix.ts';
import { counted, formatCount, formatShare } from '../format.ts';
import type { Report } from '../report-json.ts';
import { EMPTY, html, type Markup } from './markup.ts';
import { scroll, section } from './table.ts';

const LAST = ['none', 'failed'];
const SHADES = 5;

/** Statuses ascending, then what is none. */
const byStatus = (a: string, b: string): number =>
  LAST.indexOf(a) - LAST.indexOf(b) || Number(a) - Number(b) || 0;

const sumOf = (row: Readonly<Record<string, number>>): number =>
  Object.values(row).reduce((sum, count) => sum + count, 0);

/** How a cell is to be seen: the same as recorded, another status, another class. */
const kindOf = (recorded: string, replayed: string): string => {
  if (recorded === replayed) return 'same';
  if (recorded === 'none') return 'unknown';
  return recorded[0] === replayed[0] ? 'near' : 'other';
};

const cellOf = (recorded: string, replayed: string, count: number | undefined, of: number): Markup => {
  if (count === undefined || count === 0) return html`<td class="muted">·</td>`;
  const shade = Math.max(1, Math.ceil((count / of) * SHADES));
  return html`<td class="${kindOf(recorded, replayed)} shade-${shade}">${formatCount(count)}</td>`;
};

const matrixTable = (matrix: StatusMatrix): Markup => {
  const rows = Object.keys(matrix).toSorted(byStatus);
  const columns = [...new Set(Object.values(matrix).flatMap((row) => Object.keys(row)))].toSorted(byStatus);
  const head = html`<tr><td></td><th scope="colgroup" colspan="${columns.length}" class="over">replayed</th><td></td></tr><tr><th scope="col">recorded</th>${columns.map((status) => html`<th scope="col">${status}</th>`)}<th scope="col">all</th></tr>`;
  const body = rows.map((recorded) => {
    const row = matrix[recorded] ?? {};
    const of = sumOf(row);
    return html`<tr><th scope="row">${recorded}</th>${columns.map((replayed) => cellOf(recorded, replayed, row[replayed], of))}<td>${formatCount(of)}</td></tr>`;
  });
  const totals = columns.map((replayed) =>
    formatCount(rows.reduce((sum, recorded) => sum + (matrix[recorded]?.[replayed] ?? 0), 0)),
  );
  const all = formatCount(rows.reduce((sum, recorded) => sum + sumOf(matrix[recorded] ?? {}), 0));
  return html`<table class="matrix"><thead>${head}</thead><tbody>${body}</tbody><tfoot><tr><th scope="row">all</th>${totals.map((total) => html`<td>${total}</td>`)}<td>${all}</td></tr></tfoot></table>`;
};

const mapsOf = (report: Report): Markup => {
  const maps = report.rules.flatMap(({ name, statusMap }) =>
    Object.entries(statusMap).map(([recorded, replayed]) => `${recorded} → ${replayed} (${name})`),
  );
  return maps.length === 0
    ? EMPTY
    : html`<p class="muted small">Taken as the same by the rules: ${maps.join(', ')}.</p>`;
};

/** The section of statuses. */
export const statusSection = (report: Report): Markup => {
  const { status, match } = report.totals;
  const options = { id: 'status', title: 'Status' };
  if (Object.keys(status).length === 0) return section({ ...options, lead: 'Nothing was sent.' });
  const share = formatShare(match.known === 0 ? undefined : match.same / match.known);
  const lead =
    match.known === 0
      ? 'The log holds no status, so there is nothing to compare with.'
      : `Answered with the recorded status: ${share} of ${counted(match.known, 'request')}; with one of its class: ${formatShare(match.sameClass / match.known)}.`;
  return section(
    { ...options, lead },
    scroll('statuses, recorded and replayed', matrixTable(status)),
    html`<ul class="legend"><li><span class="swatch same"></span>as recorded</li><li><span class="swatch near"></span>of the same class</li><li><span class="swatch other"></span>of another class, or failed</li></ul>`,
    mapsOf(report),
  );
};
