/** Queues: encrypted, by TLS only. */

import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { Settings } from './settings.ts';
import {
  MAX_RECEIVES,
  QUEUE_RETENTION_SECONDS,
  QUEUE_VISIBILITY_SECONDS,
  queueDelaySeconds,
} from './sizing.ts';

export interface Queues {
  /** Objects to plan. */
  readonly queue: Queue;
  /** Objects that could not be planned. */
  readonly dlq: Queue;
  /** Slices that Lambda could not run. */
  readonly failureQueue: Queue;
}

const createQueue = (scope: Construct, id: string, props: QueueProps): Queue =>
  new Queue(scope, id, {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    removalPolicy: RemovalPolicy.DESTROY,
    ...props,
  });

/** Makes them. */
export const createQueues = (scope: Construct, settings: Settings): Queues => {
  // People look into these: as long as SQS keeps messages.
  const kept: QueueProps = { retentionPeriod: Duration.days(14) };
  const dlq = createQueue(scope, 'DeadLetters', kept);
  const queue = createQueue(scope, 'Objects', {
    deliveryDelay: Duration.seconds(queueDelaySeconds(settings)),
    visibilityTimeout: Duration.seconds(QUEUE_VISIBILITY_SECONDS),
    retentionPeriod: Duration.seconds(QUEUE_RETENTION_SECONDS),
    deadLetterQueue: { queue: dlq, maxReceiveCount: MAX_RECEIVES },
  });
  return { queue, dlq, failureQueue: createQueue(scope, 'FailedSlices', kept) };
};
