/** The charts of the page, and the rows that they are drawn of. */

import type { LiveChart, LiveCourse, LiveRow } from '../../core/pages/live-state.ts';
import { type Chart, drawChart } from '../shared/chart.ts';
import { make } from './dom.ts';

/** Rows by instant. */
export const createCourse = () => {
  const rows = new Map<number, LiveRow>();
  let endMs: number | undefined;
  return {
    take({ isWhole, fromMs, endMs: end, rows: given }: LiveCourse): void {
      endMs = end ?? undefined;
      if (isWhole) rows.clear();
      for (const row of given) rows.set(row[0] ?? 0, row);
      if (fromMs === null) return;
      for (const ms of rows.keys()) if (ms < fromMs) rows.delete(ms);
    },
    /** Until when the last row holds. */
    endMs: () => endMs,
    rows: (): readonly LiveRow[] => [...rows.values()].sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0)),
  };
};

const peakOf = (rows: readonly LiveRow[], { series }: LiveChart): number =>
  rows.reduce((peak, row) => Math.max(peak, ...series.map(({ column }) => row[column] ?? 0)), 0);

/** Least end of the y axis: that of the highest chart of the same scale. */
const yMaxOf = (rows: readonly LiveRow[], chart: LiveChart, charts: readonly LiveChart[]): number =>
  chart.scale === null
    ? 0
    : Math.max(...charts.filter(({ scale }) => scale === chart.scale).map((one) => peakOf(rows, one)));

const HEIGHTS: Readonly<Record<string, number>> = { share: 84 };

/** Draws charts into `host`, one above the other. */
export const drawCharts = (
  host: HTMLElement,
  charts: readonly LiveChart[],
): ((rows: readonly LiveRow[], endMs: number | undefined) => void) => {
  host.replaceChildren();
  const drawn = charts.map((chart, at): Chart => {
    const place = make('div', '');
    place.id = `chart-${chart.id}`;
    host.append(place);
    const hasXAxis = chart.scale === null || charts[at + 1]?.scale !== chart.scale;
    const height = (HEIGHTS[chart.unit] ?? 130) - (hasXAxis ? 0 : 20);
    return drawChart(place, { ...chart, x: 'time', height, syncKey: 'course', hasXAxis });
  });
  return (rows, endMs) => {
    const x = rows.map((row) => row[0] ?? 0);
    for (const [at, chart] of charts.entries()) {
      const series = chart.series.map(({ column }) => rows.map((row) => row[column] ?? null));
      drawn[at]?.update({
        x,
        series,
        yMax: yMaxOf(rows, chart, charts),
        ...(endMs === undefined ? {} : { endMs }),
      });
    }
  };
};
