/** SSM Parameter Store: the kill switch, the list of a stack's resources, and secrets. */

import {
  DescribeParametersCommand,
  GetParameterCommand,
  GetParametersCommand,
  type Parameter,
  PutParameterCommand,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { awsError, awsNameOf } from './aws-error.ts';
import { type Backoff, backoffMs, type Wait, waitFor } from './backoff.ts';

/** A parameter as it stands. */
export interface StoredParameter {
  readonly value: string;
  /** Counts the writes, from 1. */
  readonly version: number;
  readonly lastModifiedMs: number;
  /** Only where it was asked for, is there, and may be read. */
  readonly description?: string;
  /** ARN of who wrote it last; only where the description was asked for, and may be read. */
  readonly lastModifiedBy?: string;
}

/** GetParameters takes ten names: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html */
const MAX_NAMES_PER_CALL = 10;
// 40 calls a second is what an account and region has by default, shared with everybody: worth some patience at a cold start.
const MAX_TRIES = 6;
const BACKOFF: Backoff = { baseMs: 200, capMs: 3_000 };

type Words = Pick<StoredParameter, 'description' | 'lastModifiedBy'>;

const describe = async (client: SSMClient, name: string): Promise<Words> => {
  try {
    const { Parameters: found = [] } = await client.send(
      new DescribeParametersCommand({
        ParameterFilters: [{ Key: 'Name', Option: 'Equals', Values: [name] }],
      }),
    );
    const { Description: description, LastModifiedUser: lastModifiedBy } = found[0] ?? {};
    return {
      ...(description === undefined ? {} : { description }),
      ...(lastModifiedBy === undefined ? {} : { lastModifiedBy }),
    };
  } catch (error) {
    // The permission cannot be limited to a name, so many will not have it; the value matters more than the words beside it.
    if (awsError('', error).code === 'AWS_DENIED') return {};
    throw error;
  }
};

/**
 * Reads a plain parameter; undefined where there is none.
 *
 * @param options.withDescription - also who wrote it last, and what was said of it: a second call, which needs ssm:DescribeParameters
 * @throws RepriseError AWS_…
 */
export const readParameter = async (
  client: SSMClient,
  name: string,
  options: { readonly withDescription?: boolean } = {},
): Promise<StoredParameter | undefined> => {
  try {
    const { Parameter: found } = await client.send(new GetParameterCommand({ Name: name }));
    if (found === undefined) return undefined;
    const words = options.withDescription === true ? await describe(client, name) : {};
    return {
      value: found.Value ?? '',
      version: found.Version ?? 0,
      lastModifiedMs: found.LastModifiedDate?.getTime() ?? 0,
      ...words,
    };
  } catch (error) {
    if (awsNameOf(error) === 'ParameterNotFound') return undefined;
    throw awsError(`read the parameter ${name}`, error, {
      needs: `ssm:GetParameter on the parameter ${name}`,
    });
  }
};

/**
 * Writes a plain parameter, over what it held, and says why in its description. One that is not there is made.
 *
 * @param description - at most 1,024 characters; what is longer is cut
 * @returns its new version
 * @throws RepriseError AWS_…
 */
export const writeParameter = async (
  client: SSMClient,
  name: string,
  value: string,
  description: string,
): Promise<number> => {
  try {
    const { Version: version = 0 } = await client.send(
      new PutParameterCommand({
        Name: name,
        Value: value,
        Description: description.slice(0, 1024),
        Type: 'String',
        Overwrite: true,
      }),
    );
    return version;
  } catch (error) {
    throw awsError(`write the parameter ${name}`, error, {
      needs: `ssm:PutParameter on the parameter ${name}`,
    });
  }
};

const readBatch = async (client: SSMClient, names: string[], wait: Wait): Promise<readonly Parameter[]> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await client.send(new GetParametersCommand({ Names: names, WithDecryption: true }));
      return answer.Parameters ?? [];
    } catch (error) {
      const told = awsError(`read the secrets ${names.join(', ')}`, error, {
        needs: 'ssm:GetParameters on them, and kms:Decrypt on the key that they are encrypted with',
      });
      if (attempt >= MAX_TRIES || told.code !== 'AWS_THROTTLED') throw told;
    }
    await wait(backoffMs(attempt, BACKOFF));
  }
};

/**
 * Reads SecureStrings (or plain parameters), decrypted, in as few calls as it takes. Throttled calls are tried again for some seconds.
 *
 * @param names - names, ARNs, or names with `:version`; repeats do no harm
 * @returns values by the names given; one that does not exist is left out
 * @throws RepriseError AWS_…; no error holds a value
 */
export const readSecrets = async (
  client: SSMClient,
  names: readonly string[],
  { wait = waitFor }: { readonly wait?: Wait } = {},
): Promise<ReadonlyMap<string, string>> => {
  const wanted = [...new Set(names)];
  const values = new Map<string, string>();
  for (let i = 0; i < wanted.length; i += MAX_NAMES_PER_CALL) {
    const batch = wanted.slice(i, i + MAX_NAMES_PER_CALL);
    for (const { Name, Selector = '', ARN, Value } of await readBatch(client, batch, wait)) {
      if (Value === undefined) continue;
      // A parameter may be named twice, by name and by ARN.
      for (const name of batch)
        if (name === `${Name}${Selector}` || name === `${ARN}${Selector}`) values.set(name, Value);
    }
  }
  return values;
};
