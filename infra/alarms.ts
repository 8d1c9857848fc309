/** Alarms: what a person should be told of, and the one that calls the breaker. */

import {
  type Alarm,
  type AlarmBase,
  AlarmRule,
  AlarmState,
  CompositeAlarm,
  MathExpression,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { Topic } from 'aws-cdk-lib/aws-sns';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { RuleSet } from '../core/rules/rule-set.ts';
import { ABOVE, type AlarmMaker, createAlarmMaker, FROM, minutes, PERIOD } from './alarm-maker.ts';
import { createAlarmTopic } from './alarm-topic.ts';
import { type ErrorAlarm, errorAlarmsOf, MIN_REQUESTS } from './error-limit.ts';
import type { Queues } from './queues.ts';
import { reportAlarms } from './report-alarms.ts';
import type { Settings } from './settings.ts';
import { queueDelaySeconds } from './sizing.ts';

export interface AlarmsOptions extends Queues {
  readonly settings: Settings;
  readonly ruleSet: Pick<RuleSet, 'targets' | 'rules'>;
  readonly breaker: LambdaFunction;
  /** Undefined where there is none. */
  readonly report: LambdaFunction | undefined;
}

/** A planner has its message for up to 300 s; older than that, and a minute, nobody works on it. */
const QUEUE_AGE_MARGIN_SECONDS = 360;
const MAX_LAG_MS = 1000;

export class Alarms extends Construct {
  readonly topic: Topic;
  /** Every alarm, in the order in which people should look at them. */
  readonly all: readonly AlarmBase[];
  /**
   * Those that call the breaker; an emulator has none. Each error share does so for itself beside the one of them all: that one stays in
   * ALARM while any target fails, and an alarm acts on a change of its state alone, so a second target would fail unheard.
   */
  readonly breaking: readonly AlarmBase[];
  private readonly make: AlarmMaker;

  constructor(scope: Construct, id: string, options: AlarmsOptions) {
    super(scope, id);
    this.make = createAlarmMaker(this);
    this.topic = createAlarmTopic(this, options.settings.alarmEmail);
    // Emulators know neither alarms on metric math nor alarms on alarms.
    const isEmulated = options.settings.profile === 'emulator';
    const targets = Object.keys(options.ruleSet.targets);
    const errorShares = (isEmulated ? [] : targets).flatMap((target) =>
      errorAlarmsOf(target, options.ruleSet.rules).map((alarm) => this.errorShare(target, alarm)),
    );
    this.breaking = [...this.anyOf(errorShares), ...errorShares];
    this.all = [
      ...this.breaking,
      ...targets.map((target) => this.lag(target)),
      ...targets.flatMap((target) => [this.slicesFailed(target), this.resultsLost(target)]),
      this.switchUnreadable(),
      this.breakerFailed(options.breaker),
      ...reportAlarms(this.make, options.report),
      ...this.queues(options),
    ];
    for (const alarm of this.all) alarm.addAlarmAction(new SnsAction(this.topic));
  }

  private errorShare(target: string, { id, limit, description }: ErrorAlarm): Alarm {
    const share = new MathExpression({
      expression: `IF(sent >= ${MIN_REQUESTS}, 100 * errors / sent, 0)`,
      label: `failed and 5xx, percent of what ${target} got`,
      usingMetrics: {
        sent: this.make.metric('Sent', target, 'Sum'),
        errors: this.make.metric('Errors', target, 'Sum'),
      },
      period: PERIOD,
    });
    return this.make.alarm(id, share, {
      alarmDescription: description,
      threshold: limit.percent,
      comparisonOperator: limit.orEqual ? FROM : ABOVE,
      ...minutes(limit.datapointsToAlarm, limit.evaluationPeriods),
    });
  }

  private anyOf(alarms: readonly Alarm[]): readonly CompositeAlarm[] {
    if (alarms.length === 0) return [];
    const any = new CompositeAlarm(this, 'Breaking', {
      alarmDescription:
        'a target fails: the breaker turns the kill switch off; turn it on again by hand, once this is OK',
      alarmRule: AlarmRule.anyOf(...alarms.map((alarm) => AlarmRule.fromAlarm(alarm, AlarmState.ALARM))),
    });
    return [any];
  }

  private lag(target: string): Alarm {
    return this.make.alarm(`Lag-${target}`, this.make.metric('Lag', target, 'p99'), {
      alarmDescription: `requests reach ${target} more than ${MAX_LAG_MS} ms after they are due: give the sender more memory or concurrency`,
      threshold: MAX_LAG_MS,
      ...minutes(3, 5),
    });
  }

  private slicesFailed(target: string): Alarm {
    return this.make.alarm(`SlicesFailed-${target}`, this.make.metric('SlicesFailed', target, 'Sum'), {
      alarmDescription: `slices for ${target} end before their first request: look into the sender’s log`,
      threshold: 0,
      ...minutes(2, 3),
    });
  }

  private resultsLost(target: string): Alarm {
    return this.make.alarm(`ResultsLost-${target}`, this.make.metric('ResultsLost', target, 'Sum'), {
      alarmDescription: `results of ${target} do not get to the results stream: look into the sender’s log`,
      threshold: 0,
      ...minutes(2, 3),
    });
  }

  private switchUnreadable(): Alarm {
    return this.make.alarm('SwitchUnreadable', this.make.metric('SwitchUnreadable', undefined, 'Sum'), {
      alarmDescription:
        'the kill switch cannot be read, or says neither on, off nor a percentage: nothing is sent',
      threshold: 0,
      ...minutes(2, 3),
    });
  }

  private breakerFailed(breaker: LambdaFunction): Alarm {
    return this.make.alarm('BreakerFailed', breaker.metricErrors({ period: PERIOD }), {
      alarmDescription: 'the breaker could not turn the kill switch off: turn it off by hand',
      threshold: 0,
      ...minutes(1, 1),
    });
  }

  private queues({ settings, queue, dlq, failureQueue }: AlarmsOptions): readonly Alarm[] {
    const visible = (of: Queue) =>
      of.metricApproximateNumberOfMessagesVisible({ period: PERIOD, statistic: 'Maximum' });
    return [
      this.make.alarm(
        'QueueAge',
        queue.metricApproximateAgeOfOldestMessage({ period: PERIOD, statistic: 'Maximum' }),
        {
          alarmDescription:
            'objects wait longer than they should: planners fail, or there are too few of them',
          threshold: queueDelaySeconds(settings) + QUEUE_AGE_MARGIN_SECONDS,
          ...minutes(2, 3),
        },
      ),
      this.make.alarm('DeadLetters', visible(dlq), {
        alarmDescription:
          'objects that could not be planned: look into the dead-letter queue and the planner’s log',
        threshold: 0,
        ...minutes(1, 1),
      }),
      this.make.alarm('SlicesNotRun', visible(failureQueue), {
        alarmDescription:
          'slices that Lambda could not run: look into the failure queue and the sender’s log',
        threshold: 0,
        ...minutes(1, 1),
      }),
    ];
  }
}
