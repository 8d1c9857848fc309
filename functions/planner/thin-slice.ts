/** What of a slice may go now, and why the rest may not. */

import { byDueSecond, inOrderOfShare } from '../../core/pace/due-seconds.ts';
import type { SlicedRequest } from '../../core/pace/grid.ts';
import { NOT_AFTER_MS } from '../../core/pace/slice.ts';
import type { HeldBackReason, PlannedRequest } from '../../core/types.ts';

/** Requests held back for one reason. */
export interface HeldBack {
  readonly reason: HeldBackReason;
  readonly requests: readonly PlannedRequest[];
}

export interface ThinnedSlice {
  readonly send: readonly SlicedRequest[];
  readonly heldBack: readonly HeldBack[];
}

export interface ThinOptions {
  readonly nowMs: number;
  /** Epoch instant that due offsets count from. */
  readonly startAtMs: number;
  /** Switch × backoff level. */
  readonly share: number;
}

const shareOf = ({ request }: SlicedRequest): number => request.share ?? 0;

const requestsOf = (sliced: readonly SlicedRequest[]): readonly PlannedRequest[] =>
  sliced.map(({ request }) => request);

/** Holds back what is late, and what the switch leaves out: always the same clients first, as the sampling has it. */
export const thinSlice = (
  requests: readonly SlicedRequest[],
  { nowMs, startAtMs, share }: ThinOptions,
): ThinnedSlice => {
  const late: PlannedRequest[] = [];
  const off: PlannedRequest[] = [];
  const send: SlicedRequest[] = [];
  for (const sliced of requests) {
    if (startAtMs + sliced.request.dueMs < nowMs - NOT_AFTER_MS) late.push(sliced.request);
    else if (shareOf(sliced) >= share) off.push(sliced.request);
    else send.push(sliced);
  }
  const heldBack: HeldBack[] = [];
  if (late.length > 0) heldBack.push({ reason: 'late', requests: late });
  if (off.length > 0) heldBack.push({ reason: 'kill_switch', requests: off });
  return { send, heldBack };
};

/** Asks for `count` requests in one second of due time; resolves with how many of them may be sent. */
export type TakeRate = (ask: {
  readonly target: string;
  readonly dueSecond: number;
  readonly count: number;
  readonly maxPerSecond: number;
}) => Promise<number>;

export interface RateOptions {
  readonly target: string;
  readonly maxRatePerSecond: number;
  readonly startAtMs: number;
  readonly takeRate: TakeRate;
}

/**
 * Holds back what is over the target's rate in any second. What stays is what a lower percentage would have kept, so that a client's
 * requests stay or go together.
 */
export const limitRate = async (
  requests: readonly SlicedRequest[],
  { target, maxRatePerSecond, startAtMs, takeRate }: RateOptions,
): Promise<ThinnedSlice> => {
  const kept = await Promise.all(
    [...byDueSecond(requests, startAtMs)].map(async ([dueSecond, asked]) => {
      const count = asked.length;
      const allowed = await takeRate({ target, dueSecond, count, maxPerSecond: maxRatePerSecond });
      if (allowed >= count) return asked;
      return inOrderOfShare(asked).slice(0, Math.max(0, allowed));
    }),
  );
  const send = kept.flat().toSorted((a, b) => a.n - b.n);
  if (send.length === requests.length) return { send, heldBack: [] };
  const sent = new Set(send);
  const over = requestsOf(requests.filter((sliced) => !sent.has(sliced)));
  return { send, heldBack: [{ reason: 'max_rate', requests: over }] };
};
