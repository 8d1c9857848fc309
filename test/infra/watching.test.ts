import { beforeAll, describe, expect, it } from 'vitest';
import { METRICS, type MetricName } from '../../core/measure/metric-names.ts';
import { FAILURE_CODES, HELD_BACK_REASONS } from '../../core/types.ts';
import { codeOf, filesIn } from '../support/project-files.ts';
import { type Json, resourcesOf, type Synthesised, synthesise, textOf, writeRules } from './synthesise.ts';

const RULES = `
version: 1
targets: { staging: { url: "https://staging.example.com" }, other: { url: "https://other.example.com" } }
rules:
  - { name: a, match: { host: api.example.com }, target: staging }
  - { name: b, match: { host: api.example.com }, target: other }
`;

interface Widget {
  readonly type: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly properties: Json & {
    readonly title?: string;
    readonly markdown?: string;
    readonly metrics?: unknown[][];
  };
}

/** Metrics that no graph shows, and why none is missed. */
const NOT_SHOWN: Partial<Record<MetricName, string>> = {
  Errors: 'the alarm on the share of errors is shown, and so are failures and statuses, which it adds up',
  LatencyFromDue: 'it is lag and latency together, each of which is shown',
  InFlight:
    'each sender knows its own; where it matters, requests are held back for in_flight, which is shown',
  SwitchUnreadable: 'its alarm is shown, and what is held back for it',
  BreakerTripped: 'the switch is shown, and its parameter says when it was turned off and why',
};

/** Stands for a resource that is not there. */
const NONE: readonly [string, { readonly Properties: Json }] = ['', { Properties: {} }];

let plain: Synthesised;
let two: Synthesised;
let emulator: Synthesised;

beforeAll(async () => {
  plain = await synthesise();
  two = await synthesise({ rules: writeRules(RULES), alarmEmail: 'ops@example.com' });
  emulator = await synthesise({ profile: 'emulator' });
}, 60_000);

const widgetsOf = (stack: Synthesised): readonly Widget[] => {
  const [[, { Properties }] = NONE] = resourcesOf(stack, 'AWS::CloudWatch::Dashboard');
  return (JSON.parse(textOf(Properties.DashboardBody)) as { widgets: Widget[] }).widgets;
};
const titled = (stack: Synthesised, title: string): Widget => {
  const found = widgetsOf(stack).find(({ properties }) => properties.title === title);
  if (found === undefined) throw new Error(`no widget is called ${title}`);
  return found;
};
const optionsOf = (line: readonly unknown[]): Json => line.at(-1) as Json;
/** Lines that are seen, without those that are only there to be compared with. */
const ownLines = ({ properties: { metrics = [] } }: Widget): readonly Json[] =>
  metrics.map(optionsOf).filter(({ visible, id }) => visible !== false && id !== 'shadow');

describe('the dashboard', () => {
  it('asks its questions in order', () => {
    const headings = widgetsOf(plain).flatMap(
      ({ properties: { markdown = '' } }) => markdown.match(/^## .*/) ?? [],
    );
    expect(headings).toEqual([
      '## Is it on?',
      '## Is it true to production?',
      '## Does the target suffer?',
      '## Did it pass?',
      '## Was anything lost?',
      '## What does it cost?',
    ]);
  });

  it('answers each of them, for each target', () => {
    const titles = widgetsOf(two).flatMap(({ properties: { title } }) => title ?? []);
    const ofTarget = (rest: readonly string[]) =>
      ['staging', 'other'].flatMap((target) => rest.map((text) => `${target}: ${text}`));
    expect(titles).toEqual([
      'Switch, %',
      'Backoff level: share of its traffic that each target can take',
      'Alarms',
      ...ofTarget(['recorded', 'replayed', 'lag, from due to sent']),
      ...ofTarget(['recorded latency', 'replayed latency', 'recorded status', 'replayed status', 'failures']),
      'Gates of the rules, by hour of report',
      'Verdict of the last report: 1 has failed',
      'Log lines',
      'Objects',
      'Age of the oldest object',
      'Planner lag: slices handed over late',
      'Given up',
      'Events that are no slices',
      ...ofTarget(['from planned to answered', 'held back', 'slices, and results that were lost']),
      'Invocations and GB-seconds, a minute',
      'Estimate, dollars an hour',
      'Estimate, dollars, over the time shown',
    ]);
  });

  it.each([
    ['recorded', 'replayed'],
    ['recorded latency', 'replayed latency'],
    ['recorded status', 'replayed status'],
  ])('has %s right above %s, in the same colours and on the same scale', (above, below) => {
    const [top, bottom] = [titled(plain, `local: ${above}`), titled(plain, `local: ${below}`)];
    expect(bottom).toMatchObject({ x: top.x, y: top.y + top.height, width: top.width, height: top.height });
    expect(bottom.properties.yAxis).toEqual(top.properties.yAxis);
    const look = (widget: Widget) =>
      ownLines(widget).map(({ label, color }) => `${String(label)} ${String(color)}`);
    expect(look(bottom)).toEqual(look(top));
    // Each shows the highest of the other as well, so CloudWatch scales both to the higher of the two.
    const seen = ({ properties: { metrics = [] } }: Widget) =>
      metrics
        .filter((line) => line.length > 1)
        .map(([, name, ...rest]) => `${String(name)} ${String(optionsOf(rest).stat)}`);
    expect(seen(bottom).toSorted()).toEqual(seen(top).toSorted());
    for (const { properties } of [top, bottom])
      expect(properties.metrics?.map(optionsOf).filter(({ id }) => id === 'shadow')).toHaveLength(1);
  });

  it('shows every failure code and every reason to hold back', () => {
    const labels = (title: string) => ownLines(titled(plain, title)).map(({ label }) => label);
    expect(labels('local: failures')).toEqual(FAILURE_CODES);
    expect(labels('local: held back')).toEqual(HELD_BACK_REASONS);
  });

  it('asks for metrics that exist, under the dimensions that they are published with', () => {
    for (const { properties } of widgetsOf(two))
      for (const [namespace, name, ...rest] of properties.metrics ?? []) {
        if (namespace !== 'Reprise') continue;
        const metric = METRICS[name as keyof typeof METRICS];
        expect(metric, String(name)).toBeDefined();
        const dimensions = rest.slice(0, -1);
        expect(dimensions.slice(0, 3)).toEqual(
          metric.isPerTarget ? ['Stack', 'reprise', 'Target'] : ['Stack', 'reprise'],
        );
        expect(dimensions).toHaveLength(metric.isPerTarget ? 4 : 2);
      }
  });

  it('shows every metric, but for those that need not be seen', () => {
    const shown = widgetsOf(plain).flatMap(({ properties: { metrics = [] } }) =>
      metrics.filter(([namespace]) => namespace === 'Reprise').map(([, name]) => String(name)),
    );
    const unseen = Object.keys(METRICS).filter((name) => !shown.includes(name));
    expect(unseen.toSorted()).toEqual(Object.keys(NOT_SHOWN).toSorted());
  });

  it('shows no metric that no function publishes', () => {
    const sources = filesIn(['core/measure', 'functions'], ['.ts']).filter(
      ({ path }) => path !== 'core/measure/metric-names.ts',
    );
    const code = sources.map(({ text }) => codeOf(text)).join('\n');
    // Those that are made of a code, a reason or a class of statuses are not written out.
    const made = /^(Failed|HeldBack)[A-Z]|^(Recorded)?Status\d/;
    const names = Object.keys(METRICS).filter((name) => !made.test(name));
    expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(code))).toEqual([]);
    expect(names.length).toBeGreaterThan(25);
  });

  it('has expressions of metrics that stand beside them, and no id twice', () => {
    for (const { properties } of widgetsOf(two)) {
      const options = (properties.metrics ?? []).map(optionsOf);
      const ids = options.flatMap(({ id }) => (id === undefined ? [] : [String(id)]));
      expect(new Set(ids).size).toBe(ids.length);
      for (const id of ids) expect(id).toMatch(/^[a-z][A-Za-z0-9]*$/);
      const used = options.flatMap(({ expression = '' }) => String(expression).match(/\b[a-z]\w*/g) ?? []);
      expect(used.filter((id) => !ids.includes(id))).toEqual([]);
    }
  });

  it('fits its grid: nothing beyond 24 columns, nothing on top of another', () => {
    const taken = new Set<string>();
    for (const { x, y, width, height } of widgetsOf(two)) {
      expect(x + width).toBeLessThanOrEqual(24);
      for (let column = x; column < x + width; column += 1)
        for (let row = y; row < y + height; row += 1) {
          expect(taken.has(`${column} ${row}`)).toBe(false);
          taken.add(`${column} ${row}`);
        }
    }
  });

  it('reckons dollars with numbers that metric math can read', () => {
    const { properties } = titled(plain, 'Estimate, dollars an hour');
    const byLabel = new Map(
      (properties.metrics ?? []).map(optionsOf).map(({ label, expression }) => [label, expression]),
    );
    expect(byLabel.get('lambda')).toBe(
      '((FILL(calls0, 0) + FILL(calls1, 0)) * 0.0000002 + ((FILL(time0, 0) * 1024 + FILL(time1, 0) * 512) / 1024 / 1000) * 0.0000133334) * 3600 / PERIOD(calls0)',
    );
    expect(byLabel.get('dynamodb')).toBe(
      '(FILL(writes, 0) * 0.000000625 + FILL(reads, 0) * 0.000000125) * 3600 / PERIOD(calls0)',
    );
  });

  it('shows every alarm', () => {
    const shown = widgetsOf(plain).flatMap(({ properties }) => (properties.alarms ?? []) as string[]);
    const all = [
      ...resourcesOf(plain, 'AWS::CloudWatch::Alarm'),
      ...resourcesOf(plain, 'AWS::CloudWatch::CompositeAlarm'),
    ];
    expect(shown.toSorted()).toEqual(all.map(([id]) => `<${id}.Arn>`).toSorted());
  });
});

describe('alarms', () => {
  const table = (stack: Synthesised) =>
    resourcesOf(stack, 'AWS::CloudWatch::Alarm').map(([id, { Properties }]) => {
      const { MetricName, Threshold, DatapointsToAlarm, EvaluationPeriods } = Properties;
      const name = id.replace(/^Alarms(\w+)[0-9A-F]{8}$/, '$1');
      return `${name}: ${String(MetricName ?? 'math')} > ${String(Threshold)}, ${String(DatapointsToAlarm)} of ${String(EvaluationPeriods)}`;
    });

  it('are these', () => {
    expect(table(two)).toEqual([
      'ErrorSharestaging: math > 50, 2 of 3',
      'ErrorShareother: math > 50, 2 of 3',
      'Lagstaging: Lag > 1000, 3 of 5',
      'Lagother: Lag > 1000, 3 of 5',
      'SlicesFailedstaging: SlicesFailed > 0, 2 of 3',
      'ResultsLoststaging: ResultsLost > 0, 2 of 3',
      'SlicesFailedother: SlicesFailed > 0, 2 of 3',
      'ResultsLostother: ResultsLost > 0, 2 of 3',
      'SwitchUnreadable: SwitchUnreadable > 0, 2 of 3',
      'BreakerFailed: Errors > 0, 1 of 1',
      'GatesFailed: VerdictFailed > 0, 1 of 1',
      'ReportFailed: Errors > 0, 1 of 1',
      'QueueAge: ApproximateAgeOfOldestMessage > 450, 2 of 3',
      'DeadLetters: ApproximateNumberOfMessagesVisible > 0, 1 of 1',
      'SlicesNotRun: ApproximateNumberOfMessagesVisible > 0, 1 of 1',
    ]);
  });

  it('take the share of failures and 5xx of at least 20 requests', () => {
    const [[, { Properties }] = NONE] = resourcesOf(plain, 'AWS::CloudWatch::Alarm').filter(([id]) =>
      id.includes('ErrorShare'),
    );
    const metrics = Properties.Metrics as readonly Json[];
    expect(
      metrics.map(({ Expression, MetricStat }) => Expression ?? (MetricStat as { Metric: Json }).Metric),
    ).toEqual([
      'IF(sent >= 20, 100 * errors / sent, 0)',
      expect.objectContaining({ MetricName: 'Sent' }),
      expect.objectContaining({ MetricName: 'Errors' }),
    ]);
  });

  it('of errors are more where an abort says more, each told and calling like the first', async () => {
    const abort = (when: string): string => `abort: { when: "${when}" }`;
    const strict = await synthesise({
      rules: writeRules(`
version: 1
targets:
  a: { url: "https://a.example.com" }
  b: { url: "https://b.example.com" }
  c: { url: "https://c.example.com" }
rules:
  - { name: a1, match: { host: api.example.com }, target: a, ${abort('errors > 50% for 60s')} }
  - { name: a2, match: { host: api.example.com }, target: a, ${abort('errors > 7% for 90s')} }
  - { name: b1, match: { host: api.example.com }, target: b, ${abort('errors > 20% for 5m')} }
  - { name: b2, match: { host: api.example.com }, target: b, ${abort('errors >= 20% for 10s')} }
  - { name: c1, match: { host: api.example.com }, target: c, ${abort('errors > 60% for 60m')} }
`),
    });
    expect(table(strict).slice(0, 6)).toEqual([
      'ErrorSharea: math > 50, 2 of 3',
      'Abortaabove50for1m: math > 50, 1 of 1',
      'Abortaabove7for2m: math > 7, 2 of 2',
      'ErrorShareb: math > 50, 2 of 3',
      'Abortbfrom20for1m: math > 20, 1 of 1',
      'ErrorSharec: math > 50, 2 of 3',
    ]);
    const alarms = resourcesOf(strict, 'AWS::CloudWatch::Alarm').slice(0, 6);
    const words = alarms.map(([, { Properties }]) => [
      Properties.ComparisonOperator,
      Properties.AlarmDescription,
    ]);
    const failsBy = (what: string): string => `fails or answers 5xx to ${what} of what is replayed`;
    expect(words).toEqual([
      ['GreaterThanThreshold', `a ${failsBy('more than 50 %')}`],
      ['GreaterThanThreshold', `a ${failsBy('more than 50 %')}, 1 min long: an abort of its rules`],
      ['GreaterThanThreshold', `a ${failsBy('more than 7 %')}, 2 min long: an abort of its rules`],
      ['GreaterThanThreshold', `b ${failsBy('more than 50 %')}`],
      ['GreaterThanOrEqualToThreshold', `b ${failsBy('20 % or more')}, 1 min long: an abort of its rules`],
      ['GreaterThanThreshold', `c ${failsBy('more than 50 %')}`],
    ]);
    const [[, { Properties: any }] = NONE] = resourcesOf(strict, 'AWS::CloudWatch::CompositeAlarm');
    for (const [id, { Properties }] of alarms) {
      expect(JSON.stringify(Properties.AlarmActions)).toMatch(/"AlarmsTopic.*"BreakerFunction/);
      expect(textOf(any.AlarmRule)).toContain(`ALARM("<${id}.Arn>")`);
    }
  }, 60_000);

  it('tell the topic, which tells the address; minutes without data are good ones', () => {
    const alarms = [
      ...resourcesOf(two, 'AWS::CloudWatch::Alarm'),
      ...resourcesOf(two, 'AWS::CloudWatch::CompositeAlarm'),
    ];
    const [[topic] = ['']] = resourcesOf(two, 'AWS::SNS::Topic');
    for (const [, { Properties }] of alarms) expect(Properties.AlarmActions).toContainEqual({ Ref: topic });
    for (const [, { Properties }] of resourcesOf(two, 'AWS::CloudWatch::Alarm'))
      expect(Properties.TreatMissingData).toBe('notBreaching');
    expect(resourcesOf(two, 'AWS::SNS::Subscription').map(([, { Properties }]) => Properties)).toMatchObject([
      { Protocol: 'email', Endpoint: 'ops@example.com' },
    ]);
    expect(resourcesOf(plain, 'AWS::SNS::Subscription')).toEqual([]);
  });

  it('of errors call the breaker, each by itself and all together, and may', () => {
    const [[any, { Properties }] = NONE] = resourcesOf(two, 'AWS::CloudWatch::CompositeAlarm');
    expect(textOf(Properties.AlarmRule)).toMatch(
      /^\(ALARM\("<AlarmsErrorSharestaging\w+\.Arn>"\) OR ALARM\("<AlarmsErrorShareother\w+\.Arn>"\)\)$/,
    );
    const alarms = resourcesOf(two, 'AWS::CloudWatch::Alarm');
    const shares = alarms.filter(([id]) => id.startsWith('AlarmsErrorShare'));
    expect(shares).toHaveLength(2);
    // The one of all stays in ALARM while one target fails: what a second target does, its own alarm alone can tell.
    const calling = [...alarms, ...resourcesOf(two, 'AWS::CloudWatch::CompositeAlarm')]
      .filter(([, alarm]) => JSON.stringify(alarm.Properties.AlarmActions).includes('"BreakerFunction'))
      .map(([id]) => id);
    expect(calling).toEqual([...shares.map(([id]) => id), any]);
    const permissions = resourcesOf(two, 'AWS::Lambda::Permission')
      .map(([, permission]) => permission.Properties)
      .filter(({ Principal }) => Principal !== 'events.amazonaws.com');
    // One, however many targets there are.
    expect(permissions).toMatchObject([
      {
        Action: 'lambda:InvokeFunction',
        Principal: 'lambda.alarms.cloudwatch.amazonaws.com',
        SourceAccount: { Ref: 'AWS::AccountId' },
      },
    ]);
    expect(textOf(permissions[0]?.SourceArn)).toMatch(/:alarm:[a-z]+\*$/);
  });

  it('are the same on an emulator, but for that of errors, which calls the breaker', () => {
    const [first, ...rest] = table(plain);
    expect(first).toBe('ErrorSharelocal: math > 50, 2 of 3');
    expect(table(emulator)).toEqual(rest.map((row) => row.replace('> 450', '> 360')));
    const callers = resourcesOf(emulator, 'AWS::Lambda::Permission').map(
      ([, { Properties }]) => Properties.Principal,
    );
    expect(callers).toEqual(['events.amazonaws.com']);
  });
});
