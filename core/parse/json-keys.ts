/**
 * What the keys of a JSON object mean to whoever reads its values, and which key is to be expected behind which: the lines of a log
 * nearly always have the same keys in the same order.
 */

import { textOfBytes, unescapeJson } from './byte-text.ts';
import type { Fields } from './json-fields.ts';

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
export interface HeaderCell {
  readonly isTraefik: boolean;
  readonly isUserAgent: boolean;
  /** Index in the list of headers, of which scan that is, and whose key gave the value. */
  index: number;
  scan: number;
  by: KeyEntry | undefined;
}

export interface KeyEntry extends KeyMeaning {
  readonly cell: HeaderCell | undefined;
  /** Its place in `steps`, −1 where the key was not kept. */
  readonly step: number;
}

/** Headers by their names in lower case; Traefik's have a mark before them. */
export type HeaderCells = Map<string, HeaderCell>;

/** Known keys of one level of nesting. */
export interface KeyTable {
  readonly lookup: KeyLookup;
  /** Shared by all levels. */
  readonly cells: HeaderCells;
  readonly entries: Map<string, KeyEntry>;
  /** Entry of each step. */
  readonly list: KeyEntry[];
  /**
   * Of each key what it means and what stood behind its value the last time, up to the next value: `,"Name":`. Numbers in one array,
   * a line of the processor's cache for each key, since the scanner comes by here for every key of every line.
   */
  steps: Int32Array;
  /** The key that was met last where another was expected. */
  met: KeyEntry;
}

/** Numbers of one step: step of the next key, what this one means, length of the text in between (0: not known yet), that text. */
const STEP = 16;
const [MEANS, LENGTH, WORDS] = [1, 2, 3];
const WORD_BYTES = 4;
const MAX_BYTES = (STEP - WORDS) * WORD_BYTES;
/** Step of what stands before the first key. */
export const HEAD = 0;
/** What a key means whose entry has to be asked: a header. Otherwise it is a slot, or −1. */
export const MEANS_MORE = -2;

/** Keys remembered at one level; a log that makes up keys must not fill the memory. */
const MAX_KEYS = 4096;
const MAX_KEY_BYTES = 256;

const cellOf = (cells: HeaderCells, header: string, isTraefik: boolean): HeaderCell => {
  const name = header.toLowerCase();
  const key = isTraefik ? `>${name}` : name;
  const known = cells.get(key);
  if (known !== undefined) return known;
  const cell = { isTraefik, isUserAgent: name === 'user-agent', index: -1, scan: -1, by: undefined };
  if (cells.size < MAX_KEYS) cells.set(key, cell);
  return cell;
};

const newEntry = (meaning: KeyMeaning | undefined, cells: HeaderCells, step: number): KeyEntry => {
  const header = meaning?.header;
  return {
    slot: meaning?.slot ?? -1,
    header,
    isOwn: meaning?.isOwn ?? false,
    inside: meaning?.inside,
    cell: header === undefined ? undefined : cellOf(cells, header, meaning?.isTraefik ?? false),
    step,
  };
};

const addStep = (table: KeyTable, entry: KeyEntry): void => {
  const { step } = entry;
  if (step + STEP > table.steps.length) {
    const longer = new Int32Array(table.steps.length * 2);
    longer.set(table.steps);
    table.steps = longer;
  }
  table.list.push(entry);
  table.steps[step + MEANS] = entry.cell === undefined ? entry.slot : MEANS_MORE;
};

export const newKeyTable = (lookup: KeyLookup, cells: HeaderCells = new Map()): KeyTable => {
  const head = newEntry(undefined, cells, HEAD);
  const table: KeyTable = {
    lookup,
    cells,
    entries: new Map(),
    list: [],
    steps: new Int32Array(STEP),
    met: head,
  };
  addStep(table, head);
  return table;
};

const latinText = (bytes: Uint8Array, start: number, end: number): string => {
  let text = '';
  for (let i = start; i < end; i += 1) text += String.fromCharCode(bytes[i] as number);
  return text;
};

/** The entry of the key that was read last. A key written with escapes is the same key as without. */
export const findKey = (f: Fields, table: KeyTable, start: number, end: number): KeyEntry => {
  const plain = f.isText ? unescapeJson(f.bytes, start, end) : undefined;
  const text = plain === undefined ? latinText(f.bytes, start, end) : latinText(plain, 0, plain.length);
  const known = table.entries.get(text);
  if (known !== undefined) return known;
  const isKept = table.entries.size < MAX_KEYS && end - start <= MAX_KEY_BYTES;
  const meaning = table.lookup(plain === undefined ? text : textOfBytes(plain));
  const entry = newEntry(meaning, table.cells, isKept ? table.list.length * STEP : -1);
  if (isKept) {
    table.entries.set(text, entry);
    addStep(table, entry);
  }
  return entry;
};

export const entryOf = (table: KeyTable, step: number): KeyEntry => table.list[step / STEP] as KeyEntry;

/** Slot of the key, −1 where no one asks for it, or MEANS_MORE. */
export const meaningOf = (steps: Int32Array, step: number): number => steps[step + MEANS] as number;

export const nextStep = (steps: Int32Array, step: number): number => steps[step] as number;

/** Where the value behind the next key starts, if what stands at `at` is what stood there the last time; 0 if not. */
export const expectedEnd = (
  view: DataView,
  limit: number,
  steps: Int32Array,
  step: number,
  at: number,
): number => {
  const length = steps[step + LENGTH] as number;
  const end = at + length;
  if (length === 0 || end > limit) return 0;
  const last = end - WORD_BYTES;
  let word = step + WORDS;
  // The last four bytes may overlap those before: no byte is left to be looked at alone.
  for (let from = at; from < last; from += WORD_BYTES) {
    if (view.getInt32(from, true) !== steps[word]) return 0;
    word += 1;
  }
  return view.getInt32(last, true) === steps[word] ? end : 0;
};

/** Expects from now on, behind the value of `step`, what stands from `start` to `end`: the next key and all around it. */
export const expectNext = (
  f: Fields,
  table: KeyTable,
  step: number,
  next: number,
  start: number,
  end: number,
): void => {
  const length = end - start;
  if (length < WORD_BYTES || length > MAX_BYTES) return;
  const { steps } = table;
  steps[step] = next;
  steps[step + LENGTH] = length;
  const last = end - WORD_BYTES;
  for (let from = start, word = step + WORDS; ; from += WORD_BYTES, word += 1) {
    steps[word] = f.view.getInt32(Math.min(from, last), true);
    if (from >= last) return;
  }
};
