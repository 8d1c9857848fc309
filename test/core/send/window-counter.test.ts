import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Backoff } from '../../../core/rules/rule-set.ts';
import {
  createWindowCounter,
  isError,
  latencyLimitMs,
  strictest,
} from '../../../core/send/window-counter.ts';
import { FAILURE_CODES, type Result } from '../../../core/types.ts';
import { plannedOf } from '../../support/load.ts';

const on = (latency: number | `${number}x`, errorShare = 0.1, windowMs = 5_000): Backoff => ({
  kind: 'on',
  latency:
    typeof latency === 'number'
      ? { kind: 'absolute', ms: latency }
      : { kind: 'relative', factor: Number.parseFloat(latency) },
  errorShare,
  windowMs,
});

const BACKOFFS: Readonly<Record<string, Backoff>> = {
  strict: on(100),
  easy: on('3x'),
  off: { kind: 'off' },
};

const counterWith = (recordedP95Ms?: number, clock = () => 0) =>
  createWindowCounter({
    backoffOf: (rule) => BACKOFFS[rule] ?? { kind: 'off' },
    recordedP95Ms: () => recordedP95Ms,
    clock,
  });

const sent = (rule: string, rest: Partial<Result>): Result => ({
  request: plannedOf({ rule }),
  sentMs: 0,
  ...rest,
});

describe('a latency limit', () => {
  it.each([
    [{ kind: 'absolute', ms: 20 }, 100, 1_000, 20],
    [{ kind: 'relative', factor: 3 }, 100, undefined, 300],
    [{ kind: 'relative', factor: 3 }, 100, 40, 300],
    [{ kind: 'relative', factor: 3 }, 100, 400, 1_200],
    [{ kind: 'relative', factor: 3 }, undefined, 400, 1_200],
    [{ kind: 'relative', factor: 3 }, 2, 3, 50],
    [{ kind: 'relative', factor: 1.5 }, 0, undefined, 50],
    [{ kind: 'relative', factor: 3 }, undefined, undefined, Number.POSITIVE_INFINITY],
  ] as const)(
    '%j with a recorded p95 of %s ms, and %s ms of its own, is %s ms',
    (limit, p95Ms, ownMs, ms) => {
      expect(latencyLimitMs(limit, p95Ms, ownMs)).toBe(ms);
    },
  );
});

describe('what a target is held to', () => {
  it('is the strictest of its rules, and nothing where backoff is off in all of them', () => {
    const rules = [
      { backoff: on(100, 0.2) },
      { backoff: on(50, 0.05) },
      { backoff: BACKOFFS.off as Backoff },
    ];
    expect(strictest(rules)).toEqual({ errorShare: 0.05, windowMs: 5_000 });
    expect(strictest([{ backoff: { kind: 'off' } }])).toBeUndefined();
    expect(strictest([])).toBeUndefined();
  });
});

describe('an answer', () => {
  it.each([
    [200, false],
    [304, false],
    [404, false],
    [429, true],
    [499, false],
    [500, true],
    [503, true],
    [599, true],
  ])('of status %s is an error: %s', (status, is) => {
    expect(isError(sent('strict', { status }))).toBe(is);
  });
});

describe('a window', () => {
  it('holds each request to the limit of its own rule', () => {
    const counter = counterWith(100);
    for (const serviceMs of [99, 100, 101, 300, 301])
      for (const rule of ['strict', 'easy', 'off', 'unknown'])
        counter.add(sent(rule, { status: 200, serviceMs }));
    expect(counter.take()).toEqual({ n: 10, over: 3 + 1, failed: 0 });
    expect(counter.take()).toEqual({ n: 0, over: 0, failed: 0 });
  });

  it('holds each request to what was recorded of its own rule, and of itself', () => {
    const counter = createWindowCounter({
      backoffOf: () => on('3x'),
      recordedP95Ms: (rule) => (rule === 'quick' ? 20 : 500),
      clock: () => 0,
    });
    const end = (rule: string, serviceMs: number, durationMs?: number) =>
      counter.add({ request: plannedOf({ rule, recorded: { durationMs } }), sentMs: 0, serviceMs });
    end('slow', 1_500);
    end('quick', 60);
    end('quick', 1_200, 400);
    expect(counter.take()).toEqual({ n: 3, over: 0, failed: 0 });
    end('quick', 61);
    end('quick', 1_201, 400);
    end('slow', 1_501, 40);
    expect(counter.take()).toEqual({ n: 3, over: 3, failed: 0 });
  });

  it('has no relative limit where nothing was recorded', () => {
    const counter = counterWith();
    counter.add(sent('easy', { status: 200, serviceMs: 60_000 }));
    expect(counter.take()).toEqual({ n: 1, over: 0, failed: 0 });
  });

  it('counts failures of the target and leaves out those of ours', () => {
    const counter = counterWith();
    for (const failed of FAILURE_CODES) counter.add(sent('strict', { failed, detail: '' }));
    const ours = ['aborted', 'blocked', 'reset_reused'].length;
    const others = FAILURE_CODES.length - ours;
    expect(counter.take()).toEqual({ n: others, over: 0, failed: others });
  });

  it('counts a timeout as failed and as slow', () => {
    const counter = counterWith();
    counter.add(sent('strict', { failed: 'timeout', detail: '', serviceMs: 10_000 }));
    expect(counter.take()).toEqual({ n: 1, over: 1, failed: 1 });
  });

  it('leaves out what was held back', () => {
    const counter = counterWith();
    counter.add({ request: plannedOf({ rule: 'strict' }), heldBack: 'backoff' });
    expect(counter.take()).toEqual({ n: 0, over: 0, failed: 0 });
  });

  it('leaves out what was sent before the instant that it is told to forget, and what it had counted', () => {
    const counter = counterWith();
    counter.add(sent('strict', { status: 500, sentMs: 900 }));
    counter.forgetBefore(1_000);
    counter.forgetBefore(500);
    for (const sentMs of [0, 999, 1_000, 2_000]) counter.add(sent('strict', { status: 200, sentMs }));
    expect(counter.take()).toEqual({ n: 2, over: 0, failed: 0 });
  });
});

describe('whatever ends', () => {
  const resultOf = fc.record({
    rule: fc.constantFrom('strict', 'easy', 'off'),
    status: fc.constantFrom(200, 404, 429, 500),
    serviceMs: fc.nat(1_000),
    sentMs: fc.nat(10_000),
  });

  it('over and failed are never more than all, and nothing is counted twice', () => {
    fc.assert(
      fc.property(fc.array(resultOf), fc.nat(100), (results, cut) => {
        const add = (list: typeof results) => {
          const counter = counterWith(50);
          return list.map(({ rule, ...rest }) => {
            counter.add(sent(rule, rest));
            return counter;
          });
        };
        const whole = add(results).at(-1)?.take() ?? { n: 0, over: 0, failed: 0 };
        const parts = [results.slice(0, cut), results.slice(cut)].map(
          (part) => add(part).at(-1)?.take() ?? { n: 0, over: 0, failed: 0 },
        );
        expect(parts.reduce((sum, { n }) => sum + n, 0)).toBe(whole.n);
        expect(parts.reduce((sum, { over }) => sum + over, 0)).toBe(whole.over);
        expect(whole.over <= whole.n && whole.failed <= whole.n).toBe(true);
      }),
    );
  });
});

describe('a request under way', () => {
  const underWay = (rule: string, recordedP95Ms?: number) => {
    const time = { nowMs: 0 };
    const counter = counterWith(recordedP95Ms, () => time.nowMs);
    const request = plannedOf({ rule });
    counter.sent(request);
    return { time, counter, request };
  };

  it('is over its limit as soon as it has waited for longer, and is counted once', () => {
    const { time, counter, request } = underWay('strict');
    time.nowMs = 100;
    expect(counter.take()).toEqual({ n: 0, over: 0, failed: 0 });
    time.nowMs = 101;
    expect(counter.take()).toEqual({ n: 1, over: 1, failed: 0 });
    counter.add({ request, sentMs: 0, failed: 'timeout', serviceMs: 10_000 });
    expect(counter.take()).toEqual({ n: 0, over: 0, failed: 0 });
  });

  it('that ends in time is counted when it ends', () => {
    const { time, counter, request } = underWay('strict');
    time.nowMs = 101;
    counter.add({ request, sentMs: 0, status: 200, serviceMs: 90 });
    expect(counter.take()).toEqual({ n: 1, over: 0, failed: 0 });
  });

  it('that was sent before the level changed is of no account', () => {
    const { time, counter, request } = underWay('strict');
    counter.forgetBefore(50);
    time.nowMs = 1_000;
    expect(counter.take()).toEqual({ n: 0, over: 0, failed: 0 });
    counter.add({ request, sentMs: 0, failed: 'timeout', serviceMs: 1_000 });
    expect(counter.take()).toEqual({ n: 0, over: 0, failed: 0 });
  });

  it('waits without end where nothing limits it: backoff is off, or nothing was recorded', () => {
    for (const rule of ['off', 'easy']) {
      const { time, counter } = underWay(rule);
      time.nowMs = 1e9;
      expect(counter.take()).toEqual({ n: 0, over: 0, failed: 0 });
    }
    const { time, counter } = underWay('easy', 100);
    time.nowMs = 301;
    expect(counter.take()).toEqual({ n: 1, over: 1, failed: 0 });
  });

  it('has as long as its own recorded latency allows', () => {
    const time = { nowMs: 0 };
    const counter = counterWith(100, () => time.nowMs);
    counter.sent(plannedOf({ rule: 'easy', recorded: { originMs: 400 } }));
    time.nowMs = 1_200;
    expect(counter.take().n).toBe(0);
    time.nowMs = 1_201;
    expect(counter.take()).toEqual({ n: 1, over: 1, failed: 0 });
  });

  it('is not lost where another has the same id, and each of them is counted once', () => {
    const time = { nowMs: 0 };
    const counter = counterWith(undefined, () => time.nowMs);
    for (const sentMs of [0, 90, 200]) {
      time.nowMs = sentMs;
      counter.sent(plannedOf({ rule: 'strict' }));
    }
    // The second ends at once, and the first hangs.
    counter.add(sent('strict', { sentMs: 89.5, status: 200, serviceMs: 1 }));
    time.nowMs = 250;
    expect(counter.take()).toEqual({ n: 2, over: 1, failed: 0 });
    counter.add(sent('strict', { sentMs: 0, status: 200, serviceMs: 250 }));
    counter.add(sent('strict', { sentMs: 200, status: 200, serviceMs: 50 }));
    time.nowMs = 1_000;
    expect(counter.take()).toEqual({ n: 1, over: 0, failed: 0 });
  });
});
