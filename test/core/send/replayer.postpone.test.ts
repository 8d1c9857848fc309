import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createReplayer, LOOK_AHEAD_MS } from '../../../core/send/replayer.ts';
import type { Result } from '../../../core/types.ts';
import { fakeClock, fakeSender } from '../../support/fake-sender.ts';
import { planTarget } from '../../support/plan.ts';
import { plannedRequest } from '../../support/send.ts';

const setUp = (changes: Parameters<typeof planTarget>[0] = {}) => {
  const time = fakeClock();
  const sender = fakeSender(time);
  const results: Result[] = [];
  const replayer = createReplayer({
    sender,
    clock: time.clock,
    targets: { t: planTarget({ maxInFlight: 999, ...changes }) },
    isLive: false,
    onResult: (result) => results.push(result),
  });
  const offer = (dues: readonly number[]): void => {
    for (const [n, dueMs] of dues.entries()) replayer.offer(plannedRequest({ id: `${n}.r.0`, dueMs }));
  };
  /** Ticks every millisecond until nothing waits. */
  const run = (): void => {
    for (; replayer.waiting() > 0; time.nowMs += 1) replayer.tick();
  };
  return { time, sender, results, replayer, offer, run };
};

const steady = (count: number, everyMs: number): readonly number[] =>
  Array.from({ length: count }, (_, n) => n * everyMs);

describe('a plan that is moved', () => {
  it('leaves later by as much, at its own spacing, which shows as lag and not in what was planned', () => {
    const { time, sender, results, replayer, offer, run } = setUp();
    offer(steady(10, 10));
    for (; time.nowMs <= 30; time.nowMs += 1) replayer.tick();
    time.nowMs = 8_030;
    replayer.postpone(8_000);
    expect([replayer.waiting(), replayer.nextDueMs()]).toEqual([6, 8_040]);
    run();
    expect(sender.dispatched.map(({ atMs }) => atMs)).toEqual([
      ...[0, 10, 20, 30],
      ...[8_040, 8_050, 8_060, 8_070, 8_080, 8_090],
    ]);
    time.nowMs = 8_100;
    sender.answer(10);
    expect(results[9]).toMatchObject({ request: { dueMs: 90 }, sentMs: 8_090, fromDueMs: 8_010 });
  });

  it('holds for what is offered later, and for a stop', () => {
    const { time, sender, results, replayer, offer } = setUp();
    replayer.postpone(500);
    offer([0, 10]);
    time.nowMs = 500;
    replayer.tick();
    expect(sender.dispatched).toHaveLength(1);
    replayer.stop('stopped');
    expect(results.map(({ heldBack }) => heldBack)).toEqual(['stopped']);
    expect([replayer.waiting(), replayer.nextDueMs()]).toEqual([0, Number.POSITIVE_INFINITY]);
  });

  it('keeps to its rate in any second in which it is sent, however often it is moved', () => {
    const duration = fc.integer({ min: 0, max: 5_000 });
    fc.assert(
      fc.property(fc.array(fc.tuple(duration, duration), { maxLength: 5 }), (stalls) => {
        const { time, sender, results, replayer, offer, run } = setUp({ maxRatePerSecond: 20 });
        offer(steady(200, 10));
        for (const [awakeMs, stillMs] of stalls) {
          for (const untilMs = time.nowMs + awakeMs; time.nowMs < untilMs; time.nowMs += 1) replayer.tick();
          time.nowMs += stillMs;
          replayer.postpone(stillMs);
        }
        run();
        sender.answer(200);
        expect(results).toHaveLength(200);
        const sentMs = sender.dispatched.map(({ atMs }) => atMs);
        for (const [n, atMs] of sentMs.slice(20).entries())
          expect(atMs - (sentMs[n] ?? 0)).toBeGreaterThanOrEqual(1_000 - 2 * LOOK_AHEAD_MS);
      }),
      { numRuns: 30 },
    );
  });
});

describe('a tick', () => {
  it('sends what is due by the instant that it is given, though time has gone on', () => {
    const { time, sender, replayer, offer } = setUp();
    offer([10, 20]);
    time.nowMs = 900;
    replayer.tick(10);
    expect(sender.dispatched.map(({ request, atMs }) => [request.dueMs, atMs])).toEqual([[10, 900]]);
  });

  it('in the middle of which time leaps sends no more, and leaves the rest to the next one', () => {
    const time = fakeClock();
    const sender = fakeSender(time);
    const replayer = createReplayer({
      sender: {
        ...sender,
        dispatch: (request, done) => {
          sender.dispatch(request, done);
          if (sender.dispatched.length === 3) time.nowMs += 8_000;
        },
      },
      clock: time.clock,
      targets: { t: planTarget() },
      isLive: false,
      onResult: () => undefined,
    });
    for (let n = 0; n < 10; n += 1) replayer.offer(plannedRequest({ id: `${n}.r.0`, dueMs: n }));
    time.nowMs = 8;
    replayer.tick();
    expect([sender.dispatched.length, replayer.waiting()]).toEqual([3, 7]);
    replayer.postpone(8_000);
    replayer.tick();
    expect([sender.dispatched.length, replayer.waiting()]).toEqual([9, 1]);
  });
});
