/** Lambda: starting functions without waiting for them, and what the account allows of it. */

import {
  type AccountLimit,
  GetAccountSettingsCommand,
  InvokeCommand,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import { EXIT, RepriseError } from '../../core/errors.ts';
import { awsError, awsNameOf, awsStatusOf, isTransient } from './aws-error.ts';
import { type Backoff, backoffMs, waitFor } from './backoff.ts';

const MAX_TRIES = 3;
const BACKOFF: Backoff = { baseMs: 50, capMs: 400 };

const isThrottled = (error: unknown): boolean =>
  awsNameOf(error) === 'TooManyRequestsException' || awsStatusOf(error) === 429;

/**
 * Starts the function with `payload` (JSON) and does not wait for its end.
 *
 * Who retries what: throttling is told to the caller, who alone knows how long it is worth trying; make the client with
 * `maxAttempts: 1`, else the SDK waits on its own first. Faults of the connection or of AWS are tried again here, up to three times in
 * all; one of them may have been accepted nevertheless, so the function must bear the same event twice, as it must anyway with
 * asynchronous events.
 *
 * @param payload - at most 1 MB; beyond 256 KB AWS bills more than one request
 * (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html)
 * @throws RepriseError AWS_… for anything but throttling
 */
export const invokeAsync = async (
  client: LambdaClient,
  functionName: string,
  payload: string,
): Promise<'accepted' | 'throttled'> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.send(
        new InvokeCommand({ FunctionName: functionName, InvocationType: 'Event', Payload: payload }),
      );
      return 'accepted';
    } catch (error) {
      if (isThrottled(error)) return 'throttled';
      if (attempt >= MAX_TRIES || !isTransient(error))
        throw awsError(`start the function ${functionName}`, error, {
          needs: `lambda:InvokeFunction on ${functionName}`,
        });
    }
    await waitFor(backoffMs(attempt, BACKOFF));
  }
};

/** How many functions may run at once in the account and region. */
export interface AccountConcurrency {
  readonly concurrentExecutions: number;
  /** Of these, those that no function has reserved. */
  readonly unreservedConcurrentExecutions: number;
}

/**
 * Reads the account's limits (https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html).
 *
 * @throws RepriseError AWS_…
 */
export const readAccountConcurrency = async (client: LambdaClient): Promise<AccountConcurrency> => {
  const doing = 'read how many functions may run at once';
  let limits: AccountLimit | undefined;
  try {
    ({ AccountLimit: limits } = await client.send(new GetAccountSettingsCommand({})));
  } catch (error) {
    throw awsError(doing, error, { needs: 'lambda:GetAccountSettings on *' });
  }
  const { ConcurrentExecutions: all, UnreservedConcurrentExecutions: free } = limits ?? {};
  if (all === undefined || free === undefined)
    throw new RepriseError('AWS_FAILED', `cannot ${doing}: the answer does not say`, {
      exitCode: EXIT.stopped,
    });
  return { concurrentExecutions: all, unreservedConcurrentExecutions: free };
};

/** Region of the client. */
export const lambdaRegionOf = async (client: LambdaClient): Promise<string> => {
  const { region } = client.config;
  return typeof region === 'function' ? region() : region;
};
