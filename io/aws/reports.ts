/** Reports as they are stored in the results bucket. */

import type { S3Client } from '@aws-sdk/client-s3';
import { listObjects } from './s3-list.ts';

export const REPORTS_PREFIX = 'reports/';

/** Keys of hours begin with their year, so they come before all others. */
const OF_AN_HOUR = /^reports\/\d{4}\//;

/**
 * Whether the report of a later hour is stored.
 *
 * @param key - of the report of an hour, without its extension
 * @throws RepriseError AWS_…
 */
export const hasLaterReport = async (client: S3Client, bucket: string, key: string): Promise<boolean> => {
  const options = { startAfter: `${key}.json`, pageSize: 1 };
  for await (const listed of listObjects(client, bucket, REPORTS_PREFIX, options))
    return OF_AN_HOUR.test(listed.key);
  return false;
};
