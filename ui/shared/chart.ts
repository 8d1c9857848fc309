/** Draws a chart: a canvas by uPlot with its legend, a name for who cannot see it, and the table behind it. */

import uPlot from 'uplot';
import { formatX, formatY } from './axis.ts';
import { drawLegend } from './chart-legend.ts';
import { chartOptions, pointedAt } from './chart-options.ts';
import { drawTable } from './chart-table.ts';
import { onThemeChange } from './theme.ts';

/** What a series tells of: its colour, and with `style` its line, so that colour alone never tells. */
export type ChartTone = 'recorded' | 'replayed' | 'asked' | 'held' | 'failed' | 'level' | 'lag';

export type ChartUnit = 'per second' | 'ms' | 'share' | 'count';

export interface ChartSeries {
  readonly label: string;
  readonly tone: ChartTone;
  readonly style: 'line' | 'area' | 'bars';
}

export interface ChartSpec {
  readonly title: string;
  readonly unit: ChartUnit;
  /** Time since the start of the run, in ms; or a latency in ms, on a logarithmic axis. */
  readonly x: 'time' | 'ms';
  readonly series: readonly ChartSeries[];
  /** Of the canvas, in CSS pixels; 160 unless told. */
  readonly height?: number;
  /** Charts of the same key share their cursor. */
  readonly syncKey?: string;
  /** `false` for a chart that stands above another of the same time axis. */
  readonly hasXAxis?: boolean;
  /** `false` where the page has the table already. */
  readonly hasTable?: boolean;
}

export interface ChartData {
  /** Ascending. */
  readonly x: readonly number[];
  /** One list for each series, as long as `x`; `null` where there is nothing. Shares lie between 0 and 1. */
  readonly series: readonly (readonly (number | null)[])[];
  /** Over time, a value holds until the next; the last one until then. */
  readonly endMs?: number;
  /** Least upper end of the y axis, so that charts can share one. */
  readonly yMax?: number;
}

export interface Chart {
  update(data: ChartData): void;
}

const peakOf = (values: readonly (number | null)[]): number | null =>
  values.reduce<number | null>(
    (peak, value) => (value === null || (peak !== null && peak >= value) ? peak : value),
    null,
  );

/** The chart in a sentence: its title, how far it goes, the peak of each series. */
const nameOf = (spec: ChartSpec, data: ChartData): string => {
  const end = data.x.length === 0 ? undefined : (data.endMs ?? data.x.at(-1));
  if (end === undefined) return `${spec.title}: nothing yet`;
  const peaks = spec.series.map(
    ({ label }, at) => `${label} up to ${formatY(spec.unit, peakOf(data.series[at] ?? []))}`,
  );
  return `${spec.title}, from ${formatX(spec.x, data.x[0] ?? 0)} to ${formatX(spec.x, end)}: ${peaks.join(', ')}`;
};

/** Steps are closed by a point that has no value. */
const toAligned = (spec: ChartSpec, { x, series, endMs }: ChartData): uPlot.AlignedData => {
  const isClosed = endMs !== undefined && x.length > 0;
  return [
    [...x, ...(isClosed ? [endMs] : [])],
    ...spec.series.map((_, at) => [...(series[at] ?? x.map(() => null)), ...(isClosed ? [null] : [])]),
  ];
};

/** An empty chart inside `host`, as wide as it is; follows its width and the theme. */
export const drawChart = (host: HTMLElement, spec: ChartSpec): Chart => {
  let data: ChartData = { x: [], series: [] };
  host.classList.add('chart');
  const legend = drawLegend(host, spec);
  const plot = document.createElement('div');
  plot.className = 'plot';
  plot.setAttribute('role', 'img');
  host.append(plot);
  const height = spec.height ?? 160;
  const options = chartOptions(spec, {
    yMax: () => data.yMax ?? 0,
    pointed: (at) => legend.show(data, at),
  });
  const u = new uPlot({ ...options, width: plot.clientWidth, height }, toAligned(spec, data), plot);
  const table = spec.hasTable === false ? undefined : drawTable(host, spec);

  new ResizeObserver(() => {
    if (plot.clientWidth > 0 && plot.clientWidth !== u.width) u.setSize({ width: plot.clientWidth, height });
  }).observe(plot);
  // Paths anew, too: those of bars keep the colour they were made with.
  onThemeChange(() => u.redraw());

  const update = (next: ChartData): void => {
    data = next;
    u.setData(toAligned(spec, data));
    plot.setAttribute('aria-label', nameOf(spec, data));
    legend.show(data, pointedAt(u));
    table?.show(data);
  };
  update(data);
  return { update };
};
