/**
 * Cuts the stream of planned requests into slices on a fixed grid of due time. What is cut depends on the requests alone, never on a
 * switch, a level or a limit: however often an object is planned, and however much of it is held back, slice 17 holds the same requests.
 */

import type { PlannedRequest } from '../types.ts';
import { dealByClient, dealInTurn, partsFor } from './deal.ts';
import { createFifo } from './fifo.ts';
import { WINDOW } from './reorder.ts';
import { MAX_DATA_BYTES } from './slice.ts';
import { type PlacedRequest, sliceLine } from './slice-line.ts';

/** Length of a cell of the grid in due time. */
export const CELL_MS = 5_000;
/** A slice is handed to its sender this long before its cell starts. */
export const LEAD_MS = 3_000;
export const MAX_SLICE_REQUESTS = 1_000;

/** Memory that the requests of one cell may take before it is cut early; the rest of it goes on in further slices. */
const MAX_CELL_BYTES = 64 * 1024 * 1024;
/** Lines of a slice above this are shared out before they are packed even once. */
const MAX_UNPACKED_SLICE_BYTES = 2 * 1024 * 1024;
/** What a planned request takes in memory besides its text. */
const OVERHEAD_BYTES = 1_024;
/** Requests may be shared out a little finer than the packed size asks for, as parts of a whole pack worse. */
const PACKING_FILL = 0.9;

/** To be raised with every change of code by which an object is cut into other slices: in reading, planning, pacing, dealing or packing. */
const SLICING_VERSION = 2;

/**
 * Names the way in which objects are cut. Only planners that agree on it, and on the rules, may go on with each other's objects, since
 * what is dispatched is known by the numbers of slices.
 */
export const SLICING = [
  SLICING_VERSION,
  CELL_MS,
  MAX_SLICE_REQUESTS,
  MAX_DATA_BYTES,
  MAX_CELL_BYTES,
  MAX_UNPACKED_SLICE_BYTES,
  OVERHEAD_BYTES,
  PACKING_FILL,
  ...Object.values(WINDOW),
].join('-');

/** A planned request in its slice. */
export interface SlicedRequest extends PlacedRequest {
  /** As `sliceLine` writes it. */
  readonly line: string;
}

export interface Slice {
  /** Order in the object, from 0. */
  readonly index: number;
  /** Name of the target. */
  readonly target: string;
  /** Number of the cell: due instant ÷ 5 s. */
  readonly cell: number;
  /** Due instant at which the cell starts, on the scale of `dueMs`. */
  readonly startMs: number;
  /** Due instant of its last request. */
  readonly lastDueMs: number;
  /** In due order, at least one. */
  readonly requests: readonly SlicedRequest[];
  /**
   * All its lines packed: what to send where nothing of it is held back. At most `maxBytes` long, but for a single request that packs
   * badly: the largest that may be replayed still fits an event of 256 KiB, beside an object key in ASCII.
   */
  readonly data: string;
}

export interface GridOptions {
  /** Packs lines; a slice is cut so that what this gives is at most `maxBytes` long. */
  readonly encode: (lines: readonly string[]) => string;
  readonly maxRequests?: number;
  readonly maxBytes?: number;
}

export interface Grid {
  /** Takes a planned request, in due order. */
  add(request: PlannedRequest): void;
  /** The next slice of a cell that is complete, ordered by start, then by target; undefined where none is. */
  take(): Slice | undefined;
  /** No more requests come: the last cell is complete. */
  flush(): void;
}

/** Requests that are to become one slice, or several where they turn out too large. */
interface Part {
  readonly target: string;
  readonly cell: number;
  readonly requests: readonly PlannedRequest[];
}

interface Lane {
  readonly requests: PlannedRequest[];
  bytes: number;
}

/** Bytes of the request as a line, more or less. */
const sizeBytes = ({ path, headers, body }: PlannedRequest): number => {
  let size = OVERHEAD_BYTES / 2 + path.length + (body?.length ?? 0);
  for (let i = 0; i < headers.length; i += 1) {
    const [name, value] = headers[i] as PlannedRequest['headers'][number];
    size += name.length + (typeof value === 'string' ? value.length : 0);
  }
  return size;
};

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number =>
  a < b ? -1 : Number(a > b);

/** Makes a grid. */
export const createGrid = (options: GridOptions): Grid => {
  const { encode, maxRequests = MAX_SLICE_REQUESTS, maxBytes = MAX_DATA_BYTES } = options;
  const parts = createFifo<Part>();
  /** Parts of one that was too large, the next at the end. */
  const split: Part[] = [];
  let lanes = new Map<string, Lane>();
  let cell = Number.NEGATIVE_INFINITY;
  let cellBytes = 0;
  let index = 0;

  const close = (): void => {
    for (const [target, { requests, bytes }] of [...lanes].sort(byName)) {
      const count = Math.max(
        partsFor(requests.length, maxRequests),
        partsFor(bytes, MAX_UNPACKED_SLICE_BYTES),
      );
      for (const part of dealByClient(requests, count, maxRequests))
        parts.push({ target, cell, requests: part });
    }
    lanes = new Map();
    cellBytes = 0;
  };

  const take = (): Slice | undefined => {
    const part = split.pop() ?? parts.pop();
    const last = part?.requests.at(-1);
    if (part === undefined || last === undefined) return undefined;
    const startMs = part.cell * CELL_MS;
    const requests = part.requests.map((request, n) => ({
      n,
      request,
      line: sliceLine({ n, request }, startMs),
    }));
    const data = encode(requests.map(({ line }) => line));
    if (data.length > maxBytes && requests.length > 1) {
      const count = Math.min(requests.length, Math.ceil(data.length / (maxBytes * PACKING_FILL)));
      for (const half of dealInTurn(part.requests, count).toReversed())
        split.push({ ...part, requests: half });
      return take();
    }
    const { target } = part;
    index += 1;
    return { index: index - 1, target, cell: part.cell, startMs, lastDueMs: last.dueMs, requests, data };
  };

  return {
    add: (request) => {
      // What is out of order is due at once: it belongs to the cell that is being filled.
      const own = Math.max(cell, Math.floor(request.dueMs / CELL_MS));
      if (own !== cell || cellBytes > MAX_CELL_BYTES) close();
      cell = own;
      const lane = lanes.get(request.target) ?? { requests: [], bytes: 0 };
      lanes.set(request.target, lane);
      const bytes = sizeBytes(request);
      lane.requests.push(request);
      lane.bytes += bytes;
      cellBytes += 2 * bytes + OVERHEAD_BYTES;
    },
    take,
    flush: close,
  };
};
