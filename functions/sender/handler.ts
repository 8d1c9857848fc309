/**
 * Lambda function that sends one slice an invocation. Errors: none of an event, a target or a service; each is counted, and Lambda need
 * not deliver anything again. At its start it throws for settings that are missing, so that the deployment is seen to be broken.
 */

import { readFileSync } from 'node:fs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { FirehoseClient } from '@aws-sdk/client-firehose';
import type { Context } from 'aws-lambda';
import { startClock } from '../../io/clock.ts';
import { parseSenderConfig, readSenderSettings } from './config.ts';
import { createShutdown } from './shutdown.ts';
import type { SliceOutcome } from './slice-sender.ts';
import { wireSender } from './wire.ts';

const CONNECT_WITHIN = { connectionTimeout: 1_000, throwOnRequestTimeout: true };
/** The switch is looked at every second: an answer that takes longer is worth nothing. */
const SOON = { maxAttempts: 3, requestHandler: { ...CONNECT_WITHIN, requestTimeout: 1_000 } };
/** Results may take their time: they are waited for beside the sending. */
const PATIENT = { maxAttempts: 2, requestHandler: { ...CONNECT_WITHIN, requestTimeout: 5_000 } };
/** Secrets are to be there within the lead, after a second try if need be. */
const WITHIN_LEAD = { maxAttempts: 3, requestHandler: { ...CONNECT_WITHIN, requestTimeout: 1_500 } };

const shutdown = createShutdown(() => process.exit(0));
process.on('SIGTERM', () => void shutdown.begin());

const { sendSlice } = wireSender({
  settings: readSenderSettings(process.env),
  config: parseSenderConfig(readFileSync(new URL('./targets.json', import.meta.url), 'utf8')),
  dynamo: new DynamoDBClient(SOON),
  firehose: new FirehoseClient(PATIENT),
  readSecrets: async (names) => (await import('./ssm-secrets.ts')).readSsmSecrets(names, WITHIN_LEAD),
  clock: startClock(),
  wallClock: Date.now,
  // Not console.log: the runtime would wrap what CloudWatch is to read as metrics.
  write: (text) => void process.stdout.write(text),
  stop: shutdown.signal,
});

export const handler = (event: unknown, context: Context): Promise<SliceOutcome> =>
  shutdown.track(sendSlice(event, context.getRemainingTimeInMillis()));
