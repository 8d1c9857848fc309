import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteDeliveryStreamCommand,
  DescribeDeliveryStreamCommand,
  type FirehoseClient,
} from '@aws-sdk/client-firehose';
import { EXIT, RepriseError } from '../core/errors.ts';
import { awsError, awsNameOf } from '../io/aws/aws-error.ts';

const POLL_MS = 2_000;
const TIMEOUT_MS = 300_000;
const GONE = 'ResourceNotFoundException';
/** Asked again while it is on its way out, Firehose says that it is in use. */
const ON_ITS_WAY_OUT = 'ResourceInUseException';

/**
 * Deletes a delivery stream, with what it has not delivered yet, and waits until it is gone.
 *
 * @throws RepriseError STREAM_NOT_DELETED after 5 minutes, AWS_…
 */
export const deleteStream = async (client: FirehoseClient, name: string): Promise<void> => {
  try {
    await client.send(new DeleteDeliveryStreamCommand({ DeliveryStreamName: name, AllowForceDelete: true }));
  } catch (error) {
    if (![GONE, ON_ITS_WAY_OUT].includes(awsNameOf(error)))
      throw awsError(`delete the stream ${name}`, error);
  }
  for (const end = Date.now() + TIMEOUT_MS; Date.now() < end; await sleep(POLL_MS)) {
    try {
      await client.send(new DescribeDeliveryStreamCommand({ DeliveryStreamName: name }));
    } catch (error) {
      if (awsNameOf(error) === GONE) return;
      throw awsError(`look for the stream ${name}`, error);
    }
  }
  throw new RepriseError('STREAM_NOT_DELETED', `the stream ${name} is still there after 5 minutes`, {
    hint: 'try again',
    exitCode: EXIT.stopped,
  });
};
