/** Keeps the first lines of an object that could not be used, for people to look at; how many there are is counted elsewhere. */

import { rejectLine } from '../../core/report/reject-line.ts';
import type { Rejected } from '../../core/types.ts';

/** Bounds of the sample of one object. */
export const MAX_REJECTS = { lines: 100, bytes: 1024 * 1024 } as const;

export interface RejectSample {
  add(rejected: Rejected): void;
  /** NDJSON; undefined where no line was rejected. */
  text(): string | undefined;
}

/** Makes an empty sample. */
export const createRejectSample = (): RejectSample => {
  const lines: string[] = [];
  let bytes = 0;
  let isFull = false;
  return {
    add: (rejected) => {
      if (isFull) return;
      const line = `${rejectLine(rejected)}\n`;
      const lineBytes = Buffer.byteLength(line);
      isFull = bytes + lineBytes > MAX_REJECTS.bytes;
      if (isFull) return;
      bytes += lineBytes;
      lines.push(line);
      isFull = lines.length === MAX_REJECTS.lines;
    },
    text: () => (lines.length === 0 ? undefined : lines.join('')),
  };
};
