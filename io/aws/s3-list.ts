/** S3: listings. */

import { ListObjectsV2Command, type ListObjectsV2CommandOutput, type S3Client } from '@aws-sdk/client-s3';
import { awsError, unlikeAws } from './aws-error.ts';

export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
  readonly lastModifiedMs: number;
  /** In its quotes. */
  readonly etag: string;
}

interface Place {
  readonly StartAfter?: string;
  readonly ContinuationToken?: string;
}

const nameOf = (bucket: string, key: string): string => `s3://${bucket}/${key}`;

const decodeKey = (key: string, encoding: string | undefined): string =>
  encoding === 'url' ? decodeURIComponent(key.replaceAll('+', ' ')) : key;

export interface ListOptions {
  /** Only keys behind this one. */
  readonly startAfter?: string;
  /** Keys a page, up to 1,000. */
  readonly pageSize?: number;
  /**
   * Asked of each key. Where the key is not wanted and neither is any that follows up to some other: that other, which must be behind
   * the key. What is not wanted is left out, and what need not be listed for it is not.
   */
  readonly skipTo?: (key: string) => string | undefined;
  /** Told when keys may have been left out without being listed. */
  readonly onSkipped?: () => void;
}

/** Who was asked; undefined where nobody set it. */
const endpointOf = async ({ config }: S3Client): Promise<string | undefined> => {
  const endpoint = await config.endpoint?.();
  if (endpoint === undefined) return undefined;
  const { protocol, hostname, port } = endpoint;
  return `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`;
};

const listPage = async (
  client: S3Client,
  bucket: string,
  prefix: string,
  place: Place & { readonly MaxKeys?: number },
): Promise<ListObjectsV2CommandOutput> => {
  try {
    // Keys may hold characters that XML cannot.
    const command = { Bucket: bucket, Prefix: prefix, EncodingType: 'url', ...place } as const;
    const page = await client.send(new ListObjectsV2Command(command));
    // Any well-formed page would pass for a listing of nothing.
    if (page.Name === undefined && page.KeyCount === undefined && page.IsTruncated === undefined)
      throw unlikeAws('S3', await endpointOf(client));
    return page;
  } catch (error) {
    throw awsError(`list ${nameOf(bucket, prefix)}`, error, {
      needs: `s3:ListBucket on arn:aws:s3:::${bucket}`,
    });
  }
};

/**
 * The objects whose keys begin with `prefix`, in the order of their keys (UTF-8), page by page. "Folders" that consoles make (empty
 * objects whose key ends with a slash) are among them.
 *
 * @throws RepriseError AWS_…
 */
export async function* listObjects(
  client: S3Client,
  bucket: string,
  prefix: string,
  { startAfter, pageSize, skipTo, onSkipped }: ListOptions = {},
): AsyncGenerator<ListedObject> {
  const most = pageSize === undefined ? {} : { MaxKeys: pageSize };
  let place: Place = startAfter === undefined ? {} : { StartAfter: startAfter };
  let lastKey: string | undefined;
  for (;;) {
    const page = await listPage(client, bucket, prefix, { ...most, ...place });
    const pageEnd = page.Contents?.at(-1)?.Key;
    // Who does not know StartAfter would give the same page for ever.
    if (pageEnd !== undefined && pageEnd === lastKey)
      throw awsError(`list ${nameOf(bucket, prefix)}`, unlikeAws('S3', await endpointOf(client)));
    lastKey = pageEnd;
    let skippedTo: string | undefined;
    for (const { Key, Size, LastModified, ETag } of page.Contents ?? []) {
      if (Key === undefined) continue;
      const key = decodeKey(Key, page.EncodingType);
      skippedTo = skipTo?.(key);
      if (skippedTo !== undefined) continue;
      yield { key, bytes: Size ?? 0, lastModifiedMs: LastModified?.getTime() ?? 0, etag: ETag ?? '' };
    }
    if (page.IsTruncated !== true || page.NextContinuationToken === undefined) return;
    if (skippedTo !== undefined) onSkipped?.();
    // It lies behind the page's last key, so behind all that begin with the prefix where it does not begin so itself.
    if (skippedTo !== undefined && !skippedTo.startsWith(prefix)) return;
    place =
      skippedTo === undefined ? { ContinuationToken: page.NextContinuationToken } : { StartAfter: skippedTo };
  }
}
