/** What functions share. */

import { Stack } from 'aws-cdk-lib';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { CfnParameter } from 'aws-cdk-lib/aws-ssm';
import type { Construct } from 'constructs';
import { createKillSwitch } from './kill-switch.ts';
import { createStateTable } from './state.ts';

export interface Shared {
  /** Name of the stack: dimension of its metrics. */
  readonly stack: string;
  readonly table: TableV2;
  readonly killSwitch: CfnParameter;
  readonly killSwitchArn: string;
}

/** ARN of an SSM parameter, whose name may begin with a slash, or not. */
export const parameterArn = (scope: Construct, name: string): string =>
  Stack.of(scope).formatArn({
    service: 'ssm',
    resource: 'parameter',
    resourceName: name.replace(/^\//, ''),
  });

export const createShared = (scope: Construct): Shared => {
  const killSwitch = createKillSwitch(scope);
  return {
    stack: Stack.of(scope).stackName,
    table: createStateTable(scope),
    killSwitch,
    killSwitchArn: parameterArn(scope, killSwitch.name ?? ''),
  };
};
