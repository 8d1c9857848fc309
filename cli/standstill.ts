/**
 * Notices that a run stood still for a while: stopped and continued, on a machine that slept, or on one that had no time for it. What
 * fell due meanwhile must not leave all at once, nor before signals and switch were heard.
 */

import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../core/ports.ts';
import { SWITCH_READ_EVERY_MS } from '../core/send/kill-switch.ts';

/** A run that was not ticked for longer than this stood still; below it no reading of the switch is missed, and what is overdue leaves at once. */
export const STANDSTILL_MS = SWITCH_READ_EVERY_MS;
/** Signals and timers that came due meanwhile are heard within it. */
const HEAR_MS = 20;

export interface Standstill {
  /** How long it was, asleep or not, until all was awake again. */
  readonly stoodMs: number;
  /** By how much the run's clock went on meanwhile. */
  readonly passedMs: number;
}

export interface StandstillOptions {
  /** Ms that go on while the machine sleeps. */
  readonly clock: Clock;
  /** Called as a standstill is noticed: resolves once the run may go on. Must not reject. */
  readonly wake: () => Promise<void>;
  /** Called before the run goes on. */
  readonly onAwake: (standstill: Standstill) => void;
}

/** Resolves once the event loop has heard what came while the process stood still. */
export const hearAll = async (): Promise<void> => {
  await nextTurn();
  await sleep(HEAR_MS, undefined, { ref: false });
  await nextTurn();
};

/**
 * Begins to watch at `startMs` on the run's clock. The function that it gives back is to be called at each tick, with an instant taken just
 * before on the run's clock, and says whether what is due by then may be sent.
 */
export const watchStandstill = (
  startMs: number,
  { clock, wake, onAwake }: StandstillOptions,
): ((nowMs: number) => boolean) => {
  let last = { atMs: clock(), runMs: startMs };
  /** The last tick before it. */
  let since: typeof last | undefined;
  let isHeard = false;
  let wakes = 0;

  const startWake = (): void => {
    wakes += 1;
    const turn = wakes;
    isHeard = false;
    // Of one that stood still again while it woke, only the last counts.
    void wake().then(() => {
      if (turn === wakes) isHeard = true;
    });
  };

  return (runMs) => {
    const now = { atMs: clock(), runMs };
    if (now.atMs - last.atMs > STANDSTILL_MS) {
      since ??= last;
      startWake();
    } else if (since !== undefined && isHeard) {
      onAwake({ stoodMs: now.atMs - since.atMs, passedMs: runMs - since.runMs });
      since = undefined;
    }
    last = now;
    return since === undefined;
  };
};
