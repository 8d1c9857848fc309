/** The slices of one object, in order, read no further than it takes to know the next. */

import { CELL_MS, createGrid, type Slice } from '../../core/pace/grid.ts';
import type { PlannedRequest } from '../../core/types.ts';
import type { PlannedStream } from '../../io/planned-stream.ts';
import { encodeSliceData } from '../../io/slice-codec.ts';

/** A slice, and where the log stands behind it. */
export interface SourcedSlice {
  readonly slice: Slice;
  /** Log instant (epoch ms) from which on nothing stands in this slice or one before. */
  readonly restFromMs: number;
}

export interface SliceSource {
  /** The next slice; undefined when the object has ended. */
  next(): Promise<SourcedSlice | undefined>;
}

/** Requests asked for at once. */
const BATCH = 1_000;

const firstLogAtMs = (requests: readonly { readonly request: PlannedRequest }[]): number =>
  requests.reduce((least, { request }) => Math.min(least, request.logAtMs), Number.POSITIVE_INFINITY);

/** Cuts `stream` into slices. */
export const createSliceSource = (stream: Pick<PlannedStream, 'next'>): SliceSource => {
  const grid = createGrid({ encode: encodeSliceData });
  let ahead: Slice | undefined;
  let isEnded = false;
  let cell = Number.NEGATIVE_INFINITY;
  /** Where the cell that is being filled begins in the log; where all is read, just behind the last request. */
  let openFromMs = 0;

  const add = (request: PlannedRequest): void => {
    const own = Math.floor(request.dueMs / CELL_MS);
    if (own > cell) {
      cell = own;
      openFromMs = request.logAtMs;
    }
    grid.add(request);
  };

  const readOn = async (): Promise<void> => {
    const requests = await stream.next(BATCH);
    for (const request of requests) add(request);
    const last = requests.at(-1);
    if (last !== undefined) return;
    isEnded = true;
    openFromMs = Number.MAX_SAFE_INTEGER;
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
      const slice = ahead ?? (await take());
      if (slice === undefined) return undefined;
      ahead = grid.take();
      return { slice, restFromMs: ahead === undefined ? openFromMs : firstLogAtMs(ahead.requests) };
    },
  };
};
