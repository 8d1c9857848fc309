/**
 * Cuts the bytes of a log into lines. Nearly always a newline ends one; Firehose, left to itself, joins JSON objects with nothing
 * between them, so where no newline comes for long the end of an object is a cut as well. Memory stays bounded by `MAX_LINE_BYTES`.
 */

import type { FindByte } from '../ports.ts';
import { createBoundary } from './boundary.ts';
import { firstVisible, skipMark } from './byte-text.ts';

/** The longest record that is read; longer ones are rejected and the rest goes on. */
export const MAX_LINE_BYTES = 1024 * 1024;

/** Without a newline for this long, ends of objects are looked for. */
const PATIENCE_BYTES = 64 * 1024;
/** More blank bytes than this before a record are no indent: a rotation by copytruncate leaves runs of NUL of any length. */
export const MAX_INDENT_BYTES = 1024;
/** With room for what stands before a record: whether that itself is too long is for its reader to say. */
const GIVE_UP_BYTES = MAX_LINE_BYTES + 2 * MAX_INDENT_BYTES;
const MIN_HELD_BYTES = 4096;
/** Held memory above this is given back. */
const MAX_KEPT_BYTES = 4 * 1024 * 1024;

const NEWLINE = 0x0a;
const EMPTY: Uint8Array = new Uint8Array(0);

/** Takes a line of a log; a newline stands at `end`, so that no loop over the line has to watch for it. */
export interface LineSink {
  /**
   * Bytes `start` to `end` of a line or, with `isWhole` false, of as much of it as holds whole records. The memory is used again:
   * what is to be kept must be copied.
   */
  line(bytes: Uint8Array, start: number, end: number, isWhole: boolean): void;
  /** The beginning of a record that is too long. */
  tooLong(bytes: Uint8Array): void;
}

/** Makes a splitter; `push` bytes as they come, then `end`. */
export const createSplitter = (sink: LineSink, findByte: FindByte) => {
  const boundary = createBoundary();
  /** Bytes of a line whose end has not come; room for them grows by doubling, so that tiny chunks cost no more than large ones. */
  let held = EMPTY;
  let heldBytes = 0;
  let judgedBytes = 0;
  let isDiscarding = false;

  const keep = (chunk: Uint8Array, from: number, to: number): void => {
    const needed = heldBytes + (to - from) + 1;
    if (needed > held.length) {
      const larger = new Uint8Array(Math.max(needed, held.length * 2, MIN_HELD_BYTES));
      larger.set(held.subarray(0, heldBytes));
      held = larger;
    }
    held.set(chunk.subarray(from, to), heldBytes);
    heldBytes += to - from;
  };

  const clear = (): void => {
    heldBytes = 0;
    judgedBytes = 0;
    boundary.reset();
    if (held.length > MAX_KEPT_BYTES) held = EMPTY;
  };

  const forget = (count: number): void => {
    held.copyWithin(0, count, heldBytes);
    heldBytes -= count;
    judgedBytes = Math.max(0, judgedBytes - count);
  };

  /** Gives out what is held up to `end`, with a newline behind it. */
  const giveOut = (end: number, isWhole: boolean): void => {
    const after = held[end] as number;
    held[end] = NEWLINE;
    sink.line(held, 0, end, isWhole);
    held[end] = after;
  };

  /** Gives out whole objects of what is held; gives up what is too long. */
  const judge = (): void => {
    const blank = firstVisible(held, skipMark(held, 0), heldBytes);
    // One more than an indent stays, so that it is seen to be none.
    if (blank > MAX_INDENT_BYTES + 1) forget(blank - MAX_INDENT_BYTES - 1);
    let cut = -1;
    for (let at = judgedBytes; at >= 0; ) {
      at = boundary.nextEnd(held, at, heldBytes);
      if (at >= 0) cut = at;
    }
    judgedBytes = heldBytes;
    if (cut > 0) {
      giveOut(cut, false);
      forget(cut);
    } else if (boundary.isIdle()) {
      forget(Math.max(0, heldBytes - MAX_INDENT_BYTES - 1));
    } else if (heldBytes > GIVE_UP_BYTES) {
      sink.tooLong(held.subarray(0, heldBytes));
      heldBytes = 0;
      judgedBytes = 0;
      isDiscarding = true;
    }
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
          keep(chunk, start, newline);
          giveOut(heldBytes, true);
          clear();
        } else {
          sink.line(chunk, start, newline, true);
        }
        start = newline + 1;
      }
      if (start === chunk.length) return;
      // Whoever gave the chunk may use its memory again.
      keep(chunk, start, chunk.length);
      if (heldBytes > PATIENCE_BYTES) judge();
    },
    end: (): void => {
      if (heldBytes > 0) giveOut(heldBytes, true);
      clear();
    },
  };
};
