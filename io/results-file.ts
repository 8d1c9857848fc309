/** Reads results.ndjson, plain or compressed, line by line in flat memory. */

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { RepriseError } from '../core/errors.ts';
import { resultOf } from '../core/measure/read-result.ts';
import type { Result } from '../core/types.ts';
import { createLineCutter } from './line-cutter.ts';
import { describeSystemError } from './system-error.ts';
import { isDamage, openText } from './text-stream.ts';

/** A line of results is some 500 bytes; what is longer than this without an end is none. */
const MAX_LINE_BYTES = 1024 * 1024;

export interface ResultsRead {
  readonly results: number;
  /** Lines that tell of no result, such as the one that a process was writing when it was killed. */
  readonly unreadable: number;
  /** Number of the first of them, counted from 1. */
  readonly firstUnreadableLine: number | undefined;
  /** When the file was last written, epoch ms. */
  readonly writtenAtMs: number;
  /** What is wrong with it where its end is missing: what stands before was read. */
  readonly damage: RepriseError | undefined;
}

const writtenAtMs = async (path: string): Promise<number> => {
  try {
    return (await stat(path)).mtimeMs;
  } catch (cause) {
    throw new RepriseError('RESULTS_UNREADABLE', `cannot read ${path}: ${describeSystemError(cause)}`, {
      cause,
    });
  }
};

/**
 * Tells each result once, in the order of the file.
 *
 * @throws RepriseError RESULTS_UNREADABLE, INPUT_UNREADABLE
 */
export const readResultsFile = async (
  path: string,
  onResult: (result: Result) => void,
): Promise<ResultsRead> => {
  const atMs = await writtenAtMs(path);
  let [lines, results, unreadable] = [0, 0, 0];
  let firstUnreadableLine: number | undefined;
  let damage: RepriseError | undefined;
  const take = (result: Result | undefined): void => {
    lines += 1;
    if (result === undefined) {
      unreadable += 1;
      firstUnreadableLine ??= lines;
      return;
    }
    results += 1;
    onResult(result);
  };
  const cutter = createLineCutter({
    maxBytes: MAX_LINE_BYTES,
    onLine: (line) => take(resultOf(line)),
    onTooLong: () => take(undefined),
  });
  try {
    for await (const chunk of openText(() => createReadStream(path), { name: path })) cutter.push(chunk);
  } catch (error) {
    if (!isDamage(error)) throw error;
    damage = error;
  }
  cutter.end();
  return { results, unreadable, firstUnreadableLine, writtenAtMs: atMs, damage };
};
