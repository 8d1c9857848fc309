/** S3: logs as inputs, and small texts. */

import {
  GetObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { EXIT, RepriseError } from '../../core/errors.ts';
import type { LogInput } from '../log-files.ts';
import { openText } from '../text-stream.ts';
import { awsError, awsNameOf, awsStatusOf } from './aws-error.ts';
import { type Backoff, backoffMs, waitFor } from './backoff.ts';
import { type RangeOptions, readRanges } from './s3-ranges.ts';

/** Names one object, or one version of it. */
export interface S3Object {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
  /** With or without its quotes. An object that has another one now is gone. */
  readonly etag?: string;
  /** Bytes as stored. */
  readonly size?: number;
}

export interface S3LogOptions extends S3Object {
  /** `etag` and `size` come from a listing just made: they are taken as they are, and nothing is asked before the first byte. */
  readonly isListed?: boolean;
  /** For tests: how ranges are read. */
  readonly ranges?: RangeOptions;
}

/** A log in S3. */
export interface S3LogInput extends LogInput {
  readonly etag: string;
  readonly versionId?: string;
  readonly bytes: number;
}

const MAX_PUT_TRIES = 6;
const PUT_BACKOFF: Backoff = { baseMs: 50, capMs: 1_000 };

const nameOf = (bucket: string, key: string): string => `s3://${bucket}/${key}`;
const quoted = (etag: string): string => (etag.startsWith('"') ? etag : `"${etag}"`);
const readNeeds = (bucket: string): { needs: string } => ({
  needs: `s3:GetObject on arn:aws:s3:::${bucket}/*, and s3:ListBucket on the bucket to tell what is missing`,
});

const gone = (name: string, why: string, cause?: unknown): RepriseError =>
  new RepriseError('OBJECT_GONE', `${name} ${why}`, { ...(cause === undefined ? {} : { cause }) });

/** Says of an error at the head of an object whether the object is what is missing. */
const explainHead = ({ bucket, key, versionId, etag }: S3Object, error: unknown): RepriseError => {
  const name = nameOf(bucket, key);
  const status = awsStatusOf(error);
  const ofVersion = versionId === undefined ? '' : ` in the version ${versionId}`;
  // 405: what bears the version is a delete marker.
  if (status === 404 || status === 405) return gone(name, `does not exist${ofVersion}`);
  if (status === 412) return gone(name, `is no longer what it was: its etag is not ${quoted(etag ?? '')}`);
  return awsError(`read ${name}`, error, readNeeds(bucket));
};

const headOf = async (client: S3Client, object: S3Object): Promise<HeadObjectCommandOutput> => {
  const { bucket, key, versionId, etag } = object;
  try {
    return await client.send(
      new HeadObjectCommand({
        Bucket: bucket,
        Key: key,
        ...(versionId === undefined ? {} : { VersionId: versionId }),
        ...(etag === undefined ? {} : { IfMatch: quoted(etag) }),
      }),
    );
  } catch (error) {
    throw explainHead(object, error);
  }
};

/**
 * A log in S3, read in ranges of 8 MiB, each on its own: a reader that takes its time holds no idle connection. Every range is of the
 * object that was there at the call, and a range that breaks off is taken up again where it did. Compression is recognised by content.
 *
 * Nothing but its head is asked for here; `open` reads, as often as wanted.
 *
 * @returns the input, named `s3://bucket/key`; reading it throws RepriseError INPUT_UNREADABLE where the object is replaced or deleted
 * in the middle, and as `openText` does
 * @throws RepriseError OBJECT_GONE where there is no such object or version (any more), AWS_…
 */
export const s3LogInput = async (client: S3Client, options: S3LogOptions): Promise<S3LogInput> => {
  const { bucket, key, versionId, etag, size } = options;
  const isKnown = options.isListed === true && etag !== undefined && size !== undefined;
  const head = isKnown
    ? { ETag: etag, ContentLength: size, VersionId: versionId }
    : await headOf(client, options);
  const found = {
    etag: quoted(head.ETag ?? etag ?? ''),
    bytes: head.ContentLength ?? size ?? 0,
    // A bucket without versions says "null".
    versionId: versionId ?? (head.VersionId === 'null' ? undefined : head.VersionId),
  };
  const name = nameOf(bucket, key);
  const object = { bucket, key, ...found };
  return {
    name,
    bytes: found.bytes,
    etag: found.etag,
    ...(found.versionId === undefined ? {} : { versionId: found.versionId }),
    rereadable: true,
    open: (textOptions) =>
      openText(() => readRanges(client, object, options.ranges ?? {}), { ...textOptions, name }),
  };
};

/**
 * Puts a small text.
 *
 * @param options.contentType - default `text/plain; charset=utf-8`
 * @param options.ifAbsent - only where no object has that key
 * @returns `exists` where `ifAbsent` found one; the SDK repeats a put whose answer was lost, so it may be the caller's own
 * @throws RepriseError AWS_…
 */
export const putText = async (
  client: S3Client,
  bucket: string,
  key: string,
  text: string,
  options: { readonly contentType?: string; readonly ifAbsent?: boolean } = {},
): Promise<'put' | 'exists'> => {
  // As bytes: an empty text would be taken for a stream of unknown length.
  const body = Buffer.from(text);
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: body,
          ContentLength: body.length,
          ContentType: options.contentType ?? 'text/plain; charset=utf-8',
          ...(options.ifAbsent === true ? { IfNoneMatch: '*' } : {}),
        }),
      );
      return 'put';
    } catch (error) {
      if (options.ifAbsent === true && awsStatusOf(error) === 412) return 'exists';
      // Somebody else is writing it at this moment: whether it exists is not decided yet.
      const isRace = awsStatusOf(error) === 409 && awsNameOf(error) === 'ConditionalRequestConflict';
      if (!isRace || attempt >= MAX_PUT_TRIES)
        throw awsError(`write ${nameOf(bucket, key)}`, error, {
          needs: `s3:PutObject on arn:aws:s3:::${bucket}/*`,
        });
    }
    await waitFor(backoffMs(attempt, PUT_BACKOFF));
  }
};

/**
 * Reads a small text; undefined where there is no such object.
 *
 * @param options.maxBytes - more than this is refused, default 64 MiB
 * @throws RepriseError AWS_…, OBJECT_TOO_LARGE
 */
export const getText = async (
  client: S3Client,
  bucket: string,
  key: string,
  { maxBytes = 64 * 1024 ** 2 }: { readonly maxBytes?: number } = {},
): Promise<string | undefined> => {
  const name = nameOf(bucket, key);
  try {
    const { Body, ContentLength: bytes = 0 } = await client.send(
      new GetObjectCommand({ Bucket: bucket, Key: key }),
    );
    if (bytes > maxBytes) {
      await Body?.transformToWebStream().cancel();
      const message = `${name} has ${bytes} bytes, at most ${maxBytes} are read here`;
      throw new RepriseError('OBJECT_TOO_LARGE', message, { exitCode: EXIT.badInput });
    }
    return (await Body?.transformToString('utf-8')) ?? '';
  } catch (error) {
    if (awsNameOf(error) === 'NoSuchKey') return undefined;
    throw awsError(`read ${name}`, error, readNeeds(bucket));
  }
};
