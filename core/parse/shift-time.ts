/**
 * Moves the instants of a log line by whole seconds, in the text itself: each keeps its form, its offset and its digits, so that a
 * coarse clock stays coarse and the fractions of a fine one stay as they are.
 */

import { VALUE } from './json-fields.ts';
import { NGINX, OWN, TRAEFIK } from './keys.ts';
import { fieldText, hasField, type LineFields } from './line-fields.ts';
import { parseLineTime } from './line-time.ts';

const SECONDS_PER_MINUTE = 60;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Date and clock, the seconds left out or not, and what follows them: fraction and offset. */
const ISO = /^(\d{4})([-/])(\d\d)([-/])(\d\d)([Tt ])(\d\d):(\d\d)(?::(\d\d))?(\D.*)?$/;
const LOCAL = /^(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d):(\d\d):(\d\d)(.*)$/;
const EPOCH = /^(\d+)(.*)$/;
const SCIENTIFIC = /^(\d)\.(\d+)([eE]\+?)(\d+)$/;

const padded = (value: number, digits = 2): string => String(value).padStart(digits, '0');

/** The calendar's fields of an instant, in UTC. */
const partsOf = (atMs: number) => {
  const date = new Date(atMs);
  return {
    year: padded(date.getUTCFullYear(), 4),
    month: date.getUTCMonth(),
    day: padded(date.getUTCDate()),
    hour: padded(date.getUTCHours()),
    minute: padded(date.getUTCMinutes()),
    second: padded(date.getUTCSeconds()),
  };
};

const shiftIso = (found: RegExpExecArray, seconds: number): string => {
  const [, year, dash1, month, dash2, day, gap, hour, minute, second, rest = ''] = found;
  // A clock without seconds moves by whole minutes.
  const moved =
    second === undefined ? Math.floor(seconds / SECONDS_PER_MINUTE) * SECONDS_PER_MINUTE : seconds;
  const clock = [hour, minute, second ?? 0].map(Number) as [number, number, number];
  const atMs = Date.UTC(Number(year), Number(month) - 1, Number(day), ...clock) + moved * 1_000;
  const to = partsOf(atMs);
  const date = `${to.year}${dash1}${padded(to.month + 1)}${dash2}${to.day}`;
  const withSecond = second === undefined ? '' : `:${to.second}`;
  return `${date}${gap}${to.hour}:${to.minute}${withSecond}${rest}`;
};

const shiftLocal = (found: RegExpExecArray, seconds: number): string => {
  const [, day, month = '', year, hour, minute, second, rest] = found;
  const clock = [hour, minute, second].map(Number) as [number, number, number];
  const atMs = Date.UTC(Number(year), MONTHS.indexOf(month), Number(day), ...clock) + seconds * 1_000;
  const to = partsOf(atMs);
  return `${to.day}/${MONTHS[to.month]}/${to.year}:${to.hour}:${to.minute}:${to.second}${rest}`;
};

/** Units in a second of an epoch number of so many digits; the sizes are those of line-time.ts. */
const unitsPerSecond = (digits: number): bigint => {
  if (digits >= 17) return 1_000_000_000n;
  if (digits >= 15) return 1_000_000n;
  return digits >= 12 ? 1_000n : 1n;
};

const shiftWhole = (whole: string, seconds: number): string =>
  String(BigInt(whole) + BigInt(seconds) * unitsPerSecond(whole.length));

const shiftEpoch = ([, whole = '', fraction = '']: RegExpExecArray, seconds: number): string =>
  `${shiftWhole(whole, seconds)}${fraction}`;

/** `1.795259881406E9`: written out, moved, and written in the same way again. */
const shiftScientific = (found: RegExpExecArray, seconds: number): string => {
  const [, first = '', rest = '', mark = '', exponent = ''] = found;
  const digits = `${first}${rest}`.padEnd(Number(exponent) + 1, '0');
  const wholeDigits = Number(exponent) + 1;
  const whole = shiftWhole(digits.slice(0, wholeDigits), seconds);
  const moved = `${whole}${digits.slice(wholeDigits)}`;
  return `${moved.slice(0, 1)}.${moved.slice(1)}${mark}${whole.length - 1}`;
};

const shiftBare = (text: string, seconds: number): string | undefined => {
  const iso = ISO.exec(text);
  if (iso !== null) return shiftIso(iso, seconds);
  const local = LOCAL.exec(text);
  if (local !== null) return shiftLocal(local, seconds);
  const scientific = SCIENTIFIC.exec(text);
  if (scientific !== null) return shiftScientific(scientific, seconds);
  const epoch = EPOCH.exec(text);
  return epoch === null ? undefined : shiftEpoch(epoch, seconds);
};

/**
 * The text of an instant that is `seconds` later, in the same form; undefined where `parseLineTime` reads no instant, before or
 * after. A clock of minutes moves by whole minutes.
 *
 * @param seconds - whole, may be below 0
 */
export const shiftTimeText = (text: string, seconds: number): string | undefined => {
  if (parseLineTime(text) === undefined) return undefined;
  const isBracketed = text.startsWith('[');
  const bare = shiftBare(isBracketed ? text.slice(1, -1) : text, seconds);
  if (bare === undefined) return undefined;
  const moved = isBracketed ? `[${bare}]` : bare;
  return parseLineTime(moved) === undefined ? undefined : moved;
};

/** An instant in the bytes of a record, from `start` to `end`, counted from the record's first byte. */
export interface TimePlace {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Every key under which a record may say when its request started or ended. */
const TIMES: readonly number[] = [
  OWN.at,
  TRAEFIK.StartUTC,
  TRAEFIK.StartLocal,
  ...[NGINX.msec, NGINX.ts, NGINX.time, NGINX.timeIso, NGINX.timeLocal, NGINX.atTimestamp].flat(),
];

/**
 * Where the instants of the record stand that was opened last with `openLine`, in the order of the line. What no one can read as an
 * instant is none: the decoder does not go by it either.
 */
export const findTimes = (line: LineFields, recordStart: number): readonly TimePlace[] => {
  const { kind, start, end } = line.fields;
  const places: TimePlace[] = [];
  for (const slot of TIMES) {
    if (!hasField(line, slot) || (kind[slot] as number) >= VALUE.nested) continue;
    const text = fieldText(line, slot);
    if (text === undefined || parseLineTime(text) === undefined) continue;
    places.push({
      start: (start[slot] as number) - recordStart,
      end: (end[slot] as number) - recordStart,
      text,
    });
  }
  return places.sort((a, b) => a.start - b.start);
};

const asciiBytes = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));

/**
 * A copy of a record whose instants are `seconds` later, all else byte for byte the same; undefined where one of them cannot be
 * moved.
 */
export const shiftTimes = (
  record: Uint8Array,
  places: readonly TimePlace[],
  seconds: number,
): Uint8Array | undefined => {
  const texts: Uint8Array[] = [];
  let growth = 0;
  for (const { start, end, text } of places) {
    const moved = shiftTimeText(text, seconds);
    if (moved === undefined) return undefined;
    texts.push(asciiBytes(moved));
    growth += moved.length - (end - start);
  }
  const out = new Uint8Array(record.length + growth);
  let from = 0;
  let to = 0;
  for (const [i, { start, end }] of places.entries()) {
    const text = texts[i] as Uint8Array;
    out.set(record.subarray(from, start), to);
    out.set(text, to + start - from);
    to += start - from + text.length;
    from = end;
  }
  out.set(record.subarray(from), to);
  return out;
};
