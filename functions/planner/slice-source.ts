/** The slices of one object, in order, read no further than it takes to know the next. */

import { CELL_MS, createGrid, type Slice } from '../../core/pace/grid.ts';
import type { PlannedRequest } from '../../core/types.ts';
import type { PlannedStream } from '../../io/planned-stream.ts';
import { encodeSliceData } from '../../io/slice-codec.ts';
import type { Rest } from './progress.ts';

/** A slice, and what of the object is left behind it. */
export interface SourcedSlice {
  readonly slice: Slice;
  readonly rest: Rest;
}

export interface SliceSource {
  /** The next slice; undefined when the object has ended. */
  next(): Promise<SourcedSlice | undefined>;
}

/** Requests asked for at once. */
const BATCH = 1_000;
/** Logs tell instants in µs at best: half of one is behind an instant, and before the next. */
const HALF_MICRO_MS = 0.000_5;

/** What was read of a cell. */
interface CellCounts {
  readonly cell: number;
  /** By rule: requests that no slice was given out of yet. */
  readonly left: Map<string, number>;
  /** Latest log instant in this cell or one before. */
  lastLogAtMs: number;
}

const raise = (counts: Map<string, number>, rule: string, by: number): void => {
  const sum = (counts.get(rule) ?? 0) + by;
  if (sum === 0) counts.delete(rule);
  else counts.set(rule, sum);
};

/** Counts what is read and given out, cell by cell. */
const createCellCounter = () => {
  let cells: CellCounts[] = [];

  return {
    read: ({ dueMs, rule, logAtMs }: PlannedRequest): void => {
      const last = cells.at(-1);
      const lastLogAtMs = Math.max(last?.lastLogAtMs ?? Number.NEGATIVE_INFINITY, logAtMs);
      // As the grid has it: what is out of order belongs to the cell that is being filled.
      const cell = Math.max(last?.cell ?? Number.NEGATIVE_INFINITY, Math.floor(dueMs / CELL_MS));
      if (last?.cell === cell) last.lastLogAtMs = lastLogAtMs;
      else cells.push({ cell, left: new Map(), lastLogAtMs });
      const own = cells.at(-1);
      if (own !== undefined) raise(own.left, rule, 1);
    },
    give: ({ cell, requests }: Slice): Rest => {
      if (cells[0] !== undefined && cells[0].cell < cell) cells = cells.filter((known) => known.cell >= cell);
      const own = cells[0];
      for (const { request } of requests) if (own !== undefined) raise(own.left, request.rule, -1);
      return {
        fromMs: (own?.lastLogAtMs ?? 0) + HALF_MICRO_MS,
        ofCell: Object.fromEntries(own?.left ?? []),
      };
    },
  };
};

/** Cuts `stream` into slices. */
export const createSliceSource = (stream: Pick<PlannedStream, 'next'>): SliceSource => {
  const grid = createGrid({ encode: encodeSliceData });
  const counter = createCellCounter();
  let isEnded = false;

  const readOn = async (): Promise<void> => {
    const requests = await stream.next(BATCH);
    for (const request of requests) {
      counter.read(request);
      grid.add(request);
    }
    if (requests.length > 0) return;
    isEnded = true;
    grid.flush();
  };

  const take = async (): Promise<Slice | undefined> => {
    for (;;) {
      const slice = grid.take();
      if (slice !== undefined || isEnded) return slice;
      await readOn();
    }
  };

  return {
    next: async () => {
      const slice = await take();
      return slice === undefined ? undefined : { slice, rest: counter.give(slice) };
    },
  };
};
