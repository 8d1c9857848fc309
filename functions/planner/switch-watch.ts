/**
 * Keeps an eye on the kill switch, and hands what it says on to the senders by way of each target's item. It fails closed: what was
 * never read, or not for 30 s, is off.
 */

import {
  formatSwitch,
  parseSwitch,
  SWITCH_READ_EVERY_MS,
  switchShareAt,
} from '../../core/send/kill-switch.ts';
import type { PlannerClock } from './planner-clock.ts';

export interface SwitchWatchOptions {
  readonly clock: PlannerClock;
  /** The parameter's value; undefined where there is none. */
  readonly read: () => Promise<string | undefined>;
  /** Writes what was read, and when, where the senders of a target look. */
  readonly mirror: (target: string, reading: { value: string; readAtMs: number }) => Promise<unknown>;
  readonly targets: readonly string[];
  /** Told of each reading; `share` is undefined where nothing usable was read. */
  readonly onReading: (share: number | undefined) => void;
  readonly onProblem: (error: unknown) => void;
}

export interface SwitchWatch {
  /** Share of what the rules ask for that may be sent now: 0 to 1. */
  share(): number;
  /** Resolves with the first reading: `unknown` where it failed. */
  readonly first: Promise<'off' | 'on' | 'unknown'>;
  /** Ends the watch, once what is under way is written. */
  stop(): Promise<void>;
}

type Reading = { readonly share: number; readonly readAtMs: number };

/** Starts reading at once, and then every 2 s. */
export const watchSwitch = (options: SwitchWatchOptions): SwitchWatch => {
  const { clock, targets } = options;
  const stopping = new AbortController();
  let last: Reading | undefined;
  let mirroring: Promise<void> | undefined;

  const mirrorAll = async ({ share, readAtMs }: Reading): Promise<void> => {
    const writes = targets.map((target) =>
      options.mirror(target, { value: formatSwitch(share), readAtMs }).catch(options.onProblem),
    );
    await Promise.all(writes);
    mirroring = undefined;
  };

  /** What the parameter says now; undefined where it cannot be read at all. */
  const readOnce = async (): Promise<Reading | undefined> => {
    // From before the call: what it says may be as old as that.
    const readAtMs = clock.now();
    try {
      const text = await options.read();
      const parsed = text === undefined ? undefined : parseSwitch(text);
      options.onReading(parsed?.share);
      return { share: parsed?.share ?? 0, readAtMs };
    } catch (error) {
      options.onReading(undefined);
      options.onProblem(error);
      return undefined;
    }
  };

  const readAndMirror = async (): Promise<Reading | undefined> => {
    const reading = await readOnce();
    if (reading === undefined) return undefined;
    last = reading;
    // A table that is slow to answer must not keep the switch from being read; the next reading is newer anyway.
    mirroring ??= mirrorAll(reading);
    return reading;
  };

  const first = readAndMirror();
  const watching = (async () => {
    let askedAtMs = clock.now();
    await first;
    for (;;) {
      await clock.sleep(Math.max(0, askedAtMs + SWITCH_READ_EVERY_MS - clock.now()), stopping.signal);
      if (stopping.signal.aborted) break;
      askedAtMs = clock.now();
      await readAndMirror();
    }
    await mirroring;
  })();

  return {
    share: () => switchShareAt(last, clock.now()),
    first: first.then((reading) => {
      if (reading === undefined) return 'unknown';
      return reading.share > 0 ? 'on' : 'off';
    }),
    stop: () => {
      stopping.abort();
      return watching;
    },
  };
};
