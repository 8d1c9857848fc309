/** What a stack costs, estimated from what it uses: infra/cost.ts reckons it ahead of time. */

import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { metricOf, type Place } from './dashboard-metrics.ts';
import { PRICES } from './prices.ts';
import { COLOURS, COLUMNS, colourAt, graph, type Line, note, type Row, type Widget } from './widgets.ts';

/** As metric math reads numbers: no exponents. */
const decimal = (dollars: number): string => dollars.toFixed(10).replace(/\.?0+$/, '');

const GB = '1073741824';
/** Firehose bills each record as at least so much. */
const FIREHOSE_RECORD_BYTES = '5120';

/** What is billed. */
export interface CostSources {
  readonly plannerMemoryMb: number;
  readonly senderMemoryMb: number;
  readonly tableName: string;
  /** Names of delivery streams. */
  readonly streams: readonly string[];
}

export interface CostOptions {
  readonly targets: readonly string[];
  readonly planner: LambdaFunction;
  readonly sender: LambdaFunction;
  readonly cost: CostSources;
}

const used = (namespace: string, name: string, dimension: string, value: string, id: string): Line => [
  namespace,
  name,
  dimension,
  value,
  { id, stat: 'Sum', visible: false },
];

const filled = (id: string): string => `FILL(${id}, 0)`;

const usageLines = ({ planner, sender, cost }: CostOptions): readonly Line[] => [
  ...[planner, sender].flatMap((fn, i) => [
    used('AWS/Lambda', 'Invocations', 'FunctionName', fn.functionName, `calls${i}`),
    used('AWS/Lambda', 'Duration', 'FunctionName', fn.functionName, `time${i}`),
    used('AWS/Logs', 'IncomingBytes', 'LogGroupName', fn.logGroup.logGroupName, `log${i}`),
  ]),
  ...cost.streams.flatMap((stream, i) => [
    used('AWS/Firehose', 'IncomingBytes', 'DeliveryStreamName', stream, `bytes${i}`),
    used('AWS/Firehose', 'IncomingRecords', 'DeliveryStreamName', stream, `records${i}`),
  ]),
  used('AWS/DynamoDB', 'ConsumedWriteCapacityUnits', 'TableName', cost.tableName, 'writes'),
  used('AWS/DynamoDB', 'ConsumedReadCapacityUnits', 'TableName', cost.tableName, 'reads'),
];

const gbSeconds = ({ plannerMemoryMb, senderMemoryMb }: CostSources): string =>
  `(${filled('time0')} * ${plannerMemoryMb} + ${filled('time1')} * ${senderMemoryMb}) / 1024 / 1000`;

const firehoseBytes = (i: number): string => {
  const atLeast = `${filled(`records${i}`)} * ${FIREHOSE_RECORD_BYTES}`;
  return `IF(${filled(`bytes${i}`)} > ${atLeast}, ${filled(`bytes${i}`)}, ${atLeast})`;
};

const COSTS = ['lambda', 'firehose', 'dynamodb', 'logs'] as const;
type Cost = (typeof COSTS)[number];

/** Dollars of a period, by what they are paid for. */
const costs = (cost: CostSources): Readonly<Record<Cost, string>> => ({
  lambda: `(${filled('calls0')} + ${filled('calls1')}) * ${decimal(PRICES.lambdaRequest)} + (${gbSeconds(cost)}) * ${decimal(PRICES.lambdaGbSecond)}`,
  firehose: `(${cost.streams.map((_, i) => firehoseBytes(i)).join(' + ')}) / ${GB} * ${decimal(PRICES.firehoseGb)}`,
  dynamodb: `${filled('writes')} * ${decimal(PRICES.dynamoWrite)} + ${filled('reads')} * ${decimal(PRICES.dynamoRead)}`,
  logs: `(${filled('log0')} + ${filled('log1')}) / ${GB} * ${decimal(PRICES.logsGb)}`,
});

/** As a rate, whatever the period, so that an hour is what is read. */
const costLines = (cost: CostSources, isVisible: boolean): readonly Line[] => {
  const dollars = costs(cost);
  return COSTS.map((name, i) => [
    {
      id: `${name}cost`,
      label: name,
      expression: `(${dollars[name]}) * 3600 / PERIOD(calls0)`,
      color: colourAt(i),
      visible: isVisible,
    },
  ]);
};

const sentLines = (place: Place, targets: readonly string[]): readonly Line[] =>
  targets.map((target, i) => [
    ...metricOf(place, 'Sent', target),
    { id: `sent${i}`, stat: 'Sum', visible: false },
  ]);

const FIXED =
  'List prices of us-east-1, without tax, discounts, free tiers, network and what is kept in S3. On top, whatever the traffic, a month: ' +
  `$${PRICES.metricMonth.toFixed(2)} for each metric in use, $${PRICES.alarmMonth.toFixed(2)} for each metric that an alarm looks at, ` +
  `$${PRICES.compositeAlarmMonth.toFixed(2)} for the one that calls the breaker, $${PRICES.dashboardMonth} for this dashboard.`;

const THIRD = COLUMNS / 3;

const usageGraph = (region: string, options: CostOptions): Widget =>
  graph(region, {
    title: 'Invocations and GB-seconds, a minute',
    width: THIRD,
    lines: [
      ...usageLines(options),
      [{ expression: filled('calls0'), label: 'planner invocations', color: COLOURS.blue }],
      [{ expression: filled('calls1'), label: 'sender invocations', color: COLOURS.green }],
      [{ expression: gbSeconds(options.cost), label: 'GB-seconds', color: COLOURS.orange }],
    ],
  });

const rateGraph = (region: string, options: CostOptions): Widget =>
  graph(region, {
    title: 'Estimate, dollars an hour',
    width: THIRD,
    unit: '$/h',
    stacked: true,
    lines: [...usageLines(options), ...costLines(options.cost, true)],
  });

const totals = (place: Place, options: CostOptions): Widget => {
  const perHour = COSTS.map((name) => `${name}cost`).join(' + ');
  const sent = options.targets.map((_, i) => filled(`sent${i}`)).join(' + ') || '0';
  const perMillion = `(${perHour}) * PERIOD(calls0) / 3600 / (${sent}) * 1000000`;
  return graph(place.region, {
    title: 'Estimate, dollars, over the time shown',
    width: THIRD,
    height: 3,
    view: 'singleValue',
    isOverRange: true,
    lines: [
      ...usageLines(options),
      ...costLines(options.cost, false),
      ...sentLines(place, options.targets),
      [{ expression: `(${perHour}) * 24`, label: 'a day at this rate', color: COLOURS.orange }],
      [{ expression: perMillion, label: 'a million requests sent', color: COLOURS.red }],
    ],
  });
};

/** Invocations, GB-seconds, and dollars by metric math. */
export const costRow = (place: Place, options: CostOptions): Row => [
  [usageGraph(place.region, options)],
  [rateGraph(place.region, options)],
  [totals(place, options), note(THIRD, 2, FIXED)],
];
