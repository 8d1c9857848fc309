/**
 * Lambda function that plans objects of logs. Errors: what another try cannot mend is counted and told in the ledger; all else makes the
 * message come back, in 5 s or as soon as nothing holds the object any more, or is thrown to Lambda, which tries again. At its start it
 * throws for settings that are missing or wrong, so that the deployment is seen to be broken.
 */

import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { Context } from 'aws-lambda';
import { parseRuleSet, readPlannerSettings } from './config.ts';
import { type BatchAnswer, createEventPlanner, type DirectAnswer } from './plan-event.ts';
import { createWallClock } from './planner-clock.ts';
import { wirePlanner } from './wire.ts';

// Lambda's own flags let the heap grow to nine tenths of the memory before it is collected with zeal: of a large object that took 55 % of
// it, and with this 35 %.
setFlagsFromString('--optimize-for-size');

const CONNECT_WITHIN = { connectionTimeout: 1_000, throwOnRequestTimeout: true };
/** A mark that takes longer makes its slice late; the switch is read again in 2 s. */
const SOON = { maxAttempts: 3, requestHandler: { ...CONNECT_WITHIN, requestTimeout: 2_000 } };
/** Retries are the caller's, who knows how long they are worth it. */
const ONCE = { maxAttempts: 1, requestHandler: { ...CONNECT_WITHIN, requestTimeout: 3_000 } };
/** Ranges of 8 MiB have a limit of their own. */
const PATIENT = { maxAttempts: 5, requestHandler: { ...CONNECT_WITHIN, requestTimeout: 30_000 } };

const planEvent = createEventPlanner(
  wirePlanner({
    settings: readPlannerSettings(process.env),
    ruleSet: parseRuleSet(readFileSync(new URL('./rule-set.json', import.meta.url), 'utf8')),
    s3: new S3Client(PATIENT),
    dynamo: new DynamoDBClient(SOON),
    lambda: new LambdaClient(ONCE),
    ssm: new SSMClient({ ...SOON, maxAttempts: 2 }),
    sqs: new SQSClient(SOON),
    clock: createWallClock(),
    random: Math.random,
    newOwner: randomUUID,
    // Not console.log: the runtime would wrap what CloudWatch is to read as metrics.
    write: (text) => void process.stdout.write(text),
  }),
);

// Whatever is under way: each slice is marked before it is dispatched, and the lease runs out by itself.
process.on('SIGTERM', () => process.exit(0));

export const handler = (event: unknown, context: Context): Promise<BatchAnswer | DirectAnswer> =>
  planEvent(event, context.getRemainingTimeInMillis(), context.awsRequestId);
