/** How uPlot is to draw a chart of ours. Colours are asked for at each drawing, so that a new theme needs a redraw only. */

import uPlot from 'uplot';
import { formatClock, formatTick } from './axis.ts';
import type { ChartSeries, ChartSpec } from './chart.ts';
import { stepPaths } from './step-paths.ts';
import { colorOf } from './theme.ts';

const FONT = '11px system-ui, sans-serif';
/** The same for all, so that charts above one another share their time axis. */
const Y_AXIS_WIDTH = 58;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const TIME_STEPS_MS = [
  ...[100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000],
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12, 24, 48, 96, 192, 384, 768, 1536].map((count) => count * HOUR),
];
/** Lines that tell series of one colour apart, in this order. */
const DASHES: readonly (readonly number[])[] = [[], [7, 3], [2, 3], [8, 3, 2, 3]];

export interface ChartHooks {
  /** Least upper end of the y axis. */
  yMax(): number;
  /** The cursor is at that point; undefined: it has left. */
  pointed(at: number | undefined): void;
}

/** How see-through the filling of an area is. */
const AREA_ALPHA = 0.16;
const translucent = (color: string, alpha: number): string =>
  color.replace('rgb(', 'rgba(').replace(')', `, ${alpha})`);

const { spline } = uPlot.paths;

/** Number of a series among those of its tone that are no bars. */
const rankOf = (series: readonly ChartSeries[], at: number): number => {
  const own = series[at];
  return series.slice(0, at).filter(({ tone, style }) => tone === own?.tone && style === own.style).length;
};

/** The dashes of a line: a second line of one colour is dashed, and so is a replayed one that lies over what was recorded. */
export const dashOf = (series: readonly ChartSeries[], at: number): readonly number[] => {
  const own = series[at];
  if (own === undefined || own.style !== 'line') return [];
  const isOver = own.tone === 'replayed' && series.some(({ tone }) => tone === 'recorded');
  return DASHES[(rankOf(series, at) + (isOver || own.tone === 'asked' ? 1 : 0)) % DASHES.length] ?? [];
};

const seriesOptions = (spec: ChartSpec, at: number): uPlot.Series => {
  const { label, tone, style } = spec.series[at] as ChartSeries;
  const color = (): string => colorOf(tone);
  const filled = { area: AREA_ALPHA, bars: 0.75, line: 0 }[style];
  return {
    label,
    stroke: color,
    width: style === 'bars' ? 0 : 1.5,
    dash: [...dashOf(spec.series, at)],
    ...(filled === 0 ? {} : { fill: () => translucent(color(), filled) }),
    paths: spec.x === 'ms' ? (spline?.() ?? (() => null)) : stepPaths({ label, tone, style }),
    points: { show: false },
  };
};

const axisLook = (): Partial<uPlot.Axis> => ({
  font: FONT,
  stroke: () => colorOf('muted'),
  grid: { stroke: () => colorOf('grid'), width: 1 },
  ticks: { show: false },
});

const isDecade = (ms: number): boolean => Math.abs(Math.log10(ms) - Math.round(Math.log10(ms))) < 1e-9;

const xAxis = (spec: ChartSpec): uPlot.Axis => {
  if (spec.x === 'ms')
    return {
      ...axisLook(),
      grid: { ...axisLook().grid, filter: (_, splits) => splits.map((ms) => (isDecade(ms) ? ms : null)) },
      size: 26,
      space: 60,
      values: (_, splits) => splits.map((ms) => (ms === null ? '' : formatTick('ms', ms))),
    };
  const hasWords = spec.hasXAxis !== false;
  return {
    ...axisLook(),
    // Lines of the grid stand above those of the chart below.
    ...{ size: hasWords ? 26 : 6, space: 70, incrs: TIME_STEPS_MS },
    values: (_, splits, _axis, _space, stepMs) =>
      splits.map((ms) => (hasWords ? formatClock(ms, stepMs) : '')),
  };
};

const yAxis = ({ unit, height = 160 }: ChartSpec): uPlot.Axis => ({
  ...axisLook(),
  size: Y_AXIS_WIDTH,
  space: height < 100 ? 18 : 32,
  values: (_, splits) => splits.map((value) => formatTick(unit, value)),
});

/** A little air above the highest point; shares of what is let through end at 1. */
const yRange = ({ unit }: ChartSpec, yMax: number, dataMax: number | null): [number, number] => {
  const most = Math.max(yMax, dataMax ?? 0);
  if (unit === 'share' && most >= 0.8) return [0, Math.max(1, most) * 1.04];
  return [0, most > 0 ? most * 1.08 : 1];
};

/** Number of the step that the cursor is in: of instants the nearest may be that of the next. */
const stepAt: uPlot.Cursor.DataIdxRefiner = (u, _series, nearest, x) =>
  (u.data[0][nearest] ?? 0) > x ? Math.max(0, nearest - 1) : nearest;

/** Number of the point that the cursor is at. */
export const pointedAt = (u: uPlot): number | undefined => u.cursor.idxs?.[1] ?? undefined;

/** Options of uPlot for a chart; width and height are the caller's. */
export const chartOptions = (
  spec: ChartSpec,
  hooks: ChartHooks,
): Omit<uPlot.Options, 'width' | 'height'> => ({
  // On the right half of the last word of the x axis.
  padding: [6, 22, 0, 0],
  legend: { show: false },
  cursor: {
    y: false,
    points: { size: 6 },
    ...(spec.x === 'ms' ? {} : { dataIdx: stepAt }),
    drag: { x: false, y: false, setScale: false },
    ...(spec.syncKey === undefined ? {} : { sync: { key: spec.syncKey } }),
  },
  scales: {
    x: spec.x === 'ms' ? { time: false, distr: 3, log: 10 } : { time: false },
    y: { range: (_, _min, max) => yRange(spec, hooks.yMax(), max) },
  },
  axes: [xAxis(spec), yAxis(spec)],
  series: [{}, ...spec.series.map((_, at) => seriesOptions(spec, at))],
  hooks: { setLegend: [(u) => hooks.pointed(pointedAt(u))] },
});
