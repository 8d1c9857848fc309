/**
 * The one place where the command line makes clients of AWS, each when it is first asked for: a command that needs none loads none.
 * Region, credentials and endpoints come by the SDK's own chain: environment, profile, SSO, the machine's role.
 */

import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { FirehoseClient } from '@aws-sdk/client-firehose';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { SSMClient } from '@aws-sdk/client-ssm';
import type { CliContext } from './context.ts';
import { type WatchCallsOptions, watchCalls } from './watch-calls.ts';

export interface AwsClients {
  readonly s3: () => Promise<S3Client>;
  readonly firehose: () => Promise<FirehoseClient>;
  readonly ssm: () => Promise<SSMClient>;
  readonly sqs: () => Promise<SQSClient>;
  readonly dynamodb: () => Promise<DynamoDBClient>;
  readonly lambda: () => Promise<LambdaClient>;
  /** From now on slow calls are not told of: something is drawn where that would be written. */
  mute(): void;
  /** Closes the connections of all clients that were made. */
  close(): void;
}

/** Without limits of its own the SDK waits for ever for a network that drops packets. Two tries that nobody answers fit a call. */
const SMALL_CALLS = {
  giveUpAfterMs: 10_000,
  requestHandler: { connectionTimeout: 5_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
} as const;
/** A page of a listing takes S3 longer where many objects were deleted. */
const S3_CALLS = {
  giveUpAfterMs: 20_000,
  requestHandler: { connectionTimeout: 5_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
} as const;
/** Four MiB take a slow line their time: as long as bytes go out it may last. Who puts tries again, so the SDK does so but once. */
const PUT_CALLS = {
  giveUpAfterMs: 60_000,
  requestHandler: {
    connectionTimeout: 5_000,
    socketTimeout: 5_000,
    requestTimeout: 60_000,
    throwOnRequestTimeout: true,
  },
  maxAttempts: 2,
} as const;

/** Who must touch a key for credentials, or type a code, has as long as the usual tools give. */
const SEARCH_FOR_MS = 60_000;
/** Who waits longer than this wants to know for what. */
const NOTE_AFTER_MS = 2_000;

/** Region of a client in brackets with its service; without it where there is none. */
const placeOf = async (service: string, region: string | (() => Promise<string>)): Promise<string> => {
  try {
    return `${service}, ${typeof region === 'function' ? await region() : region}`;
  } catch {
    // The call itself tells of it.
    return service;
  }
};

type Limits = Pick<WatchCallsOptions, 'giveUpAfterMs'> & {
  readonly requestHandler: object;
  readonly maxAttempts?: number;
};

/**
 * Opens the clients; nothing is loaded or read before one is asked for. Of each service the first call that takes longer than two
 * seconds is told of on standard error.
 */
export const openAwsClients = ({ env, stderr }: Pick<CliContext, 'env' | 'stderr'>): AwsClients => {
  const made: { destroy(): void }[] = [];
  const told = new Set<string>();
  let isMuted = false;
  const tell = async (service: string, region: string | (() => Promise<string>)): Promise<void> => {
    if (isMuted || told.has(service)) return;
    told.add(service);
    stderr.write(`still waiting for AWS (${await placeOf(service, region)}) …\n`);
  };
  // What the environment says of it stands above what is set here.
  const hasOwnAttempts = (env('AWS_MAX_ATTEMPTS') ?? '') !== '';
  const once = <
    T extends Parameters<typeof watchCalls>[0] & { destroy(): void; config: { region: unknown } },
  >(
    service: string,
    { giveUpAfterMs, requestHandler, maxAttempts }: Limits,
    make: (config: { requestHandler: object; maxAttempts?: number }) => Promise<T>,
  ): (() => Promise<T>) => {
    let client: Promise<T> | undefined;
    const makeAndKeep = async (): Promise<T> => {
      const isSet = maxAttempts === undefined || hasOwnAttempts;
      const fresh = await make({ requestHandler, ...(isSet ? {} : { maxAttempts }) });
      made.push(fresh);
      const region = fresh.config.region as string | (() => Promise<string>);
      const onSlow = (): void => void tell(service, region);
      return watchCalls(fresh, {
        service,
        giveUpAfterMs,
        searchForMs: SEARCH_FOR_MS,
        noteAfterMs: NOTE_AFTER_MS,
        onSlow,
      });
    };
    return () => {
      client ??= makeAndKeep();
      return client;
    };
  };
  // Servers that stand in for S3 are seldom found under a name of their own for each bucket.
  const isIgnored = env('AWS_IGNORE_CONFIGURED_ENDPOINT_URLS') === 'true';
  const endpoint = isIgnored ? '' : (env('AWS_ENDPOINT_URL_S3') ?? env('AWS_ENDPOINT_URL') ?? '');
  const ofS3 = endpoint === '' ? {} : { endpoint, forcePathStyle: true };
  return {
    s3: once('S3', S3_CALLS, async (config) => {
      const { S3Client } = await import('@aws-sdk/client-s3');
      return new S3Client({ ...config, ...ofS3 });
    }),
    firehose: once('Firehose', PUT_CALLS, async (config) => {
      const { FirehoseClient } = await import('@aws-sdk/client-firehose');
      return new FirehoseClient(config);
    }),
    ssm: once('SSM', SMALL_CALLS, async (config) => {
      const { SSMClient } = await import('@aws-sdk/client-ssm');
      return new SSMClient(config);
    }),
    sqs: once('SQS', SMALL_CALLS, async (config) => {
      const { SQSClient } = await import('@aws-sdk/client-sqs');
      return new SQSClient(config);
    }),
    dynamodb: once('DynamoDB', SMALL_CALLS, async (config) => {
      const { DynamoDBClient } = await import('@aws-sdk/client-dynamodb');
      return new DynamoDBClient(config);
    }),
    lambda: once('Lambda', SMALL_CALLS, async (config) => {
      const { LambdaClient } = await import('@aws-sdk/client-lambda');
      return new LambdaClient(config);
    }),
    mute: () => {
      isMuted = true;
    },
    close: () => {
      for (const client of made.splice(0)) client.destroy();
    },
  };
};
