/** Where access logs come in: a stream into a bucket, or a bucket that holds them already. */

import { Stack } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { CfnDeliveryStream } from 'aws-cdk-lib/aws-kinesisfirehose';
import { Bucket, type CfnBucket, type IBucket } from 'aws-cdk-lib/aws-s3';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct, type IConstruct } from 'constructs';
import type { Settings } from './settings.ts';
import { createBucket, Delivery } from './storage.ts';

/** Keys of captured logs; nothing else in the bucket wakes a planner. */
export const CAPTURED_PREFIX = 'captured/';

/** What is asked of a bucket that may not be ours. */
export type LogBucket = IConstruct & Pick<IBucket, 'arnForObjects' | 'bucketArn' | 'bucketName' | 'stack'>;

/** The bucket of logs, and the stream into it where it is ours. Each object that comes in puts a message into `queue`. */
export class Capture extends Construct {
  readonly bucket: LogBucket;
  readonly prefix: string;
  readonly stream: CfnDeliveryStream | undefined;

  constructor(scope: Construct, id: string, { settings, queue }: { settings: Settings; queue: Queue }) {
    super(scope, id);
    const { existingLogBucket: existing } = settings;
    if (existing !== undefined) {
      this.bucket = Bucket.fromBucketName(this, 'Bucket', existing.name);
      this.prefix = existing.prefix;
      this.listenTo(existing, queue);
      return;
    }
    const bucket = createBucket(this, 'Bucket', settings);
    this.bucket = bucket;
    this.prefix = CAPTURED_PREFIX;
    this.notify(bucket, queue);
    this.stream = new Delivery(this, 'Delivery', {
      bucket,
      prefix: CAPTURED_PREFIX,
      addsNewlines: true,
      settings,
    }).stream;
  }

  /** By the bucket's own property: the CDK's `addEventNotification` would bring a function of its own to set it. */
  private notify(bucket: Bucket, queue: Queue): void {
    const { added, policyDependable } = queueAdmitsS3(queue);
    const resource = bucket.node.defaultChild as CfnBucket;
    resource.notificationConfiguration = {
      queueConfigurations: [
        {
          event: 's3:ObjectCreated:*',
          queue: queue.queueArn,
          filter: { s3Key: { rules: [{ name: 'prefix', value: CAPTURED_PREFIX }] } },
        },
      ],
    };
    // S3 tries the queue when it is told of it.
    if (added && policyDependable !== undefined) resource.node.addDependency(policyDependable);
  }

  /** An existing bucket keeps its own notifications: EventBridge hears of its objects once it is enabled there. */
  private listenTo({ name, prefix }: { name: string; prefix: string }, queue: Queue): void {
    const object = prefix === '' ? {} : { object: { key: [{ prefix }] } };
    new Rule(this, 'Created', {
      description: `${Stack.of(this).stackName}: new logs in ${name}`,
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: { bucket: { name: [name] }, ...object },
      },
      targets: [new SqsQueue(queue)],
    });
  }
}

// By account, not by bucket: the bucket needs the policy, so the policy cannot need the bucket.
const queueAdmitsS3 = (queue: Queue) => {
  const { statementAdded: added, policyDependable } = queue.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal('s3.amazonaws.com')],
      actions: ['sqs:SendMessage'],
      resources: [queue.queueArn],
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(queue).account } },
    }),
  );
  return { added, policyDependable };
};
