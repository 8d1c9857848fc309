import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { startClock, startSleeplessClock, startTicker } from '../../io/clock.ts';

describe('startClock', () => {
  it('counts from 0 with fractions and never back', () => {
    const beforeMs = performance.now();
    const clock = startClock();
    const readings = Array.from({ length: 1_000 }, clock);
    const tookMs = performance.now() - beforeMs;
    expect(readings[0]).toBeGreaterThanOrEqual(0);
    expect(readings.at(-1)).toBeLessThanOrEqual(tookMs);
    expect(readings.every((reading, i) => i === 0 || reading >= (readings[i - 1] ?? 0))).toBe(true);
    expect(readings.some((reading) => reading % 1 !== 0)).toBe(true);
  });
});

describe('startSleeplessClock', () => {
  const setUp = () => {
    const time = { monotonicMs: 100, wallMs: 1e12 };
    const clock = startSleeplessClock(
      () => time.monotonicMs,
      () => time.wallMs,
    );
    return (monotonicMs: number, wallMs: number): number => {
      time.monotonicMs += monotonicMs;
      time.wallMs += wallMs;
      return clock();
    };
  };

  it('goes on as the monotonic clock does, however the time is corrected bit by bit', () => {
    const elapse = setUp();
    expect(elapse(0, 0)).toBe(100);
    expect([elapse(10, 10), elapse(10, 900), elapse(10, -500), elapse(2_000, 2_001)]).toEqual([
      110, 120, 130, 2_130,
    ]);
  });

  it('counts the time in which the monotonic clock stood still', () => {
    const elapse = setUp();
    expect([elapse(5, 3_600_005), elapse(10, 10), elapse(0, 20_000)]).toEqual([
      3_600_105, 3_600_115, 3_620_115,
    ]);
  });

  it('never goes back, though the wall clock is set back, and sees a sleep after that', () => {
    const elapse = setUp();
    expect([elapse(10, -3_600_000), elapse(10, 10), elapse(0, 5_000)]).toEqual([110, 120, 5_120]);
  });

  it('reads the clocks of the system unless it is told otherwise', () => {
    const clock = startSleeplessClock();
    const beforeMs = performance.now();
    const nowMs = clock();
    expect(nowMs).toBeGreaterThanOrEqual(beforeMs);
    expect(nowMs).toBeLessThanOrEqual(performance.now());
  });
});

describe('startTicker', () => {
  it('ticks about once a millisecond, never more often', async () => {
    let ticks = 0;
    // Timers of 1 ms, one after the other, are as often as a machine can that is busy with other things.
    let timers = 0;
    const count = (): void => {
      timers += 1;
      timer = setTimeout(count, 1);
    };
    const startMs = performance.now();
    const ticker = startTicker(() => {
      ticks += 1;
    });
    let timer = setTimeout(count, 1);
    await sleep(300);
    ticker.stop();
    clearTimeout(timer);
    expect(ticks).toBeGreaterThan(timers / 2);
    expect(ticks).toBeLessThanOrEqual(performance.now() - startMs + 1);
  });

  it('follows a slow tick with the next one, not with a burst of those missed', () => {
    return new Promise<void>((resolve, reject) => {
      const ticks: number[] = [];
      const ticker = startTicker(() => {
        ticks.push(performance.now());
        if (ticks.length === 1) while (performance.now() < (ticks[0] ?? 0) + 30);
        // Of the 30 that were missed.
        if (ticks.length < 22) return;
        ticker.stop();
        const tookMs = (ticks[21] ?? 0) - (ticks[1] ?? 0);
        if (tookMs > 10) resolve();
        else reject(new Error(`twenty ticks in ${tookMs} ms`));
      });
    });
  });

  it('stops from inside a tick', async () => {
    let count = 0;
    const ticker = startTicker(() => {
      count += 1;
      ticker.stop();
    });
    await sleep(20);
    expect(count).toBe(1);
  });
});
