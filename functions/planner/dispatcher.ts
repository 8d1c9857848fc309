/**
 * Sends slices on their way: thins each by what may go now, marks it, and invokes a sender. The mark comes first, so that whatever
 * happens in between, no slice is ever dispatched twice; one that was marked and not invoked shows as undelivered.
 */

import { RepriseError } from '../../core/errors.ts';
import { addMs, type Histogram, newHistogram } from '../../core/measure/histogram.ts';
import { LEAD_MS, type Slice, type SlicedRequest } from '../../core/pace/grid.ts';
import {
  MAX_RULES_TOLD,
  NOT_AFTER_MS,
  SLICE_VERSION,
  type SliceEvent,
  type SliceObject,
} from '../../core/pace/slice.ts';
import { encodeSliceData } from '../../io/slice-codec.ts';
import { type DeliverOptions, deliverSlice } from './deliver-slice.ts';
import { leaseLost } from './lease.ts';
import { giveBackBudgets, type LimitDeps, limitSlice } from './limit-slice.ts';
import type { SliceMetrics } from './planner-metrics.ts';
import { withProbes } from './probes.ts';
import type { Progress, Rest } from './progress.ts';
import type { TargetLevel } from './target-levels.ts';
import { type Load, levelsApplied, type ThinnedSlice, thinSlice } from './thin-slice.ts';

/** Invocations of senders under way at once. */
export const MAX_INVOKES = 8;

export interface DispatcherOptions extends DeliverOptions, LimitDeps {
  readonly run: string;
  readonly object: SliceObject;
  readonly progress: Progress;
  readonly metrics: SliceMetrics;
  /** To be waited for before a slice is thinned: what is to be known, or to be set, of its target's level. */
  readonly begin: (slice: Slice) => Promise<unknown>;
  readonly levelOf: (target: string) => TargetLevel;
  /** Notes the slice as dispatched; false where the lease is lost. */
  readonly mark: (index: number, counts: string) => Promise<boolean>;
  readonly recordedP95Ms: (target: string) => number | undefined;
  /** The same of each of these rules that has any, to its target. */
  readonly recordedP95MsOf: (rules: readonly string[]) => Readonly<Record<string, number>>;
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

const isWhole = ({ requests }: Slice, send: readonly SlicedRequest[]): boolean =>
  send.length === requests.length && send.every((sliced, i) => sliced === requests[i]);

/** Those with the most requests first: where there are too many, the others go by what is known of the target. */
const rulesToTell = (send: readonly SlicedRequest[]): readonly string[] =>
  [...Map.groupBy(send, ({ request }) => request.rule)]
    .toSorted(([, a], [, b]) => b.length - a.length)
    .slice(0, MAX_RULES_TOLD)
    .map(([rule]) => rule);

const requestsOf = (sliced: readonly SlicedRequest[]) => sliced.map(({ request }) => request);

/** Makes the dispatcher of one object. */
export const createDispatcher = (options: DispatcherOptions): Dispatcher => {
  const { clock, progress, metrics, startAtMs, rules } = options;
  const underWay = new Set<Promise<void>>();
  const lagMs = newHistogram();
  let lastDueAtMs: number | undefined;
  let lastMarked: number | undefined;
  const isExempt = (rule: string): boolean => rules.get(rule)?.backoff.kind === 'off';

  const thin = async ({ target, requests, startMs }: Slice, load: Load): Promise<ThinnedSlice> => {
    const thinned = thinSlice(requests, { nowMs: clock.now(), startAtMs, load, isExempt });
    // Before the mark, as the mark says how much is dispatched.
    const limited = await limitSlice(thinned, target, options);
    return withProbes(limited, { ...options, target, startMs, load, isExempt });
  };

  const mark = async (slice: Slice, send: readonly SlicedRequest[], counts: string): Promise<void> => {
    // Where it throws nobody knows whether it is marked: its room stays taken then, so that less is sent and never more.
    if (await options.mark(slice.index, counts)) return;
    await giveBackBudgets(slice.target, send, options);
    throw leaseLost(options.run);
  };

  const eventOf = (slice: Slice, send: readonly SlicedRequest[], share: number): SliceEvent => {
    const recordedP95Ms = options.recordedP95Ms(slice.target);
    const recordedP95MsOf = options.recordedP95MsOf(rulesToTell(send));
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
      ...(Object.keys(recordedP95MsOf).length > 0 && { recordedP95MsOf }),
      // Packed already, where nothing was taken out of it, nor made a probe.
      data: isWhole(slice, send) ? slice.data : encodeSliceData(send.map(({ line }) => line)),
    };
  };

  const deliver = async (slice: Slice, send: readonly SlicedRequest[], payload: string): Promise<void> => {
    const delivery = await deliverSlice(payload, startAtMs + slice.lastDueMs, options);
    if (delivery.kind === 'heldBack') {
      progress.undispatch(requestsOf(send), delivery.reason);
      metrics.settled(requestsOf(send), delivery.reason);
      await giveBackBudgets(slice.target, send, options);
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
      await options.begin(slice);
      const load = { switchShare: options.share(), ...options.levelOf(slice.target) };
      const { send, heldBack } = await thin(slice, load);
      const { lowest, level } = levelsApplied(slice.requests, { startAtMs, load, isExempt });
      metrics.levelSeen(slice, lowest);
      for (const { reason, requests } of heldBack) {
        progress.holdBack(requestsOf(requests), reason);
        metrics.decided(requestsOf(requests), reason);
      }
      if (send.length === 0) return;
      const payload = JSON.stringify(eventOf(slice, send, load.switchShare * level));
      progress.dispatch(requestsOf(send));
      await mark(slice, send, progress.text(rest));
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
