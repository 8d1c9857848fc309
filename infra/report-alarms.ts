/** Alarms of the hourly report: its verdict, and that it could not be made. */

import { Duration } from 'aws-cdk-lib';
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { type AlarmMaker, minutes, PERIOD } from './alarm-maker.ts';

/** One report an hour: it stands for an hour, and rings again only if the next one failed, too. */
const REPORT_PERIOD = Duration.hours(1);

/** None where no reports are made. */
export const reportAlarms = (
  { alarm, metric }: AlarmMaker,
  report: LambdaFunction | undefined,
): readonly Alarm[] => {
  if (report === undefined) return [];
  return [
    alarm('GatesFailed', metric('VerdictFailed', undefined, 'Maximum', REPORT_PERIOD), {
      alarmDescription:
        'a gate of the rules failed, or could not be judged, in the last hour that was reported: look into reports/latest.html in the results bucket',
      threshold: 0,
      ...minutes(1, 1),
    }),
    alarm('ReportFailed', report.metricErrors({ period: PERIOD }), {
      alarmDescription:
        'a report could not be made: look into the report’s log, then invoke it for the hour that lacks one',
      threshold: 0,
      ...minutes(1, 1),
    }),
  ];
};
