/**
 * Objects written over several lines, as `jq .` or an export does: a line that is nothing but `{` begins one, and the `}` of the
 * same indent ends it.
 */

import { concatBytes, firstVisible } from './byte-text.ts';
import { MAX_LINE_BYTES } from './split.ts';

/** Lines that belong together. `isWhole` is false where the end never came. */
export interface PrettyBlock {
  readonly bytes: Uint8Array;
  /** Line of the opening brace. */
  readonly line: number;
  readonly isWhole: boolean;
}

const [OPEN, CLOSE] = [0x7b, 0x7d];

/** Collects the lines of one block at a time. */
export const createPrettyBlocks = () => {
  let parts: Uint8Array[] = [];
  let bytesHeld = 0;
  let indent = -1;
  let openedAt = 0;

  const take = (isWhole: boolean): PrettyBlock => {
    const block = { bytes: concatBytes(parts), line: openedAt, isWhole };
    parts = [];
    bytesHeld = 0;
    indent = -1;
    return block;
  };

  const keep = (bytes: Uint8Array, from: number, to: number): void => {
    parts.push(bytes.slice(from, to));
    bytesHeld += to - from;
  };

  return {
    isOpen: (): boolean => indent >= 0,
    /** Begins a block where the line is nothing but an opening brace. */
    open: (bytes: Uint8Array, from: number, to: number, line: number): boolean => {
      const start = firstVisible(bytes, from, to);
      if (to - start > 2 || bytes[start] !== OPEN || firstVisible(bytes, start + 1, to) < to) return false;
      indent = start - from;
      openedAt = line;
      keep(bytes, start, to);
      return true;
    },
    /**
     * Takes the next line (or, with `isPart`, more of the last one): 'held', or the block that it ends (whole with it, or broken off
     * before it), or nothing to do with one.
     */
    add: (bytes: Uint8Array, from: number, to: number, isPart: boolean): PrettyBlock | 'held' | undefined => {
      if (indent < 0) return undefined;
      const start = firstVisible(bytes, from, to);
      const closes = !isPart && start - from === indent && bytes[start] === CLOSE;
      const belongs = isPart || closes || start - from > indent;
      if (!belongs || bytesHeld + to - from > MAX_LINE_BYTES) return take(false);
      keep(bytes, from, to);
      return closes ? take(true) : 'held';
    },
    /** The input has ended: what is held, broken off. */
    close: (): PrettyBlock | undefined => (indent < 0 ? undefined : take(false)),
  };
};
