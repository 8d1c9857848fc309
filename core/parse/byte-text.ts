/**
 * From the bytes of a log to text, and to the one form of a request target that can be sent. Logs are bytes first: many are not
 * UTF-8 throughout, and what is not must come out as it went in.
 */

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

const ESCAPED_BYTE = 0xdc00;

/** Length of the valid UTF-8 sequence that starts at `at`, 0 where there is none (RFC 3629, table in section 4). */
const sequenceLength = (bytes: Uint8Array, at: number): number => {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  const size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  for (let i = 1; i < size; i += 1) if (((bytes[at + i] ?? 0) & 0xc0) !== 0x80) return 0;
  const second = bytes[at + 1] ?? 0;
  const tooLow = (lead === 0xe0 && second < 0xa0) || (lead === 0xf0 && second < 0x90);
  const tooHigh = (lead === 0xed && second > 0x9f) || (lead === 0xf4 && second > 0x8f);
  return tooLow || tooHigh ? 0 : size;
};

const withEscapes = (bytes: Uint8Array): string => {
  let text = '';
  let valid = 0;
  for (let at = 0; at < bytes.length; ) {
    const size = sequenceLength(bytes, at);
    if (size > 0) {
      at += size;
      continue;
    }
    text += utf8.decode(bytes.subarray(valid, at)) + String.fromCharCode(ESCAPED_BYTE + (bytes[at] ?? 0));
    at += 1;
    valid = at;
  }
  return text + utf8.decode(bytes.subarray(valid));
};

/** UTF-8 bytes as text; each byte 0xNN that is part of no valid sequence becomes the lone surrogate U+DCNN (PEP 383). */
export const textOfBytes = (bytes: Uint8Array): string => {
  try {
    return utf8.decode(bytes);
  } catch {
    // Not UTF-8 throughout: the slow way keeps the stray bytes.
    return withEscapes(bytes);
  }
};

/** The bytes that `textOfBytes` made the text from. */
export const bytesOfText = (text: string): Uint8Array => {
  if (!/[\udc80-\udcff]/.test(text)) return encoder.encode(text);
  const parts: Uint8Array[] = [];
  // A surrogate that belongs to a pair is no escaped byte.
  for (const piece of text.split(/((?<![\ud800-\udbff])[\udc80-\udcff])/)) {
    const code = piece.charCodeAt(0);
    const escaped = piece.length === 1 && code >= ESCAPED_BYTE + 0x80 && code <= ESCAPED_BYTE + 0xff;
    parts.push(escaped ? Uint8Array.of(code - ESCAPED_BYTE) : encoder.encode(piece));
  }
  return concatBytes(parts);
};

/** All parts in one array. */
export const concatBytes = (parts: readonly Uint8Array[]): Uint8Array => {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};

/** The place of the first byte from `from` on that is neither space nor control, or `to`. */
export const firstVisible = (bytes: Uint8Array, from: number, to: number): number => {
  let at = from;
  while (at < to && (bytes[at] as number) <= 0x20) at += 1;
  return at;
};

/** The place behind a byte order mark, where there is one. */
export const skipMark = (bytes: Uint8Array, at: number): number =>
  bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf ? at + 3 : at;

/** A copy of the bytes up to `end` with a newline behind them. */
export const withNewline = (bytes: Uint8Array, end: number): Uint8Array => {
  const copy = new Uint8Array(end + 1);
  copy.set(bytes.subarray(0, end));
  copy[end] = 0x0a;
  return copy;
};

const PERCENT = Array.from({ length: 256 }, (_, byte) =>
  byte > 0x20 && byte < 0x7f
    ? String.fromCharCode(byte)
    : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
);

/** Bytes of a path and query as they can be sent: visible ASCII as it is, every other byte as `%XX`. */
export const targetOfBytes = (bytes: Uint8Array): string => {
  let target = '';
  for (const byte of bytes) target += PERCENT[byte];
  return target;
};

const SIMPLE_ESCAPES: Readonly<Record<number, number>> = {
  34: 0x22,
  92: 0x5c,
  47: 0x2f,
  98: 0x08,
  102: 0x0c,
  110: 0x0a,
  114: 0x0d,
  116: 0x09,
};

const hexAt = (bytes: Uint8Array, at: number, digits: number): number => {
  let value = 0;
  for (let i = 0; i < digits; i += 1) {
    const byte = bytes[at + i] ?? 0;
    const lower = byte | 0x20;
    value = value * 16 + (byte <= 0x39 ? byte - 0x30 : lower - 0x57);
  }
  return value;
};

/** Writes a code point in UTF-8 (a lone surrogate in the same scheme, as WTF-8 does); returns the next free place. */
const putCodePoint = (out: Uint8Array, at: number, code: number): number => {
  if (code < 0x80) {
    out[at] = code;
    return at + 1;
  }
  const size = code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4;
  for (let i = size - 1; i > 0; i -= 1) out[at + i] = 0x80 | ((code >> (6 * (size - 1 - i))) & 0x3f);
  out[at] = ((0xf00 >> size) & 0xff) | (code >> (6 * (size - 1)));
  return at + size;
};

/**
 * The bytes that a JSON string stands for, its escapes undone. Escapes must have been checked before (`json-scan.ts` does);
 * nginx's `\xNN` is undone as well.
 *
 * @param start - first byte after the opening quote
 * @param end - place of the closing quote
 */
export const unescapeJson = (bytes: Uint8Array, start: number, end: number): Uint8Array => {
  const out = new Uint8Array(end - start);
  let to = 0;
  for (let at = start; at < end; ) {
    const byte = bytes[at] ?? 0;
    if (byte !== 0x5c) {
      out[to] = byte;
      to += 1;
      at += 1;
      continue;
    }
    const kind = bytes[at + 1] ?? 0;
    if (kind === 0x78) {
      out[to] = hexAt(bytes, at + 2, 2);
      to += 1;
      at += 4;
    } else if (kind === 0x75) {
      let code = hexAt(bytes, at + 2, 4);
      at += 6;
      const isHigh = code >= 0xd800 && code < 0xdc00 && bytes[at] === 0x5c && bytes[at + 1] === 0x75;
      const low = isHigh ? hexAt(bytes, at + 2, 4) : 0;
      if (low >= 0xdc00 && low < 0xe000) {
        code = 0x1_0000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        at += 6;
      }
      to = putCodePoint(out, to, code);
    } else {
      out[to] = SIMPLE_ESCAPES[kind] ?? kind;
      to += 1;
      at += 2;
    }
  }
  return out.subarray(0, to);
};
