/** What a deployed stack consists of, as the stack itself wrote it down for the command line. */

import type { SSMClient } from '@aws-sdk/client-ssm';
import { RepriseError } from '../../core/errors.ts';
import { isRecord } from '../../core/is-record.ts';
import { readParameter } from './ssm.ts';

/** JSON in the parameter `/reprise/<stack>/resources`. */
export interface StackResources {
  readonly version: 1;
  readonly stack: string;
  readonly switchParameter: string;
  readonly table: string;
  /** Absent where an existing log bucket is used. */
  readonly captureStream?: string;
  readonly captureBucket: string;
  readonly resultsStream: string;
  readonly resultsBucket: string;
  readonly queueUrl: string;
  readonly dlqUrl: string;
  readonly failureQueueUrl: string;
  readonly plannerFunction: string;
  readonly senderFunction: string;
  readonly dashboardUrl?: string;
  /** Absent where no reports are made. */
  readonly reportFunction?: string;
  readonly targets: readonly string[];
  readonly timing: 'live' | 'arrival';
  readonly delaySeconds: number;
}

const TEXTS = [
  'stack',
  'switchParameter',
  'table',
  'captureBucket',
  'resultsStream',
  'resultsBucket',
  'queueUrl',
  'dlqUrl',
  'failureQueueUrl',
  'plannerFunction',
  'senderFunction',
] as const;

/** Name of the parameter that holds the kill switch of a stack. */
export const switchParameterOf = (stack: string): string => `/reprise/${stack}/switch`;

/** Name of the parameter that lists the resources of a stack. */
export const resourcesParameterOf = (stack: string): string => `/reprise/${stack}/resources`;

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const isResources = (value: unknown): value is StackResources => {
  if (!isRecord(value)) return false;
  const fields = new Map(Object.entries(value));
  return (
    TEXTS.every((name) => typeof fields.get(name) === 'string') &&
    Array.isArray(fields.get('targets')) &&
    (fields.get('timing') === 'live' || fields.get('timing') === 'arrival') &&
    typeof fields.get('delaySeconds') === 'number'
  );
};

/** Region that a client works in, by the SDK's chain. Throws what the SDK says where none is set. */
export const regionOf = async (client: SSMClient): Promise<string> => {
  const { region } = client.config;
  return typeof region === 'function' ? region() : region;
};

/**
 * What the stack consists of.
 *
 * @throws RepriseError STACK_NOT_FOUND where there is none of that name in the client's region and account, STACK_UNREADABLE where it
 * was deployed by a version that this one does not understand, AWS_… as `readParameter`
 */
export const readResources = async (client: SSMClient, stack: string): Promise<StackResources> => {
  const name = resourcesParameterOf(stack);
  const found = await readParameter(client, name);
  if (found === undefined) {
    const message = `no stack "${stack}" in the region ${await regionOf(client)}: there is no parameter ${name}`;
    const hint =
      'deploy it with npx cdk deploy, or give its name with --stack and its region with AWS_REGION';
    throw new RepriseError('STACK_NOT_FOUND', message, { hint });
  }
  const value = parseJson(found.value);
  const version = isRecord(value) ? value.version : undefined;
  if (version === 1 && isResources(value)) return value;
  const message =
    version === undefined || version === 1
      ? `the parameter ${name} does not list the resources of a stack`
      : `the stack "${stack}" lists its resources in version ${JSON.stringify(version)}, this command reads version 1`;
  throw new RepriseError('STACK_UNREADABLE', message, {
    hint: 'deploy the stack again with the version of Reprise in use here',
  });
};
