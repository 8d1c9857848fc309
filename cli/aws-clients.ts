/**
 * The one place where the command line makes clients of AWS, each when it is first asked for: a command that needs none loads none.
 * Region, credentials and endpoints come by the SDK's own chain: environment, profile, SSO, the machine's role.
 */

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { FirehoseClient } from '@aws-sdk/client-firehose';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { SSMClient } from '@aws-sdk/client-ssm';
import type { CliContext } from './context.ts';

export interface AwsClients {
  readonly s3: () => Promise<S3Client>;
  readonly firehose: () => Promise<FirehoseClient>;
  readonly ssm: () => Promise<SSMClient>;
  readonly sqs: () => Promise<SQSClient>;
  readonly dynamodb: () => Promise<DynamoDBClient>;
  /** Closes the connections of all clients that were made. */
  close(): void;
}

/** Without limits of its own the SDK waits for ever for a network that drops packets. */
const COMMON = {
  requestHandler: { connectionTimeout: 5_000, requestTimeout: 60_000, throwOnRequestTimeout: true },
} as const;

/** Opens the clients; nothing is loaded or read before one is asked for. */
export const openAwsClients = (env: CliContext['env']): AwsClients => {
  const made: { destroy(): void }[] = [];
  const once = <T extends { destroy(): void }>(make: () => Promise<T>): (() => Promise<T>) => {
    let client: Promise<T> | undefined;
    const makeAndKeep = async (): Promise<T> => {
      const fresh = await make();
      made.push(fresh);
      return fresh;
    };
    return () => {
      client ??= makeAndKeep();
      return client;
    };
  };
  // Servers that stand in for S3 are seldom found under a name of their own for each bucket.
  const forcePathStyle = (env('AWS_ENDPOINT_URL_S3') ?? env('AWS_ENDPOINT_URL') ?? '') !== '';
  return {
    s3: once(async () => new (await import('@aws-sdk/client-s3')).S3Client({ ...COMMON, forcePathStyle })),
    firehose: once(async () => new (await import('@aws-sdk/client-firehose')).FirehoseClient(COMMON)),
    ssm: once(async () => new (await import('@aws-sdk/client-ssm')).SSMClient(COMMON)),
    sqs: once(async () => new (await import('@aws-sdk/client-sqs')).SQSClient(COMMON)),
    dynamodb: once(async () => new (await import('@aws-sdk/client-dynamodb')).DynamoDBClient(COMMON)),
    close: () => {
      for (const client of made.splice(0)) client.destroy();
    },
  };
};
