/** Gives the rest of an object to the next invocation. */

import { RepriseError } from '../../core/errors.ts';
import { continuationEvent } from './event.ts';
import { LEASE_MS, leaseLost } from './lease.ts';
import type { Decided } from './run-slices.ts';
import type { Visit } from './visit.ts';
import type { VisitDispatcher } from './visit-dispatcher.ts';

/** Time that is kept free for giving up in good order. */
const RESERVE_MS = 10_000;
const FIRST_WAIT_MS = 200;
const MAX_WAIT_MS = 3_000;

const invokeNext = async ({ deps, limits, onProblem }: Visit, payload: string): Promise<boolean> => {
  const { clock, random, invokeSelf } = deps;
  for (let attempt = 0; ; attempt += 1) {
    try {
      if ((await invokeSelf(payload)) === 'accepted') return true;
    } catch (error) {
      onProblem(error);
    }
    const pauseMs = FIRST_WAIT_MS + random() * Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
    if (clock.now() + pauseMs > limits.endsAtMs - RESERVE_MS) return false;
    await clock.sleep(pauseMs);
  }
};

/** Takes the object back that nobody came for, so that the event by which this invocation came may be delivered again. */
const takeBack = async ({ deps, claimed }: Visit): Promise<void> => {
  const { states, clock } = deps;
  const { run, owner, source, hop, startAtMs, planHash: rulesHash } = claimed;
  const next = { run, owner, source, nowMs: clock.now(), leaseMs: LEASE_MS, hop: hop + 1 };
  const claim = await states.claim({ ...next, rulesHash, startAtMs });
  // Someone came for it after all.
  if (claim.kind === 'duplicate') return;
  await states.release({ run, owner, hop });
  throw new RepriseError('HAND_OVER_FAILED', `the planner could not start itself to go on with run ${run}`, {
    hint: 'look for throttling of the function, or for a missing permission to invoke itself',
  });
};

/**
 * Writes down how far the object has come, gives the lease away and starts the next invocation.
 *
 * @throws RepriseError LEASE_LOST; HAND_OVER_FAILED where the next one could not be started: the same event is to be tried again
 */
export const handOver = async (
  visit: Visit,
  dispatcher: VisitDispatcher,
  decided: Decided | undefined,
): Promise<void> => {
  const { deps, claimed, lease, progress, metrics } = visit;
  const { run, owner, object, startAtMs, planHash: rulesHash } = claimed;
  // What was held back is in the counts, so the next one must not decide on it again.
  const isUnmarked = decided !== undefined && decided.index !== dispatcher.lastMarked();
  if (isUnmarked && !(await dispatcher.mark(decided.index, progress.text(decided.rest))))
    throw leaseLost(run);
  metrics.noted();
  await lease.stop();
  const hop = claimed.hop + 1;
  const counts = decided === undefined ? undefined : progress.text(decided.rest);
  const isReleased = await deps.states.release({ run, owner, hop, ...(counts !== undefined && { counts }) });
  if (!isReleased) throw leaseLost(run);
  const nextSlice = decided === undefined ? claimed.nextSlice : decided.index + 1;
  const cursor = { object, rulesHash, startAtMs, nextSlice, hop };
  if (!(await invokeNext(visit, continuationEvent(cursor)))) await takeBack(visit);
};
