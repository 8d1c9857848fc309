/**
 * Reads one JSON object out of bytes in a single pass and notes where the values of known keys stand, without building an object:
 * of the thirty fields of a Traefik line most are never wanted. It accepts exactly what JSON.parse accepts (a differential test
 * holds this), to 64 levels of nesting, and, marked as `repaired`, the two ways in which nginx formats break JSON: `\xNN` in strings
 * (a log_format without escape=json) and bare values (`"rt":,` and `"rt":0.000, 0.003`: unquoted variables).
 */

import { withNewline } from './byte-text.ts';
import { type Fields, startFields, VALUE } from './json-fields.ts';
import {
  entryOf,
  expectedEnd,
  expectNext,
  findKey,
  HEAD,
  type KeyEntry,
  type KeyTable,
  MEANS_MORE,
  meaningOf,
  nextStep,
} from './json-keys.ts';
import { noteKey, noteSlot } from './json-note.ts';
import {
  numberEnd,
  plainEnd,
  SCAN_BAD,
  SCAN_TRUNCATED,
  skipSpace,
  stringEnd,
  wordEnd,
} from './json-tokens.ts';

const MAX_DEPTH = 64;
const MAX_BARE_BYTES = 256;

const NEWLINE = 0x0a;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;

// Constants of this file are part of the machine code; those of another are looked up each time.
const { ascii: ASCII, text: TEXT, bare: BARE, nested: NESTED, none: NONE } = VALUE;

/** End of a value that nginx wrote bare where JSON wants quotes: up to the next key, or the end of the object. */
const mendedEnd = (f: Fields, start: number): number => {
  const { bytes, limit } = f;
  const most = Math.min(limit, start + MAX_BARE_BYTES);
  for (let at = start; at < most; at += 1) {
    const byte = bytes[at] as number;
    if (byte === CLOSE) return at;
    if (byte === COMMA && bytes[skipSpace(bytes, at + 1, limit)] === QUOTE) return at;
    if (byte === QUOTE || byte === OPEN || byte === OPEN_LIST || byte === CLOSE_LIST || byte < 0x20)
      return SCAN_BAD;
  }
  return most === limit ? SCAN_TRUNCATED : SCAN_BAD;
};

const bareEnd = (f: Fields, start: number, mend: boolean): number => {
  const { bytes, limit } = f;
  let end = numberEnd(bytes, start);
  f.valueKind = BARE;
  if (end === start) {
    end = wordEnd(bytes, start);
    if (end > start && bytes[start] === 0x6e) f.valueKind = NONE;
  }
  if (end > limit) return SCAN_TRUNCATED;
  const after = skipSpace(bytes, end, limit);
  if (end > start) {
    if (after >= limit) return SCAN_TRUNCATED;
    const byte = bytes[after] as number;
    const closes = byte === CLOSE || byte === CLOSE_LIST;
    if (closes || (byte === COMMA && (!mend || bytes[skipSpace(bytes, after + 1, limit)] === QUOTE)))
      return end;
  }
  if (!mend) return end > start ? end : start >= limit ? SCAN_TRUNCATED : SCAN_BAD;
  const mended = mendedEnd(f, start);
  if (mended < 0) return mended;
  f.repaired = true;
  f.valueKind = mended === start ? NONE : BARE;
  return mended;
};

const listEnd = (f: Fields, start: number, depth: number): number => {
  const { bytes, limit } = f;
  let at = skipSpace(bytes, start + 1, limit);
  if (bytes[at] === CLOSE_LIST && at < limit) return at + 1;
  for (;;) {
    at = valueEnd(f, at, depth, undefined, false);
    if (at < 0) return at;
    at = skipSpace(bytes, at, limit);
    if (at >= limit) return SCAN_TRUNCATED;
    if (bytes[at] === CLOSE_LIST) return at + 1;
    if (bytes[at] !== COMMA) return SCAN_BAD;
    at = skipSpace(bytes, at + 1, limit);
  }
};

const nestedEnd = (f: Fields, at: number, depth: number, table: KeyTable | undefined): number =>
  table === undefined ? skippedEnd(f, at, depth) : objectEnd(f, at, depth, table);

/** End of the value at `at`. Sets `valueKind`. `table` names keys inside it; `mend` lets bare values pass. */
const valueEnd = (
  f: Fields,
  at: number,
  depth: number,
  table: KeyTable | undefined,
  mend: boolean,
): number => {
  if (at >= f.limit) return SCAN_TRUNCATED;
  const byte = f.bytes[at] as number;
  if (byte === QUOTE) {
    const end = stringEnd(f, at + 1);
    f.valueKind = f.isText ? TEXT : ASCII;
    return end < 0 ? end : end + 1;
  }
  if (byte !== OPEN && byte !== OPEN_LIST) return bareEnd(f, at, mend);
  if (depth >= MAX_DEPTH) return SCAN_BAD;
  const end = byte === OPEN_LIST ? listEnd(f, at, depth + 1) : nestedEnd(f, at, depth + 1, table);
  f.valueKind = NESTED;
  return end;
};

/** The place behind a colon and the space around it, or a fault. */
const afterColon = (bytes: Uint8Array, from: number, limit: number): number => {
  const colon = skipSpace(bytes, from, limit);
  if (colon >= limit) return SCAN_TRUNCATED;
  return bytes[colon] === COLON ? skipSpace(bytes, colon + 1, limit) : SCAN_BAD;
};

/** End of a whole number, found without a call: 0 where it is anything else. */
const digitsEnd = (bytes: Uint8Array, at: number): number => {
  const first = bytes[at] as number;
  if (first < 0x30 || first > 0x39) return 0;
  let to = at + 1;
  // No JSON number goes on behind a leading zero but with a fraction or an exponent.
  if (first !== 0x30) while (((bytes[to] as number) - 0x30) >>> 0 < 10) to += 1;
  const after = bytes[to];
  return after === CLOSE || (after === COMMA && bytes[to + 1] === QUOTE) ? to : 0;
};

/** Start of the key behind the value that ends at `from`, or behind the opening brace; or a fault. */
const keyStart = (f: Fields, from: number, isFirst: boolean): number => {
  const { bytes, limit } = f;
  let at = skipSpace(bytes, from, limit);
  if (!isFirst) {
    if (at < limit && bytes[at] !== COMMA) return SCAN_BAD;
    at = skipSpace(bytes, at + 1, limit);
  }
  if (at >= limit) return SCAN_TRUNCATED;
  return bytes[at] === QUOTE ? at + 1 : SCAN_BAD;
};

/** End of a plain string or a whole number, the commonest values; 0 where it is anything else. */
const simpleEnd = (bytes: Uint8Array, view: DataView, at: number): number => {
  if (bytes[at] !== QUOTE) return digitsEnd(bytes, at);
  const stop = plainEnd(bytes, view, at + 1);
  return bytes[stop] === QUOTE ? stop + 1 : 0;
};

/** End of an object that no one wants anything of. */
const skippedEnd = (f: Fields, start: number, depth: number): number => {
  const { bytes, view, limit } = f;
  let at = start + 1;
  for (let isFirst = true; ; isFirst = false) {
    at = skipSpace(bytes, at, limit);
    if (at < limit && bytes[at] === CLOSE) return at + 1;
    const key = keyStart(f, at, isFirst);
    if (key < 0) return key;
    const end = stringEnd(f, key);
    if (end < 0) return end;
    const value = afterColon(bytes, end + 1, limit);
    if (value < 0) return value;
    at = simpleEnd(bytes, view, value);
    if (at === 0) at = valueEnd(f, value, depth, undefined, true);
    if (at < 0) return at;
  }
};

/** Reads a key that was not expected into `table.met`; returns where its value starts, or a fault. */
const readKey = (f: Fields, table: KeyTable, step: number, from: number, isFirst: boolean): number => {
  const { bytes, limit } = f;
  const start = keyStart(f, from, isFirst);
  if (start < 0) return start;
  const end = stringEnd(f, start);
  if (end < 0) return end;
  const { isText } = f;
  table.met = findKey(f, table, start, end);
  const value = afterColon(bytes, end + 1, limit);
  // A key with escapes is looked at anew each time, so that a mended one is seen to be mended.
  if (value > 0 && step >= 0 && table.met.step >= 0 && !isText)
    expectNext(f, table, step, table.met.step, from, value);
  return value;
};

/** The key of a step, or the one that was not kept. */
const keyAt = (table: KeyTable, step: number): KeyEntry => (step < 0 ? table.met : entryOf(table, step));

/** Reads any value but a plain string and a whole number, and notes it. Returns its end, or a fault. */
const readOther = (f: Fields, at: number, depth: number, key: KeyEntry): number => {
  const end = valueEnd(f, at, depth, key.inside, true);
  if (end < 0) return end;
  const quote = f.valueKind <= TEXT ? 1 : 0;
  noteKey(f, key, f.valueKind, at + quote, end - quote);
  return end;
};

const objectEnd = (f: Fields, start: number, depth: number, table: KeyTable): number => {
  const { bytes, view, limit } = f;
  let at = start + 1;
  let step = HEAD;
  for (let isFirst = true; ; isFirst = false) {
    let value = step < 0 ? 0 : expectedEnd(view, limit, table.steps, step, at);
    if (value > 0) {
      step = nextStep(table.steps, step);
      // This line may have a space where the one before had none.
      if ((bytes[value] as number) <= 0x20) value = skipSpace(bytes, value, limit);
    } else {
      const closing = (bytes[at] as number) > 0x20 ? at : skipSpace(bytes, at, limit);
      if (closing < limit && bytes[closing] === CLOSE) return closing + 1;
      value = readKey(f, table, step, at, isFirst);
      if (value < 0) return value;
      step = table.met.step;
    }
    const means = step < 0 ? MEANS_MORE : meaningOf(table.steps, step);
    const isString = bytes[value] === QUOTE;
    const from = isString ? value + 1 : value;
    const to = isString ? plainEnd(bytes, view, from) : digitsEnd(bytes, value);
    if (isString ? bytes[to] === QUOTE : to > 0) {
      const kind = isString ? ASCII : BARE;
      if (means >= 0) noteSlot(f, means, kind, from, to);
      else if (means === MEANS_MORE) noteKey(f, keyAt(table, step), kind, from, to);
      at = isString ? to + 1 : to;
    } else {
      at = readOther(f, value, depth, keyAt(table, step));
      if (at < 0) return at;
    }
  }
};

/**
 * Scans the object that starts with `{` at `start`, and leaves what it found in `fields`.
 *
 * @param end - first byte that does not belong to the line any more
 * @returns the place behind the closing brace, SCAN_BAD, or SCAN_TRUNCATED where the line ends too early
 */
export const scanObject = (
  fields: Fields,
  bytes: Uint8Array,
  start: number,
  end: number,
  table: KeyTable,
): number => {
  // A newline behind the line stops every loop over it, so that none has to watch for the end.
  startFields(fields, bytes[end] === NEWLINE ? bytes : withNewline(bytes, end), end);
  return objectEnd(fields, start, 0, table);
};
