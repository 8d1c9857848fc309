/** Firehose: putting lines and records into a delivery stream, with what it refuses put again record by record. */

import type { FirehoseClient } from '@aws-sdk/client-firehose';
import { type Losses, lose, type Packed, type PutOptions, type PutOutcome, putBatch } from './put-batch.ts';

/** https://docs.aws.amazon.com/firehose/latest/dev/limits.html */
export const MAX_RECORDS_PER_PUT = 500;
/** The limit of a call; here for the call as it is sent, in base64, as the page does not say which is meant. */
export const MAX_PUT_BYTES = 4 * 1024 ** 2;
/** The limit of one record, before base64. */
export const MAX_RECORD_BYTES = 1_000 * 1024;
/** Lines are joined up to this size: large, as each record is billed as 5 KB at least, and with room below the limit. */
const PACKED_BYTES = 900 * 1024;

const newLosses = (): Losses => ({ lost: 0, last: undefined });
const outcomeOf = ({ lost, last }: Losses): PutOutcome => ({
  lost,
  ...(last === undefined ? {} : { lastFault: last.text }),
  ...(last?.name === undefined ? {} : { lastFaultName: last.name }),
});

/** Size of a record in the call: base64 and the JSON around it. */
const sentBytes = ({ data }: Packed): number => Math.ceil(data.length / 3) * 4 + 16;

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
        { text: `a record of ${record.data.length} bytes is above the limit of ${MAX_RECORD_BYTES}` },
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
 * Puts records of several lines each into the stream as they are (it joins them with nothing between), with the retries of `putLines`.
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
