/**
 * What collectors put around a line: Docker's json-file, Kubernetes CRI, Fluent Bit, Filebeat, journald, CloudWatch Logs, and the
 * prefixes of syslog, `docker compose logs` and `kubectl logs`.
 */

import { objectsOfList } from './boundary.ts';
import { firstVisible, textOfBytes, unescapeJson } from './byte-text.ts';
import { type Fields, VALUE } from './json-fields.ts';
import { ENVELOPE, NGINX, STREAM } from './keys.ts';

const OPEN = 0x7b;
const QUOTE = 0x22;
const NEWLINE = 0x0a;

/** What an envelope holds. `mayGoOn` is Docker's: a long line comes in parts, and only the last ends with a newline. */
export interface Unwrapped {
  readonly parts: readonly Uint8Array[];
  readonly mayGoOn: boolean;
  /** `stdout` or `stderr`, whose parts may be mixed. */
  readonly stream: string;
}

/** OpenTelemetry puts the line into `body`, which is a request's body elsewhere. */
const ORDER: readonly number[] = [...Object.values(ENVELOPE), ...NGINX.body.slice(1, 2)];
/** Keys under which an object written as text is a line for sure, whatever stands beside it. */
const SURE: readonly number[] = [
  ENVELOPE.log,
  ENVELOPE.message,
  ENVELOPE.MESSAGE,
  ENVELOPE.msg,
  ENVELOPE.event,
  ENVELOPE.line,
  ENVELOPE.textPayload,
  ENVELOPE._raw,
  ENVELOPE.short_message,
];
/** Where a blank text is a blank line; in other places it is a message with nothing to say. */
const HOLDS_LINES: ReadonlySet<number> = new Set([
  ENVELOPE.log,
  ENVELOPE.message,
  ENVELOPE.MESSAGE,
  ENVELOPE.line,
  ENVELOPE.textPayload,
  ENVELOPE._raw,
]);

/** Where an object starts in a line of text (`… traefik[812]: {"ClientAddr":…`), or −1. */
export const objectAfterPrefix = (bytes: Uint8Array, from: number, to: number): number => {
  for (let at = from; at < to; at += 1)
    if (bytes[at] === OPEN && bytes[firstVisible(bytes, at + 1, to)] === QUOTE) return at;
  return -1;
};

const isFilled = (fields: Fields, slot: number): boolean => fields.filled[slot] === fields.scan;

const isText = (fields: Fields, slot: number): boolean =>
  isFilled(fields, slot) && (fields.kind[slot] === VALUE.ascii || fields.kind[slot] === VALUE.text);

/** The first visible byte of a text; 0 where it is none, or blank. */
const firstByte = (fields: Fields, slot: number): number => {
  if (!isText(fields, slot)) return 0;
  const end = fields.end[slot] as number;
  const at = firstVisible(fields.bytes, fields.start[slot] as number, end);
  return at < end ? (fields.bytes[at] as number) : 0;
};

/** Whether a key that collectors use holds text. */
export const hasEnvelopeText = (fields: Fields): boolean => {
  for (let i = 0; i < SURE.length; i += 1) if (firstByte(fields, SURE[i] as number) > 0) return true;
  return false;
};

/** Whether a key that collectors use holds text that is itself an object: an envelope for sure. */
export const isEnvelope = (fields: Fields): boolean => {
  for (let i = 0; i < SURE.length; i += 1) if (firstByte(fields, SURE[i] as number) === OPEN) return true;
  return isFilled(fields, ENVELOPE.logEvents) && fields.kind[ENVELOPE.logEvents] === VALUE.nested;
};

/** journald writes a message that is not UTF-8 as a list of its bytes: `[123,34,…]`. */
const byteList = (list: Uint8Array): readonly Uint8Array[] => {
  const text = textOfBytes(list);
  if (!/^\[[\s\d,]*\]$/.test(text)) return [];
  const numbers = text.slice(1, -1).split(',').map(Number);
  return numbers.every((number) => number < 256) ? [Uint8Array.from(numbers)] : [];
};

const partsOf = (fields: Fields, slot: number): readonly Uint8Array[] => {
  const kind = fields.kind[slot];
  const [start, end] = [fields.start[slot] as number, fields.end[slot] as number];
  if (kind === VALUE.ascii) return [fields.bytes.slice(start, end)];
  if (kind === VALUE.text) return [unescapeJson(fields.bytes, start, end)];
  if (kind !== VALUE.nested) return [];
  const bytes = fields.bytes.slice(start, end);
  if (bytes[0] === OPEN) return [bytes];
  const objects = objectsOfList(bytes);
  return objects.length > 0 ? objects : byteList(bytes);
};

const streamOf = (fields: Fields): string =>
  isText(fields, STREAM)
    ? textOfBytes(fields.bytes.subarray(fields.start[STREAM] as number, fields.end[STREAM] as number))
    : '';

const unwrapSlot = (fields: Fields, slot: number): Unwrapped | undefined => {
  const parts = partsOf(fields, slot);
  const [first] = parts;
  if (first === undefined) return undefined;
  const isBlank = parts.length === 1 && firstVisible(first, 0, first.length) === first.length;
  if (isBlank && !HOLDS_LINES.has(slot)) return undefined;
  const mayGoOn = slot === ENVELOPE.log && isText(fields, slot) && first.at(-1) !== NEWLINE;
  return { parts, mayGoOn, stream: streamOf(fields) };
};

/** What stands inside the envelope that was scanned last; undefined where it is none. */
export const unwrap = (fields: Fields): Unwrapped | undefined => {
  // Text before objects: Filebeat has `log` as an object beside the line in `message`.
  for (const wantsText of [true, false]) {
    for (const slot of ORDER) {
      if (!isFilled(fields, slot) || isText(fields, slot) !== wantsText) continue;
      const found = unwrapSlot(fields, slot);
      if (found !== undefined) return found;
    }
  }
  return undefined;
};

/** A line of the Kubernetes CRI log: `<time> stdout F <text>`; P marks a part that the next line goes on with. */
export interface CriLine {
  readonly stream: string;
  readonly isPart: boolean;
  /** Where the text starts. */
  readonly start: number;
}

const CRI = /^\d{4}-\d\d-\d\dT\S+ (stdout|stderr) ([PF])(?::\S*)? /;

/** Reads the head of a CRI line. */
export const readCri = (bytes: Uint8Array, from: number, to: number): CriLine | undefined => {
  const first = bytes[from] ?? 0;
  if (first < 0x30 || first > 0x39) return undefined;
  let head = '';
  for (let at = from; at < Math.min(to, from + 64); at += 1) head += String.fromCharCode(bytes[at] as number);
  const found = CRI.exec(head);
  return found === null
    ? undefined
    : { stream: found[1] ?? '', isPart: found[2] === 'P', start: from + found[0].length };
};
