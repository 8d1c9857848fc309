/** A world in which time passes from event to event, so that ten minutes take a second. */

import { createHeap } from '../../../core/pace/heap.ts';
import { createRandom, type Random } from './random.ts';

export interface World {
  readonly random: Random;
  readonly clock: () => number;
  /** Runs `act` at that instant, or now if it is past. */
  at(ms: number, act: () => void): void;
  after(ms: number, act: () => void): void;
  /** Runs `act` at `firstMs` and then again and again. */
  every(firstMs: number, periodMs: number, act: () => void): void;
  runUntil(ms: number): void;
}

/** Makes a world at instant 0. */
export const createWorld = (seed: number): World => {
  const events = createHeap<() => void>();
  let nowMs = 0;
  const at = (ms: number, act: () => void): void => events.push(Math.max(nowMs, ms), act);
  const every = (firstMs: number, periodMs: number, act: () => void): void =>
    at(firstMs, () => {
      act();
      every(firstMs + periodMs, periodMs, act);
    });
  return {
    random: createRandom(seed),
    clock: () => nowMs,
    at,
    after: (ms, act) => at(nowMs + ms, act),
    every,
    runUntil: (ms) => {
      for (let next = events.peek(); next !== undefined && next.order <= ms; next = events.peek()) {
        events.pop();
        nowMs = next.order;
        next.item();
      }
      nowMs = ms;
    },
  };
};
