/** The breaker: turns the switch off when an alarm tells it to. */

import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { AlarmBase } from 'aws-cdk-lib/aws-cloudwatch';
import { ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { BREAKER_ENV } from '../functions/breaker/env.ts';
import { allow, createFunction } from './function.ts';
import type { Settings } from './settings.ts';
import type { Shared } from './shared.ts';

const MEMORY_MB = 256;
const TIMEOUT_SECONDS = 30;
/** Later the alarm would have called again, or people have acted. */
const MAX_EVENT_AGE_SECONDS = 900;

export class Breaker extends Construct {
  readonly function: LambdaFunction;

  constructor(
    scope: Construct,
    id: string,
    { settings, asset, shared }: { settings: Settings; asset: string; shared: Shared },
  ) {
    super(scope, id);
    this.function = createFunction(this, {
      asset,
      description: 'turns the kill switch off when the error share of a target says so',
      memorySize: MEMORY_MB,
      timeoutSeconds: TIMEOUT_SECONDS,
      maxEventAgeSeconds: MAX_EVENT_AGE_SECONDS,
      retryAttempts: 2,
      retentionDays: settings.retentionDays,
      environment: {
        [BREAKER_ENV.stack]: shared.stack,
        [BREAKER_ENV.switchParameter]: shared.killSwitch.ref,
      },
    });
    this.function.addToRolePolicy(allow(['ssm:GetParameter', 'ssm:PutParameter'], [shared.killSwitchArn]));
  }

  /** Has the alarms call the breaker, which they do when they go to ALARM and never while they stay there. */
  listenTo(alarms: readonly AlarmBase[]): void {
    if (alarms.length === 0) return;
    for (const alarm of alarms)
      alarm.addAlarmAction({ bind: () => ({ alarmActionArn: this.function.functionArn }) });
    const { account, stackName } = Stack.of(this);
    // One for all alarms of the stack, whose names begin with its own: the policy of a function has no room for one a target.
    this.function.addPermission('Alarms', {
      principal: new ServicePrincipal('lambda.alarms.cloudwatch.amazonaws.com'),
      sourceAccount: account,
      sourceArn: Stack.of(this).formatArn({
        service: 'cloudwatch',
        resource: 'alarm',
        resourceName: `${stackName}*`,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
    });
  }
}
