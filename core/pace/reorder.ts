/**
 * Puts requests in the order in which they started. Proxies log a request when it ends, so a slow one stands far behind those that
 * started after it; a look-ahead window over the log brings it back to its place.
 */

import type { UnpacedRequest } from '../plan/plan.ts';
import { createHeap } from './heap.ts';

/** How far the window looks ahead; whichever bound is met first lets the earliest request go. */
export const WINDOW = { spanMs: 30_000, requests: 50_000, bytes: 64 * 1024 * 1024 } as const;

/** Memory of one planned request besides its text: objects, pairs, and the log line that its strings are cut from. */
const OVERHEAD_BYTES = 1_024;

const sizeBytes = ({ path, headers, body }: UnpacedRequest): number => {
  let size = OVERHEAD_BYTES + 2 * (path.length + (body?.length ?? 0));
  for (const [name, value] of headers)
    size += 2 * (name.length + (typeof value === 'string' ? value.length : 0));
  return size;
};

interface Held {
  readonly request: UnpacedRequest;
  readonly bytes: number;
}

export interface ReorderWindow {
  /** Takes a planned request. */
  add(request: UnpacedRequest): void;
  /** The log has come this far: a line that ended at this instant was read. */
  advance(endedAtMs: number): void;
  /** The next request that is past the window, or undefined. */
  take(): UnpacedRequest | undefined;
  /** The input has ended: everything may be taken. */
  flush(): void;
}

/**
 * Makes a window.
 *
 * @param onReordered - told of each request that started before what was already let go; it then belongs to that edge
 */
export const createReorderWindow = (onReordered: (request: UnpacedRequest) => void): ReorderWindow => {
  const heap = createHeap<Held>();
  let bytes = 0;
  let newestMs = Number.NEGATIVE_INFINITY;
  let edgeMs = Number.NEGATIVE_INFINITY;
  let isFlushed = false;

  const isOver = (orderMs: number): boolean =>
    isFlushed || orderMs <= newestMs - WINDOW.spanMs || heap.size > WINDOW.requests || bytes > WINDOW.bytes;

  return {
    add: (request) => {
      const isLate = request.logAtMs < edgeMs;
      if (isLate) onReordered(request);
      const placed = isLate ? { ...request, logAtMs: edgeMs } : request;
      const size = sizeBytes(placed);
      bytes += size;
      heap.push(placed.logAtMs, { request: placed, bytes: size });
    },
    advance: (endedAtMs) => {
      newestMs = Math.max(newestMs, endedAtMs);
    },
    take: () => {
      const least = heap.peek();
      if (least === undefined || !isOver(least.order)) return undefined;
      heap.pop();
      bytes -= least.item.bytes;
      edgeMs = Math.max(edgeMs, least.order);
      return least.item.request;
    },
    flush: () => {
      isFlushed = true;
    },
  };
};
