import { describe, expect, it } from 'vitest';
import type { Target } from '../../core/rules/rule-set.ts';
import { logRetention } from '../../infra/function.ts';
import { MAX_DELAY_SECONDS, MIN_DELAY_SECONDS } from '../../infra/settings-schema.ts';
import {
  MAX_RECEIVES,
  PLANNER_TIMEOUT_SECONDS,
  plannersNeeded,
  QUEUE_RETENTION_SECONDS,
  QUEUE_VISIBILITY_SECONDS,
  queueDelaySeconds,
  sendersNeeded,
  senderTimeoutSeconds,
} from '../../infra/sizing.ts';

const target = (timeoutMs: number, maxRatePerSecond?: number): Target => ({
  name: 'a',
  origin: 'https://a.example',
  hostname: 'a.example',
  maxInFlight: 100,
  timeoutMs,
  allowUnsafeMethods: false,
  allowProduction: false,
  ...(maxRatePerSecond === undefined ? {} : { maxRatePerSecond }),
});

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
  it.each([
    ['no limit', [target(10_000)], 4],
    ['one slice in 5 s', [target(10_000, 50)], 4],
    ['just one slice in 5 s', [target(10_000, 200)], 4],
    ['two slices in 5 s', [target(10_000, 201)], 8],
    ['a high rate', [target(10_000, 10_000)], 180],
    ['a long timeout', [target(600_000)], 122],
    ['two targets', [target(10_000, 500), target(2_000)], 13],
    ['none', [], 0],
  ] as const)('for %s are enough', (_, targets, senders) => {
    expect(sendersNeeded(targets)).toBe(senders);
  });

  it('live as long as their slowest target may take', () => {
    expect(senderTimeoutSeconds([target(10_000), target(30_500)])).toBe(3 + 5 + 5 + 31 + 20);
    expect(senderTimeoutSeconds([])).toBe(33);
  });

  it('never need more than Lambda allows', () => {
    expect(senderTimeoutSeconds([target(600_000)])).toBeLessThanOrEqual(900);
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
