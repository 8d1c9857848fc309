/** Paths of values that hold from their instant until the next. Also one that nothing follows, or that stands alone, is drawn as wide as it is. */

import type uPlot from 'uplot';
import type { ChartSeries } from './chart.ts';

/** Of its width, left free beside a bar. */
const GAP_SHARE = 0.08;
/** Kinds of trouble: of none of it no line is drawn. */
const TROUBLES: readonly string[] = ['held', 'failed'];

interface Step {
  readonly fromX: number;
  readonly toX: number;
  readonly y: number;
}

/** The steps that can be seen. The last point closes the step before it, and is none itself. */
const stepsOf = (u: uPlot, seriesAt: number, skipsZero: boolean): readonly Step[] => {
  const xs = Array.from(u.data[0]);
  const values = u.data[seriesAt] ?? [];
  return xs.slice(0, -1).flatMap((x, at) => {
    const value = values[at] ?? null;
    if (value === null || (skipsZero && value === 0)) return [];
    const [fromX, toX] = [x, xs[at + 1] ?? x].map((ms) => u.valToPos(ms, 'x', true));
    return fromX === undefined || toX === undefined ? [] : [{ fromX, toX, y: u.valToPos(value, 'y', true) }];
  });
};

/** Draws the steps of a series: as bars, or as one line wherever one follows on the other. */
export const stepPaths =
  ({ style, tone }: ChartSeries): uPlot.Series.PathBuilder =>
  (u, seriesAt) => {
    const stroke = new Path2D();
    const fill = new Path2D();
    const zeroY = u.valToPos(0, 'y', true);
    let endX: number | undefined;
    for (const { fromX, toX, y } of stepsOf(u, seriesAt, TROUBLES.includes(tone))) {
      const width = (toX - fromX) * (style === 'bars' ? 1 - GAP_SHARE : 1);
      fill.rect(fromX, y, width, zeroY - y);
      if (fromX === endX) stroke.lineTo(fromX, y);
      else stroke.moveTo(fromX, y);
      stroke.lineTo(toX, y);
      endX = toX;
    }
    return { stroke, fill: style === 'line' ? null : fill };
  };
