/** Lines that a collector cut into parts, put together again: Docker's json-file above 16 KiB, and Kubernetes CRI's `P` lines. */

import { type Boundary, createBoundary } from './boundary.ts';
import { concatBytes } from './byte-text.ts';
import { MAX_LINE_BYTES } from './split.ts';

/** A line whose end has not come yet. */
export interface PartLine {
  /** Number of the line that its first part stands on. */
  readonly line: number;
  readonly boundary: Boundary;
  parts: Uint8Array[];
  bytesHeld: number;
  /** It has been rejected: what still comes of it is dropped. */
  isTooLong: boolean;
}

export const newPartLine = (line: number): PartLine => ({
  line,
  boundary: createBoundary(),
  parts: [],
  bytesHeld: 0,
  isTooLong: false,
});

/**
 * Adds a part, which is kept: it must be a copy.
 *
 * @returns the beginning of the line where this part makes it too long
 */
export const addPart = (open: PartLine, part: Uint8Array): Uint8Array | undefined => {
  if (open.isTooLong) return undefined;
  open.parts.push(part);
  open.bytesHeld += part.length;
  if (open.bytesHeld <= MAX_LINE_BYTES) return undefined;
  const bytes = concatBytes(open.parts);
  open.parts = [];
  open.isTooLong = true;
  return bytes;
};

/** Whether the object that the line is ends in this part; each part is to be asked about once. */
export const endsObject = (open: PartLine, part: Uint8Array): boolean =>
  open.boundary.nextEnd(part, 0, part.length) >= 0;

/** All of the line that has come. */
export const wholeOf = (open: PartLine): Uint8Array => concatBytes(open.parts);
