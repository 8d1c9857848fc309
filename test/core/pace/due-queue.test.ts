import { describe, expect, it } from 'vitest';
import { createDueQueue } from '../../../core/pace/due-queue.ts';
import { plannedRequest } from '../../support/send.ts';

const at = (dueMs: number) => plannedRequest({ dueMs });

describe.each([true, false])('a queue of what is to be sent (in order as it comes: %s)', (isInOrder) => {
  it('gives back in due order what is due by an instant, and nothing else', () => {
    const queue = createDueQueue(isInOrder);
    const given = isInOrder ? [10, 10, 20, 30] : [30, 10, 20, 10];
    for (const dueMs of given) queue.push(at(dueMs));
    expect([queue.size, queue.nextDueMs(), queue.popDue(9.9)]).toEqual([4, 10, undefined]);
    expect([20, 20, 20, 20].map((byMs) => queue.popDue(byMs)?.dueMs)).toEqual([10, 10, 20, undefined]);
    expect([queue.nextDueMs(), queue.pop()?.dueMs, queue.pop()]).toEqual([30, 30, undefined]);
    expect([queue.size, queue.nextDueMs()]).toEqual([0, Number.POSITIVE_INFINITY]);
  });

  it('moves what waits and what still comes, each time by more, and leaves due instants as they were planned', () => {
    const queue = createDueQueue(isInOrder);
    queue.push(at(10));
    queue.postpone(100);
    queue.push(at(20));
    expect([queue.nextDueMs(), queue.popDue(109.9), queue.popDue(110)?.dueMs]).toEqual([110, undefined, 10]);
    queue.postpone(0.5);
    expect([queue.popDue(120), queue.popDue(120.5)?.dueMs]).toEqual([undefined, 20]);
    expect(queue.nextDueMs()).toBe(Number.POSITIVE_INFINITY);
  });
});
