/** What this sender tells the others of a target, and what it hears from them: one call a second, for both. */

import type { WindowCounter } from '../../core/send/window-counter.ts';
import type { Result } from '../../core/types.ts';
import type { Health as HealthSample } from '../../io/aws/health-window.ts';
import type { TargetState } from '../../io/aws/target-state.ts';
import { errorText, type WriteLog } from '../log.ts';

/** What is seen of a target at a look. */
export interface TargetSight {
  readonly state: TargetState;
  /** In flight from the other senders. */
  readonly othersInFlight: number;
}

export interface HealthOptions {
  readonly read: () => Promise<TargetState | undefined>;
  /** Adds a sample; gives back the state as it is then. */
  readonly write: (sample: HealthSample) => Promise<TargetState>;
  /** Counts what is told. */
  readonly counter: WindowCounter;
  /** Requests in flight from here. */
  readonly inFlight: () => number;
  readonly wallClock: () => number;
  readonly log: WriteLog;
}

export interface Health {
  /** Counts the end of a request that was sent. */
  add(result: Result, lagMs: number): void;
  /** Tells what is new, and reads. Throws where nothing could be read. */
  look(): Promise<TargetSight | undefined>;
  /** Tells what is left. */
  end(): Promise<void>;
}

const p99 = (values: readonly number[]): number | undefined =>
  values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.99) - 1];

/** Makes the link of one slice to its target's item. */
export const createHealth = (options: HealthOptions): Health => {
  const { read, write, counter, inFlight, wallClock, log } = options;
  let lagsMs: number[] = [];
  /** What the item holds of ours. */
  let told = 0;
  let hasFailed = false;

  const sightOf = (state: TargetState): TargetSight => ({
    state,
    othersInFlight: Math.max(0, state.inFlight - told),
  });

  const tell = async (): Promise<TargetSight> => {
    const lagP99Ms = p99(lagsMs);
    // The writer keeps what it could not write for its next try, so it is given everything once.
    lagsMs = [];
    const sample = { ...counter.take(), inFlight: inFlight(), nowMs: wallClock() };
    const state = await write(lagP99Ms === undefined ? sample : { ...sample, lagP99Ms });
    told = sample.inFlight;
    return sightOf(state);
  };

  // Every end has a lag, also one that is of no account.
  const hasNews = (): boolean => lagsMs.length > 0 || inFlight() > 0 || told > 0;

  const tellIfNew = async (): Promise<TargetSight | undefined> => {
    if (!hasNews()) return undefined;
    try {
      return await tell();
    } catch (error) {
      if (!hasFailed) log({ level: 'WARN', code: 'HEALTH_UNWRITTEN', message: errorText(error) });
      // One line a slice.
      hasFailed = true;
      return undefined;
    }
  };

  return {
    add: (result, lagMs) => {
      lagsMs.push(lagMs);
      counter.add(result);
    },
    look: async () => {
      const told = await tellIfNew();
      if (told !== undefined) return told;
      const state = await read();
      return state && sightOf(state);
    },
    end: async () => {
      await tellIfNew();
    },
  };
};
