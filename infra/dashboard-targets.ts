/** Rows of the dashboard that each target has. */

import {
  failedMetric,
  heldBackMetric,
  type MetricName,
  STATUS_CLASSES,
} from '../core/measure/metric-names.ts';
import { FAILURE_CODES, HELD_BACK_REASONS } from '../core/types.ts';
import { line, metricOf, type Place } from './dashboard-metrics.ts';
import { COLOURS, COLUMNS, colourAt, graph, pair, type Row, type Series, type Widget } from './widgets.ts';

const HALF = COLUMNS / 2;
const THIRD = COLUMNS / 3;
/** As high as a pair. */
const TALL = 10;
const PER_SECOND = '$/PERIOD($)';

const QUANTILES = [
  ['p50', COLOURS.green],
  ['p95', COLOURS.orange],
  ['p99', COLOURS.red],
] as const;

const STATUS_COLOURS = {
  '1xx': COLOURS.grey,
  '2xx': COLOURS.green,
  '3xx': COLOURS.blue,
  '4xx': COLOURS.orange,
  '5xx': COLOURS.red,
} as const;

const rate = (place: Place, id: string, name: MetricName, target: string): Series => ({
  id,
  label: 'requests/s',
  colour: COLOURS.blue,
  metric: metricOf(place, name, target),
  stat: 'Sum',
  expression: PER_SECOND,
});

/** Recorded above replayed, and lag. */
export const isItTrue = (place: Place, target: string): Row => [
  pair(place.region, {
    width: HALF,
    unit: 'requests/s',
    above: {
      title: `${target}: recorded`,
      shadow: 'recorded',
      series: [rate(place, 'recorded', 'RecordedRequests', target)],
    },
    below: {
      title: `${target}: replayed`,
      shadow: 'replayed',
      series: [rate(place, 'replayed', 'Sent', target)],
    },
  }),
  [
    graph(place.region, {
      title: `${target}: lag, from due to sent`,
      width: HALF,
      height: TALL,
      unit: 'ms',
      lines: [
        line(metricOf(place, 'Lag', target), 'p50', COLOURS.green, 'p50'),
        line(metricOf(place, 'Lag', target), 'p99', COLOURS.red, 'p99'),
      ],
    }),
  ],
];

const quantiles = (place: Place, name: MetricName, target: string): readonly Series[] =>
  QUANTILES.map(([stat, colour]) => ({
    id: `${name === 'Latency' ? 'replayed' : 'recorded'}${stat}`,
    label: stat,
    colour,
    metric: metricOf(place, name, target),
    stat,
  }));

const statuses = (place: Place, prefix: 'Status' | 'RecordedStatus', target: string): readonly Series[] =>
  STATUS_CLASSES.map((status) => ({
    id: `${prefix === 'Status' ? 'replayed' : 'recorded'}${status}`,
    label: status,
    colour: STATUS_COLOURS[status],
    metric: metricOf(place, `${prefix}${status}`, target),
    stat: 'Sum',
    expression: PER_SECOND,
  }));

/** Latency and status, recorded above replayed, and failures. */
export const doesItSuffer = (place: Place, target: string): Row => [
  pair(place.region, {
    width: THIRD,
    unit: 'ms',
    above: {
      title: `${target}: recorded latency`,
      shadow: 'recorded, highest',
      series: quantiles(place, 'RecordedLatency', target),
    },
    below: {
      title: `${target}: replayed latency`,
      shadow: 'replayed, highest',
      series: quantiles(place, 'Latency', target),
    },
  }),
  pair(place.region, {
    width: THIRD,
    unit: 'requests/s',
    above: {
      title: `${target}: recorded status`,
      shadow: 'recorded, highest',
      series: statuses(place, 'RecordedStatus', target),
    },
    below: {
      title: `${target}: replayed status`,
      shadow: 'replayed, highest',
      series: statuses(place, 'Status', target),
    },
  }),
  [
    graph(place.region, {
      title: `${target}: failures`,
      width: THIRD,
      height: TALL,
      unit: 'requests/min',
      stacked: true,
      lines: FAILURE_CODES.map((code, i) =>
        line(metricOf(place, failedMetric(code), target), code, colourAt(i)),
      ),
    }),
  ],
];

const counts = (
  place: Place,
  options: { title: string; unit: string; lines: readonly (readonly [MetricName, string])[]; stacked?: true },
  target: string,
): Widget =>
  graph(place.region, {
    ...options,
    title: `${target}: ${options.title}`,
    width: THIRD,
    lines: options.lines.map(([name, label], i) => line(metricOf(place, name, target), label, colourAt(i))),
  });

/** From planned to answered, what was held back on the way, and what went wrong with whole slices. */
export const wasAnythingLostFor = (place: Place, target: string): Row => [
  [
    counts(
      place,
      {
        title: 'from planned to answered',
        unit: 'requests/min',
        lines: [
          ['Planned', 'planned'],
          ['Dispatched', 'dispatched'],
          ['Sent', 'sent'],
          ['Answered', 'answered'],
          ['Failed', 'failed'],
        ],
      },
      target,
    ),
  ],
  [
    counts(
      place,
      {
        title: 'held back',
        unit: 'requests/min',
        stacked: true,
        lines: HELD_BACK_REASONS.map((reason) => [heldBackMetric(reason), reason]),
      },
      target,
    ),
  ],
  [
    counts(
      place,
      {
        title: 'slices, and results that were lost',
        unit: 'slices or results/min',
        lines: [
          ['SlicesStarted', 'slices started'],
          ['SlicesFailed', 'slices failed'],
          ['SlicesRefused', 'slices refused'],
          ['SlicesDuplicate', 'slices delivered again'],
          ['ResultsLost', 'results lost'],
        ],
      },
      target,
    ),
  ],
];
