/** Rows of the dashboard that the stack has once. */

import type { AlarmBase } from 'aws-cdk-lib/aws-cloudwatch';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { MetricName } from '../core/measure/metric-names.ts';
import { line, metricOf, type Place } from './dashboard-metrics.ts';
import type { Queues } from './queues.ts';
import { COLOURS, COLUMNS, colourAt, graph, type Line, note, type Row, type Widget } from './widgets.ts';

const HALF = COLUMNS / 2;
const QUARTER = COLUMNS / 4;
const THIRD = COLUMNS / 3;

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

const REPORT_SECONDS = 3_600;
/** As high as a graph. */
const REPORT_NOTE_HEIGHT = 5;

/** What the gates came to in each hour that was reported, and where to read why. */
export const didItPass = (place: Place, reportUrl: string): Row => {
  const gates = [
    ['GatesHeld', 'held', COLOURS.green],
    ['GatesFailed', 'failed', COLOURS.red],
    ['GatesMissed', 'missed: nothing to judge them by', COLOURS.orange],
  ] as const;
  const lines = gates.map(([name, label, colour]) => line(metricOf(place, name), label, colour, 'Maximum'));
  const text = [
    `**[Open the newest report](${reportUrl})**: routes, latencies and statuses beside those of the log, with the worst requests as \`curl\` lines.`,
    '',
    'Reports are made at 25 past, of the hour before, and lie in the results bucket as `reports/yyyy/MM/dd/HH.html` and `.json`. An hour in which nothing was planned has none.',
  ];
  return [
    [
      graph(place.region, {
        title: 'Gates of the rules, by hour of report',
        width: HALF,
        unit: 'gates',
        periodSeconds: REPORT_SECONDS,
        stacked: true,
        lines,
      }),
    ],
    [
      graph(place.region, {
        title: 'Verdict of the last report: 1 has failed',
        width: QUARTER,
        view: 'singleValue',
        periodSeconds: REPORT_SECONDS,
        lines: [line(metricOf(place, 'VerdictFailed'), 'failed', COLOURS.red, 'Maximum')],
      }),
    ],
    [note(QUARTER, REPORT_NOTE_HEIGHT, text.join('\n'))],
  ];
};

const queueLine = (queue: Queue, name: string, label: string, colour: string): Line =>
  line(['AWS/SQS', name, 'QueueName', queue.queueName], label, colour, 'Maximum');

/** Lines, objects, what waits or is late, and what was given up. */
export const wasAnythingLost = (place: Place, { queue, dlq, failureQueue }: Queues): Row => {
  const third = (title: string, unit: string, lines: readonly Line[]): Widget =>
    graph(place.region, { title, width: THIRD, unit, lines });
  const counts = (title: string, unit: string, names: readonly (readonly [MetricName, string])[]) =>
    third(
      title,
      unit,
      names.map(([name, label], i) => line(metricOf(place, name), label, colourAt(i))),
    );
  const depth = 'ApproximateNumberOfMessagesVisible';
  return [
    [
      counts('Log lines', 'lines/min', [
        ['LinesRead', 'read'],
        ['LinesRejected', 'rejected'],
      ]),
      counts('Objects', 'objects/min', [
        ['ObjectsPlanned', 'planned'],
        ['ObjectsFailed', 'failed'],
        ['ObjectsGone', 'gone'],
        ['ObjectsDuplicate', 'delivered again'],
      ]),
    ],
    [
      third('Age of the oldest object', 's', [
        queueLine(queue, 'ApproximateAgeOfOldestMessage', 'age', COLOURS.blue),
      ]),
      third('Planner lag: slices handed over late', 'ms', [
        line(metricOf(place, 'PlannerLag'), 'p50', COLOURS.green, 'p50'),
        line(metricOf(place, 'PlannerLag'), 'p99', COLOURS.red, 'p99'),
      ]),
    ],
    [
      third('Given up', 'messages', [
        queueLine(dlq, depth, 'objects (dead-letter queue)', COLOURS.red),
        queueLine(failureQueue, depth, 'slices (failure queue)', COLOURS.orange),
      ]),
      counts('Events that are no slices', 'events/min', [['SlicesInvalid', 'invalid']]),
    ],
  ];
};
