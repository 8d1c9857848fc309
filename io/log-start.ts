/** Looks into logs before they are read: which of them begin when. */

import { RepriseError } from '../core/errors.ts';
import { newLineCounts } from '../core/measure/accounting.ts';
import { createDecoder } from '../core/parse/decode.ts';
import type { LogOptions } from '../core/rules/rule-set.ts';
import { byteText, findByte } from './byte-tools.ts';
import type { LogInput } from './log-files.ts';

/** Of a log whose first requests are looked for, this much is read. */
const MAX_LOOK_BYTES = 4 * 1024 * 1024;

const ignore = (): void => undefined;

/**
 * The earliest start (epoch ms) among the first requests of a log; −∞ where none is near its beginning, or where looking would use it
 * up. The earliest of many, so that one line with a clock far ahead does not put the whole log behind all others.
 */
export const findLogStart = async (input: LogInput, logs: LogOptions): Promise<number> => {
  if (!input.rereadable) return Number.NEGATIVE_INFINITY;
  let earliestMs = Number.POSITIVE_INFINITY;
  const decoder = createDecoder({
    name: input.name,
    logs,
    byteText,
    findByte,
    counts: newLineCounts(),
    onRejected: ignore,
    onRequest: ({ atMs }) => {
      earliestMs = Math.min(earliestMs, atMs);
    },
  });
  const isFound = (): boolean => earliestMs !== Number.POSITIVE_INFINITY;
  let bytesRead = 0;
  try {
    for await (const chunk of input.open()) {
      decoder.push(chunk);
      bytesRead += chunk.length;
      if (isFound() || bytesRead > MAX_LOOK_BYTES) break;
    }
  } catch (error) {
    // It is met again, and told, when the log is read.
    if (!(error instanceof RepriseError)) throw error;
  }
  if (!isFound()) decoder.end();
  return isFound() ? earliestMs : Number.NEGATIVE_INFINITY;
};

/** Remote logs that are looked into at a time: one takes a while, and many at once would only queue. Files are quick enough. */
const MAX_REMOTE_LOOKS = 8;

/**
 * Where each of the logs starts, as `findLogStart` finds it; a single one is not looked into, as there is nothing to order.
 *
 * @param isStopped - once true, no further log is looked into, and it starts at −∞
 */
export const findLogStarts = async (
  inputs: readonly LogInput[],
  logs: LogOptions,
  isStopped: () => boolean,
): Promise<readonly number[]> => {
  const starts = inputs.map(() => Number.NEGATIVE_INFINITY);
  if (inputs.length < 2) return starts;
  const looks = inputs.some(({ isRemote }) => isRemote === true) ? MAX_REMOTE_LOOKS : 1;
  const left = inputs.entries();
  const look = async (): Promise<void> => {
    for (const [i, input] of left) {
      if (isStopped()) return;
      starts[i] = await findLogStart(input, logs);
    }
  };
  await Promise.all(Array.from({ length: looks }, look));
  return starts;
};
