import {
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  type ListObjectVersionsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { RepriseError } from '../core/errors.ts';
import { awsError, awsNameOf } from '../io/aws/aws-error.ts';

type Version = { readonly Key?: string | undefined; readonly VersionId?: string | undefined };

const deleteAll = async (client: S3Client, bucket: string, versions: readonly Version[]): Promise<void> => {
  const objects = versions.map(({ Key = '', VersionId }) => ({ Key, VersionId }));
  const { Errors: errors = [] } = await client.send(
    new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: objects, Quiet: true } }),
  );
  const [first] = errors;
  if (first !== undefined)
    throw new RepriseError(
      'BUCKET_NOT_EMPTIED',
      `${errors.length} of ${objects.length} objects of ${bucket} could not be deleted, the first ${JSON.stringify(first.Key)}: ${first.Code}`,
    );
};

/**
 * Deletes every object of a bucket, in every version, with the marks of those deleted before.
 *
 * @returns how many there were; 0 also where there is no such bucket
 * @throws RepriseError BUCKET_NOT_EMPTIED, AWS_…
 */
export const emptyBucket = async (client: S3Client, bucket: string): Promise<number> => {
  let count = 0;
  let next: Pick<ListObjectVersionsCommandInput, 'KeyMarker' | 'VersionIdMarker'> | undefined = {};
  try {
    // A page holds as many as one deletion takes: 1,000.
    while (next !== undefined) {
      const page: ListObjectVersionsCommandOutput = await client.send(
        new ListObjectVersionsCommand({ Bucket: bucket, ...next }),
      );
      const versions = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])];
      if (versions.length > 0) await deleteAll(client, bucket, versions);
      count += versions.length;
      const { IsTruncated, NextKeyMarker, NextVersionIdMarker } = page;
      next = IsTruncated ? { KeyMarker: NextKeyMarker, VersionIdMarker: NextVersionIdMarker } : undefined;
    }
  } catch (error) {
    if (awsNameOf(error) === 'NoSuchBucket') return count;
    throw error instanceof RepriseError ? error : awsError(`empty the bucket ${bucket}`, error);
  }
  return count;
};
