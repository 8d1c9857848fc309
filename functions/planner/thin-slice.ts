/** What of a slice may go now, by switch, backoff and time, and why the rest may not. */

import type { SlicedRequest } from '../../core/pace/grid.ts';
import { NOT_AFTER_MS } from '../../core/pace/slice.ts';
import { whyThinned } from '../../core/send/thin.ts';
import type { HeldBackReason } from '../../core/types.ts';
import type { TargetLevel } from './target-levels.ts';

/** Requests held back for one reason. */
export interface HeldBack {
  readonly reason: HeldBackReason;
  readonly requests: readonly SlicedRequest[];
}

export interface ThinnedSlice {
  /** In the order of the slice. */
  readonly send: readonly SlicedRequest[];
  readonly heldBack: readonly HeldBack[];
}

/** What a target may be sent now. */
export interface Load extends TargetLevel {
  /** Share (0–1) that the switch lets through. */
  readonly switchShare: number;
}

export interface ThinOptions {
  readonly nowMs: number;
  /** Epoch instant that due offsets count from. */
  readonly startAtMs: number;
  readonly load: Load;
  /** Whether the backoff of a rule is off. */
  readonly isExempt: (rule: string) => boolean;
}

/** Whether a request is due while its target has asked to be left alone. */
export const isLeftAlone = (
  { request }: SlicedRequest,
  { startAtMs, load }: Pick<ThinOptions, 'startAtMs' | 'load'>,
): boolean => load.retryAtMs !== undefined && startAtMs + request.dueMs < load.retryAtMs;

/**
 * The levels (0–1) by which backoff thins these requests, of rules that back off: the lowest that any of them meets, and the one that
 * whatever of them may go has met. 1 where none of the rules does.
 */
export const levelsApplied = (
  requests: readonly SlicedRequest[],
  options: Pick<ThinOptions, 'startAtMs' | 'load' | 'isExempt'>,
): { readonly lowest: number; readonly level: number } => {
  const backing = requests.filter(({ request }) => !options.isExempt(request.rule));
  if (backing.length === 0) return { lowest: 1, level: 1 };
  const alone = backing.filter((sliced) => isLeftAlone(sliced, options)).length;
  const { level } = options.load;
  return { lowest: alone > 0 ? 0 : level, level: alone === backing.length ? 0 : level };
};

const reasonOf = (sliced: SlicedRequest, options: ThinOptions): HeldBackReason | undefined => {
  const { nowMs, startAtMs, load, isExempt } = options;
  const { request } = sliced;
  if (startAtMs + request.dueMs < nowMs - NOT_AFTER_MS) return 'late';
  const { switchShare, level } = load;
  if (isExempt(request.rule)) return whyThinned(request, { switchShare, level: 1 });
  return whyThinned(request, { switchShare, level, isLeftAlone: isLeftAlone(sliced, options) });
};

/** Holds back what is late, and what switch and backoff leave out: always the same clients first, as the sampling has it. */
export const thinSlice = (requests: readonly SlicedRequest[], options: ThinOptions): ThinnedSlice => {
  const send: SlicedRequest[] = [];
  const held = new Map<HeldBackReason, SlicedRequest[]>();
  for (const sliced of requests) {
    const reason = reasonOf(sliced, options);
    const there = reason === undefined ? send : held.get(reason);
    if (there !== undefined) there.push(sliced);
    else if (reason !== undefined) held.set(reason, [sliced]);
  }
  return { send, heldBack: Array.from(held, ([reason, of]) => ({ reason, requests: of })) };
};

/** The same with `over` held back as well. */
export const holdBackAlso = (
  thinned: ThinnedSlice,
  over: readonly SlicedRequest[],
  reason: HeldBackReason,
): ThinnedSlice => {
  if (over.length === 0) return thinned;
  const out = new Set(over);
  return {
    send: thinned.send.filter((sliced) => !out.has(sliced)),
    heldBack: [...thinned.heldBack, { reason, requests: over }],
  };
};
