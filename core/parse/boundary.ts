/** Where JSON objects end, found by braces and strings alone, across chunks and whatever else is wrong with them. */

/** Follows the bytes of a record; each byte is to be given once. */
export interface Boundary {
  /** The place behind the next object that ends in `bytes` from `from` on, or −1. */
  nextEnd(bytes: Uint8Array, from: number, to: number): number;
  /** Whether nothing has come since the last end but what may stand between objects. */
  isIdle(): boolean;
  reset(): void;
}

const [QUOTE, BACKSLASH, OPEN, CLOSE] = [0x22, 0x5c, 0x7b, 0x7d];
const [COMMA, OPEN_LIST, CLOSE_LIST] = [0x2c, 0x5b, 0x5d];

/** 1 for what may stand between joined objects: space, control, commas and brackets of an array, bytes of a byte order mark. */
const IS_JOINT = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte <= 0x20 || [COMMA, OPEN_LIST, CLOSE_LIST, 0xef, 0xbb, 0xbf].includes(byte) ? 1 : 0,
);

export const createBoundary = (): Boundary => {
  let depth = 0;
  let inString = false;
  let isEscaped = false;
  let isJunk = false;

  const step = (byte: number): boolean => {
    if (isEscaped) {
      isEscaped = false;
    } else if (inString) {
      if (byte === BACKSLASH) isEscaped = true;
      else if (byte === QUOTE) inString = false;
    } else if (depth === 0) {
      if (byte === OPEN) depth = 1;
      // Text at the outermost level: only a newline can end this.
      else if (IS_JOINT[byte] === 0) isJunk = true;
    } else if (byte === QUOTE) {
      inString = true;
    } else if (byte === OPEN) {
      depth += 1;
    } else if (byte === CLOSE) {
      depth -= 1;
      return depth === 0;
    }
    return false;
  };

  return {
    nextEnd: (bytes, from, to) => {
      for (let at = from; at < to && !isJunk; at += 1) if (step(bytes[at] as number)) return at + 1;
      return -1;
    },
    isIdle: () => depth === 0 && !isJunk,
    reset: () => {
      depth = 0;
      inString = false;
      isEscaped = false;
      isJunk = false;
    },
  };
};

/** The raw bytes of each object of a list (`[{…},{…}]`). */
export const objectsOfList = (bytes: Uint8Array): readonly Uint8Array[] => {
  const boundary = createBoundary();
  const objects: Uint8Array[] = [];
  let at = 0;
  for (;;) {
    const end = boundary.nextEnd(bytes, at, bytes.length);
    if (end < 0) return objects;
    objects.push(bytes.subarray(bytes.indexOf(OPEN, at), end));
    at = end;
  }
};
