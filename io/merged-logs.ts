/** Several logs as one, in the order of their log time. */

import type { UnpacedRequest } from '../core/plan/plan.ts';
import type { LogCursor, LogTimed, Reading } from './log-cursor.ts';

/** A log that is not opened yet. */
export interface UnopenedLog<T extends LogTimed = UnpacedRequest> {
  /** Before this log instant (epoch ms) it holds nothing that is worth waiting for. */
  readonly neededFromMs: number;
  open(): LogCursor<T>;
}

/** Logs merged by their times. */
export interface MergedLogs<T extends LogTimed = UnpacedRequest> {
  /** The earliest entry of all logs; undefined when they have ended. */
  take(): Promise<T | undefined>;
  /** The same, where what is read already tells. */
  takeAtOnce(): T | undefined;
}

const earliestOf = <T extends LogTimed>(cursors: readonly LogCursor<T>[]): LogCursor<T> | undefined => {
  let best: LogCursor<T> | undefined;
  for (const cursor of cursors) {
    if (cursor.head === undefined) continue;
    if (best?.head === undefined || cursor.head.logAtMs < best.head.logAtMs) best = cursor;
  }
  return best;
};

const takeHead = <T extends LogTimed>(cursor: LogCursor<T> | undefined): T | undefined => {
  const head = cursor?.head;
  if (cursor !== undefined) cursor.head = undefined;
  return head;
};

/**
 * Merges logs. Each is opened only when the others have come near its beginning, so that a hundred rotated files are open one at a
 * time; logs needed from the same instant are opened in the order in which they are given.
 */
export const mergeLogs = <T extends LogTimed>(
  logs: readonly UnopenedLog<T>[],
  reading: Reading,
): MergedLogs<T> => {
  const waiting = logs.toSorted((a, b) =>
    a.neededFromMs === b.neededFromMs ? 0 : a.neededFromMs - b.neededFromMs,
  );
  const cursors: LogCursor<T>[] = [];

  const isNextDue = (head: T | undefined): boolean => {
    const [next] = waiting;
    return next !== undefined && !reading.isStopped && (head?.logAtMs ?? Infinity) >= next.neededFromMs;
  };

  const openDue = async (): Promise<void> => {
    while (isNextDue(earliestOf(cursors)?.head)) {
      const cursor = waiting.shift()?.open();
      if (cursor !== undefined && (await cursor.fill())) cursors.push(cursor);
    }
  };

  return {
    take: async () => {
      for (const cursor of [...cursors]) {
        if (!(await cursor.fill())) cursors.splice(cursors.indexOf(cursor), 1);
      }
      await openDue();
      return takeHead(earliestOf(cursors));
    },
    takeAtOnce: () => {
      for (const cursor of cursors) if (!cursor.fillAtOnce()) return undefined;
      const earliest = earliestOf(cursors);
      return isNextDue(earliest?.head) ? undefined : takeHead(earliest);
    },
  };
};
