/** Rows of the dashboard that the stack has once. */

import type { AlarmBase } from 'aws-cdk-lib/aws-cloudwatch';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { MetricName } from '../core/measure/metric-names.ts';
import { line, metricOf, type Place } from './dashboard-metrics.ts';
import type { Queues } from './queues.ts';
import { COLOURS, COLUMNS, colourAt, graph, type Line, type Row } from './widgets.ts';

const HALF = COLUMNS / 2;
const QUARTER = COLUMNS / 4;

/** Switch, backoff level of each target, alarms. */
export const isItOn = (place: Place, targets: readonly string[], alarms: readonly AlarmBase[]): Row => [
  [
    graph(place.region, {
      title: 'Switch, %',
      width: QUARTER,
      view: 'singleValue',
      lines: [line(metricOf(place, 'Switch'), 'switch', COLOURS.green, 'Minimum')],
    }),
  ],
  [
    graph(place.region, {
      title: 'Backoff level: share of its traffic that each target can take',
      width: HALF,
      max: 1,
      lines: targets.map((target, i) =>
        line(metricOf(place, 'BackoffLevel', target), target, colourAt(i), 'Minimum'),
      ),
    }),
  ],
  [
    {
      type: 'alarm',
      width: QUARTER,
      height: 5,
      properties: { title: 'Alarms', alarms: alarms.map(({ alarmArn }) => alarmArn) },
    },
  ],
];

const queueLine = (queue: Queue, name: string, label: string, colour: string): Line =>
  line(['AWS/SQS', name, 'QueueName', queue.queueName], label, colour, 'Maximum');

/** Lines, objects, and what waits or was given up. */
export const wasAnythingLost = (place: Place, { queue, dlq, failureQueue }: Queues): Row => {
  const counts = (title: string, unit: string, names: readonly (readonly [MetricName, string])[]) =>
    graph(place.region, {
      title,
      width: QUARTER,
      unit,
      lines: names.map(([name, label], i) => line(metricOf(place, name), label, colourAt(i))),
    });
  const depth = 'ApproximateNumberOfMessagesVisible';
  return [
    [
      counts('Log lines', 'lines/min', [
        ['LinesRead', 'read'],
        ['LinesRejected', 'rejected'],
      ]),
    ],
    [
      counts('Objects', 'objects/min', [
        ['ObjectsPlanned', 'planned'],
        ['ObjectsFailed', 'failed'],
        ['ObjectsGone', 'gone'],
        ['ObjectsDuplicate', 'delivered again'],
      ]),
    ],
    [
      graph(place.region, {
        title: 'Age of the oldest object',
        width: QUARTER,
        unit: 's',
        lines: [queueLine(queue, 'ApproximateAgeOfOldestMessage', 'age', COLOURS.blue)],
      }),
    ],
    [
      graph(place.region, {
        title: 'Given up',
        width: QUARTER,
        unit: 'messages',
        lines: [
          queueLine(dlq, depth, 'objects (dead-letter queue)', COLOURS.red),
          queueLine(failureQueue, depth, 'slices (failure queue)', COLOURS.orange),
        ],
      }),
    ],
  ];
};
