/**
 * Puts requests in the order in which they started. Proxies log a request when it ends, so a slow one stands far behind those that
 * started after it; a look-ahead window over the log brings it back to its place.
 */

import type { UnpacedRequest } from '../plan/plan.ts';
import { createHeap } from './heap.ts';
import { createLogClock } from './log-clock.ts';

/** How far the window looks ahead; whichever bound is met first lets the earliest request go. */
export const WINDOW = { spanMs: 30_000, requests: 50_000, bytes: 64 * 1024 * 1024 } as const;

/** Memory of one planned request besides its text: objects, pairs, and the log line that its strings are cut from. */
const OVERHEAD_BYTES = 1_024;
/** Memory of one header besides its text: the pair, and the two strings' heads. */
const HEADER_BYTES = 100;

const sizeBytes = ({ path, headers, body }: UnpacedRequest): number => {
  let size = OVERHEAD_BYTES + 2 * (path.length + (body?.length ?? 0));
  for (const [name, value] of headers)
    size += HEADER_BYTES + 2 * (name.length + (typeof value === 'string' ? value.length : 0));
  return size;
};

interface Held {
  readonly request: UnpacedRequest;
  readonly bytes: number;
}

export interface ReorderWindow {
  /** Takes a planned request of the line that is being read. */
  add(request: UnpacedRequest): void;
  /** The line was read: it ended at this instant. To be told of every line, whatever was planned of it. */
  advance(endedAtMs: number): void;
  /** The next request that is past the window, or undefined. */
  take(): UnpacedRequest | undefined;
  /** The input has ended: everything may be taken. */
  flush(): void;
}

const endedAt = ({ recordedAtMs, recorded }: UnpacedRequest): number =>
  recordedAtMs + (recorded.durationMs ?? 0);

/** A start cannot be later than the end of its line, but for the offsets of coarse clocks (a minute) and of copies (a second). */
const MAX_OFFSET_MS = 61_000;

/**
 * Makes a window.
 *
 * @param onReordered - told of each request that started before what was already let go, or whose clock is off; it then belongs to
 *   that edge, or to where the log has come
 */
export const createReorderWindow = (onReordered: (request: UnpacedRequest) => void): ReorderWindow => {
  const heap = createHeap<Held>();
  const clock = createLogClock();
  /** Requests whose line's clock is yet to be judged: those of two lines at most. */
  let open: UnpacedRequest[] = [];
  let bytes = 0;
  let edgeMs = Number.NEGATIVE_INFINITY;
  let isFlushed = false;

  const isOver = (orderMs: number): boolean =>
    isFlushed ||
    orderMs <= clock.nowMs() - WINDOW.spanMs ||
    heap.size > WINDOW.requests ||
    bytes > WINDOW.bytes;

  const place = (request: UnpacedRequest, isOff: boolean): void => {
    const ownMs = isOff ? clock.nowMs() : Math.min(request.logAtMs, endedAt(request) + MAX_OFFSET_MS);
    const placedMs = Math.max(ownMs, edgeMs);
    if (placedMs !== request.logAtMs) {
      onReordered(request);
      request.logAtMs = placedMs;
    }
    const size = sizeBytes(request);
    bytes += size;
    heap.push(placedMs, { request, bytes: size });
  };

  const judge = (): void => {
    const judged = open;
    open = [];
    for (const request of judged) {
      const verdict = clock.verdict(endedAt(request));
      if (verdict === 'open') open.push(request);
      else place(request, verdict === 'off');
    }
  };

  return {
    add: (request) => {
      if (isFlushed || clock.verdict(endedAt(request)) === 'sound') place(request, false);
      else open.push(request);
    },
    advance: (endedAtMs) => {
      clock.see(endedAtMs);
      // What started long before the log's first lines would hold up all that follows it.
      edgeMs = Math.max(edgeMs, clock.beginMs() - WINDOW.spanMs);
      if (open.length > 0) judge();
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
      clock.end();
      judge();
    },
  };
};
