/** Tells all senders that a target has asked to be left alone. */

import { errorText, type WriteLog } from '../log.ts';

/** A longer time is told to the others where it is longer by so much: a busy target says it in every answer. */
const WORTH_TELLING_MS = 1_000;

export interface TellRetryOptions {
  /** Raises the instant that all know of. */
  readonly leaveAlone: (ask: { readonly untilMs: number; readonly nowMs: number }) => Promise<unknown>;
  readonly wallClock: () => number;
  readonly log: WriteLog;
}

export interface RetryTeller {
  /** Tells of an instant (epoch ms), at once; one call at a time. */
  tell(untilMs: number): void;
  /** Tells again what could not be told. */
  again(): void;
  /** Resolves once what is being told is told, or cannot be. */
  end(): Promise<void>;
}

/** Makes a teller that has told nothing. */
export const createRetryTeller = ({ leaveAlone, wallClock, log }: TellRetryOptions): RetryTeller => {
  let toldMs = Number.NEGATIVE_INFINITY;
  let wantedMs = Number.NEGATIVE_INFINITY;
  let underWay: Promise<void> | undefined;

  const isWorthTelling = (): boolean => wantedMs >= toldMs + WORTH_TELLING_MS && wantedMs > wallClock();

  const tellAll = async (): Promise<void> => {
    while (isWorthTelling()) {
      const untilMs = wantedMs;
      try {
        await leaveAlone({ untilMs, nowMs: wallClock() });
      } catch (error) {
        log({ level: 'WARN', code: 'RETRY_AFTER_UNTOLD', message: errorText(error) });
        return;
      }
      toldMs = untilMs;
    }
  };

  const begin = (): void => {
    if (underWay !== undefined || !isWorthTelling()) return;
    underWay = tellAll().finally(() => {
      underWay = undefined;
    });
  };

  return {
    tell: (untilMs) => {
      wantedMs = Math.max(wantedMs, untilMs);
      begin();
    },
    again: begin,
    end: async () => {
      await underWay;
    },
  };
};
