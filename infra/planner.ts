/** The planner: woken by the queue of objects, it cuts them into slices and hands each to a sender at its time. */

import { Policy } from 'aws-cdk-lib/aws-iam';
import { type Function as LambdaFunction, RecursiveLoop } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { PLANNER_ENV } from '../functions/planner/env.ts';
import type { Capture } from './capture.ts';
import { allow, createFunction } from './function.ts';
import type { Results } from './results.ts';
import type { Settings } from './settings.ts';
import type { Shared } from './shared.ts';
import { PLANNER_TIMEOUT_SECONDS } from './sizing.ts';

export interface PlannerOptions {
  readonly settings: Settings;
  readonly asset: string;
  readonly queue: Queue;
  readonly dlq: Queue;
  readonly capture: Capture;
  readonly results: Results;
  readonly shared: Shared;
  readonly sender: LambdaFunction;
}

/** A hand-over that waited longer finds nothing left to send. */
const MAX_EVENT_AGE_SECONDS = 3600;

const environmentOf = ({ settings, queue, results, shared, sender }: PlannerOptions) => ({
  [PLANNER_ENV.stack]: shared.stack,
  [PLANNER_ENV.stateTable]: shared.table.tableName,
  [PLANNER_ENV.senderFunction]: sender.functionName,
  [PLANNER_ENV.resultsBucket]: results.bucket.bucketName,
  [PLANNER_ENV.switchParameter]: shared.killSwitch.ref,
  [PLANNER_ENV.queueUrl]: queue.queueUrl,
  [PLANNER_ENV.timing]: settings.timing,
  [PLANNER_ENV.delaySeconds]: String(settings.delaySeconds),
});

export class Planner extends Construct {
  readonly function: LambdaFunction;

  constructor(scope: Construct, id: string, options: PlannerOptions) {
    super(scope, id);
    const { settings, asset, queue, dlq } = options;
    this.function = createFunction(this, {
      asset,
      description: 'plans the replay of logged requests, and hands slices of them to senders in time',
      memorySize: settings.planner.memoryMb,
      timeoutSeconds: PLANNER_TIMEOUT_SECONDS,
      maxEventAgeSeconds: MAX_EVENT_AGE_SECONDS,
      retryAttempts: 2,
      onFailure: new SqsDestination(dlq),
      // It invokes itself to go on with objects that outlast it, within a limit of its own.
      recursiveLoop: RecursiveLoop.ALLOW,
      retentionDays: settings.retentionDays,
      environment: environmentOf(options),
    });
    this.permit(options);
    this.function.addEventSource(
      new SqsEventSource(queue, {
        batchSize: 1,
        maxConcurrency: settings.planner.maxConcurrency,
        reportBatchItemFailures: true,
      }),
    );
  }

  private permit({ settings, capture, results, shared, sender }: PlannerOptions): void {
    const { bucket } = results;
    const { kmsKeyArn } = settings.existingLogBucket ?? {};
    const statements = [
      allow(['s3:GetObject', 's3:GetObjectVersion'], [capture.bucket.arnForObjects(`${capture.prefix}*`)]),
      // Without it S3 says "denied" of an object that is gone.
      allow(['s3:ListBucket'], [capture.bucket.bucketArn]),
      allow(['s3:PutObject'], [bucket.arnForObjects('ledger/*'), bucket.arnForObjects('rejected/*')]),
      allow(['dynamodb:GetItem', 'dynamodb:UpdateItem'], [shared.table.tableArn]),
      allow(['ssm:GetParameter'], [shared.killSwitchArn]),
      ...(kmsKeyArn === undefined ? [] : [allow(['kms:Decrypt'], [kmsKeyArn])]),
    ];
    for (const statement of statements) this.function.addToRolePolicy(statement);
    // A policy of its own: the function waits for that of its role, which therefore cannot name the function.
    new Policy(this, 'Invoke', {
      roles: this.function.role === undefined ? [] : [this.function.role],
      statements: [allow(['lambda:InvokeFunction'], [sender.functionArn, this.function.functionArn])],
    });
  }
}
