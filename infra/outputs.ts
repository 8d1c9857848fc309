/** What a person needs once the stack stands: where logs go, how to turn the switch, and how to stop it all without it. */

import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import type { CfnParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import type { HourlyReport } from './report.ts';
import type { Settings } from './settings.ts';

export interface OutputValues {
  readonly settings: Settings;
  readonly captureStream: string | undefined;
  readonly captureBucket: string;
  readonly resultsBucket: string;
  readonly killSwitch: CfnParameter;
  readonly sender: LambdaFunction;
  readonly dashboardUrl: string;
  readonly alarmTopicArn: string;
  readonly dlqUrl: string;
  readonly failureQueueUrl: string;
  /** Undefined where there is none. */
  readonly report: HourlyReport | undefined;
}

type Output = (id: string, value: string, description: string) => unknown;

const SWITCH_COMMANDS = [
  ['SwitchOn', 'on', 'replays all that the rules ask for'],
  ['SwitchOff', 'off', 'stops the replay within 5 seconds'],
  ['Switch25Percent', '25%', 'replays a quarter of what the rules ask for'],
] as const;

/** Adds to what the bucket notifies already: S3 knows no way but to write all of it, so nothing is written where it cannot be read. */
const enableLogEvents = (region: string, bucket: string): string => {
  const of = `--region ${region} --bucket ${bucket}`;
  const merge = `'merge(@, \`{"EventBridgeConfiguration": {}}\`)'`;
  return (
    `config=$(aws s3api get-bucket-notification-configuration ${of} --output json --query ${merge})` +
    ` && aws s3api put-bucket-notification-configuration ${of} --notification-configuration "$config"`
  );
};

/** The blunt switch: no sender begins, whatever the kill switch, its parameter or a planner says. */
const tellOfSenders = (
  output: Output,
  region: string,
  { settings: { sender: setting }, sender }: OutputValues,
): void => {
  const command = (verb: string, more = ''): string =>
    `aws lambda ${verb}-function-concurrency --region ${region} --function-name ${sender.functionName}${more}`;
  const reserve = (count: number): string => command('put', ` --reserved-concurrent-executions ${count}`);
  output(
    'StopSenders',
    reserve(0),
    'emergency stop: no slice begins any more, until AllowSenders; later deployments leave it so',
  );
  output(
    'AllowSenders',
    setting.reservedConcurrency === 'none' ? command('delete') : reserve(setting.reservedConcurrency),
    'takes StopSenders back',
  );
};

const tellOfReports = (output: Output, region: string, report: HourlyReport): void => {
  output('LatestReport', report.url, 'the report of the last hour in which something was replayed');
  output(
    'MakeReport',
    `aws lambda invoke --region ${region} --function-name ${report.function.functionName} --cli-binary-format raw-in-base64-out --cli-read-timeout 0 --payload '{"hour":"YYYY-MM-DDTHH"}' /dev/stdout`,
    'makes the report of any hour, in UTC',
  );
};

/** Writes the outputs. The CDK prints them by name, and without their descriptions. */
export const createOutputs = (scope: Construct, values: OutputValues): void => {
  const { settings, killSwitch } = values;
  const { region } = Stack.of(scope);
  const output: Output = (id, value, description) => new CfnOutput(scope, id, { value, description });

  if (values.captureStream !== undefined)
    output('CaptureStream', values.captureStream, 'Firehose stream that log shippers write to');
  output('CaptureBucket', values.captureBucket, 'bucket that logs are read from');
  output(
    'ResultsBucket',
    values.resultsBucket,
    'bucket of results, ledgers, reports and samples of rejected lines',
  );
  output('SwitchName', killSwitch.ref, 'SSM parameter of the kill switch');
  for (const [id, value, what] of SWITCH_COMMANDS)
    output(
      id,
      `aws ssm put-parameter --region ${region} --name ${killSwitch.ref} --value ${value} --overwrite`,
      what,
    );
  tellOfSenders(output, region, values);
  output('DashboardUrl', values.dashboardUrl, 'the dashboard');
  if (values.report !== undefined) tellOfReports(output, region, values.report);
  output('AlarmTopicArn', values.alarmTopicArn, 'SNS topic of every alarm: subscribe to it');
  output('DeadLetterQueueUrl', values.dlqUrl, 'objects that could not be planned');
  output('FailureQueueUrl', values.failureQueueUrl, 'slices that Lambda could not run');
  if (settings.existingLogBucket !== undefined)
    output(
      'EnableLogEvents',
      enableLogEvents(region, settings.existingLogBucket.name),
      'once: has the bucket tell of new logs, beside whatever it notifies already',
    );
};
