/** Several logs as one stream of lines, in the order in which they were written. */

import type { LineCounts } from '../core/measure/accounting.ts';
import { WINDOW } from '../core/pace/reorder.ts';
import { type LogLine, readRawLines, readRecords } from '../core/parse/log-lines.ts';
import type { LogOptions } from '../core/rules/rule-set.ts';
import { byteText, findByte } from './byte-tools.ts';
import { openLogCursor, type Reading } from './log-cursor.ts';
import type { LogInput } from './log-files.ts';
import { findLogStarts } from './log-start.ts';
import { type MergedLogs, mergeLogs } from './merged-logs.ts';

export interface MergedLinesOptions {
  readonly inputs: readonly LogInput[];
  readonly logs: LogOptions;
  /** Lines as they stand, whatever they hold; else the records in them that can be read as requests. */
  readonly isRaw: boolean;
  readonly counts: LineCounts;
  /** Ends the reading: what is read already still comes. */
  readonly stop: AbortSignal;
  /** Bytes read since the last call, as stored, of all inputs. */
  readonly onBytes: (storedBytes: number) => void;
  readonly onInputError: Reading['onInputError'];
}

/** Opens the logs; each is opened when its turn comes, so that many are not open at once. */
export const openMergedLines = async (options: MergedLinesOptions): Promise<MergedLogs<LogLine>> => {
  const { inputs, logs, stop, counts, onBytes, onInputError } = options;
  const reading: Reading = { isStopped: stop.aborted, fault: undefined, onInputError };
  stop.addEventListener('abort', () => {
    reading.isStopped = true;
  });
  const open = (input: LogInput) => {
    let lastBytes = 0;
    const chunks = input.open({
      signal: stop,
      onBytes: (storedBytes) => {
        onBytes(storedBytes - lastBytes);
        lastBytes = storedBytes;
      },
    });
    const read = options.isRaw ? readRawLines : readRecords;
    const lines = read({ name: input.name, logs, byteText, findByte, counts });
    return openLogCursor(chunks[Symbol.asyncIterator](), lines, reading);
  };
  const starts = await findLogStarts(inputs, logs, () => reading.isStopped);
  const unopened = inputs.map((input, i) => ({
    // A log's first lines may be of requests that started before those that were looked at.
    neededFromMs: (starts[i] ?? Number.NEGATIVE_INFINITY) - WINDOW.spanMs,
    open: () => open(input),
  }));
  return mergeLogs(unopened, reading);
};
