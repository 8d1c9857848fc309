/** Goes through an object's slices at their pace: each is dispatched a lead before it is due. */

import { LEAD_MS, type Slice } from '../../core/pace/grid.ts';
import type { HeldBackReason } from '../../core/types.ts';
import { leaseLost } from './lease.ts';
import type { Rest } from './progress.ts';
import { createSliceSource, type SourcedSlice } from './slice-source.ts';
import { stopInTime } from './stop-in-time.ts';
import type { Visit } from './visit.ts';
import type { VisitDispatcher } from './visit-dispatcher.ts';

/** Invocations that may follow each other for one object: 2.7 hours in all, and then it ends for certain. */
export const MAX_HOPS = 40;

/** A slice that was decided, and what is left behind it. */
export interface Decided {
  readonly index: number;
  readonly rest: Rest;
}

/** How far the slices came. */
export interface RunEnd {
  /** To the end of the object, or to where the next invocation is to go on. */
  readonly kind: 'done' | 'handOver';
  /** The last slice that was decided here. */
  readonly decided: Decided | undefined;
  /** Slices that were cut. */
  readonly slices: number;
}

const TIME_UP = Symbol('time is up');

/** What `work` gives, unless the signal comes first. Not `Promise.race`: the signal's promise would keep every slice there was. */
const orTimeUp = <T>(work: Promise<T>, timeUp: AbortSignal): Promise<T | typeof TIME_UP> =>
  new Promise((resolve, reject) => {
    if (timeUp.aborted) return resolve(TIME_UP);
    const giveUp = (): void => resolve(TIME_UP);
    timeUp.addEventListener('abort', giveUp, { once: true });
    work.then(resolve, reject).finally(() => timeUp.removeEventListener('abort', giveUp));
  });

/** Dispatches, or holds back, one slice after the other. */
export const runSlices = async (visit: Visit, dispatcher: VisitDispatcher): Promise<RunEnd> => {
  const { deps, limits, claimed, lease, progress, metrics, stream } = visit;
  const { clock } = deps;
  const source = createSliceSource(stream);
  const over = new AbortController();
  const timeUp = new AbortController();
  clock.sleep(limits.handOverAtMs - clock.now(), over.signal).then(() => timeUp.abort());
  let hold: HeldBackReason | undefined;
  let decided: Decided | undefined;
  let slices = 0;

  const isTimeUp = (): boolean => hold === undefined && clock.now() >= limits.handOverAtMs;

  const skip = ({ requests }: Slice): void => {
    // What was in it is counted as dispatched: what of it no sender has seen shows as undelivered.
    if (visit.areCountsLost) progress.dispatch(requests.map(({ request }) => request));
  };

  const holdBack = ({ requests }: Slice, reason: HeldBackReason): void => {
    const held = requests.map(({ request }) => request);
    progress.holdBack(held, reason);
    metrics.decided(held, reason);
  };

  /** False where its time comes only after that of this invocation. */
  const waitFor = async ({ startMs }: Slice): Promise<boolean> => {
    const releaseAtMs = claimed.startAtMs + startMs - LEAD_MS;
    const untilMs = Math.min(releaseAtMs, limits.handOverAtMs);
    // Timers may be early.
    while (clock.now() < untilMs && !lease.lost.aborted) await clock.sleep(untilMs - clock.now(), lease.lost);
    return clock.now() >= releaseAtMs;
  };

  /** False where the slice is to wait for the next invocation. */
  const decide = async ({ slice, rest }: SourcedSlice): Promise<boolean> => {
    dispatcher.see(slice);
    slices = slice.index + 1;
    if (slice.index < claimed.nextSlice) {
      skip(slice);
      return true;
    }
    if (stream.fault() !== undefined) hold ??= 'stopped';
    if (hold === undefined && !(await waitFor(slice))) return false;
    if (lease.lost.aborted) throw leaseLost(claimed.run);
    if (hold === undefined) await dispatcher.dispatch(slice, rest);
    else holdBack(slice, hold);
    decided = { index: slice.index, rest };
    return true;
  };

  /** True where the next invocation is to go on. */
  const endTurn = (): boolean => {
    if (claimed.hop < MAX_HOPS) return true;
    hold = 'stopped';
    progress.error({
      code: 'HOP_LIMIT',
      message: `the object takes longer than ${MAX_HOPS + 1} invocations: its rest was not sent`,
    });
    return false;
  };

  let pending: Promise<SourcedSlice | undefined> | undefined;
  try {
    for (;;) {
      if (lease.lost.aborted) throw leaseLost(claimed.run);
      if (hold !== undefined) stopInTime(visit);
      pending ??= source.next();
      const next = hold === undefined ? await orTimeUp(pending, timeUp.signal) : await pending;
      if (next === TIME_UP || isTimeUp()) {
        if (endTurn()) return { kind: 'handOver', decided, slices };
        continue;
      }
      if (next === undefined) return { kind: 'done', decided, slices };
      // A cell that was cut because the reading broke off holds less than the next try will find in it.
      await visit.refuseUnread();
      if (await decide(next)) pending = undefined;
    }
  } finally {
    over.abort();
    // Perhaps nobody waits for it any more.
    pending?.catch(visit.onProblem);
  }
};
