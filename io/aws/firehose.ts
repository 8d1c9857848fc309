/** Firehose: putting lines and records into a delivery stream, with what it refuses put again record by record. */

import { type FirehoseClient, PutRecordBatchCommand } from '@aws-sdk/client-firehose';
import type { RepriseError } from '../../core/errors.ts';
import { awsError, isTransient } from './aws-error.ts';
import { type Backoff, backoffMs, type Wait, waitFor } from './backoff.ts';

/** https://docs.aws.amazon.com/firehose/latest/dev/limits.html */
export const MAX_RECORDS_PER_PUT = 500;
/** The limit of a call; here for the call as it is sent, in base64, as the page does not say which is meant. */
export const MAX_PUT_BYTES = 4 * 1024 ** 2;
/** The limit of one record, before base64. */
export const MAX_RECORD_BYTES = 1_000 * 1024;
/** Lines are joined up to this size: large, as each record is billed as 5 KB at least, and with room below the limit. */
const PACKED_BYTES = 900 * 1024;
const MAX_TRIES = 10;
const BACKOFF: Backoff = { baseMs: 100, capMs: 5_000 };

/** What one call put. */
export interface Put {
  readonly records: number;
  readonly lines: number;
  readonly bytes: number;
}

export interface PutOptions {
  /** Gives up at once; what was not put by then is lost. */
  readonly signal?: AbortSignal;
  /** Told after each call that put something. */
  readonly onPut?: (put: Put) => void;
  /** How to wait between tries; default: in real time. */
  readonly wait?: Wait;
}

/** How a put ended. */
export interface PutOutcome {
  /** Lines, or records, that were not put however often it was tried. */
  readonly lost: number;
  /** Why the last of them was not, in AWS's words. */
  readonly lastFault?: string;
}

/** A record that was packed already, and the number of lines in it. */
export interface Packed {
  readonly data: Uint8Array;
  readonly lines: number;
}

interface Losses {
  lost: number;
  lastFault: string | undefined;
}

const newLosses = (): Losses => ({ lost: 0, lastFault: undefined });
const outcomeOf = ({ lost, lastFault }: Losses): PutOutcome =>
  lastFault === undefined ? { lost } : { lost, lastFault };

/** Size of a record in the call: base64 and the JSON around it. */
const sentBytes = ({ data }: Packed): number => Math.ceil(data.length / 3) * 4 + 16;

const lose = (records: readonly Packed[], fault: string, losses: Losses): void => {
  if (records.length === 0) return;
  for (const { lines } of records) losses.lost += lines;
  losses.lastFault = fault;
};

/** Puts once; gives back what was refused, and why. */
const putOnce = async (
  client: FirehoseClient,
  stream: string,
  batch: readonly Packed[],
  options: PutOptions,
): Promise<{ readonly refused: readonly Packed[]; readonly fault: string }> => {
  const answer = await client.send(
    new PutRecordBatchCommand({
      DeliveryStreamName: stream,
      Records: batch.map(({ data }) => ({ Data: data })),
    }),
    options.signal === undefined ? {} : { abortSignal: options.signal },
  );
  const results = answer.RequestResponses ?? [];
  const isRefused = (i: number): boolean =>
    (answer.FailedPutCount ?? 0) > 0 && results[i]?.RecordId === undefined;
  const refused = batch.filter((_, i) => isRefused(i));
  const put = batch.filter((_, i) => !isRefused(i));
  if (put.length > 0)
    options.onPut?.({
      records: put.length,
      lines: put.reduce((sum, { lines }) => sum + lines, 0),
      bytes: put.reduce((sum, { data }) => sum + data.length, 0),
    });
  const why = results.find(({ ErrorCode }) => ErrorCode !== undefined);
  return { refused, fault: [why?.ErrorCode, why?.ErrorMessage].filter(Boolean).join(': ') };
};

const explain = (stream: string, error: unknown): RepriseError =>
  awsError(`put records into the stream ${stream}`, error, {
    needs: `firehose:PutRecordBatch on the delivery stream ${stream}`,
  });

const putBatch = async (
  client: FirehoseClient,
  stream: string,
  batch: readonly Packed[],
  options: PutOptions,
  losses: Losses,
): Promise<void> => {
  const { signal, wait = waitFor } = options;
  const isStopped = (): boolean => signal?.aborted === true;
  let left = batch;
  let fault = '';
  for (let attempt = 1; left.length > 0 && attempt <= MAX_TRIES; attempt += 1) {
    if (isStopped()) break;
    if (attempt > 1) await wait(backoffMs(attempt - 1, BACKOFF), signal);
    try {
      const tried = await putOnce(client, stream, left, options);
      left = tried.refused;
      fault = tried.fault;
    } catch (error) {
      if (!isStopped() && !isTransient(error)) throw explain(stream, error);
      fault = explain(stream, error).message;
    }
  }
  lose(left, fault === '' ? 'stopped' : fault, losses);
};

const putAll = async (
  client: FirehoseClient,
  stream: string,
  records: Iterable<Packed>,
  options: PutOptions,
): Promise<PutOutcome> => {
  const losses = newLosses();
  let batch: Packed[] = [];
  let bytes = 256;
  const flush = async (): Promise<void> => {
    await putBatch(client, stream, batch, options, losses);
    batch = [];
    bytes = 256;
  };
  for (const record of records) {
    if (record.data.length > MAX_RECORD_BYTES) {
      lose(
        [record],
        `a record of ${record.data.length} bytes is above the limit of ${MAX_RECORD_BYTES}`,
        losses,
      );
      continue;
    }
    const size = sentBytes(record);
    if (batch.length === MAX_RECORDS_PER_PUT || bytes + size > MAX_PUT_BYTES) await flush();
    batch.push(record);
    bytes += size;
  }
  await flush();
  return outcomeOf(losses);
};

function* packLines(lines: readonly string[]): Generator<Packed> {
  let parts: string[] = [];
  let bytes = 0;
  for (const line of lines) {
    const size = Buffer.byteLength(line) + 1;
    if (parts.length > 0 && bytes + size > PACKED_BYTES) {
      yield { data: Buffer.from(`${parts.join('\n')}\n`), lines: parts.length };
      parts = [];
      bytes = 0;
    }
    parts.push(line);
    bytes += size;
  }
  if (parts.length > 0) yield { data: Buffer.from(`${parts.join('\n')}\n`), lines: parts.length };
}

/**
 * Puts lines into the stream, each with its newline, packed into few large records. Records that the stream refuses are put again, up
 * to ten tries over about half a minute; so are all after a fault of the connection or of AWS, which may put some of them twice.
 *
 * @param lines - without newlines; one above 1,000 KiB cannot be put, and is lost
 * @returns how many lines were lost
 * @throws RepriseError AWS_… only for what no further try can mend: no such stream, no permission, no credentials. What was put before
 * stays put.
 */
export const putLines = (
  client: FirehoseClient,
  stream: string,
  lines: readonly string[],
  options: PutOptions = {},
): Promise<PutOutcome> => putAll(client, stream, packLines(lines), options);

/**
 * Puts records into the stream as they are (the stream joins them with nothing between), with the retries of `putLines`.
 *
 * @param records - each at most 1,000 KiB; larger ones are lost
 * @returns how many records were lost
 * @throws RepriseError as `putLines` does
 */
export const putRecords = (
  client: FirehoseClient,
  stream: string,
  records: readonly Uint8Array[],
  options: PutOptions = {},
): Promise<PutOutcome> =>
  putAll(
    client,
    stream,
    records.map((data) => ({ data, lines: 1 })),
    options,
  );

/**
 * Puts records of several lines each into the stream as they are, with the retries of `putLines`.
 *
 * @param records - each at most 1,000 KiB; larger ones are lost
 * @returns how many lines were lost
 * @throws RepriseError as `putLines` does
 */
export const putPacked = (
  client: FirehoseClient,
  stream: string,
  records: readonly Packed[],
  options: PutOptions = {},
): Promise<PutOutcome> => putAll(client, stream, records, options);
