/** Notes where the value of a key stands, for whoever asked for it. */

import { type Fields, MAX_HEADERS, VALUE } from './json-fields.ts';
import type { HeaderCell, KeyEntry } from './json-keys.ts';

/** Whether a value says nothing: null, nested, empty or `-`. */
const isVoid = (bytes: Uint8Array, kind: number, start: number, end: number): boolean =>
  kind >= VALUE.nested || end === start || (end - start === 1 && bytes[start] === 0x2d);

/** Notes the value of a slot. */
export const noteSlot = (f: Fields, slot: number, kind: number, start: number, end: number): void => {
  f.filled[slot] = f.scan;
  f.kind[slot] = kind;
  f.start[slot] = start;
  f.end[slot] = end;
};

/** Notes the value of a header, which has its own kind, start and end. */
const noteHeader = (
  f: Fields,
  cell: HeaderCell,
  entry: KeyEntry,
  kind: number,
  from: number,
  to: number,
): void => {
  const list = cell.isTraefik ? f.traefikHeaders : f.nginxHeaders;
  if (cell.scan !== f.scan) {
    if (list.count === MAX_HEADERS) return;
    cell.scan = f.scan;
    cell.index = list.count;
    if (cell.isUserAgent) list.userAgentIndex = list.count;
    list.count += 1;
  } else if (cell.by !== entry) {
    // The same header under another key: the first that says something is kept. Of equal keys the last wins, as in JSON.parse.
    const { kind: kinds, start, end } = list;
    const { index } = cell;
    const keeps = !isVoid(f.bytes, kinds[index] as number, start[index] as number, end[index] as number);
    if (isVoid(f.bytes, kind, from, to) || (keeps && entry.isOwn !== true)) return;
  }
  const { index } = cell;
  // Nearly always they are there already, and to store a reference costs more than to look at one.
  if (cell.by !== entry) cell.by = entry;
  if (list.name[index] !== entry.header) list.name[index] = entry.header as string;
  list.kind[index] = kind;
  list.start[index] = from;
  list.end[index] = to;
};

/** Notes the value of a key that is more than a slot. */
export const noteKey = (f: Fields, key: KeyEntry, kind: number, start: number, end: number): void => {
  if (key.cell !== undefined) noteHeader(f, key.cell, key, kind, start, end);
  if (key.slot >= 0) noteSlot(f, key.slot, kind, start, end);
};
