/** Gathers what there is to know of a stack, each part by itself: one that cannot be read does not hide the others. */

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { SSMClient } from '@aws-sdk/client-ssm';
import { RepriseError } from '../../core/errors.ts';
import { type LastObject, readLast } from '../../io/aws/last-object.ts';
import { readResources, regionOf, type StackResources } from '../../io/aws/resources.ts';
import { type QueueDepth, queueDepth } from '../../io/aws/sqs.ts';
import { readParameter, type StoredParameter } from '../../io/aws/ssm.ts';
import { readTarget, type TargetState } from '../../io/aws/target-state.ts';
import type { AwsClients } from '../aws-clients.ts';

/** A part that was read, or why it could not be; `value` is absent where there is nothing yet. */
export interface Part<T> {
  readonly value?: T;
  readonly error?: RepriseError;
}

export interface TargetStatus extends Part<TargetState> {
  readonly name: string;
}

export interface StackStatus {
  readonly stack: string;
  readonly region: string;
  /** Epoch ms. */
  readonly atMs: number;
  /** What the stack says of itself. */
  readonly resources: Pick<StackResources, 'captureStream' | 'timing' | 'delaySeconds' | 'dashboardUrl'>;
  readonly switch: Part<StoredParameter>;
  readonly targets: readonly TargetStatus[];
  readonly last: Part<LastObject>;
  readonly queue: Part<QueueDepth>;
  readonly dlq: Part<QueueDepth>;
  readonly failureQueue: Part<QueueDepth>;
}

interface Clients {
  readonly ssm: SSMClient;
  readonly sqs: SQSClient;
  readonly dynamodb: DynamoDBClient;
}

const partOf = async <T>(reading: Promise<T | undefined>): Promise<Part<T>> => {
  try {
    const value = await reading;
    return value === undefined ? {} : { value };
  } catch (error) {
    if (!(error instanceof RepriseError)) throw error;
    return { error };
  }
};

const readParts = async (
  { ssm, sqs, dynamodb }: Clients,
  resources: StackResources,
): Promise<Omit<StackStatus, 'stack' | 'region' | 'atMs' | 'resources'>> => {
  const { table, switchParameter, queueUrl, dlqUrl, failureQueueUrl } = resources;
  const readTargetPart = async (name: string): Promise<TargetStatus> => ({
    name,
    ...(await partOf(readTarget(dynamodb, table, name, { nowMs: Date.now() }))),
  });
  const [switchPart, last, queue, dlq, failureQueue, targets] = await Promise.all([
    partOf(readParameter(ssm, switchParameter, { withDescription: true })),
    partOf(readLast(dynamodb, table)),
    partOf(queueDepth(sqs, queueUrl)),
    partOf(queueDepth(sqs, dlqUrl)),
    partOf(queueDepth(sqs, failureQueueUrl)),
    Promise.all(resources.targets.map(readTargetPart)),
  ]);
  return { switch: switchPart, last, queue, dlq, failureQueue, targets };
};

/**
 * Finds the stack; what is returned reads how it stands, as often as wanted.
 *
 * @throws RepriseError STACK_NOT_FOUND, AWS_…
 */
export const openStatus = async (stack: string, clients: AwsClients): Promise<() => Promise<StackStatus>> => {
  const ssm = await clients.ssm();
  const resources = await readResources(ssm, stack);
  const [sqs, dynamodb, region] = [await clients.sqs(), await clients.dynamodb(), await regionOf(ssm)];
  return async () => {
    const parts = await readParts({ ssm, sqs, dynamodb }, resources);
    return { stack, region, atMs: Date.now(), resources, ...parts };
  };
};

/** What could not be read. */
export const statusErrors = (status: StackStatus): readonly RepriseError[] => {
  const { last, queue, dlq, failureQueue, targets } = status;
  return [status.switch, last, queue, dlq, failureQueue, ...targets].flatMap(({ error }) =>
    error === undefined ? [] : [error],
  );
};
