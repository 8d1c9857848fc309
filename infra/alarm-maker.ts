/** Makes alarms of a stack the same way. */

import { Duration, Stack } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type CreateAlarmOptions,
  type IMetric,
  Metric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import { type MetricName, NAMESPACE } from '../core/measure/metric-names.ts';

export const PERIOD = Duration.minutes(1);
export const ABOVE = ComparisonOperator.GREATER_THAN_THRESHOLD;
export const FROM = ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD;

/** `2 of 3`: minutes above the limit, of minutes looked at. */
export const minutes = (datapointsToAlarm: number, evaluationPeriods: number) => ({
  datapointsToAlarm,
  evaluationPeriods,
});

export interface AlarmMaker {
  /** A metric of the stack, or of one of its targets. */
  metric(name: MetricName, target: string | undefined, statistic: string, period?: Duration): Metric;
  /** An alarm that counts minutes without data as good ones; above its threshold unless told otherwise. */
  alarm(id: string, metric: IMetric, options: CreateAlarmOptions): Alarm;
}

/** Makes them below `scope`. */
export const createAlarmMaker = (scope: Construct): AlarmMaker => ({
  metric: (name, target, statistic, period = PERIOD) =>
    new Metric({
      namespace: NAMESPACE,
      metricName: name,
      dimensionsMap: {
        Stack: Stack.of(scope).stackName,
        ...(target === undefined ? {} : { Target: target }),
      },
      statistic,
      period,
    }),
  alarm: (id, metric, options) =>
    new Alarm(scope, id, {
      metric,
      comparisonOperator: ABOVE,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      ...options,
    }),
});
