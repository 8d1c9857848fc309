/** Who plans an object, and how far it has come: one item an object, with a lease and the last slice that was marked. */

import { randomUUID } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type Attributes, getItem, numberOf, textOf, updateItem } from './dynamodb.ts';
import { claimChange, finishChange, markChange, releaseChange, renewChange } from './object-changes.ts';

/** How far the planning of an object has come. */
export interface ObjectState {
  /** Rules that it was begun with. */
  readonly rulesHash: string;
  /** Epoch ms from which due times count, as set when it was begun. */
  readonly startAtMs: number;
  /** Slices below this one may have been invoked, and must not be again. */
  readonly nextSlice: number;
  /** What `mark`, `release` or `finish` last wrote. */
  readonly counts: string | undefined;
  /** How often it was handed over. */
  readonly hop: number;
  /** Somebody else had begun it. */
  readonly isResumed: boolean;
}

export type Claim =
  | { readonly kind: 'claimed'; readonly state: ObjectState }
  /** Somebody else is at it, or it is done. */
  | {
      readonly kind: 'duplicate';
      readonly isDone: boolean;
      /** The `source` of whoever claimed it last. */
      readonly source: string | undefined;
      /** Epoch ms; in the past where it was given away. */
      readonly leaseUntilMs: number;
    };

interface Held {
  readonly run: string;
  /** Unique to the invocation: not the request id, which AWS gives to its repeats too. */
  readonly owner: string;
}

interface Leased extends Held {
  /** Epoch ms. */
  readonly nowMs: number;
  readonly leaseMs: number;
}

/** Asks for the lease of an object. */
export interface ClaimOptions extends Leased {
  readonly rulesHash: string;
  readonly startAtMs: number;
  readonly hop?: number;
  /** Names the event that the claim is made for, the same whenever it is delivered again; default: the owner, for one that never is. */
  readonly source?: string | undefined;
}

export interface ObjectStates {
  /**
   * Takes the lease. It is had where the object is new, or is not done and its lease has run out; with `hop`, only once it was handed
   * over that often. More often will do: who was to come for it then may never have been started. What stands in the item of rules
   * and start wins over what is given.
   *
   * @throws RepriseError AWS_…; so do all of these
   */
  claim(claim: ClaimOptions): Promise<Claim>;
  /** Makes the lease last from now on; false where it went to somebody else. */
  renew(lease: Leased): Promise<boolean>;
  /** Notes that slice `index` is about to be invoked, and renews the lease; false where the lease is lost or it was noted before. */
  mark(mark: Leased & { readonly index: number; readonly counts: string }): Promise<boolean>;
  /** Gives the lease away to the next claim that names `hop` or less, or none; false where it is lost already. */
  release(release: Held & { readonly hop: number; readonly counts?: string }): Promise<boolean>;
  /** Notes that all is done; false where the lease is lost. */
  finish(finish: Held & { readonly counts: string }): Promise<boolean>;
  /** How it stands; undefined where nobody has begun it. */
  read(run: string): Promise<(ObjectState & { readonly isDone: boolean }) | undefined>;
}

const isDone = (item: Attributes | undefined): boolean => item?.isDone?.BOOL === true;

const stateOf = (
  item: Attributes,
  begun: { readonly rulesHash: string; readonly startAtMs: number; readonly hop?: number },
  isResumed: boolean,
): ObjectState => ({
  rulesHash: textOf(item, 'rulesHash') ?? begun.rulesHash,
  startAtMs: numberOf(item, 'startAtMs') ?? begun.startAtMs,
  nextSlice: numberOf(item, 'nextSlice') ?? 0,
  counts: textOf(item, 'counts'),
  hop: numberOf(item, 'hop') ?? begun.hop ?? 0,
  isResumed,
});

const duplicateOf = (item: Attributes | undefined): Claim => ({
  kind: 'duplicate',
  isDone: isDone(item),
  source: textOf(item, 'source'),
  leaseUntilMs: numberOf(item, 'leaseUntilMs') ?? 0,
});

/** The states of all objects in `table`. */
export const createObjectStates = (client: DynamoDBClient, table: string): ObjectStates => {
  const keyOf = (run: string): string => `object#${run}`;
  const apply = (run: string, change: ReturnType<typeof claimChange>) =>
    updateItem(client, { table, pk: keyOf(run), ...change });
  const isApplied = async (...args: Parameters<typeof apply>): Promise<boolean> =>
    (await apply(...args)) !== 'condition_failed';
  const readItem = (run: string) => getItem(client, table, keyOf(run), { consistent: true });

  return {
    claim: async (claim) => {
      const call = randomUUID();
      const old = await apply(claim.run, claimChange(claim, call));
      if (old === 'condition_failed') return duplicateOf(await readItem(claim.run));
      const isResumed = old.pk !== undefined && textOf(old, 'lastCall') !== call;
      return { kind: 'claimed', state: stateOf(old, claim, isResumed) };
    },
    renew: (renew) => isApplied(renew.run, renewChange(renew)),
    mark: (mark) => isApplied(mark.run, markChange(mark)),
    release: (release) => isApplied(release.run, releaseChange(release)),
    finish: (finish) => isApplied(finish.run, finishChange(finish)),
    read: async (run) => {
      const item = await readItem(run);
      if (item === undefined) return undefined;
      return { ...stateOf(item, { rulesHash: '', startAtMs: 0 }, true), isDone: isDone(item) };
    },
  };
};
