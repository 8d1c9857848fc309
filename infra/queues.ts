/** Queues: encrypted, by TLS only. */

import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { Settings } from './settings.ts';
import { queueDelaySeconds } from './sizing.ts';

export interface Queues {
  /** Objects to plan. */
  readonly queue: Queue;
  /** Objects that could not be planned. */
  readonly dlq: Queue;
  /** Slices that Lambda could not run. */
  readonly failureQueue: Queue;
}

/** A planner's message comes back this long after a hard crash: six times its timeout, as Lambda asks of a queue. */
const VISIBILITY_SECONDS = 1800;
const MAX_RECEIVES = 5;

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
    visibilityTimeout: Duration.seconds(VISIBILITY_SECONDS),
    // What nobody took within an hour is too old to be replayed.
    retentionPeriod: Duration.hours(1),
    deadLetterQueue: { queue: dlq, maxReceiveCount: MAX_RECEIVES },
  });
  return { queue, dlq, failureQueue: createQueue(scope, 'FailedSlices', kept) };
};
