/** The bytes of an object in S3, range by range. */

import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { awsError, awsStatusOf, isTransient } from './aws-error.ts';
import { type Backoff, backoffMs, type Wait, waitFor } from './backoff.ts';

/** Large enough that asking costs little, small enough to hold two of them. */
const RANGE_BYTES = 8 * 1024 ** 2;
/** Silence after which a body is given up, and asked for again. */
const SILENCE_MS = 15_000;
const MAX_TRIES = 6;
const BACKOFF: Backoff = { baseMs: 100, capMs: 3_000 };
/** Chunks as large as pays off for decoding. */
const CHUNK_BYTES = 256 * 1024;

/** The object as it was when it was asked for. */
export interface RangedObject {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string | undefined;
  readonly etag: string;
  readonly bytes: number;
}

export interface RangeOptions {
  readonly rangeBytes?: number;
  /** Size of the first range, for readers of which many want the beginning only; default: as the others. */
  readonly firstBytes?: number;
  readonly silenceMs?: number;
  readonly wait?: Wait;
}

/** Why the object cannot be read any further, in words that follow `cannot read s3://…: `. */
const explain = (object: RangedObject, error: unknown): Error => {
  const status = awsStatusOf(error);
  if (status === 412) return new Error('it was replaced while it was being read', { cause: error });
  if (status === 404 || status === 405)
    return new Error('it was deleted while it was being read', { cause: error });
  if (status === 416) return new Error('it became shorter while it was being read', { cause: error });
  const { message } = awsError('read', error, { needs: `s3:GetObject on arn:aws:s3:::${object.bucket}/*` });
  return new Error(message.replace(/^cannot read: /, ''), { cause: error });
};

interface Fill {
  readonly client: S3Client;
  readonly object: RangedObject;
  /** Place of the range in the object. */
  readonly startByte: number;
  readonly into: Uint8Array;
  /** Bytes of the range that are there already. */
  readonly filled: number;
  readonly signal: AbortSignal;
  readonly silenceMs: number;
}

/** Fills the rest of a range in one call; gives back how far it came, and what stopped it if it did not reach the end. */
const fill = async ({
  client,
  object,
  startByte,
  into,
  filled,
  signal,
  silenceMs,
}: Fill): Promise<{ readonly filled: number; readonly error?: unknown }> => {
  const silence = new AbortController();
  const timer = setTimeout(
    () => silence.abort(Object.assign(new Error(`no byte came for ${silenceMs} ms`), { code: 'ETIMEDOUT' })),
    silenceMs,
  );
  let place = filled;
  try {
    const { Body } = await client.send(
      new GetObjectCommand({
        Bucket: object.bucket,
        Key: object.key,
        Range: `bytes=${startByte + filled}-${startByte + into.length - 1}`,
        IfMatch: object.etag,
        ...(object.versionId === undefined ? {} : { VersionId: object.versionId }),
      }),
      { abortSignal: AbortSignal.any([signal, silence.signal]) },
    );
    for await (const chunk of Body as unknown as AsyncIterable<Uint8Array>) {
      timer.refresh();
      into.set(chunk.subarray(0, into.length - place), place);
      place = Math.min(into.length, place + chunk.length);
    }
    return { filled: place };
  } catch (error) {
    return { filled: place, error: silence.signal.aborted ? silence.signal.reason : error };
  } finally {
    clearTimeout(timer);
  }
};

/** What was got of a range, and why not all of it. */
interface FetchedRange {
  readonly bytes: Uint8Array;
  readonly fault?: Error;
}

const fetchRange = async (
  client: S3Client,
  object: RangedObject,
  startByte: number,
  signal: AbortSignal,
  options: RangeOptions,
): Promise<FetchedRange> => {
  const {
    rangeBytes = RANGE_BYTES,
    firstBytes = rangeBytes,
    silenceMs = SILENCE_MS,
    wait = waitFor,
  } = options;
  const mostBytes = startByte === 0 ? firstBytes : rangeBytes;
  const bytes = new Uint8Array(Math.min(mostBytes, object.bytes - startByte));
  let filled = 0;
  let fault: unknown;
  for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
    if (attempt > 1) await wait(backoffMs(attempt - 1, BACKOFF), signal);
    const got = await fill({ client, object, startByte, into: bytes, filled, signal, silenceMs });
    filled = got.filled;
    if (filled === bytes.length && got.error === undefined) return { bytes };
    const isDamaged = filled === bytes.length;
    // All bytes came, and the checksum says that they are not those that were stored.
    if (isDamaged) filled = 0;
    fault =
      got.error ?? Object.assign(new Error('the connection was closed too early'), { code: 'ECONNRESET' });
    if (signal.aborted || !(isDamaged || isTransient(fault))) break;
  }
  return { bytes: bytes.subarray(0, filled), fault: explain(object, fault) };
};

async function* pull(
  client: S3Client,
  object: RangedObject,
  abort: AbortController,
  options: RangeOptions,
): AsyncGenerator<Uint8Array> {
  const fetchAt = (startByte: number): Promise<FetchedRange> | undefined =>
    startByte < object.bytes ? fetchRange(client, object, startByte, abort.signal, options) : undefined;
  try {
    let next = fetchAt(0);
    for (let startByte = 0; next !== undefined; ) {
      const { bytes, fault }: FetchedRange = await next;
      // Many readers want the beginning only: the second range is fetched when it is asked for, later ones ahead of that.
      const isAhead = startByte > 0 && fault === undefined;
      startByte += bytes.length;
      next = isAhead ? fetchAt(startByte) : undefined;
      for (let i = 0; i < bytes.length; i += CHUNK_BYTES) yield bytes.subarray(i, i + CHUNK_BYTES);
      if (fault !== undefined) throw fault;
      if (!isAhead) next = fetchAt(startByte);
    }
  } finally {
    abort.abort();
  }
}

/**
 * The bytes of the object from its first to its last, in chunks of up to 256 KiB. No connection is held between ranges.
 *
 * @returns an iterable with `destroy`, which ends it at once
 * @throws Error that says in words what happened to the object, after all bytes before the fault
 */
export const readRanges = (
  client: S3Client,
  object: RangedObject,
  options: RangeOptions,
): AsyncGenerator<Uint8Array> & { destroy(): void } => {
  const abort = new AbortController();
  return Object.assign(pull(client, object, abort, options), { destroy: () => abort.abort() });
};
