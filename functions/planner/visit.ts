/** One invocation's work on one object that it holds the lease of. */

import type { RepriseError } from '../../core/errors.ts';
import { type Accounting, newAccounting } from '../../core/measure/accounting.ts';
import type { DispatchCounts } from '../../core/report/ledger.ts';
import { DEFAULT_SEED } from '../../core/rules/rule-set.ts';
import { openPlannedStream, type PlannedStream } from '../../io/planned-stream.ts';
import type { ObjectRef, Timing } from './job.ts';
import type { Lease } from './lease.ts';
import { planHashOf } from './plan-hash.ts';
import type { Limits, OpenedObject, PlannerDeps } from './planner-deps.ts';
import { createSliceMetrics, type SliceMetrics, type StackMetrics } from './planner-metrics.ts';
import { createProgress, endedUnderOldRules, noProgress, type Progress, parseProgress } from './progress.ts';
import { createRejectSample, type RejectSample } from './rejects.ts';
import type { SwitchWatch } from './switch-watch.ts';
import { createUnreadRefusal } from './unread-object.ts';

/** What the claim of an object gave. */
export interface ClaimedObject {
  readonly run: string;
  readonly owner: string;
  /** The event that it is planned for; see `PlanContext`. */
  readonly source: string | undefined;
  /** With the version and etag that it has. */
  readonly object: ObjectRef;
  readonly input: OpenedObject;
  /** Epoch instant that due offsets count from. */
  readonly startAtMs: number;
  /** Rules, and way of slicing, that the object was begun with. */
  readonly planHash: string;
  /** Slices below this one are decided. */
  readonly nextSlice: number;
  /** What was kept of how far it came. */
  readonly counts: string | undefined;
  readonly hop: number;
}

export interface Visit {
  readonly deps: PlannerDeps;
  readonly limits: Limits;
  readonly claimed: ClaimedObject;
  readonly lease: Lease;
  readonly watch: SwitchWatch;
  readonly stackMetrics: StackMetrics;
  readonly timing: Timing;
  readonly stream: PlannedStream;
  readonly accounting: Accounting;
  readonly rejects: RejectSample;
  readonly progress: Progress;
  readonly metrics: SliceMetrics;
  /** Set where the object was begun under other rules: what became of its first part, by rule. */
  readonly before?: Readonly<Record<string, DispatchCounts>>;
  /** Slices were dispatched, but what was in them is not known any more. */
  readonly areCountsLost: boolean;
  /** Why the object could not be read to its end. */
  readonly inputErrors: readonly RepriseError[];
  /** Throws where that is worth another try; to be asked before anything is decided on what was read. */
  readonly refuseUnread: () => Promise<void>;
  readonly onProblem: (error: unknown) => void;
}

export interface VisitParts
  extends Pick<Visit, 'deps' | 'limits' | 'claimed' | 'lease' | 'watch' | 'stackMetrics' | 'onProblem'> {}

/** An epoch start is no delay: no delay is as long as this. */
const MAX_DELAY_MS = 30 * 365 * 86_400_000;

/** The timing an object was begun with, whatever is set by now. */
export const timingOf = (startAtMs: number): Timing => (startAtMs < MAX_DELAY_MS ? 'live' : 'arrival');

const LOST = {
  code: 'STATE_LOST',
  message: 'how far the object had come was not kept; slices before count as dispatched whole',
};

/** Opens the plan of a claimed object, to go on where it was left. */
export const openVisit = (parts: VisitParts): Visit => {
  const { deps, claimed } = parts;
  const { stack, clock, write, ruleSet } = deps;
  const { run, input, startAtMs, nextSlice } = claimed;
  const kept = parseProgress(claimed.counts);
  const isChanged = claimed.planHash !== planHashOf(ruleSet);
  const areCountsLost = kept === undefined && nextSlice > 0;
  const start = kept ?? noProgress(clock.now());
  const progress = createProgress(isChanged ? { ...start, dispatch: {} } : start);
  if (areCountsLost) progress.error(LOST);

  const timing = timingOf(startAtMs);
  const accounting = newAccounting(ruleSet.rules.map(({ name }) => name));
  const rejects = createRejectSample();
  const inputErrors: RepriseError[] = [];
  const stream = openPlannedStream({
    inputs: [input],
    ruleSet,
    seed: DEFAULT_SEED,
    runId: run,
    originLogAtMs: timing === 'live' ? 0 : undefined,
    fromMs: isChanged ? start.rest?.fromMs : undefined,
    accounting,
    onRejected: rejects.add,
    onInputError: (error) => inputErrors.push(error),
  });
  const options = { stack, clock, write, run, startAtMs };
  return {
    ...parts,
    timing,
    stream,
    accounting,
    rejects,
    progress,
    metrics: createSliceMetrics(options),
    ...(isChanged && { before: endedUnderOldRules(start) }),
    areCountsLost,
    inputErrors,
    refuseUnread: createUnreadRefusal(deps, claimed.object, inputErrors),
  };
};
