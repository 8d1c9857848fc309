import { describe, expect, it } from 'vitest';
import { createRunClock } from '../../cli/run-clock.ts';
import { startSleeplessClock } from '../../io/clock.ts';

describe('the clock of a run', () => {
  it('is at 0 in as many ms as it was told', () => {
    let nowMs = 5_000;
    const clock = createRunClock(() => nowMs);
    expect([clock.now(), clock.elapsedMs()]).toEqual([Number.NEGATIVE_INFINITY, 0]);
    clock.startIn(250);
    expect([clock.now(), clock.elapsedMs()]).toEqual([-250, 0]);
    nowMs += 1_250;
    expect([clock.now(), clock.elapsedMs()]).toEqual([1_000, 1_000]);
  });

  it('goes on while the machine sleeps where it follows a log, so that what waited is late and the rest is not', () => {
    let [monotonicMs, wallMs] = [1_000, 1_800_000_000_000];
    const clock = createRunClock(
      startSleeplessClock(
        () => monotonicMs,
        () => wallMs,
      ),
    );
    clock.startIn(0);
    const startWallMs = wallMs;
    const pass = (awakeMs: number, asleepMs: number): void => {
      monotonicMs += awakeMs;
      wallMs += awakeMs + asleepMs;
    };
    pass(500, 0);
    expect(clock.now()).toBe(500);
    pass(2, 8 * 3_600_000);
    expect(clock.now()).toBe(wallMs - startWallMs);
  });
});
