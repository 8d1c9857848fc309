/** Logs that lie in S3: `s3://bucket/prefix` stands for every object whose key starts so. */

import type { S3Client } from '@aws-sdk/client-s3';
import { RepriseError } from '../core/errors.ts';
import { mayHoldStarts, type StartRange, skipToStarts } from './arrival-time.ts';
import { s3LogInput } from './aws/s3.ts';
import { listObjects } from './aws/s3-list.ts';
import type { LogInput } from './log-files.ts';

/** Objects that `s3://bucket/prefix` stands for, and how many it leaves out. */
export interface S3Logs {
  readonly inputs: readonly LogInput[];
  /** Empty ones and folder markers. */
  readonly emptyCount: number;
  /** Those that cannot hold requests of the range, by their keys, as far as they were listed. */
  readonly outOfRangeCount: number;
  /** There may be more of those: whole hours were not even listed. */
  readonly isCut: boolean;
}

interface Place {
  readonly bucket: string;
  readonly prefix: string;
}

interface Listed {
  readonly key: string;
  readonly bytes: number;
  readonly etag: string;
}

/** When there are many, each is looked into before the first is read. */
const FIRST_BYTES = 256 * 1024;

const HINT = 'give s3://bucket/prefix: every object whose key starts with the prefix is read';

const placeOf = (url: string): Place => {
  const [, bucket = '', prefix = ''] = /^s3:\/\/([^/]*)\/?([\s\S]*)$/i.exec(url) ?? [];
  if (bucket !== '') return { bucket, prefix };
  throw new RepriseError('INPUT_NOT_FOUND', `"${url}" names no bucket`, { hint: HINT });
};

/** Listed one after the other, as S3 does it, and opened only when their turn comes. */
const inputOf = (client: S3Client, bucket: string, { key, bytes, etag }: Listed): LogInput => ({
  name: `s3://${bucket}/${key}`,
  bytes,
  rereadable: true,
  isRemote: true,
  open: async function* (options) {
    // The etag holds every reading to the object that was listed.
    const ranges = { firstBytes: FIRST_BYTES };
    const input = await s3LogInput(client, { bucket, key, etag, size: bytes, isListed: true, ranges });
    yield* input.open(options);
  },
});

const notFound = (
  url: string,
  { emptyCount, outOfRangeCount, isCut }: Omit<S3Logs, 'inputs'>,
): RepriseError => {
  const listed = emptyCount + outOfRangeCount;
  if (listed === 0) {
    const hint = /[*?[\]{}]/.test(url) ? 'a prefix is taken literally: globs are for files alone' : HINT;
    return new RepriseError('INPUT_NOT_FOUND', `no object in S3 begins with ${url}`, { hint });
  }
  const outside = 'empty, or arrived outside --from … --to by their keys';
  const all =
    listed === 1 && !isCut ? 'the only object there is' : `all ${isCut ? '' : `${listed} `}objects there are`;
  const what = listed === emptyCount ? 'empty' : outside;
  return new RepriseError('INPUT_NOT_FOUND', `nothing to read at ${url}: ${all} ${what}`);
};

/**
 * Finds the objects, sorted by key. Where one has the very key that is given, it alone is meant. With a range, hours outside of it are
 * not listed where keys have folders `yyyy/MM/dd/HH/`.
 *
 * @throws RepriseError INPUT_NOT_FOUND where nothing is left to read, AWS_… where the bucket cannot be listed
 */
export const findS3Logs = async (client: S3Client, url: string, range: StartRange): Promise<S3Logs> => {
  const { bucket, prefix } = placeOf(url);
  const kept: Listed[] = [];
  const left = { emptyCount: 0, outOfRangeCount: 0, isCut: false };
  const skipTo = (key: string): string | undefined => {
    // A name may lie in the range where its folder does not, as copies do.
    const next = key === prefix || mayHoldStarts(key, range) ? undefined : skipToStarts(key, range);
    if (next !== undefined) left.outOfRangeCount += 1;
    return next;
  };
  const onSkipped = (): void => {
    left.isCut = true;
  };
  for await (const listed of listObjects(client, bucket, prefix, { skipTo, onSkipped })) {
    if (listed.bytes === 0) left.emptyCount += 1;
    else if (listed.key !== prefix && !mayHoldStarts(listed.key, range)) left.outOfRangeCount += 1;
    else kept.push(listed);
    // Keys come in order, so the very key comes first.
    if (listed.key === prefix && listed.bytes > 0) break;
  }
  if (kept.length === 0) throw notFound(url, left);
  kept.sort((a, b) => (a.key < b.key ? -1 : 1));
  return { inputs: kept.map((listed) => inputOf(client, bucket, listed)), ...left };
};
