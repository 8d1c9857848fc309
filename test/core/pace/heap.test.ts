import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFifo } from '../../../core/pace/fifo.ts';
import { createHeap } from '../../../core/pace/heap.ts';

describe('a heap', () => {
  it('gives out what a stable sort gives', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 200 }), (orders) => {
        const heap = createHeap<number>();
        for (const [i, order] of orders.entries()) heap.push(order, i);
        expect(heap.size).toBe(orders.length);
        const out = orders.map(() => heap.pop()?.item);
        expect(out).toEqual(orders.map((_, i) => i).toSorted((a, b) => (orders[a] ?? 0) - (orders[b] ?? 0)));
        expect([heap.size, heap.peek(), heap.pop()]).toEqual([0, undefined, undefined]);
      }),
    );
  });

  it('shows the least before it is taken, whatever came and went', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.double({ noNaN: true })), { maxLength: 100 }), (steps) => {
        const heap = createHeap<number>();
        let held: number[] = [];
        for (const step of steps) {
          if (step === null) {
            const least = held.length === 0 ? undefined : Math.min(...held);
            expect(heap.peek()?.order).toBe(least);
            expect(heap.pop()?.item).toBe(least);
            held = held.toSorted((a, b) => a - b).slice(1);
          } else {
            heap.push(step, step);
            held.push(step);
          }
          expect(heap.size).toBe(held.length);
        }
      }),
    );
  });
});

describe('a queue', () => {
  it('gives out in the order of arrival, and says how many wait', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 300 }), (steps) => {
        const queue = createFifo<{ n: number }>();
        const held: { n: number }[] = [];
        for (const [n, isPush] of steps.entries()) {
          if (isPush) {
            held.push({ n });
            queue.push({ n });
          } else {
            expect(queue.pop()).toEqual(held.shift());
          }
          expect(queue.size).toBe(held.length);
          expect(queue.peek()).toEqual(held[0]);
        }
      }),
    );
  });

  it('stays right and empty after it was asked for more than it had', () => {
    const queue = createFifo<{ n: number }>();
    expect([queue.pop(), queue.pop(), queue.size]).toEqual([undefined, undefined, 0]);
    queue.push({ n: 1 });
    expect([queue.size, queue.pop(), queue.size]).toEqual([1, { n: 1 }, 0]);
  });

  it('keeps its order over many more items than it ever holds', () => {
    const queue = createFifo<{ n: number }>();
    queue.push({ n: 0 });
    for (let n = 1; n <= 20_000; n += 1) {
      queue.push({ n });
      expect(queue.pop()?.n).toBe(n - 1);
    }
    expect(queue.size).toBe(1);
  });
});
