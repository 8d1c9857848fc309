/** SQS: when a message comes back, and how many are waiting. */

import {
  ChangeMessageVisibilityCommand,
  GetQueueAttributesCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { awsError } from './aws-error.ts';

/** Messages of a queue by state; AWS calls its counts approximate. */
export interface QueueDepth {
  /** Waiting to be received. */
  readonly visible: number;
  /** Received and not yet deleted. */
  readonly notVisible: number;
  /** Not to be received before their delay is over. */
  readonly delayed: number;
}

const needsOn = (action: string, queueUrl: string): { needs: string } => ({
  needs: `sqs:${action} on the queue ${queueUrl.slice(queueUrl.lastIndexOf('/') + 1)}`,
});

/**
 * Has a received message come back after `seconds` (0 to 43,200) instead of after its visibility timeout.
 *
 * @throws RepriseError AWS_…
 */
export const makeVisibleIn = async (
  client: SQSClient,
  queueUrl: string,
  receiptHandle: string,
  seconds: number,
): Promise<void> => {
  try {
    await client.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: queueUrl,
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: seconds,
      }),
    );
  } catch (error) {
    const doing = `give a message back to the queue ${queueUrl}`;
    throw awsError(doing, error, needsOn('ChangeMessageVisibility', queueUrl));
  }
};

/**
 * How many messages the queue holds.
 *
 * @throws RepriseError AWS_…
 */
export const queueDepth = async (client: SQSClient, queueUrl: string): Promise<QueueDepth> => {
  try {
    const { Attributes: found = {} } = await client.send(
      new GetQueueAttributesCommand({
        QueueUrl: queueUrl,
        AttributeNames: [
          'ApproximateNumberOfMessages',
          'ApproximateNumberOfMessagesNotVisible',
          'ApproximateNumberOfMessagesDelayed',
        ],
      }),
    );
    return {
      visible: Number(found.ApproximateNumberOfMessages ?? 0),
      notVisible: Number(found.ApproximateNumberOfMessagesNotVisible ?? 0),
      delayed: Number(found.ApproximateNumberOfMessagesDelayed ?? 0),
    };
  } catch (error) {
    throw awsError(`read the depth of the queue ${queueUrl}`, error, needsOn('GetQueueAttributes', queueUrl));
  }
};
