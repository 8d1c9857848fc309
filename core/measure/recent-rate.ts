/** How many events a second there were of late, counted in cells of 100 ms that are used again and again. */

const CELL_MS = 100;
const CELLS = 32;
export const RECENT_MS = 2000;

export interface RecentRate {
  /** Counts one event; one older than the cells reach is let go. */
  add(atMs: number): void;
  /** Events a second in the `RECENT_MS` before `nowMs`, or since 0 where that is less. */
  perSecond(nowMs: number): number;
}

export const createRecentRate = (): RecentRate => {
  const counts = new Uint32Array(CELLS);
  const numbers = new Float64Array(CELLS).fill(-1);

  return {
    add(atMs) {
      const number = Math.floor(atMs / CELL_MS);
      const cell = ((number % CELLS) + CELLS) % CELLS;
      const held = numbers[cell] as number;
      if (number < held) return;
      counts[cell] = (number === held ? (counts[cell] as number) : 0) + 1;
      numbers[cell] = number;
    },
    perSecond(nowMs) {
      const windowMs = Math.min(RECENT_MS, nowMs);
      if (windowMs <= 0) return 0;
      // Whole cells up to now: the one under way is in, the one that is half gone is not.
      const last = Math.floor(nowMs / CELL_MS);
      const first = last - RECENT_MS / CELL_MS + 1;
      let sum = 0;
      for (const [cell, number] of numbers.entries()) {
        if (number >= first && number <= last) sum += counts[cell] as number;
      }
      return (sum * 1000) / windowMs;
    },
  };
};
