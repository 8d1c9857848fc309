/** The table behind a chart whose data changes: rows are made while it is open only. */

import { formatX, formatY } from './axis.ts';
import type { ChartData, ChartSpec } from './chart.ts';

const cell = (name: 'th' | 'td', text: string, scope?: 'col' | 'row'): HTMLTableCellElement => {
  const made = document.createElement(name);
  made.textContent = text;
  if (scope !== undefined) made.scope = scope;
  return made;
};

const rowOf = (...cells: readonly HTMLTableCellElement[]): HTMLTableRowElement => {
  const row = document.createElement('tr');
  row.append(...cells);
  return row;
};

const headOf = (spec: ChartSpec): HTMLTableSectionElement => {
  const head = document.createElement('thead');
  const labels = [spec.x === 'time' ? 'time' : 'latency', ...spec.series.map(({ label }) => label)];
  head.append(rowOf(...labels.map((label) => cell('th', label, 'col'))));
  return head;
};

const rowsOf = (spec: ChartSpec, data: ChartData): readonly HTMLTableRowElement[] =>
  data.x.map((x, at) =>
    rowOf(
      cell('th', formatX(spec.x, x), 'row'),
      ...spec.series.map((_, index) => cell('td', formatY(spec.unit, data.series[index]?.[at] ?? null))),
    ),
  );

/** Puts a closed table below the chart in `host`. */
export const drawTable = (host: HTMLElement, spec: ChartSpec): { show(data: ChartData): void } => {
  let latest: ChartData = { x: [], series: [] };
  const details = document.createElement('details');
  details.className = 'behind';
  const summary = document.createElement('summary');
  summary.textContent = 'Table';
  const hidden = document.createElement('span');
  hidden.className = 'visually-hidden';
  hidden.textContent = `: ${spec.title}`;
  summary.append(hidden);
  const scroll = document.createElement('section');
  scroll.className = 'scroll';
  scroll.tabIndex = 0;
  scroll.setAttribute('aria-label', `Table: ${spec.title}`);
  const table = document.createElement('table');
  const body = document.createElement('tbody');
  table.append(headOf(spec), body);
  scroll.append(table);
  details.append(summary, scroll);
  host.append(details);

  const fill = (): void => {
    if (details.open) body.replaceChildren(...rowsOf(spec, latest));
  };
  details.addEventListener('toggle', fill);
  return {
    show(data) {
      latest = data;
      fill();
    },
  };
};
