/** Plans one object: claims it, goes through it, and ends it or hands it on. */

import { hashHex } from '../../core/hash.ts';
import { LEAD_MS } from '../../core/pace/grid.ts';
import { closeObject, type PlannedTotals } from './close-object.ts';
import { handOver } from './hand-over.ts';
import { holdRest } from './hold-rest.ts';
import type { Cursor, Job, ObjectRef, Timing } from './job.ts';
import { holdLease, LEASE_MS, type Lease } from './lease.ts';
import type { Limits, OpenedObject, PlannerDeps } from './planner-deps.ts';
import type { StackMetrics } from './planner-metrics.ts';
import { runSlices } from './run-slices.ts';
import { watchSwitch } from './switch-watch.ts';
import { goneObject, openObject, refuseUnread } from './unread-object.ts';
import { type ClaimedObject, openVisit, type Visit } from './visit.ts';
import { openDispatcher, type VisitDispatcher } from './visit-dispatcher.ts';

export type ObjectOutcome =
  | ({ readonly kind: 'planned'; readonly run: string } & PlannedTotals)
  | { readonly kind: 'handedOver'; readonly run: string; readonly hop: number }
  /** Someone else is at it, or it is done. */
  | { readonly kind: 'duplicate'; readonly run: string; readonly isDone: boolean }
  | { readonly kind: 'gone'; readonly bucket: string; readonly key: string };

export interface PlanContext {
  readonly limits: Limits;
  readonly stackMetrics: StackMetrics;
  readonly onProblem: (error: unknown) => void;
}

/** Names an object in one version everywhere: in headers, state, results and ledger. */
export const runIdOf = (stack: string, { bucket, key, versionId, etag }: ObjectRef): string =>
  hashHex([stack, bucket, key, versionId ?? etag].join('\0'));

/** Whether somebody began the object and did not end it. */
const isBegun = async ({ stack, states }: PlannerDeps, object: ObjectRef): Promise<boolean> =>
  (await states.read(runIdOf(stack, object)))?.isDone === false;

const startOf = ({ clock, delayMs }: PlannerDeps, timing: Timing): number =>
  timing === 'live' ? delayMs : clock.now() + LEAD_MS;

type Claimed = ClaimedObject | Extract<ObjectOutcome, { kind: 'duplicate' }>;

const claimObject = async (
  deps: PlannerDeps,
  { bucket, key }: ObjectRef,
  input: OpenedObject,
  { cursor, timing }: { readonly cursor: Cursor | undefined; readonly timing: Timing },
): Promise<Claimed> => {
  const etag = input.etag.replaceAll('"', '');
  const { versionId } = input;
  const object = { bucket, key, etag, ...(versionId !== undefined && { versionId }) };
  const run = runIdOf(deps.stack, object);
  const owner = deps.newOwner();
  const claim = await deps.states.claim({
    run,
    owner,
    nowMs: deps.clock.now(),
    leaseMs: LEASE_MS,
    rulesHash: cursor?.rulesHash ?? deps.ruleSet.hash,
    startAtMs: cursor?.startAtMs ?? startOf(deps, timing),
    ...(cursor !== undefined && { hop: cursor.hop }),
  });
  if (claim.kind === 'duplicate') return { kind: 'duplicate', run, isDone: claim.isDone };
  const { rulesHash, startAtMs, counts, hop } = claim.state;
  // Should the item have been lost, the cursor still knows what must not be dispatched again.
  const nextSlice = Math.max(claim.state.nextSlice, cursor?.nextSlice ?? 0);
  return { run, owner, object, input, startAtMs, rulesHash, nextSlice, counts, hop };
};

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
    await refuseUnread(visit);
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
  await refuseUnread(visit);
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

/**
 * Plans one object as far as this invocation goes. Errors: what cannot be mended by trying again (an object that is gone, damaged
 * input, wrong lines) is counted and told in the outcome or the ledger; all else is thrown once the object is free for another try.
 */
export const planObject = async (
  job: Job,
  deps: PlannerDeps,
  context: PlanContext,
): Promise<ObjectOutcome> => {
  const { clock, states } = deps;
  const { stackMetrics, onProblem } = context;
  const cursor = job.kind === 'continuation' ? job.cursor : undefined;
  const object = job.kind === 'continuation' ? job.cursor.object : job.object;
  const timing = (job.kind === 'object' ? job.timing : undefined) ?? deps.timing;
  const found = await openObject(deps, object);
  if (found === undefined && !(await isBegun(deps, object))) {
    stackMetrics.emit({ ObjectsGone: 1 });
    return { kind: 'gone', bucket: object.bucket, key: object.key };
  }
  const input = found ?? goneObject(object);
  const claimed = await claimObject(deps, object, input, { cursor, timing });
  if ('kind' in claimed) {
    stackMetrics.emit({ ObjectsDuplicate: 1 });
    return claimed;
  }
  const { run, owner, hop } = claimed;
  const renew = () => states.renew({ run, owner, nowMs: clock.now(), leaseMs: LEASE_MS });
  const lease = holdLease({ clock, renew, onProblem });
  try {
    return await planClaimed(deps, claimed, lease, context);
  } catch (error) {
    await lease.stop();
    await states.release({ run, owner, hop }).catch(onProblem);
    throw error;
  } finally {
    await lease.stop();
  }
};
