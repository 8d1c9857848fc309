/** Secrets from SSM, in a module of its own: it is loaded only where there are any, as it takes a good part of a cold start. */

import { SSMClient, type SSMClientConfig } from '@aws-sdk/client-ssm';
import { readSecrets } from '../../io/aws/ssm.ts';

/**
 * Reads SecureStrings, decrypted.
 *
 * @returns values by the names given; one that does not exist is left out
 * @throws RepriseError AWS_…
 */
export const readSsmSecrets = async (
  names: readonly string[],
  config: SSMClientConfig,
): Promise<ReadonlyMap<string, string>> => {
  const client = new SSMClient(config);
  try {
    return await readSecrets(client, names);
  } finally {
    client.destroy();
  }
};
