/** A clock of its own for code that also does real input and output: it jumps to the next sleeper only when nothing else is under way. */

import { setImmediate as turn } from 'node:timers/promises';

export interface FakeTime {
  now(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Counts `work` as under way until it settles: time stands still meanwhile. */
  busy<T>(work: Promise<T>): Promise<T>;
  /** Calls `act` at that instant, if time gets that far. */
  at(atMs: number, act: () => void): void;
  /** Lets time pass until `work` settles. */
  run<T>(work: Promise<T>): Promise<T>;
  /** Sets the clock forward. */
  skip(ms: number): void;
}

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

/** Turns of the event loop in which nothing may happen before time jumps. */
const QUIET_TURNS = 3;

/** Makes a clock that stands at `startMs`. */
export const createFakeTime = (startMs: number): FakeTime => {
  const sleepers = new Set<Sleeper>();
  let nowMs = startMs;
  let underWay = 0;

  const jump = (): void => {
    const next = [...sleepers].sort((a, b) => a.atMs - b.atMs)[0];
    if (next === undefined) return;
    sleepers.delete(next);
    nowMs = Math.max(nowMs, next.atMs);
    next.wake();
  };

  return {
    now: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true) return resolve();
        const wake = (): void => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        const sleeper = { atMs: nowMs + Math.max(0, ms), wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', wake, { once: true });
      }),
    busy: async (work) => {
      underWay += 1;
      try {
        return await work;
      } finally {
        underWay -= 1;
      }
    },
    at: (atMs, act) => {
      sleepers.add({ atMs, wake: act });
    },
    run: async (work) => {
      let isSettled = false;
      const settle = (): void => {
        isSettled = true;
      };
      work.then(settle, settle);
      let quiet = 0;
      while (!isSettled) {
        await turn();
        quiet = underWay === 0 ? quiet + 1 : 0;
        if (quiet < QUIET_TURNS) continue;
        quiet = 0;
        jump();
      }
      return work;
    },
    skip: (ms) => {
      nowMs += ms;
    },
  };
};
