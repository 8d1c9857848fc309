/** One log under way: its next planned request, read as far as it takes to know it. */

import { RepriseError } from '../core/errors.ts';
import type { UnpacedRequest } from '../core/plan/plan.ts';
import type { LogPlan } from '../core/plan/plan-log.ts';

/** What the readings of one run share. */
export interface Reading {
  /** Nothing more is read: someone stopped it, or a fault was met. */
  isStopped: boolean;
  /** A request was recorded for the very host that it would go to. */
  fault: RepriseError | undefined;
  /** Told of an input that broke off. */
  readonly onInputError: (error: RepriseError) => void;
}

/** One log under way. */
export interface LogCursor {
  /** The next request, once it was looked for. */
  head: UnpacedRequest | undefined;
  /** Looks for the next request; false when there is none. */
  fill(): Promise<boolean>;
  /** Looks for it among what is read already. */
  fillAtOnce(): boolean;
}

/** Opens a cursor over the text of a log. An input that breaks off ends there, and what was read of it counts. */
export const openLogCursor = (
  chunks: AsyncIterator<Uint8Array>,
  plan: LogPlan,
  reading: Reading,
): LogCursor => {
  let isEnded = false;

  const read = async (): Promise<void> => {
    try {
      const { value, done } = await chunks.next();
      // A stop ends the chunks, too, perhaps in the middle of a line.
      if (reading.isStopped) return;
      if (done !== true) return plan.push(value);
    } catch (error) {
      if (!(error instanceof RepriseError)) throw error;
      reading.onInputError(error);
    }
    isEnded = true;
    plan.end();
  };

  const cut = async (): Promise<void> => {
    isEnded = true;
    plan.cut();
    await chunks.return?.(undefined);
  };

  const fillAtOnce = (): boolean => {
    cursor.head ??= plan.take();
    const fault = plan.fault();
    if (fault !== undefined) {
      reading.fault ??= fault;
      reading.isStopped = true;
    }
    return cursor.head !== undefined;
  };

  const cursor: LogCursor = {
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
