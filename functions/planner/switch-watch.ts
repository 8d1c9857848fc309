/**
 * Keeps an eye on the kill switch, and hands what it says on to the senders by way of each target's item; what comes back is how much
 * backoff lets through to that target. It fails closed: what was never read, or not for 30 s, is off.
 */

import {
  formatSwitch,
  parseSwitch,
  SWITCH_READ_EVERY_MS,
  switchShareAt,
} from '../../core/send/kill-switch.ts';
import type { PlannerClock } from './planner-clock.ts';
import { createTargetLevels, type TargetLevel, type TargetLevels } from './target-levels.ts';

/** Writes what was read, and when, where the senders of a target look; gives back how the target is. */
export type MirrorSwitch = (
  target: string,
  reading: { value: string; readAtMs: number },
) => Promise<TargetLevel | undefined>;

export interface SwitchWatchOptions {
  readonly clock: PlannerClock;
  /** The parameter's value; undefined where there is none. */
  readonly read: () => Promise<string | undefined>;
  readonly mirror: MirrorSwitch;
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
  /** What is known of the targets. A table that cannot be read leaves what was known last. */
  readonly levels: TargetLevels;
  /** Resolves once the first reading was mirrored, or could not be within a second. */
  readonly mirrored: Promise<unknown>;
  /** Ends the watch, once what is under way is written. */
  stop(): Promise<void>;
}

/** A slice is not kept waiting longer than this for what its target takes: its sender knows that too. */
const MIRROR_WITHIN_MS = 1_000;

type Reading = { readonly share: number; readonly readAtMs: number };

/** Shows readings to one target, whose item may be slow or not there while those of others are as ever. */
const createMirror = (stopping: AbortSignal, write: (reading: Reading) => Promise<void>) => {
  const underWay = new Set<Promise<void>>();
  let current: Reading | undefined;
  let next: Reading | undefined;

  const start = (reading: Reading): void => {
    current = reading;
    next = undefined;
    const writing = write(reading).finally(() => {
      underWay.delete(writing);
      if (current !== reading) return;
      current = undefined;
      if (next !== undefined && !stopping.aborted) start(next);
    });
    underWay.add(writing);
  };

  return {
    /** Writes it, or the newest there is once what is under way is written. What lets through less does not wait: the later stands. */
    show: (reading: Reading): void => {
      if (current === undefined || reading.share < current.share) start(reading);
      else next = reading;
    },
    /** Resolves when nothing is under way any more. */
    idle: async (): Promise<void> => {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
};

/** Starts reading at once, and then every 2 s. */
export const watchSwitch = (options: SwitchWatchOptions): SwitchWatch => {
  const { clock, targets } = options;
  const stopping = new AbortController();
  const levels = createTargetLevels();
  let last: Reading | undefined;

  const mirrors = targets.map((target) =>
    createMirror(stopping.signal, async ({ share, readAtMs }) => {
      const askedAtMs = clock.now();
      try {
        levels.see(target, await options.mirror(target, { value: formatSwitch(share), readAtMs }), askedAtMs);
      } catch (error) {
        options.onProblem(error);
      }
    }),
  );
  const idle = (): Promise<unknown> => Promise.all(mirrors.map((mirror) => mirror.idle()));

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
    // Not waited for: a table that is slow to answer must not keep the switch from being read.
    for (const mirror of mirrors) mirror.show(reading);
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
    await idle();
  })();

  return {
    levels,
    mirrored: first.then(() => Promise.race([idle(), clock.sleep(MIRROR_WITHIN_MS, stopping.signal)])),
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
