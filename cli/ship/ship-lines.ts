/** Puts the lines of logs into a stream, at the rhythm in which they were written, with their instants moved to now. */

import { RepriseError } from '../../core/errors.ts';
import type { LogLine } from '../../core/parse/log-lines.ts';
import { shiftTimes } from '../../core/parse/shift-time.ts';
import { type Wait, waitFor } from '../../io/aws/backoff.ts';
import type { Packed, Put, PutOutcome } from '../../io/aws/put-batch.ts';
import { createLineBatch, fitsRecord } from './line-batch.ts';
import type { NotShippedReason, ShipCounts } from './ship-counts.ts';

/** Puts records, and tells of those that the stream took; resolves to what it did not take. */
export type PutRecords = (records: readonly Packed[], onPut: (put: Put) => void) => Promise<PutOutcome>;

export interface ShipLinesOptions {
  readonly lines: {
    take(): Promise<LogLine | undefined>;
    takeAtOnce(): LogLine | undefined;
  };
  readonly put: PutRecords;
  /** N times as fast as the lines were written. */
  readonly speed: number;
  /** Whether instants are moved so that the first line starts now. */
  readonly movesTimes: boolean;
  /** Epoch ms. */
  readonly now: () => number;
  /** For tests; default: in real time. */
  readonly wait?: Wait;
  /** Ends it: what is packed still goes out, what is read counts as `stopped`. */
  readonly stop: AbortSignal;
  /** Told of what no further try can mend (no such stream, no permission): it is to raise `stop`. */
  readonly onFatal: (error: RepriseError) => void;
}

/** No line waits longer than this for others to share its record. */
const MAX_AGE_MS = 1_000;
/** Node's timers do not take more than 24 days; a day is enough of a step. */
const MAX_WAIT_MS = 86_400_000;
const FLUSH = Symbol('flush');

/** What is packed and not put yet. */
const createOutbox = ({ put, now, onFatal }: ShipLinesOptions, counts: ShipCounts) => {
  const batch = createLineBatch();
  let openedMs = 0;

  const countPut = ({ records, lines, bytes }: Put): void => {
    counts.shipped += lines;
    counts.records += records;
    counts.bytes += bytes;
  };

  const flush = async (): Promise<void> => {
    const records = batch.take();
    if (records.length === 0) return;
    const before = counts.shipped;
    try {
      const { lost, lastFault, lastFaultName } = await put(records, countPut);
      counts.notShipped.lost += lost;
      if (lastFault !== undefined) {
        counts.lastFault = lastFault;
        counts.lastFaultName = lastFaultName;
      }
    } catch (error) {
      if (!(error instanceof RepriseError)) throw error;
      const lines = records.reduce((sum, record) => sum + record.lines, 0);
      counts.notShipped.lost += lines - (counts.shipped - before);
      onFatal(error);
    }
  };

  return {
    flush,
    add: async (line: Uint8Array): Promise<void> => {
      if (batch.isEmpty()) openedMs = now();
      if (batch.add(line)) return;
      await flush();
      openedMs = now();
      batch.add(line);
    },
    /** How long it may still wait; Infinity where there is nothing. */
    waitMs: (): number => (batch.isEmpty() ? Number.POSITIVE_INFINITY : openedMs + MAX_AGE_MS - now()),
  };
};

type Outbox = ReturnType<typeof createOutbox>;

const pause = async (ms: number, signal: AbortSignal, wait: Wait): Promise<typeof FLUSH> => {
  await wait(Math.min(Math.max(0, ms), MAX_WAIT_MS), signal);
  return FLUSH;
};

/** The next line. While an input says nothing, what is packed goes out in time. */
const nextLine = async (options: ShipLinesOptions, outbox: Outbox): Promise<LogLine | undefined> => {
  const { lines, wait = waitFor } = options;
  const ready = lines.takeAtOnce();
  if (ready !== undefined) return ready;
  const taking = lines.take();
  while (outbox.waitMs() !== Number.POSITIVE_INFINITY) {
    const isTaken = new AbortController();
    const line = await Promise.race([taking, pause(outbox.waitMs(), isTaken.signal, wait)]);
    isTaken.abort();
    if (line !== FLUSH) return line;
    await outbox.flush();
  }
  return taking;
};

/** Waits for the instant at which a line is due. */
const waitUntil = async (dueMs: number, options: ShipLinesOptions, outbox: Outbox): Promise<void> => {
  const { now, stop, wait = waitFor } = options;
  for (let leftMs = dueMs - now(); leftMs > 0 && !stop.aborted; leftMs = dueMs - now()) {
    const openMs = outbox.waitMs();
    if (openMs <= 0) await outbox.flush();
    else await pause(Math.min(leftMs, openMs), stop, wait);
  }
};

/** When lines are due, and by how much their instants move: told by the first line that has an instant. */
const createSchedule = ({ now, speed, movesTimes }: ShipLinesOptions, counts: ShipCounts) => {
  let originMs: number | undefined;
  let beginMs = 0;
  return (line: LogLine): { readonly dueMs: number; readonly writtenMs: number } => {
    if (!Number.isFinite(line.logAtMs)) return { dueMs: now(), writtenMs: Number.POSITIVE_INFINITY };
    if (originMs === undefined) {
      originMs = line.startAtMs;
      beginMs = now();
      // Whole seconds, so that every clock on the line, fine or coarse, moves by the same.
      if (movesTimes) counts.shiftSeconds = Math.floor((beginMs - originMs) / 1_000);
    }
    const sinceMs = line.logAtMs - originMs;
    return {
      dueMs: beginMs + sinceMs / speed,
      writtenMs: movesTimes ? beginMs + sinceMs : Number.POSITIVE_INFINITY,
    };
  };
};

/** What is to be shipped of a line; else why it is not. */
const moved = (line: LogLine, shiftSeconds: number | undefined): Uint8Array | NotShippedReason => {
  const bytes = shiftSeconds === undefined ? line.bytes : shiftTimes(line.bytes, line.times, shiftSeconds);
  if (bytes === undefined) return 'bad_time';
  return fitsRecord(bytes) ? bytes : 'too_long';
};

const noteStart = (counts: ShipCounts, { startAtMs }: LogLine): void => {
  if (!Number.isFinite(startAtMs)) return;
  const atMs = startAtMs + (counts.shiftSeconds ?? 0) * 1_000;
  counts.firstStartAtMs ??= atMs;
  counts.lastStartAtMs = Math.max(counts.lastStartAtMs ?? atMs, atMs);
};

/**
 * Ships lines until there are no more, or until `stop`. Each is put when it is due, at most a second later; a stream that is slower
 * than that slows it down, and nothing is dropped.
 *
 * @param counts - raised as it goes
 */
export const shipLines = async (options: ShipLinesOptions, counts: ShipCounts): Promise<void> => {
  const { stop, now } = options;
  const outbox = createOutbox(options, counts);
  const dueOf = createSchedule(options, counts);
  for (
    let line = await nextLine(options, outbox);
    line !== undefined;
    line = await nextLine(options, outbox)
  ) {
    const { dueMs, writtenMs } = dueOf(line);
    if (!stop.aborted) await waitUntil(dueMs, options, outbox);
    if (stop.aborted) {
      counts.notShipped.stopped += 1;
      continue;
    }
    const bytes = moved(line, counts.shiftSeconds);
    if (typeof bytes === 'string') {
      counts.notShipped[bytes] += 1;
      continue;
    }
    noteStart(counts, line);
    await outbox.add(bytes);
    counts.maxLateMs = Math.max(counts.maxLateMs, now() - writtenMs);
  }
  await outbox.flush();
};
