/** The line above a chart: its title, each series with a sample of its line, and the values at the cursor. */

import { formatX, formatY } from './axis.ts';
import type { ChartData, ChartSpec } from './chart.ts';
import { dashOf } from './chart-options.ts';

const SVG = 'http://www.w3.org/2000/svg';

export interface Legend {
  /** Shows the values at a point of the data, or none. */
  show(data: ChartData, at: number | undefined): void;
}

const element = (name: string, className: string, text = ''): HTMLElement => {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
};

/** A short piece of the line, or of the bar, as the chart draws it. */
const sampleOf = (spec: ChartSpec, at: number): SVGElement => {
  const series = spec.series[at];
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 22 10');
  svg.setAttribute('class', `sample tone-${series?.tone} as-${series?.style}`);
  svg.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS(SVG, 'path');
  line.setAttribute('d', series?.style === 'bars' ? 'M2 10V3h5v7zM9 10V5h5v5zM16 10V1h5v9z' : 'M0 5H22');
  const dashes = dashOf(spec.series, at);
  if (dashes.length > 0) line.setAttribute('stroke-dasharray', dashes.join(' '));
  svg.append(line);
  return svg;
};

/** Puts the legend into `host`. A chart of one series needs no more than its title. */
export const drawLegend = (host: HTMLElement, spec: ChartSpec): Legend => {
  const head = element('div', 'chart-head');
  const place = element('span', 'at-cursor');
  // What the cursor points at is told again by the table, which everyone can reach.
  place.setAttribute('aria-hidden', 'true');
  const items = spec.series.map(({ label }, at) => {
    const item = element('span', 'key');
    item.append(sampleOf(spec, at), label);
    return item;
  });
  head.append(element('span', 'chart-title', spec.title), ...(items.length > 1 ? items : []), place);
  host.append(head);
  return {
    show(data, at) {
      const x = at === undefined ? undefined : data.x[at];
      if (at === undefined || x === undefined) {
        place.textContent = '';
        return;
      }
      const values = spec.series.map(
        ({ label }, index) => `${label} ${formatY(spec.unit, data.series[index]?.[at] ?? null)}`,
      );
      place.textContent = [formatX(spec.x, x), ...values].join('  ·  ');
    },
  };
};
