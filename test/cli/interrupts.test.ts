import { describe, expect, it } from 'vitest';
import { watchInterrupts } from '../../cli/interrupts.ts';

const watched = () => {
  let callback: (() => void) | undefined;
  const interrupts = watchInterrupts((given) => {
    callback = given;
    return () => {
      callback = undefined;
    };
  });
  return { ...interrupts, interrupt: () => callback?.(), isWatching: () => callback !== undefined };
};

describe('watchInterrupts', () => {
  it('stops at the first, aborts at the second, and leaves a third to the system', () => {
    const { stop, abort, interrupt, isWatching } = watched();
    interrupt();
    expect([stop.aborted, abort.aborted, isWatching()]).toEqual([true, false, true]);
    interrupt();
    expect([stop.aborted, abort.aborted, isWatching()]).toEqual([true, true, false]);
  });

  it('watches no longer once it is released', () => {
    const { stop, release, interrupt, isWatching } = watched();
    release();
    interrupt();
    expect([stop.aborted, isWatching()]).toEqual([false, false]);
  });
});
