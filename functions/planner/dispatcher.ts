/**
 * Sends slices on their way: thins each by what may go now, marks it, and invokes a sender. The mark comes first, so that whatever
 * happens in between, no slice is ever dispatched twice; one that was marked and not invoked shows as undelivered.
 */

import { RepriseError } from '../../core/errors.ts';
import { addMs, type Histogram, newHistogram } from '../../core/measure/histogram.ts';
import { LEAD_MS, type Slice, type SlicedRequest } from '../../core/pace/grid.ts';
import { NOT_AFTER_MS, SLICE_VERSION, type SliceEvent, type SliceObject } from '../../core/pace/slice.ts';
import type { Target } from '../../core/rules/rule-set.ts';
import { encodeSliceData } from '../../io/slice-codec.ts';
import { type DeliverOptions, deliverSlice } from './deliver-slice.ts';
import { leaseLost } from './lease.ts';
import type { SliceMetrics } from './planner-metrics.ts';
import type { Progress, Rest } from './progress.ts';
import { limitRate, type TakeRate, type ThinnedSlice, thinSlice } from './thin-slice.ts';

/** Invocations of senders under way at once. */
export const MAX_INVOKES = 8;
/** Until the safety issue, backoff lets everything through. */
export const BACKOFF_LEVEL = 1;

export interface DispatcherOptions extends DeliverOptions {
  readonly run: string;
  readonly object: SliceObject;
  readonly rulesHash: string;
  /** Epoch instant that due offsets count from. */
  readonly startAtMs: number;
  readonly targets: Readonly<Record<string, Target>>;
  readonly progress: Progress;
  readonly metrics: SliceMetrics;
  readonly takeRate: TakeRate;
  /** Notes the slice as dispatched; false where the lease is lost. */
  readonly mark: (index: number, counts: string) => Promise<boolean>;
  readonly recordedP95Ms: (target: string) => number | undefined;
  /** Told of invocations that failed. */
  readonly onProblem: (error: unknown) => void;
}

export interface Dispatcher {
  /**
   * Dispatches what may go of a slice; resolves once it is marked, while its invocation is under way.
   *
   * @param rest - what is not decided yet when this slice is
   * @throws RepriseError LEASE_LOST where someone else has taken over
   */
  dispatch(slice: Slice, rest: Rest): Promise<void>;
  /** Resolves when no invocation is under way any more. */
  drain(): Promise<void>;
  /** The last slice marked here. */
  lastMarked(): number | undefined;
  /** How late slices were handed over, counted from the lead before they are due. */
  readonly lagMs: Histogram;
  /** Epoch instant at which the last of what was dispatched is due. */
  lastDueAtMs(): number | undefined;
}

const requestsOf = (sliced: readonly SlicedRequest[]) => sliced.map(({ request }) => request);

/** Makes the dispatcher of one object. */
export const createDispatcher = (options: DispatcherOptions): Dispatcher => {
  const { clock, progress, metrics, startAtMs, targets } = options;
  const underWay = new Set<Promise<void>>();
  const lagMs = newHistogram();
  let lastDueAtMs: number | undefined;
  let lastMarked: number | undefined;

  const thin = async (slice: Slice, share: number): Promise<ThinnedSlice> => {
    const allowed = thinSlice(slice.requests, { nowMs: clock.now(), startAtMs, share });
    const { target } = slice;
    const maxRatePerSecond = targets[target]?.maxRatePerSecond;
    if (maxRatePerSecond === undefined || allowed.send.length === 0) return allowed;
    const { takeRate } = options;
    // Before the mark, as the mark says how much is dispatched. Should the mark fail, the next try finds the room taken and sends less
    // than the rate allows: never more.
    const limited = await limitRate(allowed.send, { target, maxRatePerSecond, startAtMs, takeRate });
    return { send: limited.send, heldBack: [...allowed.heldBack, ...limited.heldBack] };
  };

  const eventOf = (slice: Slice, send: readonly SlicedRequest[], share: number): SliceEvent => {
    const recordedP95Ms = options.recordedP95Ms(slice.target);
    return {
      version: SLICE_VERSION,
      run: options.run,
      object: options.object,
      index: slice.index,
      rulesHash: options.rulesHash,
      target: slice.target,
      startAtMs: startAtMs + slice.startMs,
      notAfterMs: startAtMs + slice.lastDueMs + NOT_AFTER_MS,
      requests: send.length,
      planned: slice.requests.length,
      share,
      ...(recordedP95Ms !== undefined && { recordedP95Ms }),
      // Packed already, where nothing was taken out of it.
      data:
        send.length === slice.requests.length ? slice.data : encodeSliceData(send.map(({ line }) => line)),
    };
  };

  const deliver = async (slice: Slice, send: readonly SlicedRequest[], payload: string): Promise<void> => {
    const delivery = await deliverSlice(payload, startAtMs + slice.lastDueMs, options);
    if (delivery.kind === 'heldBack') {
      progress.undispatch(requestsOf(send), delivery.reason);
      metrics.settled(requestsOf(send), delivery.reason);
      return;
    }
    addMs(lagMs, Math.max(0, clock.now() - (startAtMs + slice.startMs - LEAD_MS)));
    if (delivery.kind === 'failed') {
      const { error } = delivery;
      progress.error({
        code: error instanceof RepriseError ? error.code : 'DISPATCH_FAILED',
        message: error instanceof Error ? error.message : String(error),
      });
      options.onProblem(error);
    }
    metrics.settled(requestsOf(send));
    lastDueAtMs = Math.max(lastDueAtMs ?? Number.NEGATIVE_INFINITY, startAtMs + slice.lastDueMs);
  };

  return {
    dispatch: async (slice, rest) => {
      while (underWay.size >= MAX_INVOKES) await Promise.race(underWay);
      const share = options.share() * BACKOFF_LEVEL;
      const { send, heldBack } = await thin(slice, share);
      for (const { reason, requests } of heldBack) {
        progress.holdBack(requests, reason);
        metrics.decided(requests, reason);
      }
      if (send.length === 0) return;
      const payload = JSON.stringify(eventOf(slice, send, share));
      progress.dispatch(requestsOf(send));
      if (!(await options.mark(slice.index, progress.text(rest)))) throw leaseLost(options.run);
      lastMarked = slice.index;
      metrics.noted();
      const delivery = deliver(slice, send, payload).finally(() => underWay.delete(delivery));
      underWay.add(delivery);
    },
    drain: async () => {
      while (underWay.size > 0) await Promise.all(underWay);
    },
    lastMarked: () => lastMarked,
    lastDueAtMs: () => lastDueAtMs,
    lagMs,
  };
};
