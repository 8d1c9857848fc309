/** Where the values of one scanned object stand: plain data, filled by json-scan.ts and read by all who want a value. */

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
  /** The same bytes, four at a time. */
  view: DataView;
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
export const MAX_HEADERS = 512;
/** Scans are numbered in 32 bits: at 10,000 lines a second they begin anew after two and a half days. */
const MAX_SCANS = 0x7fffffff;

const NO_BYTES = new Uint8Array(0);

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
  bytes: NO_BYTES,
  view: new DataView(NO_BYTES.buffer),
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

const clearHeaders = (list: HeaderList): void => {
  list.count = 0;
  list.userAgentIndex = -1;
};

/** Forgets the object that was scanned last. `bytes` have a newline at `limit`. */
export const startFields = (fields: Fields, bytes: Uint8Array, limit: number): void => {
  if (fields.bytes !== bytes) {
    fields.bytes = bytes;
    fields.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  fields.limit = limit;
  fields.repaired = false;
  if (fields.scan === MAX_SCANS) {
    fields.filled.fill(-1);
    fields.scan = 0;
  }
  fields.scan += 1;
  clearHeaders(fields.traefikHeaders);
  clearHeaders(fields.nginxHeaders);
};
