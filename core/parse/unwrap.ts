/**
 * What collectors put around a line: Docker's json-file, Kubernetes CRI, Fluent Bit, Filebeat, journald, CloudWatch Logs, and the
 * prefixes of syslog, `docker compose logs` and `kubectl logs`.
 */

import { bytesOfText, textOfBytes, unescapeJson } from './byte-text.ts';
import { type Fields, VALUE } from './json-scan.ts';
import { ENVELOPE } from './keys.ts';

const OPEN = 0x7b;
const QUOTE = 0x22;

/** What an envelope holds. `mayGoOn` is Docker's: a long line comes in parts, and only the last ends with a newline. */
export interface Unwrapped {
  readonly parts: readonly Uint8Array[];
  readonly mayGoOn: boolean;
}

const ORDER = [
  ENVELOPE.log,
  ENVELOPE.message,
  ENVELOPE.MESSAGE,
  ENVELOPE.msg,
  ENVELOPE.event,
  ENVELOPE.line,
  ENVELOPE.log_processed,
  ENVELOPE.logEvents,
];

const isSpace = (byte: number | undefined): boolean => byte !== undefined && byte <= 0x20;

/** The place of the first byte of text that is neither space nor control. */
export const firstVisible = (bytes: Uint8Array, from: number, to: number): number => {
  let at = from;
  while (at < to && isSpace(bytes[at])) at += 1;
  return at;
};

/** Where an object starts in a line of text (`… traefik[812]: {"ClientAddr":…`), or −1. */
export const objectAfterPrefix = (bytes: Uint8Array, from: number, to: number): number => {
  for (let at = bytes.indexOf(OPEN, from); at >= 0 && at < to; at = bytes.indexOf(OPEN, at + 1)) {
    if (bytes[firstVisible(bytes, at + 1, to)] === QUOTE) return at;
  }
  return -1;
};

/** journald writes a message that is not UTF-8 as a list of its bytes. */
const messageOfList = (value: unknown): readonly Uint8Array[] => {
  if (!Array.isArray(value)) return [];
  if (value.length > 0 && value.every((item) => Number.isInteger(item)))
    return [Uint8Array.from(value as number[])];
  return value.flatMap((item: unknown) => {
    const message = typeof item === 'object' && item !== null && 'message' in item ? item.message : undefined;
    return typeof message === 'string' ? [bytesOfText(message)] : [];
  });
};

const parseList = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(textOfBytes(bytes));
  } catch {
    // The scanner mends what JSON.parse does not: a list that needed it holds no lines of a collector.
    return [];
  }
};

const envelopeValue = (fields: Fields, slot: number): Unwrapped | undefined => {
  const kind = fields.kind[slot];
  const [start, end] = [fields.start[slot] as number, fields.end[slot] as number];
  if (kind === VALUE.ascii || kind === VALUE.text) {
    const bytes =
      kind === VALUE.ascii ? fields.bytes.slice(start, end) : unescapeJson(fields.bytes, start, end);
    return { parts: [bytes], mayGoOn: slot === ENVELOPE.log && bytes.at(-1) !== 0x0a };
  }
  if (kind !== VALUE.nested) return undefined;
  const bytes = fields.bytes.slice(start, end);
  if (bytes[0] === OPEN) return { parts: [bytes], mayGoOn: false };
  return { parts: messageOfList(parseList(bytes)), mayGoOn: false };
};

const filled = (fields: Fields): number[] => ORDER.filter((slot) => fields.filled[slot] === fields.scan);

/** Whether a key that collectors use holds text that is itself an object: an envelope for sure. */
export const isEnvelope = (fields: Fields): boolean =>
  filled(fields).some((slot) => {
    const kind = fields.kind[slot];
    if (kind !== VALUE.ascii && kind !== VALUE.text) return slot === ENVELOPE.logEvents;
    return (
      fields.bytes[firstVisible(fields.bytes, fields.start[slot] as number, fields.end[slot] as number)] ===
      OPEN
    );
  });

/** What stands inside the envelope that was scanned last; undefined where it is none. */
export const unwrap = (fields: Fields): Unwrapped | undefined => {
  const slots = filled(fields);
  // Text before objects: Filebeat has `log` as an object beside the line in `message`.
  const isText = (slot: number): boolean =>
    fields.kind[slot] === VALUE.ascii || fields.kind[slot] === VALUE.text;
  for (const slot of [...slots.filter(isText), ...slots.filter((slot) => !isText(slot))]) {
    const found = envelopeValue(fields, slot);
    if (found !== undefined && found.parts.length > 0) return found;
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
