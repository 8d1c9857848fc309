/** Tells all senders that a target has asked to be left alone. */

import { errorText, type WriteLog } from '../log.ts';

/**
 * A busy target asks for it in every answer: a longer time is told to the others where it is longer by so much, and what is left of the
 * one that they know is short, in itself or beside it.
 */
const WORTH_TELLING_MS = 1_000;
const SHORT_MS = 5_000;

export interface TellRetryOptions {
  /** Raises the instant that all know of. */
  readonly leaveAlone: (ask: { readonly untilMs: number; readonly nowMs: number }) => Promise<unknown>;
  readonly wallClock: () => number;
  readonly log: WriteLog;
}

export interface RetryTeller {
  /** Tells of an instant (epoch ms), at once; one call at a time. */
  tell(untilMs: number): void;
  /** Tells what could not be told, or was not worth it until now; `knownMs` is the instant (epoch ms) that the others know of. */
  again(knownMs?: number): void;
  /** Resolves once what is being told is told, or cannot be. */
  end(): Promise<void>;
}

/** Makes a teller that has told nothing. */
export const createRetryTeller = ({ leaveAlone, wallClock, log }: TellRetryOptions): RetryTeller => {
  let toldMs = Number.NEGATIVE_INFINITY;
  let wantedMs = Number.NEGATIVE_INFINITY;
  let underWay: Promise<void> | undefined;

  const isWorthTelling = (): boolean => {
    const nowMs = wallClock();
    const leftMs = toldMs - nowMs;
    return (
      wantedMs > nowMs &&
      wantedMs >= toldMs + WORTH_TELLING_MS &&
      leftMs < Math.max(SHORT_MS, (wantedMs - nowMs) / 2)
    );
  };

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
    again: (knownMs = toldMs) => {
      toldMs = Math.max(toldMs, knownMs);
      begin();
    },
    end: async () => {
      await underWay;
    },
  };
};
