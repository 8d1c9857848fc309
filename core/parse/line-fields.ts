/** Reads values out of a scanned line: text where text is wanted, numbers where numbers are, absent where a proxy wrote nothing. */

import type { ByteText } from '../ports.ts';
import type { HeaderPairs } from '../types.ts';
import { targetOfBytes, textOfBytes, unescapeJson } from './byte-text.ts';
import { type Fields, type HeaderList, newFields, VALUE } from './json-fields.ts';
import {
  epochFromBytes,
  type LineTime,
  type MinuteMemory,
  newMinuteMemory,
  parseLineTime,
  utcFromBytes,
} from './line-time.ts';

/** Values that log shippers write in place of what they hide (Traefik's `redact`, and the usual stars). */
const REDACTED = /^(?:REDACTED|\*{3,}|\[?redacted\]?)$/i;

/** Whether a header value is what a shipper wrote in place of the real one. */
export const isRedacted = (value: string): boolean => value === 'REDACTED' || REDACTED.test(value);

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
  /** The time that was read last, and its text: many lines share one where clocks are coarse. */
  timeText: string;
  time: LineTime | undefined;
  /** The whole line, one character a byte, and where it begins: its parts are cut from it without copying. */
  text: string;
  base: number;
}

export const newLineFields = (slots: number, byteText: ByteText): LineFields => ({
  fields: newFields(slots),
  byteText,
  minute: newMinuteMemory(),
  timeText: '',
  time: undefined,
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

/** Length of `2026-11-21T11:18:01.406Z`: with more digits the two readers may differ in the last bit. */
const UTC_MILLIS_BYTES = 24;

/** Time of a field; undefined where it is absent. The commonest forms are read straight from the bytes. */
export const fieldTime = (line: LineFields, slot: number): LineTime | 'bad_time' | undefined => {
  const f = line.fields;
  if (f.filled[slot] !== f.scan) return undefined;
  const start = f.start[slot] as number;
  const end = f.end[slot] as number;
  if (f.kind[slot] === VALUE.ascii || f.kind[slot] === VALUE.bare) {
    const atMs =
      end - start === UTC_MILLIS_BYTES
        ? utcFromBytes(line.minute, f.bytes, start, end)
        : epochFromBytes(f.bytes, start, end);
    if (atMs >= 0) return { atMs, tickMs: 0 };
  }
  const text = fieldText(line, slot);
  if (text === undefined) return undefined;
  if (text !== line.timeText) {
    line.timeText = text;
    line.time = parseLineTime(text);
  }
  return line.time ?? 'bad_time';
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

const POINT = 0x2e;
const POWERS = Array.from({ length: MAX_EXACT_DIGITS }, (_, exponent) => 10 ** exponent);

/** Reads `200` or `0.004`; NaN for any other text. Digits and power are exact, so their quotient is what Number() makes of the text. */
const decimalOfBytes = (bytes: Uint8Array, from: number, to: number): number => {
  if (to - from > MAX_EXACT_DIGITS) return Number.NaN;
  let value = 0;
  let point = -1;
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] as number;
    if (byte >= 0x30 && byte <= 0x39) value = value * 10 + (byte - 0x30);
    else if (byte === POINT && point < 0) point = at;
    else return Number.NaN;
  }
  if (point < 0) return value;
  return to - from > 1 ? value / (POWERS[to - point - 1] as number) : Number.NaN;
};

/** A number that is written as plain digits, with or without a fraction; NaN where the field is absent or anything else. */
export const fieldDecimal = (line: LineFields, slot: number): number => {
  const f = line.fields;
  if (presentKind(line, slot) === VALUE.absent) return Number.NaN;
  return decimalOfBytes(f.bytes, f.start[slot] as number, f.end[slot] as number);
};

/** A number, also where it was logged as a string. */
export const fieldNumber = (line: LineFields, slot: number): number | undefined => {
  const kind = presentKind(line, slot);
  if (kind === VALUE.absent) return undefined;
  const { bytes, start, end } = line.fields;
  const from = start[slot] as number;
  const to = end[slot] as number;
  const value = decimalOfBytes(bytes, from, to);
  return value >= 0 ? value : numberOf(valueText(line, kind, from, to));
};

/** Whether the field says something. */
export const isPresent = (line: LineFields, slot: number): boolean =>
  presentKind(line, slot) !== VALUE.absent;

/** Whether a field that is there is this one character. */
export const isLone = (line: LineFields, slot: number, byte: number): boolean => {
  const { bytes, start, end } = line.fields;
  return (end[slot] as number) - (start[slot] as number) === 1 && bytes[start[slot] as number] === byte;
};

/** The first slot that has a text, −1 where none has. */
export const firstPresent = (line: LineFields, slots: readonly number[]): number => {
  for (let i = 0; i < slots.length; i += 1)
    if (isPresent(line, slots[i] as number)) return slots[i] as number;
  return -1;
};

/** Text of the first slot that has one. */
export const firstText = (line: LineFields, slots: readonly number[]): string | undefined => {
  const slot = firstPresent(line, slots);
  return slot < 0 ? undefined : fieldText(line, slot);
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
