/** Reads values out of a scanned line: text where text is wanted, numbers where numbers are, absent where a proxy wrote nothing. */

import type { ByteText } from '../ports.ts';
import type { HeaderPairs } from '../types.ts';
import { targetOfBytes, textOfBytes, unescapeJson } from './byte-text.ts';
import { type Fields, type HeaderList, newFields, VALUE } from './json-scan.ts';
import { type MinuteMemory, newMinuteMemory } from './line-time.ts';

/** Values that log shippers write in place of what they hide (Traefik's `redact`, and the usual stars). */
const REDACTED = /^(?:REDACTED|\*{3,}|\[?redacted\]?)$/i;

/** Whether a header value is what a shipper wrote in place of the real one. */
export const isRedacted = (value: string): boolean => REDACTED.test(value);

const NOT_VISIBLE = /[^\x21-\x7e]/;
const latinBytes = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));

/** Path and query as they can be sent; `text` has one character a byte. */
export const sendableTarget = (text: string): string =>
  NOT_VISIBLE.test(text) ? targetOfBytes(latinBytes(text)) : text;

/** A line under the reader's eye. */
export interface LineFields {
  readonly fields: Fields;
  readonly byteText: ByteText;
  readonly minute: MinuteMemory;
  /** The whole line, one character a byte, and where it begins: its parts are cut from it without copying. */
  text: string;
  base: number;
}

export const newLineFields = (slots: number, byteText: ByteText): LineFields => ({
  fields: newFields(slots),
  byteText,
  minute: newMinuteMemory(),
  text: '',
  base: 0,
});

/** Puts the line that was scanned last before the reader. */
export const openLine = (line: LineFields, start: number, end: number): void => {
  line.base = start;
  line.text = line.byteText(line.fields.bytes, start, end);
};

const valueText = (line: LineFields, kind: number, start: number, end: number): string =>
  kind === VALUE.text
    ? textOfBytes(unescapeJson(line.fields.bytes, start, end))
    : line.text.slice(start - line.base, end - line.base);

/** Whether the key is there at all, whatever its value. */
export const hasField = (line: LineFields, slot: number): boolean =>
  line.fields.filled[slot] === line.fields.scan;

/** Kind of a value that says something, VALUE.absent for one that is missing, null, nested, empty or `-`. */
const presentKind = (line: LineFields, slot: number): number => {
  const f = line.fields;
  if (f.filled[slot] !== f.scan) return VALUE.absent;
  const kind = f.kind[slot] as number;
  if (kind >= VALUE.nested) return VALUE.absent;
  const start = f.start[slot] as number;
  const length = (f.end[slot] as number) - start;
  return length === 0 || (length === 1 && f.bytes[start] === 0x2d) ? VALUE.absent : kind;
};

/** Text of a field; undefined where it is absent. */
export const fieldText = (line: LineFields, slot: number): string | undefined => {
  const kind = presentKind(line, slot);
  if (kind === VALUE.absent) return undefined;
  return valueText(line, kind, line.fields.start[slot] as number, line.fields.end[slot] as number);
};

/** Text of one character a byte: for request lines and targets, whose bytes must not be touched. */
export const fieldByteText = (line: LineFields, slot: number): string | undefined => {
  const kind = presentKind(line, slot);
  if (kind === VALUE.absent) return undefined;
  const [start, end] = [line.fields.start[slot] as number, line.fields.end[slot] as number];
  if (kind !== VALUE.text) return line.text.slice(start - line.base, end - line.base);
  const bytes = unescapeJson(line.fields.bytes, start, end);
  return line.byteText(bytes, 0, bytes.length);
};

/** Whole numbers of up to 15 digits are exact in a double, and nearly all there are. */
const MAX_EXACT_DIGITS = 15;

/** A decimal number; undefined for anything else, `0x10` and the empty text among it. */
export const numberOf = (text: string): number | undefined => {
  if (!/^\s*[-+]?[\d.]+(?:[eE][-+]?\d+)?\s*$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
};

/** A number, also where it was logged as a string. */
export const fieldNumber = (line: LineFields, slot: number): number | undefined => {
  const kind = presentKind(line, slot);
  if (kind === VALUE.absent) return undefined;
  const { bytes, start, end } = line.fields;
  const from = start[slot] as number;
  const to = end[slot] as number;
  let value = to - from <= MAX_EXACT_DIGITS ? 0 : Number.NaN;
  for (let at = from; at < to && value >= 0; at += 1) {
    const digit = (bytes[at] as number) - 0x30;
    value = digit >= 0 && digit <= 9 ? value * 10 + digit : Number.NaN;
  }
  if (value >= 0) return value;
  return numberOf(valueText(line, kind, from, to));
};

/** Text of the first slot that has one. */
export const firstText = (line: LineFields, slots: readonly number[]): string | undefined => {
  for (let i = 0; i < slots.length; i += 1) {
    const text = fieldText(line, slots[i] as number);
    if (text !== undefined) return text;
  }
  return undefined;
};

/** Number of the first slot that has one. */
export const firstNumber = (line: LineFields, slots: readonly number[]): number | undefined => {
  for (let i = 0; i < slots.length; i += 1) {
    const number = fieldNumber(line, slots[i] as number);
    if (number !== undefined) return number;
  }
  return undefined;
};

/** The first of the slots whose key is on the line. */
export const firstFilled = (line: LineFields, slots: readonly number[]): number | undefined => {
  for (let i = 0; i < slots.length; i += 1) if (hasField(line, slots[i] as number)) return slots[i];
  return undefined;
};

const headerText = (line: LineFields, list: HeaderList, index: number): string | undefined => {
  const kind = list.kind[index] as number;
  if (kind >= VALUE.nested) return undefined;
  const start = list.start[index] as number;
  const end = list.end[index] as number;
  const first = line.fields.bytes[start];
  // Traefik leaves out what was not sent, so its `-` is one that a client sent.
  if (end === start || (end - start === 1 && first === 0x2d && !list.isTraefik)) return undefined;
  const text = valueText(line, kind, start, end);
  // Only what starts with R, r, * or [ can be redacted.
  const mayBe = first === 0x52 || first === 0x72 || first === 0x2a || first === 0x5b;
  return mayBe && isRedacted(text) ? undefined : text;
};

/** Request headers of one format in the order of the line; absent and redacted ones left out. */
export const lineHeaders = (line: LineFields, list: HeaderList): HeaderPairs => {
  const pairs: [string, string][] = [];
  for (let i = 0; i < list.count; i += 1) {
    const value = headerText(line, list, i);
    if (value !== undefined) pairs.push([list.name[i] as string, value]);
  }
  return pairs;
};

/** Whether the user agent is logged and not redacted, though the client may have sent none. */
export const showsUserAgent = (line: LineFields, list: HeaderList): boolean => {
  const index = list.userAgentIndex;
  if (index < 0) return false;
  const [start, end] = [list.start[index] as number, list.end[index] as number];
  const isEmpty = end === start || (end - start === 1 && line.fields.bytes[start] === 0x2d);
  return isEmpty || headerText(line, list, index) !== undefined;
};
