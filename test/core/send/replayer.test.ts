import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NOT_AFTER_MS } from '../../../core/pace/slice.ts';
import type { Target } from '../../../core/rules/rule-set.ts';
import { createReplayer, LOOK_AHEAD_MS, type ReplayerOptions } from '../../../core/send/replayer.ts';
import type { PlannedRequest, Result } from '../../../core/types.ts';
import { fakeClock, fakeSender } from '../../support/fake-sender.ts';
import { planTarget } from '../../support/plan.ts';
import { plannedRequest } from '../../support/send.ts';

const requestAt = (dueMs: number, n = 0, changes: Partial<PlannedRequest> = {}): PlannedRequest =>
  plannedRequest({ id: `${n}.r.0`, dueMs, ...changes });

interface Options extends Partial<Omit<ReplayerOptions, 'targets' | 'sender'>> {
  readonly target?: Partial<Target>;
  readonly targets?: readonly Target[];
}

const setUp = ({ target = {}, targets = [planTarget(target)], ...options }: Options = {}) => {
  const time = fakeClock();
  const sender = fakeSender(time);
  const results: Result[] = [];
  const replayer = createReplayer({
    sender,
    clock: time.clock,
    targets: Object.fromEntries(targets.map((one) => [one.name, one])),
    isLive: false,
    onResult: (result) => results.push(result),
    ...options,
  });
  return { time, sender, results, replayer };
};

const heldBackOf = (results: readonly Result[]): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const { heldBack = 'sent' } of results) counts[heldBack] = (counts[heldBack] ?? 0) + 1;
  return counts;
};

describe('release', () => {
  it('is at the due time, less half a tick', () => {
    const { time, sender, replayer } = setUp();
    replayer.offer(requestAt(10));
    const sentAt = [9, 9.49, 9.5].map((nowMs) => {
      time.nowMs = nowMs;
      replayer.tick();
      return sender.dispatched.length;
    });
    expect(sentAt).toEqual([0, 0, 1]);
    expect(LOOK_AHEAD_MS).toBe(0.5);
  });

  it('is never more than half a millisecond early and at the first tick that may, with any schedule and ticks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 200, noNaN: true }), { maxLength: 200 }),
        fc.array(fc.double({ min: 0.01, max: 30, noNaN: true }), { minLength: 1, maxLength: 50 }),
        fc.boolean(),
        (given, gapsMs, isLive) => {
          const dues = isLive ? given : given.toSorted((a, b) => a - b);
          const { time, sender, replayer } = setUp({ isLive, target: { maxInFlight: 999 } });
          for (const [n, dueMs] of dues.entries()) replayer.offer(requestAt(dueMs, n));
          let lastTickMs = Number.NEGATIVE_INFINITY;
          for (let i = 0; replayer.waiting() > 0; i += 1) {
            time.nowMs += gapsMs[i % gapsMs.length] ?? 1;
            const before = sender.dispatched.length;
            replayer.tick();
            for (const { request, atMs } of sender.dispatched.slice(before)) {
              expect(request.dueMs - atMs).toBeLessThanOrEqual(LOOK_AHEAD_MS);
              expect(request.dueMs - LOOK_AHEAD_MS).toBeGreaterThan(lastTickMs);
            }
            lastTickMs = time.nowMs;
          }
          expect(sender.dispatched).toHaveLength(dues.length);
          expect(replayer.nextDueMs()).toBe(Number.POSITIVE_INFINITY);
        },
      ),
    );
  });

  it('is in due order, over 60 connections and answers in any order', () => {
    const { time, sender, replayer } = setUp({ target: { maxInFlight: 60 } });
    const dues = Array.from({ length: 600 }, (_, n) => Math.floor(n / 3));
    for (const [n, dueMs] of dues.entries()) replayer.offer(requestAt(dueMs, n));
    for (; replayer.waiting() > 0; time.nowMs += 1) {
      replayer.tick();
      // The newest first, so that connections come free out of order.
      for (const { done } of sender.dispatched.slice(-2).toReversed())
        done({ kind: 'answered', status: 200, serviceMs: 1, endMs: time.nowMs, bytes: 0 });
    }
    expect(replayer.inFlight()).toBeGreaterThan(0);
    const order = sender.dispatched.map(({ request }) => Number(request.id.split('.')[0]));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  });

  it('live is in due order, however they are offered', () => {
    const { time, sender, replayer } = setUp({ isLive: true });
    for (const [n, dueMs] of [30, 10, 20, 10].entries()) replayer.offer(requestAt(dueMs, n));
    expect(replayer.nextDueMs()).toBe(10);
    time.nowMs = 100;
    replayer.tick();
    expect(sender.dispatched.map(({ request }) => request.id)).toEqual(['1.r.0', '3.r.0', '2.r.0', '0.r.0']);
  });
});

describe('a result', () => {
  it('says when it was sent and how long it took, also from the due time', () => {
    const { time, sender, results, replayer } = setUp();
    const request = requestAt(10);
    replayer.offer(request);
    time.nowMs = 12;
    replayer.tick();
    expect([replayer.waiting(), replayer.inFlight()]).toEqual([0, 1]);
    time.nowMs = 40;
    sender.answer(1, 503);
    expect(results).toEqual([{ request, sentMs: 12, status: 503, serviceMs: 5, fromDueMs: 30, bytes: 10 }]);
    expect(replayer.inFlight()).toBe(0);
  });

  it('of a failure has its code, and a service time only where something was written', () => {
    const { time, sender, results, replayer } = setUp();
    for (const n of [0, 1]) replayer.offer(requestAt(0, n));
    replayer.tick();
    time.nowMs = 3;
    const [first, second] = sender.dispatched;
    first?.done({ kind: 'failed', code: 'refused', detail: 'no one there', endMs: 3 });
    second?.done({ kind: 'failed', code: 'reset', detail: 'gone', serviceMs: 2, endMs: 3 });
    expect(results).toMatchObject([
      { failed: 'refused', detail: 'no one there', sentMs: 0, fromDueMs: 3 },
      { failed: 'reset', serviceMs: 2 },
    ]);
    expect(results[0]).not.toHaveProperty('serviceMs');
  });

  it('has how long the target asks to be left alone, of an answer and of one that broke off', () => {
    const { sender, results, replayer } = setUp();
    for (const n of [0, 1, 2]) replayer.offer(requestAt(0, n));
    replayer.tick();
    const [first, second, third] = sender.dispatched;
    first?.done({ kind: 'answered', status: 503, serviceMs: 1, endMs: 1, bytes: 0, retryAfterMs: 7_000 });
    second?.done({ kind: 'failed', code: 'reset', detail: '', serviceMs: 1, endMs: 1, retryAfterMs: 8_000 });
    third?.done({ kind: 'failed', code: 'reset', detail: '', serviceMs: 1, endMs: 1 });
    expect(results.map(({ retryAfterMs }) => retryAfterMs)).toEqual([7_000, 8_000, undefined]);
    expect(results[2]).not.toHaveProperty('retryAfterMs');
  });

  it('is blocked for a target that is none', () => {
    const { results, replayer, sender } = setUp();
    replayer.offer(requestAt(0, 0, { target: 'elsewhere' }));
    replayer.tick();
    expect(results).toMatchObject([{ failed: 'blocked', detail: 'no such target', sentMs: 0 }]);
    expect(sender.dispatched).toEqual([]);
  });
});

describe('a target that never answers', () => {
  it('has at most maxInFlight requests; all else is held back, and the run ends', () => {
    const { time, sender, results, replayer } = setUp({ target: { maxInFlight: 50 } });
    for (let n = 0; n < 5_000; n += 1) replayer.offer(requestAt(n / 5, n));
    for (; replayer.waiting() > 0; time.nowMs += 1) replayer.tick();
    expect(time.nowMs).toBeLessThanOrEqual(1_001);
    expect([sender.mostInFlight, replayer.inFlight()]).toEqual([50, 50]);
    expect(heldBackOf(results)).toEqual({ in_flight: 4_950 });
    sender.abortAll();
    expect(replayer.inFlight()).toBe(0);
    expect(heldBackOf(results)).toEqual({ in_flight: 4_950, sent: 50 });
    expect(results.at(-1)).toMatchObject({ failed: 'aborted' });
  });

  it('leaves other targets alone', () => {
    const { time, sender, results, replayer } = setUp({
      targets: [planTarget({ maxInFlight: 2 }), planTarget({ name: 'u', maxInFlight: 5 })],
    });
    for (let n = 0; n < 10; n += 1) replayer.offer(requestAt(n, n, { target: n % 2 === 0 ? 't' : 'u' }));
    time.nowMs = 10;
    replayer.tick();
    expect(sender.dispatched.map(({ request }) => request.target)).toEqual([
      't',
      'u',
      't',
      'u',
      'u',
      'u',
      'u',
    ]);
    expect(heldBackOf(results)).toEqual({ in_flight: 3 });
  });

  it('is sent to again as soon as it answers', () => {
    const { time, sender, results, replayer } = setUp({ target: { maxInFlight: 1 } });
    for (const n of [0, 1, 2]) replayer.offer(requestAt(n * 10, n));
    replayer.tick();
    time.nowMs = 10;
    replayer.tick();
    sender.answer(1);
    time.nowMs = 20;
    replayer.tick();
    expect(sender.dispatched.map(({ request }) => request.id)).toEqual(['0.r.0', '2.r.0']);
    expect(heldBackOf(results)).toEqual({ in_flight: 1, sent: 1 });
  });
});

describe('a pause of the process', () => {
  it('is followed by no larger burst than maxInFlight: the rest is held back, and the schedule goes on', () => {
    const { time, sender, results, replayer } = setUp({ target: { maxInFlight: 100 } });
    for (let n = 0; n < 20_000; n += 1) replayer.offer(requestAt(n, n));
    time.nowMs = 10_000;
    replayer.tick();
    expect(sender.dispatched).toHaveLength(100);
    expect(heldBackOf(results)).toEqual({ in_flight: 9_901 });
    sender.answer(100);
    for (; replayer.waiting() > 0; time.nowMs += 1) {
      replayer.tick();
      sender.answer(100);
    }
    expect(heldBackOf(results)).toEqual({ in_flight: 9_901, sent: 10_099 });
    // Nothing waited for its turn: what came after the pause was sent at its own time.
    expect(
      sender.dispatched.slice(100).every(({ request, atMs }) => Math.abs(atMs - request.dueMs) <= 1),
    ).toBe(true);
  });
});

describe('a late request', () => {
  it.each([
    [NOT_AFTER_MS, 1, {}],
    [NOT_AFTER_MS + 0.1, 0, { late: 1 }],
  ])('live, %d ms past due, makes %i dispatched', (lateMs, dispatched, held) => {
    const { time, sender, results, replayer } = setUp({ isLive: true });
    time.nowMs = lateMs;
    replayer.offer(requestAt(0));
    replayer.tick();
    expect(sender.dispatched).toHaveLength(dispatched);
    expect(heldBackOf(results)).toEqual(held);
    expect(NOT_AFTER_MS).toBe(5_000);
  });

  it('of a log that is no longer written is sent all the same', () => {
    const { time, sender, replayer } = setUp();
    time.nowMs = 3_600_000;
    replayer.offer(requestAt(0));
    replayer.tick();
    expect(sender.dispatched).toHaveLength(1);
  });
});

describe('the rate', () => {
  const runAt = (options: Options, targets: readonly string[] = ['t']) => {
    const { time, sender, results, replayer } = setUp(options);
    for (let n = 0; n < 3_000; n += 1) {
      replayer.offer(requestAt(n, n, { target: targets[n % targets.length] ?? 't' }));
    }
    for (; replayer.waiting() > 0; time.nowMs += 1) {
      replayer.tick();
      sender.answer(999);
    }
    return { held: heldBackOf(results), sender };
  };

  it('of a target is kept in each due second', () => {
    const { held, sender } = runAt({ target: { maxRatePerSecond: 10 } });
    expect(held).toEqual({ max_rate: 2_970, sent: 30 });
    const seconds = sender.dispatched.map(({ request }) => Math.floor(request.dueMs / 1_000));
    expect([0, 1, 2].map((second) => seconds.filter((one) => one === second).length)).toEqual([10, 10, 10]);
  });

  it('of the run is kept over all targets', () => {
    const targets = [planTarget(), planTarget({ name: 'u' })];
    expect(runAt({ targets, maxRatePerSecond: 7 }, ['t', 'u']).held).toEqual({ max_rate: 2_979, sent: 21 });
  });

  it('is not used up by what is held back for another reason', () => {
    const { time, sender, results, replayer } = setUp({ target: { maxInFlight: 1, maxRatePerSecond: 2 } });
    for (const n of [0, 1, 2, 3]) replayer.offer(requestAt(n, n));
    for (time.nowMs = 0; time.nowMs < 2; time.nowMs += 1) replayer.tick();
    sender.answer(1);
    time.nowMs = 3;
    replayer.tick();
    expect(sender.dispatched).toHaveLength(2);
    expect(heldBackOf(results)).toEqual({ in_flight: 2, sent: 1 });
  });
});

describe('a reason to hold back', () => {
  it('is asked for as each request is released, with the instant, and comes before limits, which it does not use up', () => {
    const asked: [string, number][] = [];
    const { time, sender, results, replayer } = setUp({
      isLive: true,
      target: { maxInFlight: 1, maxRatePerSecond: 1 },
      whyHeldBack: ({ id }, nowMs) => {
        asked.push([id, nowMs]);
        return id === '2.r.0' ? undefined : 'kill_switch';
      },
    });
    for (const n of [0, 1, 2, 3]) replayer.offer(requestAt(n * 10, n));
    replayer.tick();
    time.nowMs = 20;
    replayer.tick();
    time.nowMs = 60_000;
    replayer.tick();
    expect(asked).toEqual([
      ['0.r.0', 0],
      ['1.r.0', 20],
      ['2.r.0', 20],
      ['3.r.0', 60_000],
    ]);
    expect(sender.dispatched.map(({ request }) => request.id)).toEqual(['2.r.0']);
    expect(heldBackOf(results)).toEqual({ kill_switch: 3 });
  });
});

describe('a limit of requests in flight that changes', () => {
  it('holds for each target as it is at the moment', () => {
    const limits: Record<string, number> = { t: 2, u: 1 };
    const { time, sender, results, replayer } = setUp({
      targets: [planTarget(), planTarget({ name: 'u' })],
      maxInFlightOf: ({ name }) => limits[name] ?? 0,
    });
    for (let n = 0; n < 8; n += 1)
      replayer.offer(requestAt(n < 4 ? 0 : 10, n, { target: n % 2 === 0 ? 't' : 'u' }));
    replayer.tick();
    expect([sender.dispatched.length, heldBackOf(results)]).toEqual([3, { in_flight: 1 }]);
    limits.t = 0;
    limits.u = 3;
    time.nowMs = 10;
    replayer.tick();
    expect(sender.dispatched.map(({ request }) => request.target)).toEqual(['t', 'u', 't', 'u', 'u']);
    expect(heldBackOf(results)).toEqual({ in_flight: 3 });
  });
});

describe('a stop', () => {
  it('holds back what waits and what still comes, and lets what is in flight finish', () => {
    const { time, sender, results, replayer } = setUp();
    for (let n = 0; n < 10; n += 1) replayer.offer(requestAt(n, n));
    time.nowMs = 3;
    replayer.tick();
    replayer.stop('stopped');
    replayer.stop('kill_switch');
    replayer.offer(requestAt(0, 10));
    time.nowMs = 100;
    replayer.tick();
    expect([replayer.waiting(), replayer.inFlight(), replayer.nextDueMs()]).toEqual([
      0,
      4,
      Number.POSITIVE_INFINITY,
    ]);
    expect(heldBackOf(results)).toEqual({ stopped: 7 });
    sender.answer(4);
    expect(replayer.inFlight()).toBe(0);
    expect(heldBackOf(results)).toEqual({ stopped: 7, sent: 4 });
  });

  it.each([true, false])('from within a result holds back the rest (live: %s)', (isLive) => {
    const results: Result[] = [];
    const { time, replayer, sender } = setUp({
      isLive,
      target: { maxInFlight: 1 },
      onResult: (result) => {
        results.push(result);
        if (results.length === 3) replayer.stop('stopped');
      },
    });
    for (let n = 0; n < 10; n += 1) replayer.offer(requestAt(n, n));
    time.nowMs = 100;
    replayer.tick();
    sender.answer(1);
    expect(heldBackOf(results)).toEqual({ in_flight: 3, stopped: 6, sent: 1 });
    expect(new Set(results.map(({ request }) => request.id)).size).toBe(10);
  });
});
