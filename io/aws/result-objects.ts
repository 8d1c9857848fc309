/** Objects of the results stream: found by the hour in which they came, read line by line in flat memory. */

import type { S3Client } from '@aws-sdk/client-s3';
import type { RepriseError } from '../../core/errors.ts';
import { parseSliceRecord, type SliceRecord } from '../../core/report/slice-records.ts';
import { arrivalOf, MAX_BUFFER_MS } from '../arrival-time.ts';
import { createLineCutter } from '../line-cutter.ts';
import { isDamage } from '../text-stream.ts';
import { s3LogInput } from './s3.ts';
import { type ListedObject, listObjects } from './s3-list.ts';
import { hourFolders, type Span } from './span.ts';

export const RESULTS_PREFIX = 'results/';

/** A line of results is some 500 bytes; what is longer than this without an end is none. */
const MAX_LINE_BYTES = 1024 * 1024;

/** The objects that may hold what came in the span, in the order of their keys. */
export async function* listResults(
  client: S3Client,
  bucket: string,
  span: Span,
): AsyncGenerator<ListedObject> {
  // An object lies in the hour of its first record: what came in the span may be in one that was begun before.
  for (const folder of hourFolders({ ...span, fromMs: span.fromMs - MAX_BUFFER_MS }))
    for await (const listed of listObjects(client, bucket, `${RESULTS_PREFIX}${folder}`)) {
      const arrival = arrivalOf(listed.key);
      const isOutside =
        arrival !== undefined && (arrival.lastMs < span.fromMs || arrival.firstMs >= span.toMs);
      if (listed.bytes > 0 && !isOutside) yield listed;
    }
}

/** What is done with the lines of results. */
export interface RecordSink {
  take(record: SliceRecord): void;
  /** A line that is no record. */
  unreadable(): void;
}

const takeLine = (line: string, sink: RecordSink): void => {
  let record: SliceRecord;
  try {
    record = parseSliceRecord(line);
  } catch {
    // What it told of is missing then, and counted as lost where nothing else tells of it.
    sink.unreadable();
    return;
  }
  sink.take(record);
};

/**
 * Reads the records of one object.
 *
 * @param signal - ends the reading; no error is thrown for it
 * @returns what is wrong with it, where it is damaged: the records before that were taken
 * @throws RepriseError INPUT_UNREADABLE, AWS_… where it cannot be read now
 */
export const readResultObject = async (
  client: S3Client,
  bucket: string,
  { key, bytes, etag }: ListedObject,
  sink: RecordSink,
  signal?: AbortSignal,
): Promise<RepriseError | undefined> => {
  const input = await s3LogInput(client, { bucket, key, etag, size: bytes, isListed: true });
  const cutter = createLineCutter({
    maxBytes: MAX_LINE_BYTES,
    onLine: (line) => takeLine(line, sink),
    onTooLong: sink.unreadable,
  });
  try {
    for await (const chunk of input.open(signal && { signal })) cutter.push(chunk);
  } catch (error) {
    if (isDamage(error)) return error;
    throw error;
  }
  cutter.end();
  return undefined;
};
