/**
 * Cuts the bytes of a log into lines. Nearly always a newline ends one; Firehose, left to itself, joins JSON objects with nothing
 * between them, so where no newline comes for long the end of an object is a cut as well. Memory stays bounded by `MAX_LINE_BYTES`.
 */

import type { FindByte } from '../ports.ts';
import { concatBytes, withNewline } from './byte-text.ts';

/** The longest record that is read; longer ones are rejected and the rest goes on. */
export const MAX_LINE_BYTES = 1024 * 1024;

/** Without a newline for this long, ends of objects are looked for. */
const PATIENCE_BYTES = 64 * 1024;

const NEWLINE = 0x0a;
const EMPTY: Uint8Array = new Uint8Array(0);

/** Follows braces and strings across chunks and finds where an object that starts with `{` ends. */
export const createBoundary = () => {
  let depth = 0;
  let inString = false;
  let isEscaped = false;
  let isJunk = false;

  const step = (byte: number): boolean => {
    if (isEscaped) {
      isEscaped = false;
    } else if (inString) {
      if (byte === 0x5c) isEscaped = true;
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) {
      inString = depth > 0;
      isJunk ||= depth === 0;
    } else if (byte === 0x7b) {
      depth += 1;
    } else if (byte === 0x7d) {
      depth -= 1;
      return depth === 0;
    } else if (depth === 0 && byte > 0x20 && byte !== 0x2c && byte !== 0x5b && byte !== 0x5d) {
      // Text at the outermost level: only a newline can end this.
      isJunk = true;
    }
    return false;
  };

  return {
    /** The place behind the next object that ends in `bytes` from `from` on, or −1. Each byte is to be given once. */
    nextEnd: (bytes: Uint8Array, from: number, to: number): number => {
      for (let at = from; at < to && !isJunk; at += 1) if (step(bytes[at] as number)) return at + 1;
      return -1;
    },
    reset: () => {
      depth = 0;
      inString = false;
      isEscaped = false;
      isJunk = false;
    },
  };
};

/** Takes a line of a log; a newline stands at `end`, so that no loop over the line has to watch for it. */
export interface LineSink {
  /** Bytes `start` to `end` of a line or, with `isWhole` false, of as much of it as holds whole records. */
  line(bytes: Uint8Array, start: number, end: number, isWhole: boolean): void;
  /** The beginning of a record that is too long. */
  tooLong(bytes: Uint8Array): void;
}

/** Makes a splitter; `push` bytes as they come, then `end`. */
export const createSplitter = (sink: LineSink, findByte: FindByte) => {
  const boundary = createBoundary();
  let held = EMPTY;
  let parts: Uint8Array[] = [];
  let heldBytes = 0;
  let judgedBytes = 0;
  let isDiscarding = false;

  const join = (): Uint8Array => {
    held = parts.length === 1 ? (parts[0] as Uint8Array) : concatBytes(parts);
    parts = [held];
    return held;
  };

  const clear = (): void => {
    parts = [];
    heldBytes = 0;
    judgedBytes = 0;
    held = EMPTY;
    boundary.reset();
  };

  /** Gives out whole objects of what is held; gives up what is too long. */
  const judge = (): void => {
    const bytes = join();
    let cut = -1;
    for (let at = judgedBytes; at >= 0; ) {
      at = boundary.nextEnd(bytes, at, bytes.length);
      if (at >= 0) cut = at;
    }
    judgedBytes = bytes.length;
    if (cut > 0) {
      sink.line(withNewline(bytes, cut), 0, cut, false);
      parts = [bytes.slice(cut)];
      heldBytes = bytes.length - cut;
      judgedBytes = heldBytes;
    } else if (heldBytes > MAX_LINE_BYTES) {
      sink.tooLong(bytes);
      parts = [];
      heldBytes = 0;
      judgedBytes = 0;
      isDiscarding = true;
    }
  };

  const hold = (chunk: Uint8Array): void => {
    if (chunk.length === 0) return;
    // Whoever gave the chunk may use its memory again.
    parts.push(chunk.slice());
    heldBytes += chunk.length;
    if (heldBytes > PATIENCE_BYTES) judge();
  };

  /** Drops bytes of a record that is too long; returns where the next one starts, or the end. */
  const discard = (chunk: Uint8Array): number => {
    const newline = findByte(chunk, NEWLINE, 0);
    const to = newline < 0 ? chunk.length : newline;
    const end = boundary.nextEnd(chunk, 0, to);
    if (end < 0 && newline < 0) return chunk.length;
    isDiscarding = false;
    boundary.reset();
    return end < 0 ? to : end;
  };

  return {
    push: (given: Uint8Array): void => {
      // One kind of array throughout: a Buffer here and a plain array there halves the speed of every loop over bytes.
      const chunk = new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
      let start = isDiscarding ? discard(chunk) : 0;
      for (;;) {
        const newline = findByte(chunk, NEWLINE, start);
        if (newline < 0) break;
        if (heldBytes > 0) {
          parts.push(chunk.subarray(start, newline + 1));
          const bytes = join();
          clear();
          sink.line(bytes, 0, bytes.length - 1, true);
        } else {
          sink.line(chunk, start, newline, true);
        }
        start = newline + 1;
      }
      hold(chunk.subarray(start));
    },
    end: (): void => {
      if (heldBytes === 0) return;
      const bytes = join();
      clear();
      sink.line(withNewline(bytes, bytes.length), 0, bytes.length, true);
    },
  };
};
