/** What this sender tells the others of a target, and what it hears from them: one call a second, for both. */

import { NOT_THE_TARGETS } from '../../core/measure/slice-tally.ts';
import type { Result } from '../../core/types.ts';
import { errorText, type WriteLog } from '../log.ts';

/** The part of a target's item that a sender needs. */
export interface TargetItem {
  readonly switchText?: string | undefined;
  /** When a planner read it, epoch ms. */
  readonly switchReadAtMs?: number | undefined;
  /** Backoff level, 0–1. */
  readonly level: number;
  /** In flight from all senders. */
  readonly inFlight: number;
}

/** What is seen of a target between two looks. */
export interface TargetSight extends Omit<TargetItem, 'inFlight'> {
  /** In flight from the other senders. */
  readonly othersInFlight: number;
}

/** What is added to a target's item. */
export interface HealthSample {
  /** Requests that ended since the last one. */
  readonly n: number;
  /** Of these, slower than the limit. */
  readonly over: number;
  /** Of these, failed or answered with 5xx. */
  readonly failed: number;
  readonly inFlight: number;
  /** 99th percentile of the lag of these. */
  readonly lagP99Ms?: number;
  readonly nowMs: number;
}

export interface HealthOptions {
  readonly read: () => Promise<TargetItem | undefined>;
  /** Adds a sample; gives back the item as it is then. */
  readonly write: (sample: HealthSample) => Promise<TargetItem>;
  /** p95 that the log recorded of the target. */
  readonly recordedP95Ms: number | undefined;
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

/** A request is slow when it takes this many times the recorded p95: the default of a rule's `backoff`. */
const SLOW_FACTOR = 3;

const newCounts = () => ({ n: 0, over: 0, failed: 0, lagsMs: [] as number[] });

const p99 = (values: readonly number[]): number | undefined =>
  values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.99) - 1];

/** Makes the link of one slice to its target's item. */
export const createHealth = (options: HealthOptions): Health => {
  const { read, write, recordedP95Ms, inFlight, wallClock, log } = options;
  // A log without durations has nothing to be slower than.
  const limitMs = recordedP95Ms ? recordedP95Ms * SLOW_FACTOR : Number.POSITIVE_INFINITY;
  let counts = newCounts();
  /** What the item holds of ours. */
  let told = 0;

  const sightOf = (item: TargetItem): TargetSight => ({
    switchText: item.switchText,
    switchReadAtMs: item.switchReadAtMs,
    level: item.level,
    othersInFlight: Math.max(0, item.inFlight - told),
  });

  const tell = async (): Promise<TargetSight> => {
    const { lagsMs, ...rest } = counts;
    const lagP99Ms = p99(lagsMs);
    const sample = { ...rest, inFlight: inFlight(), nowMs: wallClock() };
    // The writer keeps what it could not write for its next try, so it is given everything once.
    counts = newCounts();
    const item = await write(lagP99Ms === undefined ? sample : { ...sample, lagP99Ms });
    told = sample.inFlight;
    return sightOf(item);
  };

  const hasNews = (): boolean => counts.n > 0 || inFlight() > 0 || told > 0;

  const tellIfNew = async (): Promise<TargetSight | undefined> => {
    if (!hasNews()) return undefined;
    try {
      return await tell();
    } catch (error) {
      log({ level: 'WARN', code: 'HEALTH_UNWRITTEN', message: errorText(error) });
      return undefined;
    }
  };

  return {
    add: ({ status, failed, serviceMs = 0 }, lagMs) => {
      counts.lagsMs.push(lagMs);
      if (failed !== undefined && NOT_THE_TARGETS.has(failed)) return;
      counts.n += 1;
      if (serviceMs > limitMs) counts.over += 1;
      if (failed !== undefined || (status ?? 0) >= 500) counts.failed += 1;
    },
    look: async () => {
      const told = await tellIfNew();
      if (told !== undefined) return told;
      const item = await read();
      return item && sightOf(item);
    },
    end: async () => {
      await tellIfNew();
    },
  };
};
