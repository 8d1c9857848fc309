/**
 * Lambda function that turns the kill switch off when an alarm asks for it. Errors: where the switch cannot be written it throws, so that
 * CloudWatch's event is delivered again; everything else is logged.
 */

import { SSMClient } from '@aws-sdk/client-ssm';
import { readParameter, writeParameter } from '../../io/aws/ssm.ts';
import { logLine } from '../log.ts';
import { requiredEnv } from '../required-env.ts';
import { type BreakerOutcome, createBreaker } from './breaker.ts';
import { BREAKER_ENV } from './env.ts';

const ssm = new SSMClient({ maxAttempts: 5 });
const parameter = requiredEnv(process.env, BREAKER_ENV.switchParameter);
// Not console.log: the runtime would wrap what CloudWatch is to read as metrics.
const writeLine = (line: string): void => void process.stdout.write(`${line}\n`);

const trip = createBreaker({
  stack: requiredEnv(process.env, BREAKER_ENV.stack),
  readSwitch: async () => (await readParameter(ssm, parameter))?.value,
  writeSwitch: async (value, description) => void (await writeParameter(ssm, parameter, value, description)),
  wallClock: Date.now,
  writeLine,
  log: (entry) => writeLine(logLine(entry)),
});

export const handler = (event: unknown): Promise<BreakerOutcome> => trip(event);
