/** Holds an object's lease while it is planned, so that no second planner takes it up; gives up at once when it is lost. */

import { RepriseError } from '../../core/errors.ts';
import type { PlannerClock } from './planner-clock.ts';

/** How long a planner that died keeps others from its object. */
export const LEASE_MS = 30_000;
/** What was caught comes back this soon, once nothing holds it any more. */
export const RETRY_AFTER_MS = 5_000;
/** Renewals may fail twice in a row before the lease runs out. */
export const RENEW_EVERY_MS = 10_000;

/** What a planner stops with that has lost its lease: each slice is marked under the lease, so nothing is done twice. */
export const leaseLost = (run: string): RepriseError =>
  new RepriseError('LEASE_LOST', `someone else plans the object of run ${run} by now`);

export interface Lease {
  /** Aborted once the lease is lost: someone else may be at work on the object. */
  readonly lost: AbortSignal;
  /** Ends the renewals; to be waited for before the lease is released. */
  stop(): Promise<void>;
}

export interface LeaseOptions {
  readonly clock: PlannerClock;
  /** False when the lease is another's by now. */
  readonly renew: () => Promise<boolean>;
  /** Told of renewals that failed; they are tried again as long as the lease lasts. */
  readonly onProblem: (error: unknown) => void;
}

/** Renews a lease that was just claimed until it is stopped or lost. */
export const holdLease = ({ clock, renew, onProblem }: LeaseOptions): Lease => {
  const lost = new AbortController();
  const stopping = new AbortController();
  let heldUntilMs = clock.now() + LEASE_MS;

  const renewOnce = async (): Promise<void> => {
    // From before the call: the table counts from when the call was made.
    const askedAtMs = clock.now();
    try {
      if (await renew()) heldUntilMs = askedAtMs + LEASE_MS;
      else lost.abort();
    } catch (error) {
      onProblem(error);
      if (clock.now() >= heldUntilMs) lost.abort();
    }
  };

  const renewals = (async () => {
    for (;;) {
      await clock.sleep(RENEW_EVERY_MS, stopping.signal);
      if (stopping.signal.aborted || lost.signal.aborted) return;
      await renewOnce();
    }
  })();

  return {
    lost: lost.signal,
    stop: () => {
      stopping.abort();
      return renewals;
    },
  };
};
