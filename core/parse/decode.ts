/**
 * Bytes of a log in, recorded requests out; every record that gives none is rejected with a reason. One decoder reads one input
 * from its beginning to its end. It never throws, whatever the bytes.
 */

import type { LineCounts } from '../measure/accounting.ts';
import type { ByteText, FindByte } from '../ports.ts';
import type { LogOptions } from '../rules/rule-set.ts';
import type { RecordedRequest, Rejected, RejectReason } from '../types.ts';
import { concatBytes, textOfBytes } from './byte-text.ts';
import { newIdentity } from './identity.ts';
import { SCAN_BAD, SCAN_TRUNCATED, scanObject } from './json-scan.ts';
import { logKeys, SLOT_COUNT } from './keys.ts';
import { newLineFields, openLine } from './line-fields.ts';
import { isAccessLine, readNginx } from './nginx.ts';
import { createPrettyBlocks } from './pretty.ts';
import { finishRecord, type LineContext } from './record.ts';
import { createBoundary, createSplitter, MAX_LINE_BYTES } from './split.ts';
import { isTraefik, readTraefik } from './traefik.ts';
import { firstVisible, isEnvelope, objectAfterPrefix, readCri, unwrap } from './unwrap.ts';

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
  readonly onRejected: (rejected: Rejected) => void;
}

export interface Decoder {
  push(chunk: Uint8Array): void;
  /** The input has ended: what is still held is read as it is. */
  end(): void;
}

/** Of a rejected line this much is kept. */
const MAX_REJECT_BYTES = 64 * 1024;
const MAX_ENVELOPES = 6;

const OPEN = 0x7b;
const [COMMA, OPEN_LIST, CLOSE_LIST] = [0x2c, 0x5b, 0x5d];

/** Skips what may stand between joined objects: space, NUL, a byte order mark, and the commas and brackets of a JSON array. */
const skipJoint = (bytes: Uint8Array, from: number, to: number): number => {
  let at = firstVisible(bytes, from, to);
  if (bytes[at] === OPEN) return at;
  if (bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf)
    at = firstVisible(bytes, at + 3, to);
  for (;;) {
    const byte = bytes[at];
    if (at >= to || (byte !== COMMA && byte !== OPEN_LIST && byte !== CLOSE_LIST)) return Math.min(at, to);
    const next = firstVisible(bytes, at + 1, to);
    const after = bytes[next];
    // A bracket of text (`[pod/traefik] …`) is no bracket of an array.
    if (next < to && after !== OPEN && after !== COMMA && after !== OPEN_LIST && after !== CLOSE_LIST)
      return at;
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
  const unfinished = new Map<string, { bytes: Uint8Array; line: number }>();
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
    options.onRequest(record);
  };

  const readEnvelope = (bytes: Uint8Array, start: number, end: number, depth: number): void => {
    const found = unwrap(fields);
    const parts = found?.parts ?? [];
    if (parts.length === 0) return reject('not_access_log', bytes, start, end);
    for (const part of parts) {
      // A message without an object in it is a program talking, and the envelope is what a person would want to see.
      const isText =
        objectAfterPrefix(part, 0, part.length) < 0 &&
        !unfinished.has('docker') &&
        readCri(part, 0, part.length) === undefined;
      if (isText && !found?.mayGoOn) reject('not_access_log', bytes, start, end);
      else readInner(part, found?.mayGoOn ?? false, depth + 1);
    }
  };

  /** Docker cuts lines above 16 KiB into parts: what is not finished waits for the next. */
  const readInner = (part: Uint8Array, mayGoOn: boolean, depth: number): void => {
    const before = unfinished.get('docker');
    unfinished.delete('docker');
    const startsAnew = part[firstVisible(part, 0, part.length)] === OPEN;
    if (before !== undefined && startsAnew && isCut(part) === false) {
      reject('truncated', before.bytes, 0, before.bytes.length, before.line);
      return readRecords(part, 0, part.length, depth);
    }
    const bytes = before === undefined ? part : concatBytes([before.bytes, part]);
    if (mayGoOn && isCut(bytes)) {
      if (bytes.length <= MAX_LINE_BYTES)
        unfinished.set('docker', { bytes, line: before?.line ?? context.line });
      else reject('too_long', bytes, 0, bytes.length);
      return;
    }
    readRecords(bytes, 0, bytes.length, depth);
  };

  const isCut = (bytes: Uint8Array): boolean => {
    const start = firstVisible(bytes, 0, bytes.length);
    return bytes[start] === OPEN && scanObject(fields, bytes, start, bytes.length, table) === SCAN_TRUNCATED;
  };

  /** Rejects an object that is none; the rest of the line goes on behind its closing brace, if it has one. */
  const rejectObject = (bytes: Uint8Array, start: number, end: number, scanned: number): number => {
    const closed = createBoundary().nextEnd(bytes, start, end);
    const stop = closed < 0 ? end : closed;
    reject(scanned === SCAN_TRUNCATED && closed < 0 ? 'truncated' : 'not_json', bytes, start, stop);
    return stop;
  };

  const readCriPart = (bytes: Uint8Array, start: number, end: number, depth: number): boolean => {
    const cri = readCri(bytes, start, end);
    if (cri === undefined) return false;
    const key = `cri ${cri.stream}`;
    const before = unfinished.get(key);
    unfinished.delete(key);
    const whole =
      before === undefined
        ? bytes.slice(cri.start, end)
        : concatBytes([before.bytes, bytes.subarray(cri.start, end)]);
    if (whole.length > MAX_LINE_BYTES) reject('too_long', whole, 0, whole.length);
    else if (cri.isPart) unfinished.set(key, { bytes: whole, line: before?.line ?? context.line });
    else readRecords(whole, 0, whole.length, depth + 1);
    return true;
  };

  /** Reads a record that does not start with a brace: a prefix before an object, or no JSON at all. */
  const readText = (bytes: Uint8Array, start: number, end: number, depth: number): void => {
    if (depth < MAX_ENVELOPES && readCriPart(bytes, start, end, depth)) return;
    const object = objectAfterPrefix(bytes, start, end);
    const stop = object < 0 ? SCAN_BAD : scanObject(fields, bytes, object, end, table);
    const isLast = stop > 0 && firstVisible(bytes, stop, end) >= end;
    if (isLast) readObject(bytes, object, stop, depth);
    else if (end - start > MAX_LINE_BYTES) reject('too_long', bytes, start, end);
    else reject(stop === SCAN_TRUNCATED ? 'truncated' : 'not_json', bytes, start, end);
  };

  /** Reads all records of a line, or of what an envelope held. */
  const readRecords = (bytes: Uint8Array, from: number, to: number, depth: number): void => {
    let isFirst = true;
    for (let at = skipJoint(bytes, from, to); at < to; at = skipJoint(bytes, at, to)) {
      if (!isFirst && depth === 0) context.line += 1;
      isFirst = false;
      if (bytes[at] !== OPEN) {
        readText(bytes, at, to, depth);
        return;
      }
      const end = scanObject(fields, bytes, at, to, table);
      if (end < 0 && to - at <= MAX_LINE_BYTES) {
        at = rejectObject(bytes, at, to, end);
      } else if (end < 0 || end - at > MAX_LINE_BYTES) {
        reject('too_long', bytes, at, end < 0 ? to : end);
        at = end < 0 ? to : end;
      } else {
        readObject(bytes, at, end, depth);
        at = end;
      }
    }
  };

  const readLine = (bytes: Uint8Array, from: number, to: number, isWhole: boolean): void => {
    const start = firstVisible(bytes, from, to);
    const isBlank = start >= to;
    // The end of a line whose records were given out already is no line of its own.
    if (!isMidLine || !isBlank) context.line += 1;
    isMidLine = !isWhole;
    if (isBlank) return;
    if (bytes[start] !== OPEN || to - start > 2 || pretty.isOpen()) {
      const block = pretty.add(bytes, from, to);
      if (block === 'held') return;
      if (block !== undefined) readBlock(block.bytes, block.line, block.isWhole);
      if (block?.isWhole) return;
    } else if (pretty.open(bytes, from, start, to, context.line)) {
      return;
    }
    readRecords(bytes, from, to, 0);
  };

  const readBlock = (bytes: Uint8Array, atLine: number, isWhole: boolean): void => {
    const { line: lastLine } = context;
    context.line = atLine;
    if (isWhole) readRecords(bytes, 0, bytes.length, 0);
    else reject(bytes.length > MAX_LINE_BYTES ? 'too_long' : 'truncated', bytes, 0, bytes.length);
    context.line = lastLine;
  };

  const splitter = createSplitter(
    {
      line: readLine,
      tooLong: (bytes) => {
        context.line += 1;
        isMidLine = true;
        reject('too_long', bytes, 0, bytes.length);
      },
    },
    options.findByte,
  );

  return {
    push: splitter.push,
    end: () => {
      splitter.end();
      const block = pretty.close();
      if (block !== undefined) readBlock(block.bytes, block.line, false);
      for (const { bytes, line: at } of unfinished.values()) reject('truncated', bytes, 0, bytes.length, at);
      unfinished.clear();
    },
  };
};
