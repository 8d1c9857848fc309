/** What a person needs once the stack stands: where logs go, and how to turn the switch. */

import { CfnOutput, Stack } from 'aws-cdk-lib';
import type { CfnParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import type { Settings } from './settings.ts';

export interface OutputValues {
  readonly settings: Settings;
  readonly captureStream: string | undefined;
  readonly captureBucket: string;
  readonly resultsBucket: string;
  readonly killSwitch: CfnParameter;
  readonly dashboardUrl: string;
}

const SWITCH_COMMANDS = [
  ['SwitchOn', 'on', 'replays all that the rules ask for'],
  ['SwitchOff', 'off', 'stops the replay within 5 seconds'],
  ['Switch25Percent', '25%', 'replays a quarter of what the rules ask for'],
] as const;

/** Writes the outputs. */
export const createOutputs = (scope: Construct, values: OutputValues): void => {
  const { settings, killSwitch } = values;
  const { region } = Stack.of(scope);
  const output = (id: string, value: string, description: string) =>
    new CfnOutput(scope, id, { value, description });

  if (values.captureStream !== undefined)
    output('CaptureStream', values.captureStream, 'Firehose stream that log shippers write to');
  output('CaptureBucket', values.captureBucket, 'bucket that logs are read from');
  output('ResultsBucket', values.resultsBucket, 'bucket of results, ledgers and samples of rejected lines');
  output('SwitchName', killSwitch.ref, 'SSM parameter of the kill switch');
  for (const [id, value, what] of SWITCH_COMMANDS)
    output(
      id,
      `aws ssm put-parameter --region ${region} --name ${killSwitch.ref} --value ${value} --overwrite`,
      what,
    );
  output('DashboardUrl', values.dashboardUrl, 'the dashboard');
  if (settings.existingLogBucket !== undefined)
    output(
      'EnableLogEvents',
      `aws s3api put-bucket-notification-configuration --bucket ${settings.existingLogBucket.name} ` +
        `--notification-configuration '{"EventBridgeConfiguration":{}}'`,
      'once: tells of new logs. It replaces what the bucket notifies already: add to that where get-bucket-notification-configuration shows any',
    );
};
