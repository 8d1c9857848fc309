import { describe, expect, it } from 'vitest';
import { logRetention } from '../../infra/function.ts';
import { MAX_DELAY_SECONDS, MIN_DELAY_SECONDS } from '../../infra/settings-schema.ts';
import {
  MAX_RECEIVES,
  PLANNER_TIMEOUT_SECONDS,
  plannersNeeded,
  QUEUE_RETENTION_SECONDS,
  QUEUE_VISIBILITY_SECONDS,
  queueDelaySeconds,
  senderTimeoutSeconds,
} from '../../infra/sizing.ts';

describe('planners', () => {
  it.each([
    ['live', 150, 7],
    ['live', 180, 7],
    ['live', 181, 8],
    ['live', 990, 21],
    ['arrival', 990, 4],
  ] as const)('with timing %s and a delay of %i s are %i', (timing, delaySeconds, planners) => {
    expect(plannersNeeded({ timing, delaySeconds })).toBe(planners);
  });
});

describe('the queue', () => {
  it.each([
    ['live', 150, 60],
    ['live', 180, 90],
    ['live', 990, 900],
    ['arrival', 180, 0],
  ] as const)('with timing %s and a delay of %i s holds a message for %i s', (timing, delaySeconds, held) => {
    expect(queueDelaySeconds({ timing, delaySeconds })).toBe(held);
  });

  it('keeps a message until its last planner has crashed, so that it gets to the dead-letter queue', () => {
    expect(QUEUE_VISIBILITY_SECONDS).toBeGreaterThanOrEqual(6 * PLANNER_TIMEOUT_SECONDS);
    for (let delaySeconds = MIN_DELAY_SECONDS; delaySeconds <= MAX_DELAY_SECONDS; delaySeconds += 1) {
      const receives = MAX_RECEIVES * QUEUE_VISIBILITY_SECONDS;
      // SQS moves it when it would be received once more; an hour is left for planners that are all busy.
      const seconds = queueDelaySeconds({ timing: 'live', delaySeconds }) + receives + 3600;
      expect(seconds).toBeLessThan(QUEUE_RETENTION_SECONDS);
    }
  });
});

describe('senders', () => {
  it('live as long as their slowest target may take', () => {
    expect(senderTimeoutSeconds([{ timeoutMs: 10_000 }, { timeoutMs: 30_500 }])).toBe(3 + 5 + 5 + 31 + 20);
    expect(senderTimeoutSeconds([])).toBe(33);
  });

  it('never need more than Lambda allows', () => {
    expect(senderTimeoutSeconds([{ timeoutMs: 600_000 }])).toBeLessThanOrEqual(900);
  });
});

describe('logs', () => {
  it.each([
    [1, 1],
    [2, 3],
    [7, 7],
    [8, 14],
    [3650, 3653],
  ])('that are to be kept for %i days are kept for %i', (days, kept) => {
    expect(logRetention(days)).toBe(kept);
  });
});
