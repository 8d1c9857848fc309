/** Lines packed for Firehose: joined by newlines into few large records, since each record is billed in steps of 5 KB. */

import { MAX_RECORD_BYTES, MAX_RECORDS_PER_PUT } from '../../io/aws/firehose.ts';
import type { Packed } from '../../io/aws/put-batch.ts';

/** One call's worth: its limit of 4 MiB counts base64. */
const MAX_BATCH_BYTES = 3_000_000;
/** Lines are packed into records of up to this; a longer line has a record of its own. */
const PACKED_BYTES = 500_000;

const NEWLINE = 0x0a;

/** Whether a line fits a record, its newline with it. */
export const fitsRecord = (line: Uint8Array): boolean => line.length < MAX_RECORD_BYTES;

interface OpenRecord {
  readonly lines: Uint8Array[];
  bytes: number;
}

const closed = ({ lines, bytes }: OpenRecord): Packed => {
  const data = new Uint8Array(bytes);
  let at = 0;
  for (const line of lines) {
    data.set(line, at);
    at += line.length + 1;
    data[at - 1] = NEWLINE;
  }
  return { data, lines: lines.length };
};

/** Collects lines for one call. */
export const createLineBatch = () => {
  let records: OpenRecord[] = [];
  let bytes = 0;
  return {
    isEmpty: (): boolean => bytes === 0,
    /** Adds a line that `fitsRecord`; false where the batch is full and must be taken first. */
    add: (line: Uint8Array): boolean => {
      const size = line.length + 1;
      const last = records.at(-1);
      const joins = last !== undefined && last.bytes + size <= PACKED_BYTES;
      if (bytes + size > MAX_BATCH_BYTES || (!joins && records.length === MAX_RECORDS_PER_PUT)) return false;
      if (joins) {
        last.lines.push(line);
        last.bytes += size;
      } else {
        records.push({ lines: [line], bytes: size });
      }
      bytes += size;
      return true;
    },
    /** The records of what was added; the batch is empty again. */
    take: (): readonly Packed[] => {
      const taken = records.map(closed);
      records = [];
      bytes = 0;
      return taken;
    },
  };
};
