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

/** Streams that may have an unfinished line at once. Collectors have two; a log that makes up names must not fill the memory. */
export const MAX_UNFINISHED = 16;

/** More parts than this are joined: an array of a byte takes a hundred times the memory of the byte. */
const MAX_PARTS = 1024;

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
  if (open.isTooLong || part.length === 0) return undefined;
  if (open.parts.length >= MAX_PARTS) open.parts = [concatBytes(open.parts)];
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
