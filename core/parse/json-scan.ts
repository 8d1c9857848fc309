/**
 * Reads one JSON object out of bytes in a single pass and notes where the values of known keys stand, without building an object:
 * of the thirty fields of a Traefik line most are never wanted. It accepts exactly what JSON.parse accepts (a differential test
 * holds this), to 64 levels of nesting, and, marked as `repaired`, the two ways in which nginx formats break JSON: `\xNN` in strings (a log_format without
 * escape=json) and bare values (`"rt":,` and `"rt":0.000, 0.003`: unquoted variables).
 */

import { textOfBytes, unescapeJson, withNewline } from './byte-text.ts';

/** What a key means to whoever reads the fields. */
export interface KeyMeaning {
  /** Number of the field in `Fields`, −1 for none. */
  readonly slot: number;
  /** Name of the request header whose value stands here. */
  readonly header?: string | undefined;
  /** Whether the header is one of Traefik's (`request_<Name>`); those of the two formats are kept apart. */
  readonly isTraefik?: boolean | undefined;
  /** Whether a user named this key for the header: it wins over the usual ones. */
  readonly isOwn?: boolean | undefined;
  /** Meanings of the keys of the object that stands here. */
  readonly inside?: KeyTable | undefined;
}

/** Gives each key its meaning; undefined is a key that means nothing. */
export type KeyLookup = (key: string) => KeyMeaning | undefined;

/** One request header, under however many keys a line has it (`http_user_agent` and `agent`). */
interface HeaderCell {
  readonly isTraefik: boolean;
  readonly isUserAgent: boolean;
  /** Index in the list of headers, of which scan that is, and whose key gave the value. */
  index: number;
  scan: number;
  by: KeyEntry | undefined;
}

interface KeyEntry extends KeyMeaning {
  readonly bytes: Uint8Array;
  readonly cell: HeaderCell | undefined;
  /** Whether anyone asks for the value. */
  readonly isWanted: boolean;
  /** The key that stood behind this one the last time: nearly always the next one again. */
  next: KeyEntry | undefined;
}

/** Headers by their names in lower case; Traefik's have a mark before them. */
export type HeaderCells = Map<string, HeaderCell>;

/** Known keys of one level of nesting. */
export interface KeyTable {
  readonly lookup: KeyLookup;
  /** Shared by all levels. */
  readonly cells: HeaderCells;
  readonly entries: Map<string, KeyEntry>;
  /** Stands before the first key, and before any key that was not kept. */
  readonly head: KeyEntry;
}

const cellOf = (cells: HeaderCells, header: string, isTraefik: boolean): HeaderCell => {
  const name = header.toLowerCase();
  const key = isTraefik ? `>${name}` : name;
  const known = cells.get(key);
  if (known !== undefined) return known;
  const cell = { isTraefik, isUserAgent: name === 'user-agent', index: -1, scan: -1, by: undefined };
  if (cells.size < MAX_KEYS) cells.set(key, cell);
  return cell;
};

const newEntry = (bytes: Uint8Array, meaning: KeyMeaning | undefined, cells: HeaderCells): KeyEntry => {
  const header = meaning?.header;
  return {
    slot: meaning?.slot ?? -1,
    header,
    isOwn: meaning?.isOwn ?? false,
    inside: meaning?.inside,
    bytes,
    cell: header === undefined ? undefined : cellOf(cells, header, meaning?.isTraefik ?? false),
    isWanted: (meaning?.slot ?? -1) >= 0 || header !== undefined,
    next: undefined,
  };
};

export const newKeyTable = (lookup: KeyLookup, cells: HeaderCells = new Map()): KeyTable => ({
  lookup,
  cells,
  entries: new Map(),
  head: newEntry(new Uint8Array(0), undefined, cells),
});

/** How the bytes of a value are to be read. */
export const VALUE = { absent: 0, ascii: 1, text: 2, bare: 3, nested: 4, none: 5 } as const;
// ascii: string of plain ASCII without escapes; text: string with escapes or other bytes; bare: number, true, false or mended;
// nested: object or array; none: null or empty.

/** Where the values of request headers stand, in the order of the line. */
export interface HeaderList {
  readonly isTraefik: boolean;
  count: number;
  readonly name: string[];
  readonly kind: Uint8Array;
  readonly start: Int32Array;
  readonly end: Int32Array;
  /** Place of the user agent in the list, −1 where the line has no such key. */
  userAgentIndex: number;
}

/**
 * Where the values of the object last scanned stand, and the scanner's own state. Plain data and plain functions over it: closures
 * made anew for each log would not be inlined, and cost half of the speed.
 */
export interface Fields {
  /** Always a plain Uint8Array, never a Buffer: two kinds of array in one loop are slower than one. */
  bytes: Uint8Array;
  limit: number;
  /** Scan number at which a slot was last filled: a slot counts only when this equals `scan`. */
  readonly filled: Int32Array;
  readonly kind: Uint8Array;
  readonly start: Int32Array;
  readonly end: Int32Array;
  scan: number;
  readonly traefikHeaders: HeaderList;
  readonly nginxHeaders: HeaderList;
  /** Whether the line was no JSON until mended. */
  repaired: boolean;
  /** Kind of the value read last. */
  valueKind: number;
  /** Whether the string read last has escapes or bytes outside ASCII. */
  isText: boolean;
}

/** Header fields of one line beyond this are not looked at: 512 is twice what any server accepts. */
const MAX_HEADERS = 512;
/** Keys remembered at one level; a log that makes up keys must not fill the memory. */
const MAX_KEYS = 4096;
const MAX_KEY_BYTES = 256;
const MAX_DEPTH = 64;
const MAX_BARE_BYTES = 256;
/** Scans are numbered in 32 bits: at 10,000 lines a second they begin anew after two and a half days. */
const MAX_SCANS = 0x7fffffff;

const newHeaderList = (isTraefik: boolean): HeaderList => ({
  isTraefik,
  count: 0,
  name: [],
  kind: new Uint8Array(MAX_HEADERS),
  start: new Int32Array(MAX_HEADERS),
  end: new Int32Array(MAX_HEADERS),
  userAgentIndex: -1,
});

export const newFields = (slots: number): Fields => ({
  bytes: new Uint8Array(0),
  limit: 0,
  filled: new Int32Array(slots).fill(-1),
  kind: new Uint8Array(slots),
  start: new Int32Array(slots),
  end: new Int32Array(slots),
  scan: 0,
  traefikHeaders: newHeaderList(true),
  nginxHeaders: newHeaderList(false),
  repaired: false,
  valueKind: 0,
  isText: false,
});

/** Results of a scan below 0: no object of ours, and where it ended is unknown. */
export const SCAN_BAD = -1;
export const SCAN_TRUNCATED = -2;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;

/** 0: goes on in a string; 1: not ASCII; 2: quote, backslash or control byte. */
const IN_STRING = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x80 ? 1 : byte < 0x20 || byte === QUOTE || byte === BACKSLASH ? 2 : 0,
);

const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;
const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;
const isHex = (byte: number | undefined): boolean =>
  isDigit(byte) || (byte !== undefined && (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);

/** End of a JSON number that starts at `at` (RFC 8259, section 6), or `at` where there is none. */
const numberEnd = (bytes: Uint8Array, start: number): number => {
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
const wordEnd = (bytes: Uint8Array, at: number): number => {
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

/** End of a string whose first byte is at `start`: place of the closing quote, or a fault. Sets `isText`. */
const stringEnd = (f: Fields, start: number): number => {
  const { bytes, limit } = f;
  let at = start;
  f.isText = false;
  for (;;) {
    while (IN_STRING[bytes[at] as number] === 0) at += 1;
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

const skipSpace = (bytes: Uint8Array, from: number, limit: number): number => {
  let at = from;
  while (at < limit && isSpace(bytes[at] as number)) at += 1;
  return at;
};

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
  f.valueKind = VALUE.bare;
  if (end === start) {
    end = wordEnd(bytes, start);
    if (end > start && bytes[start] === 0x6e) f.valueKind = VALUE.none;
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
  f.valueKind = mended === start ? VALUE.none : VALUE.bare;
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
    f.valueKind = f.isText ? VALUE.text : VALUE.ascii;
    return end < 0 ? end : end + 1;
  }
  if (byte !== OPEN && byte !== OPEN_LIST) return bareEnd(f, at, mend);
  if (depth >= MAX_DEPTH) return SCAN_BAD;
  const end = byte === OPEN ? objectEnd(f, at, depth + 1, table) : listEnd(f, at, depth + 1);
  f.valueKind = VALUE.nested;
  return end;
};

/** Whether the key at `at` is this one, its closing quote included. */
const isKeyAt = (bytes: Uint8Array, at: number, key: Uint8Array): boolean => {
  const { length } = key;
  for (let i = 0; i < length; i += 1) if (bytes[at + i] !== key[i]) return false;
  return bytes[at + length] === QUOTE;
};

const latinText = (bytes: Uint8Array, start: number, end: number): string => {
  let text = '';
  for (let i = start; i < end; i += 1) text += String.fromCharCode(bytes[i] as number);
  return text;
};

/** A key written with escapes is the same key as without. */
const findKey = (f: Fields, table: KeyTable, start: number, end: number): KeyEntry => {
  const plain = f.isText ? unescapeJson(f.bytes, start, end) : undefined;
  const text = plain === undefined ? latinText(f.bytes, start, end) : latinText(plain, 0, plain.length);
  const known = table.entries.get(text);
  if (known !== undefined) return known;
  const key = plain === undefined ? text : textOfBytes(plain);
  const entry = newEntry(plain ?? f.bytes.slice(start, end), table.lookup(key), table.cells);
  if (table.entries.size < MAX_KEYS && end - start <= MAX_KEY_BYTES) table.entries.set(text, entry);
  return entry;
};

/** Whether a value says nothing: null, nested, empty or `-`. */
const isVoid = (bytes: Uint8Array, kind: number, start: number, end: number): boolean =>
  kind >= VALUE.nested || end === start || (end - start === 1 && bytes[start] === 0x2d);

const noteHeader = (f: Fields, cell: HeaderCell, entry: KeyEntry, from: number, to: number): void => {
  const list = cell.isTraefik ? f.traefikHeaders : f.nginxHeaders;
  if (cell.scan !== f.scan) {
    if (list.count === MAX_HEADERS) return;
    cell.scan = f.scan;
    cell.index = list.count;
    if (cell.isUserAgent) list.userAgentIndex = list.count;
    list.count += 1;
  } else if (cell.by !== entry) {
    // The same header under another key: the first that says something is kept. Of equal keys the last wins, as in JSON.parse.
    const { kind, start, end } = list;
    const { index } = cell;
    const keeps = !isVoid(f.bytes, kind[index] as number, start[index] as number, end[index] as number);
    if (isVoid(f.bytes, f.valueKind, from, to) || (keeps && entry.isOwn !== true)) return;
  }
  cell.by = entry;
  const { index } = cell;
  list.name[index] = entry.header as string;
  list.kind[index] = f.valueKind;
  list.start[index] = from;
  list.end[index] = to;
};

const note = (f: Fields, entry: KeyEntry, start: number, end: number): void => {
  const kind = f.valueKind;
  const isString = kind === VALUE.ascii || kind === VALUE.text;
  const from = isString ? start + 1 : start;
  const to = isString ? end - 1 : end;
  const { slot, cell } = entry;
  if (slot >= 0) {
    f.filled[slot] = f.scan;
    f.kind[slot] = kind;
    f.start[slot] = from;
    f.end[slot] = to;
  }
  if (cell !== undefined) noteHeader(f, cell, entry, from, to);
};

/** The place behind a colon and the space around it, or a fault. */
const afterColon = (bytes: Uint8Array, from: number, limit: number): number => {
  const colon = skipSpace(bytes, from, limit);
  if (colon >= limit) return SCAN_TRUNCATED;
  return bytes[colon] === COLON ? skipSpace(bytes, colon + 1, limit) : SCAN_BAD;
};

/** Ends of the two commonest values, found without a call: plain ASCII strings and whole numbers. 0 where it is neither. */
const plainEnd = (f: Fields, at: number): number => {
  const { bytes } = f;
  const first = bytes[at] as number;
  let to = at + 1;
  if (first === QUOTE) {
    while (IN_STRING[bytes[to] as number] === 0) to += 1;
    f.valueKind = VALUE.ascii;
    return bytes[to] === QUOTE ? to + 1 : 0;
  }
  if (first < 0x30 || first > 0x39) return 0;
  // No JSON number goes on behind a leading zero but with a fraction or an exponent.
  if (first !== 0x30) while (((bytes[to] as number) - 0x30) >>> 0 < 10) to += 1;
  f.valueKind = VALUE.bare;
  const after = bytes[to];
  return after === CLOSE || (after === COMMA && bytes[to + 1] === QUOTE) ? to : 0;
};

const objectEnd = (f: Fields, start: number, depth: number, table: KeyTable | undefined): number => {
  const { bytes, limit } = f;
  let at = skipSpace(bytes, start + 1, limit);
  if (at < limit && bytes[at] === CLOSE) return at + 1;
  let before = table?.head;
  for (;;) {
    if (at >= limit) return SCAN_TRUNCATED;
    if (bytes[at] !== QUOTE) return SCAN_BAD;
    at += 1;
    let entry = before?.next;
    if (entry !== undefined && isKeyAt(bytes, at, entry.bytes)) {
      at += entry.bytes.length + 1;
    } else {
      const end = stringEnd(f, at);
      if (end < 0) return end;
      entry = table === undefined ? undefined : findKey(f, table, at, end);
      // A key with escapes is looked at anew each time, so that a mended one is seen to be mended.
      if (before !== undefined && entry !== undefined && !f.isText) before.next = entry;
      at = end + 1;
    }
    at = bytes[at] === COLON && (bytes[at + 1] as number) > 0x20 ? at + 1 : afterColon(bytes, at, limit);
    if (at < 0) return at;
    let end = plainEnd(f, at);
    if (end === 0) end = valueEnd(f, at, depth, entry?.inside, true);
    if (end < 0) return end;
    if (entry !== undefined) {
      if (entry.isWanted) note(f, entry, at, end);
      before = entry;
    }
    at = (bytes[end] as number) > 0x20 ? end : skipSpace(bytes, end, limit);
    if (at >= limit) return SCAN_TRUNCATED;
    const byte = bytes[at];
    if (byte === CLOSE) return at + 1;
    if (byte !== COMMA) return SCAN_BAD;
    at += 1;
    if (bytes[at] !== QUOTE) at = skipSpace(bytes, at, limit);
  }
};

const NEWLINE = 0x0a;

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
  fields.bytes = bytes[end] === NEWLINE ? bytes : withNewline(bytes, end);
  fields.limit = end;
  fields.repaired = false;
  if (fields.scan === MAX_SCANS) {
    fields.filled.fill(-1);
    fields.scan = 0;
  }
  fields.scan += 1;
  fields.traefikHeaders.count = 0;
  fields.traefikHeaders.userAgentIndex = -1;
  fields.nginxHeaders.count = 0;
  fields.nginxHeaders.userAgentIndex = -1;
  return objectEnd(fields, start, 0, table);
};
