/** Alarms: what a person should be told of, and the one that calls the breaker. */

import { Duration, Stack } from 'aws-cdk-lib';
import {
  Alarm,
  type AlarmBase,
  AlarmRule,
  AlarmState,
  ComparisonOperator,
  CompositeAlarm,
  type CreateAlarmOptions,
  type IMetric,
  MathExpression,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type MetricName, NAMESPACE } from '../core/measure/metric-names.ts';
import type { Queues } from './queues.ts';
import type { Settings } from './settings.ts';
import { queueDelaySeconds } from './sizing.ts';

export interface AlarmsOptions extends Queues {
  readonly settings: Settings;
  /** Names of the targets. */
  readonly targets: readonly string[];
  readonly breaker: LambdaFunction;
}

/** A planner has its message for up to 300 s; older than that, and a minute, nobody works on it. */
const QUEUE_AGE_MARGIN_SECONDS = 360;
const MAX_LAG_MS = 1000;
/** The breaker's limit, in words of the rules: failed + 5xx of at least so many requests a minute. */
const MAX_ERROR_PERCENT = 50;
const MIN_REQUESTS = 20;

const PERIOD = Duration.minutes(1);
const ABOVE = ComparisonOperator.GREATER_THAN_THRESHOLD;

/** `2 of 3`: minutes above the limit, of minutes looked at. */
const minutes = (datapointsToAlarm: number, evaluationPeriods: number) => ({
  datapointsToAlarm,
  evaluationPeriods,
});

export class Alarms extends Construct {
  readonly topic: Topic;
  /** Every alarm, in the order in which people should look at them. */
  readonly all: readonly AlarmBase[];
  /** The one that calls the breaker; an emulator has none. */
  readonly breaking: CompositeAlarm | undefined;
  private readonly stack: string;

  constructor(scope: Construct, id: string, options: AlarmsOptions) {
    super(scope, id);
    this.stack = Stack.of(this).stackName;
    this.topic = this.createTopic(options.settings.alarmEmail);
    // Emulators know neither alarms on metric math nor alarms on alarms.
    const isEmulated = options.settings.profile === 'emulator';
    const errorShares = isEmulated ? [] : options.targets.map((target) => this.errorShare(target));
    this.breaking = this.createBreaking(errorShares);
    this.all = [
      ...(this.breaking === undefined ? [] : [this.breaking]),
      ...errorShares,
      ...options.targets.map((target) => this.lag(target)),
      this.switchUnreadable(),
      this.breakerFailed(options.breaker),
      ...this.queues(options),
    ];
    for (const alarm of this.all) alarm.addAlarmAction(new SnsAction(this.topic));
  }

  private createTopic(email: string | undefined): Topic {
    const topic = new Topic(this, 'Topic', {
      displayName: `Reprise ${this.stack}`,
      enforceSSL: true,
    });
    // A policy of one's own replaces the one that lets alarms of the account in.
    topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    if (email !== undefined) topic.addSubscription(new EmailSubscription(email));
    return topic;
  }

  private metric(name: MetricName, target: string | undefined, statistic: string): Metric {
    return new Metric({
      namespace: NAMESPACE,
      metricName: name,
      dimensionsMap: { Stack: this.stack, ...(target === undefined ? {} : { Target: target }) },
      statistic,
      period: PERIOD,
    });
  }

  /** An alarm that counts minutes without data as good ones. */
  private alarm(id: string, metric: IMetric, options: CreateAlarmOptions): Alarm {
    return new Alarm(this, id, {
      metric,
      comparisonOperator: ABOVE,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      ...options,
    });
  }

  private errorShare(target: string): Alarm {
    const share = new MathExpression({
      expression: `IF(sent >= ${MIN_REQUESTS}, 100 * errors / sent, 0)`,
      label: `failed and 5xx, percent of what ${target} got`,
      usingMetrics: {
        sent: this.metric('Sent', target, 'Sum'),
        errors: this.metric('Errors', target, 'Sum'),
      },
      period: PERIOD,
    });
    return this.alarm(`ErrorShare-${target}`, share, {
      alarmDescription: `${target} fails or answers 5xx to more than ${MAX_ERROR_PERCENT} % of what is replayed`,
      threshold: MAX_ERROR_PERCENT,
      ...minutes(2, 3),
    });
  }

  private createBreaking(alarms: readonly Alarm[]): CompositeAlarm | undefined {
    if (alarms.length === 0) return undefined;
    return new CompositeAlarm(this, 'Breaking', {
      alarmDescription: 'a target fails: the breaker turns the kill switch off; turn it on again by hand',
      alarmRule: AlarmRule.anyOf(...alarms.map((alarm) => AlarmRule.fromAlarm(alarm, AlarmState.ALARM))),
    });
  }

  private lag(target: string): Alarm {
    return this.alarm(`Lag-${target}`, this.metric('Lag', target, 'p99'), {
      alarmDescription: `requests reach ${target} more than ${MAX_LAG_MS} ms after they are due: give the sender more memory or concurrency`,
      threshold: MAX_LAG_MS,
      ...minutes(3, 5),
    });
  }

  private switchUnreadable(): Alarm {
    return this.alarm('SwitchUnreadable', this.metric('SwitchUnreadable', undefined, 'Sum'), {
      alarmDescription:
        'the kill switch cannot be read, or says neither on, off nor a percentage: nothing is sent',
      threshold: 0,
      ...minutes(2, 3),
    });
  }

  private breakerFailed(breaker: LambdaFunction): Alarm {
    return this.alarm('BreakerFailed', breaker.metricErrors({ period: PERIOD }), {
      alarmDescription: 'the breaker could not turn the kill switch off: turn it off by hand',
      threshold: 0,
      ...minutes(1, 1),
    });
  }

  private queues({ settings, queue, dlq, failureQueue }: AlarmsOptions): readonly Alarm[] {
    const visible = (of: Queue) =>
      of.metricApproximateNumberOfMessagesVisible({ period: PERIOD, statistic: 'Maximum' });
    return [
      this.alarm(
        'QueueAge',
        queue.metricApproximateAgeOfOldestMessage({ period: PERIOD, statistic: 'Maximum' }),
        {
          alarmDescription:
            'objects wait longer than they should: planners fail, or there are too few of them',
          threshold: queueDelaySeconds(settings) + QUEUE_AGE_MARGIN_SECONDS,
          ...minutes(2, 3),
        },
      ),
      this.alarm('DeadLetters', visible(dlq), {
        alarmDescription:
          'objects that could not be planned: look into the dead-letter queue and the planner’s log',
        threshold: 0,
        ...minutes(1, 1),
      }),
      this.alarm('FailedSlices', visible(failureQueue), {
        alarmDescription:
          'slices that Lambda could not run: look into the failure queue and the sender’s log',
        threshold: 0,
        ...minutes(1, 1),
      }),
    ];
  }
}
