/** The replayer of one slice: its clock, and what holds its requests back. */

import type { Clock, Sender } from '../../core/ports.ts';
import type { Target } from '../../core/rules/rule-set.ts';
import { createReplayer, type Replayer } from '../../core/send/replayer.ts';
import type { HeldBackReason, PlannedRequest, Result } from '../../core/types.ts';
import type { OpenSlice } from './open-slice.ts';
import type { TargetWatch } from './watch-target.ts';

export interface SliceReplayerOptions {
  readonly slice: OpenSlice;
  readonly target: Target;
  readonly watch: TargetWatch;
  /** On its own clock, as it outlives the slice. */
  readonly sender: Sender;
  readonly clock: Clock;
  /** Instant on `clock` that due times count from. */
  readonly zeroMs: number;
  readonly onResult: (result: Result) => void;
}

export interface SliceReplayer extends Replayer {
  /** Most requests in flight at once so far. */
  mostInFlight(): number;
}

/** What the switch and the backoff level leave out, by the place of the request among those its rule chose. */
const thinnedBy = ({ share = 0 }: PlannedRequest, watch: TargetWatch): HeldBackReason | undefined => {
  const switchShare = watch.switchShare();
  if (share >= switchShare) return 'kill_switch';
  return share >= switchShare * watch.level() ? 'backoff' : undefined;
};

/**
 * Makes the replayer of a slice; due times are to be offered in order. The target's rate is held before: by the planners, who see all
 * of it, and for a slice that is moved by `overRate`. Here it would cut at other seconds' edges than theirs.
 */
export const createSliceReplayer = (options: SliceReplayerOptions): SliceReplayer => {
  const { slice, watch, sender, clock, zeroMs, onResult } = options;
  const { maxRatePerSecond: _, ...target } = options.target;
  const { startAtMs, notAfterMs } = slice.event;
  let most = 0;
  const onSliceClock: Sender = {
    ...sender,
    dispatch: (request, done) => {
      most = Math.max(most, replayer.inFlight());
      sender.dispatch(request, (outcome) => done({ ...outcome, endMs: outcome.endMs - zeroMs }));
    },
  };
  const replayer = createReplayer({
    sender: onSliceClock,
    clock: () => clock() - zeroMs,
    targets: { [target.name]: target },
    isLive: false,
    whyHeldBack: (request, nowMs) => (nowMs > notAfterMs - startAtMs ? 'late' : thinnedBy(request, watch)),
    // One is always let through: else senders that overlook one another could all wait for the others.
    maxInFlightOf: ({ maxInFlight }) => Math.max(1, maxInFlight - watch.othersInFlight()),
    onResult,
  });
  return { ...replayer, mostInFlight: () => most };
};
