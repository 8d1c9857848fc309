/** Planned requests that wait for their due instants. */

import type { PlannedRequest } from '../types.ts';
import { createFifo, type Fifo } from './fifo.ts';
import { createHeap } from './heap.ts';

export interface DueQueue {
  readonly size: number;
  push(request: PlannedRequest): void;
  /** Takes out the next one, if it is due by that instant. */
  popDue(byMs: number): PlannedRequest | undefined;
  /** Takes out the next one. */
  pop(): PlannedRequest | undefined;
  /** When the next one is due, as things stand; Infinity where none waits. */
  nextDueMs(): number;
  /** Makes all that waits, and all that is pushed later, due by so much later. Their own `dueMs` stay what was planned. */
  postpone(ms: number): void;
}

const createOrdered = (): Fifo<PlannedRequest> => {
  const heap = createHeap<PlannedRequest>();
  return {
    get size() {
      return heap.size;
    },
    push: (request) => heap.push(request.dueMs, request),
    peek: () => heap.peek()?.item,
    pop: () => heap.pop()?.item,
  };
};

/**
 * Makes an empty queue.
 *
 * @param isInOrder - whether requests are pushed in due order, which costs less
 */
export const createDueQueue = (isInOrder: boolean): DueQueue => {
  const queue = isInOrder ? createFifo<PlannedRequest>() : createOrdered();
  let shiftMs = 0;
  return {
    get size() {
      return queue.size;
    },
    push: queue.push,
    popDue: (byMs) => {
      const next = queue.peek();
      return next !== undefined && next.dueMs + shiftMs <= byMs ? queue.pop() : undefined;
    },
    pop: queue.pop,
    nextDueMs: () => (queue.peek()?.dueMs ?? Number.POSITIVE_INFINITY) + shiftMs,
    postpone: (ms) => {
      shiftMs += ms;
    },
  };
};
