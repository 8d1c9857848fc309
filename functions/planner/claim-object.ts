/** Takes an object up for planning, unless it is another's. */

import { RepriseError } from '../../core/errors.ts';
import { hashHex } from '../../core/hash.ts';
import { LEAD_MS } from '../../core/pace/grid.ts';
import type { Claim } from '../../io/aws/object-state.ts';
import type { Cursor, ObjectRef, Timing } from './job.ts';
import { LEASE_MS, RETRY_AFTER_MS } from './lease.ts';
import { planHashOf } from './plan-hash.ts';
import type { OpenedObject, PlannerDeps } from './planner-deps.ts';
import type { ClaimedObject } from './visit.ts';

/** What is to be tried again, and when: not before nothing of this try holds the object any more. */
export interface TryAgain {
  readonly kind: 'again';
  readonly error: unknown;
  readonly afterMs: number;
}

/** An object that someone else is at, or that is done. */
export interface Duplicate {
  readonly kind: 'duplicate';
  readonly run: string;
  readonly isDone: boolean;
}

/** What a claim is made for. */
export interface Asked {
  readonly cursor: Cursor | undefined;
  readonly timing: Timing;
  /** Names the event that asks, the same whenever it is delivered again; undefined where it never is. */
  readonly source: string | undefined;
}

/** Names an object in one version everywhere: in headers, state, results and ledger. */
export const runIdOf = (stack: string, { bucket, key, versionId, etag }: ObjectRef): string =>
  hashHex([stack, bucket, key, versionId ?? etag].join('\0'));

const startOf = ({ clock, delayMs }: PlannerDeps, timing: Timing): number =>
  timing === 'live' ? delayMs : clock.now() + LEAD_MS;

/**
 * What becomes of a delivery whose object is claimed. Who claimed it for another event has that one to come back should it fail, so this
 * one may go. But an earlier delivery of this very event may have died a moment ago, and then nothing else comes back.
 */
const refuse = (
  run: string,
  { isDone, leaseUntilMs, source }: Extract<Claim, { kind: 'duplicate' }>,
  asking: { readonly source: string | undefined; readonly nowMs: number },
): Duplicate | TryAgain => {
  const { nowMs } = asking;
  const isOwn = asking.source !== undefined && asking.source === source;
  if (isDone || !isOwn) return { kind: 'duplicate', run, isDone };
  const message = `an earlier delivery of the same event holds the object of run ${run}`;
  const hint = 'it comes back once the lease of that one has run out';
  const error = new RepriseError('LEASE_HELD', message, { hint });
  // One that has let go since was not done either: then nothing is to be waited for.
  const leftMs = Math.max(0, leaseUntilMs - nowMs);
  return { kind: 'again', error, afterMs: leftMs + RETRY_AFTER_MS };
};

/**
 * Claims the object for a new owner.
 *
 * @throws RepriseError AWS_…; whether it is claimed is then unknown
 */
export const claimObject = async (
  deps: PlannerDeps,
  { bucket, key }: ObjectRef,
  input: OpenedObject,
  { cursor, timing, source }: Asked,
): Promise<ClaimedObject | Duplicate | TryAgain> => {
  const etag = input.etag.replaceAll('"', '');
  const { versionId } = input;
  const object = { bucket, key, etag, ...(versionId !== undefined && { versionId }) };
  const run = runIdOf(deps.stack, object);
  const owner = deps.newOwner();
  const nowMs = deps.clock.now();
  const claim = await deps.states.claim({
    run,
    owner,
    source,
    nowMs,
    leaseMs: LEASE_MS,
    rulesHash: cursor?.rulesHash ?? planHashOf(deps.ruleSet),
    startAtMs: cursor?.startAtMs ?? startOf(deps, timing),
    ...(cursor !== undefined && { hop: cursor.hop }),
  });
  if (claim.kind === 'duplicate') return refuse(run, claim, { source, nowMs });
  const { rulesHash: planHash, startAtMs, counts, hop } = claim.state;
  // Should the item have been lost, the cursor still knows what must not be dispatched again.
  const nextSlice = Math.max(claim.state.nextSlice, cursor?.nextSlice ?? 0);
  return { run, owner, source, object, input, startAtMs, planHash, nextSlice, counts, hop };
};
