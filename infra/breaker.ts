/** The breaker: turns the switch off when an alarm tells it to. */

import type { AlarmBase } from 'aws-cdk-lib/aws-cloudwatch';
import { LambdaAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
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

  /** Has the alarm call the breaker, which it does when it goes to ALARM and never while it stays there. */
  listenTo(alarm: AlarmBase): void {
    alarm.addAlarmAction(new LambdaAction(this.function));
  }
}
