/** Runs the command line for tests against local endpoints that stand for AWS. */

import { vi } from 'vitest';
import { clientEnvironment } from './aws/client-config.ts';
import { type Ended, type InProcessOptions, reprise, startInProcess } from './cli.ts';

/** Endpoints by service, as in `AWS_ENDPOINT_URL_<SERVICE>`. */
export type Endpoints = Readonly<Record<string, { readonly endpoint: string }>>;

/** The variables by which clients find the endpoints, set for this process until `vi.unstubAllEnvs()`, and returned. */
export const useEndpoints = (endpoints: Endpoints): Record<string, string> => {
  const urls = Object.entries(endpoints).map(([service, { endpoint }]) => [service, endpoint] as const);
  const env = {
    ...clientEnvironment(Object.fromEntries(urls)),
    // What this machine has of its own must not matter.
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_MAX_ATTEMPTS: '1',
  };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  return env;
};

/** Runs a command within this process to its end, with the environment of `useEndpoints`. */
export const repriseOnAws = (
  env: Readonly<Record<string, string>>,
  args: readonly string[],
  options: InProcessOptions = {},
): Promise<Ended> => reprise(args, { ...options, env: { ...env, ...options.env } });

/** Starts a command within this process, with the environment of `useEndpoints`. */
export const startOnAws = (
  env: Readonly<Record<string, string>>,
  args: readonly string[],
  options: InProcessOptions = {},
): ReturnType<typeof startInProcess> => startInProcess(args, { ...options, env: { ...env, ...options.env } });
