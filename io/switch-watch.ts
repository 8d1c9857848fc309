/** Reads the kill switch of the command line again and again while a run lasts. */

import { RepriseError } from '../core/errors.ts';
import {
  parseSwitch,
  SWITCH_READ_EVERY_MS,
  type SwitchState,
  switchShareAt,
} from '../core/send/kill-switch.ts';
import type { SwitchSource } from './switch-source.ts';

export interface SwitchWatchOptions {
  readonly read: SwitchSource['read'];
  /** Milliseconds that only go forward. */
  readonly now: () => number;
  /** Told of what keeps the switch from being read, once for each thing until it was read again. */
  readonly onProblem: (error: RepriseError) => void;
}

export interface SwitchWatch {
  /** Share (0–1) of what the rules ask for that may be sent now. */
  share(): number;
  /** Resolves with the end of the first reading, whatever came of it, and after `SWITCH_READ_EVERY_MS` at the latest. */
  readonly first: Promise<void>;
  /** The same for a reading that begins after this call; one that is under way is waited for first. */
  refresh(): Promise<void>;
  /** Ends the watch, and a reading that is under way; the share is 0 from now on. */
  stop(): void;
}

const shareOf = (text: string): number => {
  const parsed = parseSwitch(text);
  if (parsed !== undefined) return parsed.share;
  // Not a word of what was found: a mistaken path may hold anything.
  throw new RepriseError('SWITCH_UNREADABLE', 'the switch must say on, off or a percentage from 0% to 100%', {
    hint: 'what it says now is none of them, so nothing is sent',
  });
};

const asProblem = (error: unknown): RepriseError =>
  error instanceof RepriseError
    ? error
    : new RepriseError('SWITCH_UNREACHABLE', 'the switch cannot be read', { cause: error });

/** Resolves with the end of `work`, once `stop` is aborted, and after `SWITCH_READ_EVERY_MS` at the latest. */
const inTime = (work: Promise<void>, stop: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(latest);
      stop.removeEventListener('abort', end);
      resolve();
    };
    const latest = setTimeout(end, SWITCH_READ_EVERY_MS);
    latest.unref();
    stop.addEventListener('abort', end);
    void work.then(end);
  });

/**
 * Reads a switch at once and then every 2 s, one reading at a time. It fails closed: the share is 0 until a value was read, as soon as
 * what is there is no value, and once the last value is older than 30 s. Its timers keep no process alive.
 */
export const watchSwitch = ({ read, now, onProblem }: SwitchWatchOptions): SwitchWatch => {
  const stopping = new AbortController();
  const { signal } = stopping;
  let state: SwitchState | undefined;
  let told: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let reading: Promise<void> | undefined;

  const fail = (problem: RepriseError, readAtMs: number): void => {
    if (problem.code === 'SWITCH_UNREADABLE') state = { share: 0, readAtMs };
    if (told === problem.message) return;
    told = problem.message;
    onProblem(problem);
  };

  const readOnce = async (): Promise<void> => {
    // From before the reading: what it says may be as old as that.
    const readAtMs = now();
    try {
      const share = shareOf(await read(signal));
      state = { share, readAtMs };
      told = undefined;
    } catch (error) {
      if (!signal.aborted) fail(asProblem(error), readAtMs);
    }
    if (!signal.aborted) wait(readAtMs);
  };

  const startReading = (): Promise<void> => {
    clearTimeout(timer);
    reading = readOnce().finally(() => {
      reading = undefined;
    });
    return reading;
  };

  const wait = (readAtMs: number): void => {
    timer = setTimeout(() => void startReading(), Math.max(0, readAtMs + SWITCH_READ_EVERY_MS - now()));
    timer.unref();
  };

  const readAnew = async (): Promise<void> => {
    await reading;
    if (!signal.aborted) await (reading ?? startReading());
  };

  return {
    share: () => (signal.aborted ? 0 : switchShareAt(state, now())),
    first: inTime(startReading(), signal),
    refresh: () => inTime(readAnew(), signal),
    stop: () => {
      stopping.abort();
      clearTimeout(timer);
    },
  };
};
