import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { startClock, startTicker, wallClockAt } from '../../io/clock.ts';

describe('startClock', () => {
  it('counts from 0 with fractions and never back', () => {
    const clock = startClock();
    const readings = Array.from({ length: 1_000 }, clock);
    expect(readings[0]).toBeGreaterThanOrEqual(0);
    expect(readings[0]).toBeLessThan(50);
    expect(readings.every((reading, i) => i === 0 || reading >= (readings[i - 1] ?? 0))).toBe(true);
    expect(readings.some((reading) => reading % 1 !== 0)).toBe(true);
  });
});

describe('wallClockAt', () => {
  it('is the epoch instant of an instant of the run', () => {
    expect(Math.abs(wallClockAt(() => 5_000, 5_000) - Date.now())).toBeLessThan(50);
    expect(Math.abs(wallClockAt(() => 5_000, 6_500) - Date.now() - 1_500)).toBeLessThan(50);
  });
});

describe('startTicker', () => {
  it('ticks about once a millisecond, never more often', async () => {
    const ticks: number[] = [];
    const ticker = startTicker(() => ticks.push(performance.now()));
    await sleep(300);
    ticker.stop();
    expect(ticks.length).toBeGreaterThan(100);
    expect(ticks.length).toBeLessThanOrEqual(301);
  });

  it('follows a slow tick with the next one, not with a burst of those missed', () => {
    return new Promise<void>((resolve, reject) => {
      const ticks: number[] = [];
      const ticker = startTicker(() => {
        ticks.push(performance.now());
        if (ticks.length === 1) while (performance.now() < (ticks[0] ?? 0) + 30);
        if (ticks.length < 5) return;
        ticker.stop();
        const [, second = 0, , , fifth = 0] = ticks;
        if (fifth - second > 2) resolve();
        else reject(new Error(`three ticks in ${fifth - second} ms`));
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
