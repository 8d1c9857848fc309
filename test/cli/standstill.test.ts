import { describe, expect, it } from 'vitest';
import { hearAll, STANDSTILL_MS, type Standstill, watchStandstill } from '../../cli/standstill.ts';

/** A run at 5,000 ms of its clock. `wakes`: those that are under way, to be ended by the test. */
const setUp = () => {
  const time = { nowMs: 70_000, runMs: 5_000 };
  const wakes: (() => void)[] = [];
  const awake: Standstill[] = [];
  const isAwake = watchStandstill(time.runMs, {
    clock: () => time.nowMs,
    wake: () => new Promise((resolve) => wakes.push(resolve)),
    onAwake: (standstill) => awake.push(standstill),
  });
  /** Ticks after so much of the time; `runMs`: of what the run's clock sees of it. */
  const tick = (ms: number, runMs = ms): boolean => {
    time.nowMs += ms;
    time.runMs += runMs;
    return isAwake(time.runMs);
  };
  const endWake = async (): Promise<void> => {
    wakes.shift()?.();
    await Promise.resolve();
  };
  return { tick, endWake, wakes, awake };
};

describe('a run', () => {
  it('that is ticked late, but not by more than two seconds, goes on', () => {
    const { tick, wakes } = setUp();
    expect([1, 1, 400, 1, STANDSTILL_MS, 1].map((ms) => tick(ms))).toEqual(Array(6).fill(true));
    expect(wakes).toEqual([]);
  });

  it('that stood still waits until it is awake, and then knows how long that was since the last tick', async () => {
    const { tick, endWake, wakes, awake } = setUp();
    expect(tick(1)).toBe(true);
    expect([tick(8_000), tick(1), tick(20)]).toEqual([false, false, false]);
    expect([wakes.length, awake]).toEqual([1, []]);
    await endWake();
    expect(tick(1)).toBe(true);
    expect(awake).toEqual([{ stoodMs: 8_022, passedMs: 8_022 }]);
    expect(tick(1)).toBe(true);
    expect([wakes.length, awake.length]).toEqual([0, 1]);
  });

  it('knows of a sleep that its own clock has not seen', async () => {
    const { tick, endWake, awake } = setUp();
    expect(tick(3_600_000, 0.5)).toBe(false);
    await endWake();
    expect(tick(1)).toBe(true);
    expect(awake).toEqual([{ stoodMs: 3_600_001, passedMs: 1.5 }]);
  });

  it('that stands still again while it wakes has to wake anew, however the first wake ends', async () => {
    const { tick, endWake, wakes, awake } = setUp();
    tick(2_100);
    expect(tick(2_900)).toBe(false);
    expect(wakes).toHaveLength(2);
    await endWake();
    expect(tick(1)).toBe(false);
    await endWake();
    expect(tick(1)).toBe(true);
    expect(awake).toEqual([{ stoodMs: 5_002, passedMs: 5_002 }]);
  });

  it('that stands still between its wake and the next tick has to wake anew', async () => {
    const { tick, endWake, awake } = setUp();
    tick(2_100);
    await endWake();
    expect([tick(3_900), tick(1)]).toEqual([false, false]);
    await endWake();
    expect(tick(1)).toBe(true);
    expect(awake).toEqual([{ stoodMs: 6_002, passedMs: 6_002 }]);
  });

  it('may stand still as often as it likes', async () => {
    const { tick, endWake, awake } = setUp();
    for (const ms of [2_100, 2_500]) {
      expect(tick(ms)).toBe(false);
      await endWake();
      expect(tick(1)).toBe(true);
    }
    expect(awake.map(({ passedMs }) => passedMs)).toEqual([2_101, 2_501]);
  });
});

describe('hearing all', () => {
  it('lets signals and timers that are due be heard first', async () => {
    const heard: string[] = [];
    process.once('SIGWINCH', () => heard.push('signal'));
    setTimeout(() => heard.push('timer'), 1);
    process.kill(process.pid, 'SIGWINCH');
    await hearAll();
    expect(heard.toSorted()).toEqual(['signal', 'timer']);
  });
});
