/**
 * Bytes of a log in, recorded requests out; every record that gives none is rejected with a reason. One decoder reads one input
 * from its beginning to its end. It never throws, whatever the bytes.
 */

import type { LineCounts } from '../measure/accounting.ts';
import type { ByteText, FindByte } from '../ports.ts';
import type { LogOptions } from '../rules/rule-set.ts';
import type { RecordedRequest, Rejected, RejectReason } from '../types.ts';
import { createBoundary } from './boundary.ts';
import { firstVisible, skipMark, textOfBytes, withNewline } from './byte-text.ts';
import { newIdentity } from './identity.ts';
import { scanObject } from './json-scan.ts';
import { SCAN_BAD, SCAN_TRUNCATED } from './json-tokens.ts';
import { logKeys, SLOT_COUNT } from './keys.ts';
import { type LineFields, newLineFields, openLine } from './line-fields.ts';
import { isAccessLine, readNginx } from './nginx.ts';
import { addPart, endsObject, MAX_UNFINISHED, newPartLine, type PartLine, wholeOf } from './part-lines.ts';
import { createPrettyBlocks, type PrettyBlock } from './pretty.ts';
import { finishRecord, type LineContext } from './record.ts';
import { createSplitter, MAX_INDENT_BYTES, MAX_LINE_BYTES } from './split.ts';
import { isTraefik, readTraefik } from './traefik.ts';
import { isEnvelope, objectAfterPrefix, readCri, unwrap } from './unwrap.ts';

/** What a decoder needs to know, and whom it tells. */
export interface DecoderOptions {
  /** Name of the input, as it shall stand in `source`. */
  readonly name: string;
  readonly logs: LogOptions;
  readonly byteText: ByteText;
  readonly findByte: FindByte;
  /** Raised as lines pass. */
  readonly counts: LineCounts;
  readonly onRequest: (request: RecordedRequest) => void;
  /** Told before `onRequest` where the record stands that gives the request, unwrapped; the memory is used again. */
  readonly onRecord?: ((line: LineFields, start: number, end: number) => void) | undefined;
  readonly onRejected: (rejected: Rejected) => void;
}

export interface Decoder {
  push(chunk: Uint8Array): void;
  /** The input has ended: what is still held is read as it is. */
  end(): void;
}

/** Of a rejected line this much is kept. */
const MAX_REJECT_BYTES = 64 * 1024;
/** A list of lines within an envelope counts twice: for itself, and for each of its members. */
const MAX_ENVELOPES = 8;
const NEWLINE = 0x0a;

const OPEN = 0x7b;
const [COMMA, OPEN_LIST, CLOSE_LIST] = [0x2c, 0x5b, 0x5d];

const isBracket = (byte: number | undefined): boolean =>
  byte === COMMA || byte === OPEN_LIST || byte === CLOSE_LIST;

/** Skips what may stand between joined objects: space, NUL, byte order marks, and the commas and brackets of a JSON array. */
const skipJoint = (bytes: Uint8Array, from: number, to: number): number => {
  let at = from;
  for (;;) {
    at = firstVisible(bytes, at, to);
    if (bytes[at] === OPEN) return at;
    at = firstVisible(bytes, skipMark(bytes, at), to);
    if (at >= to || !isBracket(bytes[at])) return Math.min(at, to);
    const next = firstVisible(bytes, at + 1, to);
    const after = firstVisible(bytes, skipMark(bytes, next), to);
    // A bracket of text (`[pod/traefik] …`) is no bracket of an array.
    if (after < to && bytes[after] !== OPEN && !isBracket(bytes[after])) return at;
    at = next;
  }
};

/** Makes the decoder of one input. */
export const createDecoder = (options: DecoderOptions): Decoder => {
  const { byteText, counts, logs, name } = options;
  const line = newLineFields(SLOT_COUNT, byteText);
  const { fields } = line;
  const table = logKeys(logs.fields);
  const context: { -readonly [K in keyof LineContext]: LineContext[K] } = {
    name,
    line: 0,
    identity: newIdentity(),
  };
  const unfinished = new Map<string, PartLine>();
  const pretty = createPrettyBlocks();
  let isMidLine = false;

  const reject = (
    reason: RejectReason,
    bytes: Uint8Array,
    start: number,
    end: number,
    at = context.line,
  ): void => {
    counts.lines += 1;
    counts.rejected[reason] += 1;
    const text = textOfBytes(bytes.subarray(start, Math.min(end, start + MAX_REJECT_BYTES)));
    options.onRejected({ reason, source: { name, line: at }, text });
  };

  /** Reads the object that was scanned last as a request. */
  const readObject = (bytes: Uint8Array, start: number, end: number, depth: number): void => {
    const wanted = logs.format;
    const isOfTraefik = wanted !== 'nginx' && isTraefik(line);
    if (!isOfTraefik && depth < MAX_ENVELOPES && isEnvelope(fields))
      return readEnvelope(bytes, start, end, depth);
    const isOfNginx = !isOfTraefik && wanted !== 'traefik' && isAccessLine(line);
    if (!isOfTraefik && !isOfNginx) {
      if (depth < MAX_ENVELOPES) return readEnvelope(bytes, start, end, depth);
      return reject('not_access_log', bytes, start, end);
    }
    openLine(line, start, end);
    const { repaired } = fields;
    const draft = isOfTraefik ? readTraefik(line) : readNginx(line);
    const record = typeof draft === 'string' ? draft : finishRecord(draft, line, context);
    if (typeof record === 'string') return reject(record, bytes, start, end);
    counts.lines += 1;
    counts.parsed += 1;
    if (repaired) counts.repaired += 1;
    options.onRecord?.(line, start, end);
    options.onRequest(record);
  };

  const readEnvelope = (bytes: Uint8Array, start: number, end: number, depth: number): void => {
    const found = unwrap(fields);
    if (found === undefined) return reject('not_access_log', bytes, start, end);
    const key = `docker ${found.stream}`;
    for (const part of found.parts) {
      const first = firstVisible(part, 0, part.length);
      if (first === part.length && !unfinished.has(key)) continue;
      // A message without an object in it is a program talking, and the envelope is what a person would want to see.
      const isText =
        objectAfterPrefix(part, first, part.length) < 0 && readCri(part, first, part.length) === undefined;
      if (isText && !unfinished.has(key)) reject('not_access_log', bytes, start, end);
      else readDockerPart(part, found.mayGoOn, key, depth + 1);
    }
  };

  const dropUnfinished = (key: string): void => {
    const open = unfinished.get(key);
    unfinished.delete(key);
    if (open === undefined || open.isTooLong) return;
    const bytes = wholeOf(open);
    reject('truncated', bytes, 0, bytes.length, open.line);
  };

  const begin = (key: string): PartLine => {
    const [oldest] = unfinished.keys();
    if (unfinished.size >= MAX_UNFINISHED && oldest !== undefined) dropUnfinished(oldest);
    const begun = newPartLine(context.line);
    unfinished.set(key, begun);
    return begun;
  };

  const keepPart = (open: PartLine, part: Uint8Array): void => {
    const tooLong = addPart(open, part);
    if (tooLong !== undefined) reject('too_long', tooLong, 0, tooLong.length, open.line);
  };

  /** Docker cuts lines above 16 KiB into parts: what is not finished waits for the next. */
  const readDockerPart = (part: Uint8Array, mayGoOn: boolean, key: string, depth: number): void => {
    const open = unfinished.get(key);
    const start = firstVisible(part, 0, part.length);
    const end = part[start] === OPEN ? scanObject(fields, part, start, part.length, table) : SCAN_BAD;
    const isWhole = end > 0 && firstVisible(part, end, part.length) === part.length;
    if (open === undefined || isWhole) {
      dropUnfinished(key);
      if (!mayGoOn || end !== SCAN_TRUNCATED) return readRecords(part, 0, part.length, depth);
      const begun = begin(key);
      endsObject(begun, part);
      return keepPart(begun, part);
    }
    keepPart(open, part);
    if (!endsObject(open, part) && mayGoOn) return;
    unfinished.delete(key);
    if (open.isTooLong) return;
    const bytes = wholeOf(open);
    readRecords(bytes, 0, bytes.length, depth);
  };

  /** Rejects an object that is none, or too long; the rest of the line goes on behind its closing brace, if it has one. */
  const rejectObject = (bytes: Uint8Array, start: number, end: number, scanned: number): number => {
    const closed = scanned > 0 ? scanned : createBoundary().nextEnd(bytes, start, end);
    const stop = closed < 0 ? end : closed;
    const isCut = scanned === SCAN_TRUNCATED && closed < 0;
    reject(stop - start > MAX_LINE_BYTES ? 'too_long' : isCut ? 'truncated' : 'not_json', bytes, start, stop);
    return stop;
  };

  const readCriPart = (bytes: Uint8Array, start: number, end: number, depth: number): boolean => {
    const cri = readCri(bytes, start, end);
    if (cri === undefined) return false;
    const key = `cri ${cri.stream}`;
    const open = unfinished.get(key);
    if (open === undefined && !cri.isPart) {
      readRecords(bytes, cri.start, end, depth + 1);
      return true;
    }
    const line = open ?? begin(key);
    keepPart(line, bytes.slice(cri.start, end));
    if (cri.isPart) return true;
    unfinished.delete(key);
    const whole = line.isTooLong ? new Uint8Array(0) : wholeOf(line);
    readRecords(whole, 0, whole.length, depth + 1);
    return true;
  };

  /** Reads a record that does not start with a brace: a prefix before an object, or no JSON at all. */
  const readText = (bytes: Uint8Array, start: number, end: number, depth: number): void => {
    if (end - start > MAX_LINE_BYTES) return reject('too_long', bytes, start, end);
    if (depth < MAX_ENVELOPES && readCriPart(bytes, start, end, depth)) return;
    const object = objectAfterPrefix(bytes, start, end);
    const stop = object < 0 ? SCAN_BAD : scanObject(fields, bytes, object, end, table);
    const isLast = stop > 0 && firstVisible(bytes, stop, end) >= end;
    if (isLast) readObject(bytes, object, stop, depth);
    else reject(stop === SCAN_TRUNCATED ? 'truncated' : 'not_json', bytes, start, end);
  };

  /** Reads all records of a line, or of what an envelope held. */
  const readRecords = (given: Uint8Array, from: number, to: number, depth: number): void => {
    // The scanner wants a newline behind the line: here once, not with each record of it.
    const bytes = given[to] === NEWLINE ? given : withNewline(given, to);
    let isFirst = true;
    for (let at = skipJoint(bytes, from, to); at < to; at = skipJoint(bytes, at, to)) {
      if (!isFirst && depth === 0) context.line += 1;
      isFirst = false;
      if (bytes[at] !== OPEN) {
        readText(bytes, at, to, depth);
        return;
      }
      const end = scanObject(fields, bytes, at, to, table);
      if (end < 0 || end - at > MAX_LINE_BYTES) {
        at = rejectObject(bytes, at, to, end);
      } else {
        readObject(bytes, at, end, depth);
        at = end;
      }
    }
  };

  const readBlock = ({ bytes, line: atLine, isWhole }: PrettyBlock): void => {
    const { line: lastLine } = context;
    context.line = atLine;
    if (isWhole) readRecords(bytes, 0, bytes.length, 0);
    else reject('truncated', bytes, 0, bytes.length);
    context.line = lastLine;
  };

  const closeBlock = (): void => {
    const block = pretty.close();
    if (block !== undefined) readBlock(block);
  };

  /** Whether a line is one of an object that is written over several. */
  const isOfBlock = (bytes: Uint8Array, from: number, to: number, isPart: boolean): boolean => {
    const block = pretty.add(bytes, from, to, isPart);
    if (block === 'held') return true;
    if (block !== undefined) readBlock(block);
    return block?.isWhole ?? false;
  };

  const readLine = (given: Uint8Array, start: number, to: number, isWhole: boolean): void => {
    const goesOn = isMidLine;
    isMidLine = !isWhole;
    const first = skipMark(given, start);
    const visible = firstVisible(given, first, to);
    const from = visible - first > MAX_INDENT_BYTES ? visible : first;
    const isPart = goesOn && pretty.isOpen();
    const isBlank = (goesOn ? skipJoint(given, from, to) : visible) >= to;
    // The end of a line whose records were given out already is no line of its own.
    if (!goesOn || (!isBlank && !isPart)) context.line += 1;
    if (isBlank && !isPart) return;
    if (pretty.isOpen() && isOfBlock(given, from, to, isPart)) return;
    if (!goesOn && pretty.open(given, from, to, context.line)) return;
    readRecords(given, from, to, 0);
  };

  const splitter = createSplitter(
    {
      line: readLine,
      tooLong: (bytes) => {
        closeBlock();
        context.line += 1;
        isMidLine = true;
        reject('too_long', bytes, skipJoint(bytes, 0, bytes.length), bytes.length);
      },
    },
    options.findByte,
  );

  return {
    push: splitter.push,
    end: () => {
      splitter.end();
      closeBlock();
      for (const key of [...unfinished.keys()]) dropUnfinished(key);
    },
  };
};
