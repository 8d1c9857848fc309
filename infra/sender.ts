/** The sender: invoked once for each slice, it sends its requests at their due instants. */

import { Stack } from 'aws-cdk-lib';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { senderLoads } from '../core/pace/senders-needed.ts';
import type { RuleSet } from '../core/rules/rule-set.ts';
import { SENDER_ENV } from '../functions/sender/env.ts';
import { secretNamesOf } from './checked-rules.ts';
import { allow, createFunction } from './function.ts';
import { createNetwork, NETWORK_INTERFACE_ACTIONS } from './network.ts';
import type { Results } from './results.ts';
import type { Settings } from './settings.ts';
import { parameterArn, type Shared } from './shared.ts';
import { senderTimeoutSeconds } from './sizing.ts';

export interface SenderOptions {
  readonly settings: Settings;
  readonly ruleSet: RuleSet;
  readonly asset: string;
  readonly results: Results;
  readonly shared: Shared;
  /** What Lambda could not run goes there. */
  readonly failureQueue: Queue;
}

/** A slice that waited longer is past its time. */
const MAX_EVENT_AGE_SECONDS = 60;

export class Sender extends Construct {
  readonly function: LambdaFunction;

  constructor(scope: Construct, id: string, options: SenderOptions) {
    super(scope, id);
    const { settings, ruleSet, asset, results, shared, failureQueue } = options;
    const { memoryMb, reservedConcurrency } = settings.sender;
    // Only what the rules in force name: a mapping that nothing uses gives no right to read its secret.
    const secrets = secretNamesOf(ruleSet).map((name) => [name, settings.secrets[name] ?? ''] as const);
    this.function = createFunction(this, {
      asset,
      description: 'sends the requests of a slice at their due instants, and records what came back',
      memorySize: memoryMb,
      timeoutSeconds: senderTimeoutSeconds(senderLoads(ruleSet)),
      maxEventAgeSeconds: MAX_EVENT_AGE_SECONDS,
      // Sending again would be traffic that nobody recorded.
      retryAttempts: 0,
      onFailure: new SqsDestination(failureQueue),
      ...(reservedConcurrency === 'none' ? {} : { reservedConcurrentExecutions: reservedConcurrency }),
      ...(settings.vpc === undefined ? {} : createNetwork(this, settings.vpc, secrets.length > 0)),
      retentionDays: settings.retentionDays,
      environment: {
        [SENDER_ENV.stack]: shared.stack,
        [SENDER_ENV.stateTable]: shared.table.tableName,
        [SENDER_ENV.resultsStream]: results.stream.ref,
        [SENDER_ENV.secrets]: JSON.stringify(Object.fromEntries(secrets)),
        ...(settings.profile === 'emulator' ? { [SENDER_ENV.allowLoopback]: '1' } : {}),
      },
    });
    this.function.addToRolePolicy(
      allow(['dynamodb:GetItem', 'dynamodb:UpdateItem'], [shared.table.tableArn]),
    );
    this.function.addToRolePolicy(allow(['firehose:PutRecordBatch'], [results.stream.attrArn]));
    if (settings.vpc !== undefined) this.function.addToRolePolicy(allow(NETWORK_INTERFACE_ACTIONS, ['*']));
    if (secrets.length > 0) this.permitSecrets(secrets.map(([, name]) => parameterArn(this, name)));
  }

  private permitSecrets(parameterArns: readonly string[]): void {
    const stack = Stack.of(this);
    this.function.addToRolePolicy(allow(['ssm:GetParameters'], parameterArns));
    // Any key, but only through Parameter Store, and only for these parameters.
    this.function.addToRolePolicy(
      allow(['kms:Decrypt'], [stack.formatArn({ service: 'kms', resource: 'key', resourceName: '*' })], {
        StringEquals: {
          'kms:ViaService': `ssm.${stack.region}.${stack.urlSuffix}`,
          'kms:EncryptionContext:PARAMETER_ARN': [...parameterArns],
        },
      }),
    );
  }
}
