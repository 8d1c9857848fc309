/** Environment variables that a function cannot do without. */

import { RepriseError } from '../core/errors.ts';

/** Environment variables by name: `process.env`, or what a test gives. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The value of a variable.
 *
 * @throws RepriseError `CONFIG_MISSING` for one that is not set, or empty
 */
export const requiredEnv = (env: Environment, name: string): string => {
  const value = env[name];
  if (value !== undefined && value !== '') return value;
  throw new RepriseError('CONFIG_MISSING', `environment variable ${name} is not set`);
};
