/** The most events that fall into any one second, looked at in steps of 100 ms, in bounded memory. */

const CELL_MS = 100;
const CELLS_PER_SECOND = 10;
/** Cells kept before they are settled: events may come out of order by up to five seconds. */
const KEPT_CELLS = 60;

export interface PeakRate {
  /** Counts `by` more, or less, at an instant. What lies before the kept cells no longer changes the peak. */
  add(atMs: number, by: number): void;
  /** Most events in any second so far. */
  perSecond(): number;
}

const secondUntil = (cells: ReadonlyMap<number, number>, last: number): number => {
  let sum = 0;
  for (let cell = last - CELLS_PER_SECOND + 1; cell <= last; cell += 1) sum += cells.get(cell) ?? 0;
  return sum;
};

/** A second that holds most ends in a cell that holds something, so only the seconds that end in one of `cells` are looked at. */
const peakAfter = (cells: ReadonlyMap<number, number>, after: number, until: number): number => {
  let peak = 0;
  for (const cell of cells.keys())
    if (cell > after && cell <= until) peak = Math.max(peak, secondUntil(cells, cell));
  return peak;
};

/** No events yet. */
export const createPeakRate = (): PeakRate => {
  const cells = new Map<number, number>();
  let newest = Number.NEGATIVE_INFINITY;
  let settledUntil = Number.NEGATIVE_INFINITY;
  let settledPeak = 0;

  const settle = (until: number): void => {
    settledPeak = Math.max(settledPeak, peakAfter(cells, settledUntil, until));
    settledUntil = until;
    for (const cell of cells.keys()) if (cell <= until - CELLS_PER_SECOND) cells.delete(cell);
  };

  return {
    add(atMs, by) {
      const cell = Math.floor(atMs / CELL_MS);
      if (cell <= settledUntil) return;
      cells.set(cell, (cells.get(cell) ?? 0) + by);
      if (cell <= newest) return;
      newest = cell;
      if (cells.size > 2 * KEPT_CELLS) settle(newest - KEPT_CELLS);
    },
    perSecond: () => Math.max(settledPeak, peakAfter(cells, settledUntil, newest)),
  };
};
