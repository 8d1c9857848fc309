/** One log under way: its next entry (a planned request, mostly), read as far as it takes to know it. */

import { RepriseError } from '../core/errors.ts';
import type { UnpacedRequest } from '../core/plan/plan.ts';

/** What the readings of one run share. */
export interface Reading {
  /** Nothing more is read: someone stopped it, or a fault was met. */
  isStopped: boolean;
  /** A request was recorded for the very host that it would go to. */
  fault: RepriseError | undefined;
  /** Told of an input that broke off. */
  readonly onInputError: (error: RepriseError) => void;
}

/** Something with an instant on the log's clock, epoch ms. */
export interface LogTimed {
  readonly logAtMs: number;
}

/** What makes entries of a log's bytes; `LogPlan` is one. */
export interface LogReader<T> {
  push(chunk: Uint8Array): void;
  /** The log has ended. */
  end(): void;
  /** The log is left in the middle. */
  cut(): void;
  /** The next entry; undefined until more is pushed. */
  take(): T | undefined;
  fault(): RepriseError | undefined;
}

/** One log under way. */
export interface LogCursor<T extends LogTimed = UnpacedRequest> {
  /** The next entry, once it was looked for. */
  head: T | undefined;
  /** Looks for the next entry; false when there is none. */
  fill(): Promise<boolean>;
  /** Looks for it among what is read already. */
  fillAtOnce(): boolean;
}

/** Opens a cursor over the text of a log. An input that breaks off ends there, and what was read of it counts. */
export const openLogCursor = <T extends LogTimed>(
  chunks: AsyncIterator<Uint8Array>,
  reader: LogReader<T>,
  reading: Reading,
): LogCursor<T> => {
  let isEnded = false;

  const read = async (): Promise<void> => {
    try {
      const { value, done } = await chunks.next();
      // A stop ends the chunks, too, perhaps in the middle of a line.
      if (reading.isStopped) return;
      if (done !== true) return reader.push(value);
    } catch (error) {
      if (!(error instanceof RepriseError)) throw error;
      reading.onInputError(error);
    }
    isEnded = true;
    reader.end();
  };

  const cut = async (): Promise<void> => {
    isEnded = true;
    reader.cut();
    await chunks.return?.(undefined);
  };

  const fillAtOnce = (): boolean => {
    cursor.head ??= reader.take();
    const fault = reader.fault();
    if (fault !== undefined) {
      reading.fault ??= fault;
      reading.isStopped = true;
    }
    return cursor.head !== undefined;
  };

  const cursor: LogCursor<T> = {
    head: undefined,
    fillAtOnce,
    fill: async () => {
      while (!fillAtOnce()) {
        if (isEnded) return false;
        await (reading.isStopped ? cut() : read());
      }
      return true;
    },
  };
  return cursor;
};
