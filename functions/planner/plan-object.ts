/** Plans one object: claims it, goes through it, and ends it or hands it on. */

import { LEAD_MS } from '../../core/pace/grid.ts';
import { claimObject, type Duplicate, runIdOf, type TryAgain } from './claim-object.ts';
import { closeObject, type PlannedTotals } from './close-object.ts';
import { handOver } from './hand-over.ts';
import { holdRest } from './hold-rest.ts';
import type { Job, ObjectRef } from './job.ts';
import { holdLease, LEASE_MS, type Lease, RETRY_AFTER_MS } from './lease.ts';
import type { Limits, PlannerDeps } from './planner-deps.ts';
import type { StackMetrics } from './planner-metrics.ts';
import { runSlices } from './run-slices.ts';
import { watchSwitch } from './switch-watch.ts';
import { goneObject, openObject } from './unread-object.ts';
import { type ClaimedObject, openVisit, type Visit } from './visit.ts';
import { openDispatcher, type VisitDispatcher } from './visit-dispatcher.ts';

export type ObjectOutcome =
  | ({ readonly kind: 'planned'; readonly run: string } & PlannedTotals)
  | { readonly kind: 'handedOver'; readonly run: string; readonly hop: number }
  | Duplicate
  | { readonly kind: 'gone'; readonly bucket: string; readonly key: string };

export interface PlanContext {
  readonly limits: Limits;
  /** Names the event that asks for the object, the same whenever that event is delivered again; undefined where it never is. */
  readonly source: string | undefined;
  readonly stackMetrics: StackMetrics;
  readonly onProblem: (error: unknown) => void;
}

/** Whether somebody began the object and did not end it. */
const isBegun = async ({ stack, states }: PlannerDeps, object: ObjectRef): Promise<boolean> =>
  (await states.read(runIdOf(stack, object)))?.isDone === false;

/** Senders look at what planners mirror of the switch, so one stays until all that it dispatched is due. */
const stayUntilDue = async ({ deps, limits }: Visit, dispatcher: VisitDispatcher): Promise<void> => {
  const untilMs = Math.min(dispatcher.lastDueAtMs() ?? 0, limits.endsAtMs - LEAD_MS);
  while (deps.clock.now() < untilMs) await deps.clock.sleep(untilMs - deps.clock.now());
};

const runPaced = async (visit: Visit): Promise<ObjectOutcome> => {
  const { run, hop } = visit.claimed;
  const dispatcher = openDispatcher(visit);
  try {
    const end = await runSlices(visit, dispatcher);
    await dispatcher.drain();
    if (end.kind === 'handOver') {
      await handOver(visit, dispatcher, end.decided);
      return { kind: 'handedOver', run, hop: hop + 1 };
    }
    await visit.refuseUnread();
    const totals = await closeObject(visit, { slices: end.slices, lagMs: dispatcher.lagMs });
    await stayUntilDue(visit, dispatcher);
    return { kind: 'planned', run, ...totals };
  } finally {
    await dispatcher.drain();
  }
};

const runVisit = async (visit: Visit): Promise<ObjectOutcome> => {
  const { claimed, before, watch } = visit;
  const { run, nextSlice } = claimed;
  const isOff = nextSlice === 0 && (await watch.first) === 'off';
  if (before === undefined && !isOff) return runPaced(visit);
  await holdRest(visit, before === undefined ? 'kill_switch' : 'rules_changed');
  await visit.refuseUnread();
  const totals = await closeObject(visit, { slices: nextSlice });
  return { kind: 'planned', run, ...totals };
};

const planClaimed = async (
  deps: PlannerDeps,
  claimed: ClaimedObject,
  lease: Lease,
  context: PlanContext,
): Promise<ObjectOutcome> => {
  const { clock, readSwitch, mirrorSwitch, ruleSet } = deps;
  const watch = watchSwitch({
    clock,
    read: readSwitch,
    mirror: mirrorSwitch,
    targets: Object.keys(ruleSet.targets),
    onReading: context.stackMetrics.switchReading,
    onProblem: context.onProblem,
  });
  const visit = openVisit({ deps, claimed, lease, watch, ...context });
  try {
    return await runVisit(visit);
  } finally {
    visit.stream.stop();
    visit.metrics.flush();
    await watch.stop();
  }
};

/** Gives the object back that could not be planned. */
const giveBack = async (
  { states }: PlannerDeps,
  { run, owner, hop }: ClaimedObject,
  { onProblem }: PlanContext,
): Promise<Pick<TryAgain, 'afterMs'>> => {
  try {
    await states.release({ run, owner, hop });
    return { afterMs: RETRY_AFTER_MS };
  } catch (error) {
    onProblem(error);
    // It may have been renewed up to now.
    return { afterMs: LEASE_MS + RETRY_AFTER_MS };
  }
};

/**
 * Plans one object as far as this invocation goes. Errors: what cannot be mended by trying again (an object that is gone, damaged
 * input, wrong lines) is counted and told in the outcome or the ledger; all else is to be tried again, or is thrown where it was met
 * before the object was claimed.
 */
export const planObject = async (
  job: Job,
  deps: PlannerDeps,
  context: PlanContext,
): Promise<ObjectOutcome | TryAgain> => {
  const { clock, states } = deps;
  const { stackMetrics, onProblem, source } = context;
  const cursor = job.kind === 'continuation' ? job.cursor : undefined;
  const object = job.kind === 'continuation' ? job.cursor.object : job.object;
  const timing = (job.kind === 'object' ? job.timing : undefined) ?? deps.timing;
  const found = await openObject(deps, object);
  if (found === undefined && !(await isBegun(deps, object))) {
    stackMetrics.emit({ ObjectsGone: 1 });
    return { kind: 'gone', bucket: object.bucket, key: object.key };
  }
  const input = found ?? goneObject(object);
  const claimed = await claimObject(deps, object, input, { cursor, timing, source });
  if ('kind' in claimed) {
    if (claimed.kind === 'duplicate') stackMetrics.emit({ ObjectsDuplicate: 1 });
    return claimed;
  }
  const { run, owner } = claimed;
  const renew = () => states.renew({ run, owner, nowMs: clock.now(), leaseMs: LEASE_MS });
  const lease = holdLease({ clock, renew, onProblem });
  try {
    return await planClaimed(deps, claimed, lease, context);
  } catch (error) {
    await lease.stop();
    return { kind: 'again', error, ...(await giveBack(deps, claimed, context)) };
  } finally {
    await lease.stop();
  }
};
