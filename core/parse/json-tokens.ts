/** The tokens of JSON: where in the bytes a string, a number or a word ends. A newline behind the line stops every loop over it. */

import type { Fields } from './json-fields.ts';

/** Results of a scan below 0: no object of ours, and where it ended is unknown. */
export const SCAN_BAD = -1;
export const SCAN_TRUNCATED = -2;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Bytes that go on in a string and are plain: ASCII but quote, backslash and control bytes. */
const IS_PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte < 0x80 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);

const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;
const isHex = (byte: number | undefined): boolean =>
  isDigit(byte) || (byte !== undefined && (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);

/** End of a JSON number that starts at `start` (RFC 8259, section 6), or `start` where there is none. */
export const numberEnd = (bytes: Uint8Array, start: number): number => {
  let at = start;
  if (bytes[at] === 0x2d) at += 1;
  if (!isDigit(bytes[at])) return start;
  if (bytes[at] === 0x30) at += 1;
  else while (isDigit(bytes[at])) at += 1;
  if (bytes[at] === 0x2e) {
    if (!isDigit(bytes[at + 1])) return start;
    at += 1;
    while (isDigit(bytes[at])) at += 1;
  }
  if (((bytes[at] ?? 0) | 0x20) === 0x65) {
    at += 1;
    if (bytes[at] === 0x2b || bytes[at] === 0x2d) at += 1;
    if (!isDigit(bytes[at])) return start;
    while (isDigit(bytes[at])) at += 1;
  }
  return at;
};

const [TRUE, FALSE, NULL] = ['true', 'false', 'null'].map((word) =>
  Uint8Array.from(word, (c) => c.charCodeAt(0)),
) as [Uint8Array, Uint8Array, Uint8Array];

/** End of `true`, `false` or `null` at `at`, or `at` where there is none. */
export const wordEnd = (bytes: Uint8Array, at: number): number => {
  const first = bytes[at];
  const word = first === 0x74 ? TRUE : first === 0x66 ? FALSE : NULL;
  // A newline behind the line stops it: none of the words has one.
  for (let i = 0; i < word.length; i += 1) if (bytes[at + i] !== word[i]) return at;
  return at + word.length;
};

const escapeEnd = (f: Fields, at: number): number => {
  const { bytes, limit } = f;
  if (at >= limit) return SCAN_TRUNCATED;
  const byte = bytes[at] as number;
  const digits = byte === 0x75 ? 4 : byte === 0x78 ? 2 : 0;
  if (digits === 0) return '"\\/bfnrt'.includes(String.fromCharCode(byte)) ? at + 1 : SCAN_BAD;
  for (let i = 1; i <= digits; i += 1) {
    if (at + i >= limit) return SCAN_TRUNCATED;
    if (!isHex(bytes[at + i])) return SCAN_BAD;
  }
  if (digits === 2) f.repaired = true;
  return at + digits + 1;
};

/**
 * The first byte from `from` on that is not plain in a string: four at a time, each test by a bit that carries. A byte behind the
 * one that is found may set its bit wrongly, one before it never does.
 */
export const plainEnd = (bytes: Uint8Array, view: DataView, from: number): number => {
  const last = bytes.length - 4;
  let at = from;
  for (; at <= last; at += 4) {
    const four = view.getInt32(at, true);
    const isQuote = (four ^ 0x22222222) - 0x01010101;
    const isBackslash = (four ^ 0x5c5c5c5c) - 0x01010101;
    // Bytes from 0x80 on keep their bit in one of the first two.
    const found = (isQuote | isBackslash | (four - 0x20202020)) & 0x80808080;
    if (found !== 0) return at + ((31 - Math.clz32(found & -found)) >> 3);
  }
  while (IS_PLAIN[bytes[at] as number] === 1) at += 1;
  return at;
};

/** End of a string whose first byte is at `start`: place of the closing quote, or a fault. Sets `isText`. */
export const stringEnd = (f: Fields, start: number): number => {
  const { bytes, view, limit } = f;
  let at = start;
  f.isText = false;
  for (;;) {
    at = plainEnd(bytes, view, at);
    if (at >= limit) return SCAN_TRUNCATED;
    const byte = bytes[at] as number;
    if (byte === QUOTE) return at;
    if (byte < 0x20) return SCAN_BAD;
    f.isText = true;
    if (byte !== BACKSLASH) {
      at += 1;
      continue;
    }
    at = escapeEnd(f, at + 1);
    if (at < 0) return at;
  }
};

/** The first byte from `from` on that is no space, or `limit`. */
export const skipSpace = (bytes: Uint8Array, from: number, limit: number): number => {
  let at = from;
  while (at < limit && isSpace(bytes[at] as number)) at += 1;
  return at;
};
