/** The charts of a report, drawn from the data in its page. */

import type { CourseData, LatencyData, PageData } from '../../core/report/html/page-data.ts';
import { type ChartData, type ChartSpec, drawChart } from '../shared/chart.ts';

/** All charts over time point at the same instant. */
const SYNC_KEY = 'course';
/** Fewer requests in a step are noise more than a rate. */
const MIN_PER_STEP = 25;
const MIN_STEPS = 40;
const ROW_HEIGHT = 64;

type Values = readonly (number | null)[];

interface Drawing {
  readonly spec: ChartSpec;
  readonly data: ChartData;
}

const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/** How many steps are drawn as one, so that a rate is of enough requests to tell anything. */
const stepsAtOnce = ({ recorded, sent }: CourseData): number => {
  const busiest = Math.max(sumOf(recorded), sumOf(sent));
  const steps = Math.max(MIN_STEPS, Math.floor(busiest / MIN_PER_STEP));
  return Math.max(1, Math.ceil(recorded.length / steps));
};

interface Bins {
  /** Where each begins, and last where the last one ends. */
  readonly edgesMs: readonly number[];
  readonly stepsAtOnce: number;
}

/** A last bin that lasts less than half of the others is a part of the one before it. */
const binsOf = (course: CourseData): Bins => {
  const { stepMs, endMs } = course;
  const atOnce = stepsAtOnce(course);
  const widthMs = stepMs * atOnce;
  const bins = Math.max(1, Math.round(endMs / widthMs));
  return {
    edgesMs: [...Array.from({ length: bins }, (_, at) => at * widthMs), endMs],
    stepsAtOnce: atOnce,
  };
};

/** Counts as rates by bin. */
const ratesOf = (counts: readonly number[], { edgesMs, stepsAtOnce: atOnce }: Bins): readonly number[] =>
  edgesMs.slice(0, -1).map((fromMs, at) => {
    const isLast = at === edgesMs.length - 2;
    const part = counts.slice(at * atOnce, isLast ? counts.length : (at + 1) * atOnce);
    const widthMs = (edgesMs[at + 1] ?? 0) - fromMs;
    return widthMs > 0 ? (sumOf(part) * 1000) / widthMs : 0;
  });

/** The course as it is drawn, up to the end of the last bin. */
const overTime = (values: readonly Values[], edgesMs: readonly number[]): ChartData => ({
  x: edgesMs.slice(0, -1),
  series: values,
  endMs: edgesMs.at(-1) ?? 0,
});

const courseSpec = (
  title: string,
  unit: ChartSpec['unit'],
  series: ChartSpec['series'],
  more: Partial<ChartSpec> = {},
): ChartSpec => ({ title, unit, series, x: 'time', syncKey: SYNC_KEY, hasTable: false, ...more });

/** Recorded above replayed: the same time axis and the same height for the same rate. */
const rateDrawings = (course: CourseData): Readonly<Record<string, Drawing>> => {
  const { recorded, planned, sent, errors } = course;
  const bins = binsOf(course);
  const rates = (counts: readonly number[]): readonly number[] => ratesOf(counts, bins);
  const all = [recorded, planned, sent].map(rates);
  const yMax = Math.max(...all.flat());
  const draw = (values: readonly Values[]): ChartData => ({ ...overTime(values, bins.edgesMs), yMax });
  const hasErrors = sumOf(errors) > 0;
  return {
    recorded: {
      spec: courseSpec(
        'Recorded, requests per second',
        'per second',
        [{ label: 'recorded', tone: 'recorded', style: 'area' }],
        { height: 128, hasXAxis: false },
      ),
      data: draw([rates(recorded)]),
    },
    replayed: {
      spec: courseSpec(
        'Replayed, requests per second',
        'per second',
        [
          { label: 'planned', tone: 'asked', style: 'line' },
          { label: 'sent', tone: 'replayed', style: 'area' },
          ...(hasErrors ? [{ label: 'failed or 5xx', tone: 'failed', style: 'bars' } as const] : []),
        ],
        { height: 150 },
      ),
      data: draw([rates(planned), rates(sent), ...(hasErrors ? [rates(errors)] : [])]),
    },
  };
};

const heldDrawings = (course: CourseData): Readonly<Record<string, Drawing>> => {
  const bins = binsOf(course);
  const entries = Object.entries(course.held).map(([reason, counts]): [string, Drawing] => [
    `held:${reason}`,
    {
      spec: courseSpec(
        `Held back per second: ${reason}`,
        'per second',
        [{ label: 'held back', tone: 'held', style: 'bars' }],
        {
          height: ROW_HEIGHT,
          hasXAxis: false,
        },
      ),
      data: overTime([ratesOf(counts, bins)], bins.edgesMs),
    },
  ]);
  return Object.fromEntries(entries);
};

const lineDrawings = (course: CourseData): Readonly<Record<string, Drawing>> => {
  const { stepMs, endMs, p95Ms, lagP99Ms, level } = course;
  const draw = (values: Values): ChartData =>
    overTime([values], [...values.map((_, at) => at * stepMs), endMs]);
  return {
    p95: {
      spec: courseSpec(
        'Replayed, p95 of the latency in each step',
        'ms',
        [{ label: 'p95', tone: 'replayed', style: 'line' }],
        { height: 120 },
      ),
      data: draw(p95Ms),
    },
    level: {
      spec: courseSpec(
        'Backoff level, lowest of all targets',
        'share',
        [{ label: 'share let through', tone: 'level', style: 'area' }],
        { height: 90 },
      ),
      data: draw(level),
    },
    lag: {
      spec: courseSpec('Lag, p99 of each step', 'ms', [{ label: 'p99', tone: 'lag', style: 'area' }], {
        height: 110,
      }),
      data: draw(lagP99Ms),
    },
  };
};

const latencyDrawing = ({ ms, recorded, service, fromDue }: LatencyData): Drawing => ({
  spec: {
    title: 'Requests by latency, shares in bins of equal width',
    unit: 'share',
    x: 'ms',
    height: 240,
    hasTable: false,
    series: [
      { label: 'recorded', tone: 'recorded', style: 'area' },
      { label: 'replayed', tone: 'replayed', style: 'line' },
      ...(fromDue === undefined ? [] : [{ label: 'from due', tone: 'replayed', style: 'line' } as const]),
    ],
  },
  data: { x: ms, series: [recorded, service, ...(fromDue === undefined ? [] : [fromDue])] },
});

/** Draws each chart where the page has a place for it. */
export const drawCharts = (data: PageData): void => {
  const { course, latency } = data;
  const drawings: Readonly<Record<string, Drawing>> = {
    ...rateDrawings(course),
    ...heldDrawings(course),
    ...lineDrawings(course),
    latency: latencyDrawing(latency),
  };
  for (const host of document.querySelectorAll<HTMLElement>('[data-chart]')) {
    const drawing = drawings[host.dataset.chart ?? ''];
    if (drawing !== undefined) drawChart(host, drawing.spec).update(drawing.data);
  }
};
