/**
 * The instants that logs write, as epoch milliseconds with the resolution in which they were written. Read: RFC 3339 and ISO 8601
 * (`2026-11-21T11:18:01.406Z`, offset with or without colon, a space for the T, slashes for the dashes; without an offset it is UTC), nginx's $time_local (`21/Nov/2026:11:18:01 +0000`),
 * and epoch numbers in s, ms, µs or ns, told apart by their size.
 */

/** An instant, and the length of the clock's tick: 0 where it is 1 ms or finer. */
export interface LineTime {
  readonly atMs: number;
  readonly tickMs: number;
}

const MINUTE_MS = 60_000;
/** 1990 to 2200: outside of it a number is no time of an HTTP request. */
const FIRST_MS = 631_152_000_000;
const LAST_MS = 7_258_118_400_000;

const MONTHS: Readonly<Record<string, number>> = Object.fromEntries(
  ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'].map((name, i) => [
    name,
    i,
  ]),
);

const inRange = (atMs: number, tickMs: number): LineTime | undefined =>
  atMs >= FIRST_MS && atMs < LAST_MS ? { atMs, tickMs } : undefined;

const dayMs = (year: number, month: number, day: number): number => {
  const atMs = Date.UTC(year, month, day);
  // 31 February rolls over into March, and the 13th month into the next year; such a text is no date.
  const date = new Date(atMs);
  return date.getUTCDate() === day && date.getUTCMonth() === month ? atMs : Number.NaN;
};

const offsetMs = (text: string | undefined): number => {
  if (text === undefined || text === 'Z' || text === 'z') return 0;
  const digits = text.replace(':', '');
  const hours = Number(digits.slice(1, 3));
  const rest = Number(digits.slice(3, 5) || 0);
  if (hours > 23 || rest > 59) return Number.NaN;
  const minutes = hours * 60 + rest;
  return (text.startsWith('-') ? -minutes : minutes) * MINUTE_MS;
};

const ISO =
  /^(\d{4})[-/](\d\d)[-/](\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,12}))?)?\s?([Zz]|[+-]\d\d(?::?\d\d)?)?(?: ?(?:UTC|GMT))?$/;
const LOCAL = /^(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d):(\d\d):(\d\d)(?:[.,](\d{1,12}))?(?: ([+-]\d{4}))?$/;
const EPOCH = /^(\d{9,19})(?:\.(\d{0,12}))?$/;

const clockMs = (hour: string, minute: string, second: string): number => {
  const [h, m, s] = [Number(hour), Number(minute), Number(second)];
  // A leap second (60) is the first instant of the next minute.
  return h < 24 && m < 60 && s <= 60 ? h * 3_600_000 + m * MINUTE_MS + s * 1_000 : Number.NaN;
};

const tickOf = (fraction: string | undefined): number => {
  const digits = fraction?.length ?? 0;
  return digits >= 3 ? 0 : 1_000 / 10 ** digits;
};

const parseIso = (text: string): LineTime | undefined => {
  const found = ISO.exec(text);
  if (found === null) return undefined;
  const [, year = '', month = '', day = '', hour = '', minute = '', second, fraction, zone] = found;
  const date = dayMs(Number(year), Number(month) - 1, Number(day));
  const clock = clockMs(hour, minute, second ?? '0') - offsetMs(zone);
  const part = fraction === undefined ? 0 : Number(`0.${fraction}`) * 1_000;
  return inRange(date + clock + part, second === undefined ? MINUTE_MS : tickOf(fraction));
};

const parseLocal = (text: string): LineTime | undefined => {
  const found = LOCAL.exec(text);
  if (found === null) return undefined;
  const [, day = '', month = '', year = '', hour = '', minute = '', second = '', fraction, zone] = found;
  const date = dayMs(Number(year), MONTHS[month] ?? Number.NaN, Number(day));
  const part = fraction === undefined ? 0 : Number(`0.${fraction}`) * 1_000;
  return inRange(date + clockMs(hour, minute, second) - offsetMs(zone) + part, tickOf(fraction));
};

const parseEpoch = (logged: string): LineTime | undefined => {
  // Some JSON writers have 1.795259881406E9.
  const text = /^\d\.\d+[eE]\+?\d+$/.test(logged) ? String(Number(logged)) : logged;
  const found = EPOCH.exec(text);
  if (found === null) return undefined;
  const [, whole = '', fraction = ''] = found;
  const { length } = whole;
  // Nanoseconds do not fit a double: their milliseconds are taken apart first.
  if (length >= 17) return inRange(Number(whole.slice(0, -6)) + Number(whole.slice(-6)) / 1e6, 0);
  if (length >= 15) return inRange(Number(whole) / 1e3, 0);
  if (length >= 12) return inRange(Number(text), 0);
  // In two parts: 1079630346.758 × 1,000 is 1079630346757.9999 in binary fractions.
  return inRange(Number(whole) * 1_000 + Number(`0.${fraction}`) * 1_000, tickOf(fraction));
};

const parseBare = (text: string): LineTime | undefined => {
  const third = text.charCodeAt(2);
  const fifth = text.charCodeAt(4);
  if (fifth === DASH || fifth === SLASH) return parseIso(text);
  return third === SLASH ? parseLocal(text) : parseEpoch(text);
};

const [DASH, SLASH, OPEN_BRACKET] = [0x2d, 0x2f, 0x5b];

/**
 * Reads the time of a log line in any of the known forms, also in the brackets of the combined format; undefined where the text is
 * none of them, or lies before 1990.
 */
export const parseLineTime = (text: string): LineTime | undefined =>
  parseBare(text.charCodeAt(0) === OPEN_BRACKET && text.endsWith(']') ? text.slice(1, -1) : text);

/** Bytes of `1795259881.406`, nginx's $msec. */
const MSEC_BYTES = 14;
const MSEC_POINT = 10;

/** Reads nginx's $msec straight from the bytes: epoch ms, or NaN where the text has another form. */
export const epochFromBytes = (bytes: Uint8Array, start: number, end: number): number => {
  if (end - start !== MSEC_BYTES || bytes[start + MSEC_POINT] !== 0x2e) return Number.NaN;
  let atMs = 0;
  for (let i = 0; i < MSEC_BYTES; i += 1) {
    if (i === MSEC_POINT) continue;
    const digit = (bytes[start + i] as number) - 0x30;
    if (digit < 0 || digit > 9) return Number.NaN;
    atMs = atMs * 10 + digit;
  }
  return atMs >= FIRST_MS && atMs < LAST_MS ? atMs : Number.NaN;
};

/** The minute that was read last: the next line nearly always shares it. */
export interface MinuteMemory {
  readonly text: Uint8Array;
  atMs: number;
}

/** Length of `2026-11-21T11:21:`. */
const MINUTE_BYTES = 17;

export const newMinuteMemory = (): MinuteMemory => ({ text: new Uint8Array(MINUTE_BYTES), atMs: Number.NaN });

const isSameMinute = (bytes: Uint8Array, start: number, text: Uint8Array): boolean => {
  for (let i = MINUTE_BYTES - 1; i >= 0; i -= 1) if (bytes[start + i] !== text[i]) return false;
  return true;
};

const SCALE_MS = Array.from({ length: 10 }, (_, digits) => 1_000 / 10 ** digits);

/**
 * Reads the commonest form, `2026-11-21T11:21:50.635491836Z`, straight from the bytes.
 *
 * @returns epoch ms, or NaN where the text has another form (then `parseLineTime` is to be asked)
 */
export const utcFromBytes = (minute: MinuteMemory, bytes: Uint8Array, start: number, end: number): number => {
  const length = end - start;
  // Fewer than three digits of fraction may be a coarse clock: left to the general reader.
  if (length < 24 || length > 30 || bytes[end - 1] !== 0x5a || bytes[start + 19] !== 0x2e) return Number.NaN;
  if (!isSameMinute(bytes, start, minute.text)) {
    let text = '';
    for (let i = 0; i < MINUTE_BYTES; i += 1) text += String.fromCharCode(bytes[start + i] as number);
    minute.atMs = parseIso(`${text}00.000Z`)?.atMs ?? Number.NaN;
    minute.text.set(bytes.subarray(start, start + MINUTE_BYTES));
  }
  let fraction = 0;
  for (let at = start + 20; at < end - 1; at += 1) {
    const value = (bytes[at] as number) - 0x30;
    if (value < 0 || value > 9) return Number.NaN;
    fraction = fraction * 10 + value;
  }
  const tens = (bytes[start + 17] as number) - 0x30;
  const ones = (bytes[start + 18] as number) - 0x30;
  if (tens < 0 || tens > 5 || ones < 0 || ones > 9) return Number.NaN;
  return minute.atMs + (tens * 10 + ones) * 1_000 + fraction * (SCALE_MS[length - 21] as number);
};
