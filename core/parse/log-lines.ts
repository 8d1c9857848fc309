/** The lines of a log as bytes, each with the instant at which it was written: for whoever passes a log on instead of replaying it. */

import type { RepriseError } from '../errors.ts';
import { type LineCounts, newLineCounts } from '../measure/accounting.ts';
import type { ByteText, FindByte } from '../ports.ts';
import type { LogOptions } from '../rules/rule-set.ts';
import type { RecordedRequest } from '../types.ts';
import { firstVisible, skipMark } from './byte-text.ts';
import { createDecoder } from './decode.ts';
import type { LineFields } from './line-fields.ts';
import { findTimes, type TimePlace } from './shift-time.ts';
import { createSplitter } from './split.ts';

/** A line, without its newline and without newlines inside. */
export interface LogLine {
  readonly bytes: Uint8Array;
  /** When it was written, epoch ms: its request's end; of a line that does not say, that of the line before, −∞ where there is none. */
  readonly logAtMs: number;
  /** When its request started, epoch ms; the same where it does not say. */
  readonly startAtMs: number;
  /** Where its instants stand. */
  readonly times: readonly TimePlace[];
}

export interface LogLinesOptions {
  readonly name: string;
  readonly logs: LogOptions;
  readonly byteText: ByteText;
  readonly findByte: FindByte;
  /** Raised as lines pass: `parsed` are those that were given out. */
  readonly counts: LineCounts;
}

/** Takes the bytes of one log and gives out its lines. Only what was pushed last is held. */
export interface LogLines {
  push(chunk: Uint8Array): void;
  end(): void;
  cut(): void;
  take(): LogLine | undefined;
  fault(): RepriseError | undefined;
}

const [NEWLINE, RETURN, SPACE] = [0x0a, 0x0d, 0x20];
const NEWLINE_BYTES = Uint8Array.of(NEWLINE);

const ignore = (): void => undefined;

/** An object written over several lines, on one: between its values a space says the same as a newline, and inside them is none. */
const onOneLine = (record: Uint8Array): Uint8Array => {
  for (let at = record.indexOf(NEWLINE); at >= 0; at = record.indexOf(NEWLINE, at)) record[at] = SPACE;
  return record;
};

const createQueue = () => {
  let lines: LogLine[] = [];
  let taken = 0;
  return {
    add: (line: LogLine): void => {
      lines.push(line);
    },
    take: (): LogLine | undefined => {
      const line = lines[taken];
      if (line === undefined) {
        lines = [];
        taken = 0;
      } else {
        taken += 1;
      }
      return line;
    },
  };
};

const endOf = ({ atMs, recorded }: RecordedRequest): number => atMs + (recorded.durationMs ?? 0);

/**
 * The records that can be read as requests, out of whatever wraps them, in the order of the log; others are rejected and counted as
 * `createDecoder` does.
 */
export const readRecords = (options: LogLinesOptions): LogLines => {
  const queue = createQueue();
  let record: Pick<LogLine, 'bytes' | 'times'> | undefined;
  const decoder = createDecoder({
    ...options,
    onRejected: ignore,
    onRecord: (line: LineFields, start: number, end: number) => {
      record = {
        bytes: onOneLine(line.fields.bytes.slice(start, end)),
        times: findTimes(line, start),
      };
    },
    onRequest: (request) => {
      if (record !== undefined) queue.add({ ...record, logAtMs: endOf(request), startAtMs: request.atMs });
    },
  });
  return { push: decoder.push, end: decoder.end, cut: ignore, take: queue.take, fault: () => undefined };
};

/**
 * The lines as they stand, whatever they hold; blank ones are none. Records that are joined without a newline are cut apart only where
 * no newline comes for long. A record too long to be read is rejected.
 */
export const readRawLines = (options: LogLinesOptions): LogLines => {
  const { counts, findByte } = options;
  const queue = createQueue();
  let logAtMs = Number.NEGATIVE_INFINITY;
  let startAtMs = Number.NEGATIVE_INFINITY;
  const decoder = createDecoder({
    ...options,
    counts: newLineCounts(),
    onRejected: ignore,
    onRequest: (request) => {
      logAtMs = endOf(request);
      startAtMs = request.atMs;
    },
  });
  const splitter = createSplitter(
    {
      line: (bytes, start, end) => {
        const first = skipMark(bytes, start);
        if (firstVisible(bytes, first, end) >= end) return;
        const line = bytes.slice(first, bytes[end - 1] === RETURN ? end - 1 : end);
        decoder.push(line);
        decoder.push(NEWLINE_BYTES);
        counts.lines += 1;
        counts.parsed += 1;
        queue.add({ bytes: line, logAtMs, startAtMs, times: [] });
      },
      tooLong: () => {
        counts.lines += 1;
        counts.rejected.too_long += 1;
      },
    },
    findByte,
  );
  return { push: splitter.push, end: splitter.end, cut: ignore, take: queue.take, fault: () => undefined };
};
