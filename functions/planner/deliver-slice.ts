/** Hands one slice to a sender: throttling is waited out as long as the slice is worth sending. */

import type { HeldBackReason } from '../../core/types.ts';
import type { PlannerClock } from './planner-clock.ts';

export interface DeliverOptions {
  readonly clock: PlannerClock;
  /** In [0, 1): spreads the retries of many planners. */
  readonly random: () => number;
  /** Starts a sender with the slice and does not wait for it. */
  readonly invoke: (payload: string) => Promise<'accepted' | 'throttled'>;
  /** Share that may be sent now. */
  readonly share: () => number;
  /** Nobody else may be at work on the object. */
  readonly lost: AbortSignal;
}

/** How a delivery ended; after `failed` a sender may have the slice or not: it is left to the results to tell. */
export type Delivery =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'heldBack'; readonly reason: HeldBackReason }
  | { readonly kind: 'failed'; readonly error: unknown };

const FIRST_WAIT_MS = 100;
const MAX_WAIT_MS = 1_600;

/** Full jitter over a span that doubles with each attempt, but never quite at once. */
const waitMs = (attempt: number, random: number): number =>
  FIRST_WAIT_MS / 2 + random * Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);

/**
 * Delivers `payload`.
 *
 * @param untilMs - epoch instant after which a slice that is still throttled is held back
 */
export const deliverSlice = async (
  payload: string,
  untilMs: number,
  { clock, random, invoke, share, lost }: DeliverOptions,
): Promise<Delivery> => {
  for (let attempt = 0; ; attempt += 1) {
    try {
      if ((await invoke(payload)) === 'accepted') return { kind: 'accepted' };
    } catch (error) {
      return { kind: 'failed', error };
    }
    const pauseMs = waitMs(attempt, random());
    if (clock.now() + pauseMs > untilMs) return { kind: 'heldBack', reason: 'throttled' };
    await clock.sleep(pauseMs, lost);
    if (lost.aborted) return { kind: 'heldBack', reason: 'throttled' };
    if (share() <= 0) return { kind: 'heldBack', reason: 'kill_switch' };
  }
};
