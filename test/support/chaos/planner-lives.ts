/** Planners that die and come back, as the queue and Lambda bring their events again and again until one survives. */

import { expect } from 'vitest';
import { createSliceTally } from '../../../core/measure/slice-tally.ts';
import type { SliceEvent } from '../../../core/pace/slice.ts';
import type { Ledger } from '../../../core/report/ledger.ts';
import type { Reconciled } from '../../../core/report/reconcile.ts';
import {
  parseSliceRecord,
  sliceHeaderLine,
  sliceResultLine,
  sliceTrailerLine,
} from '../../../core/report/slice-records.ts';
import type { WhenToDie } from '../killable.ts';
import { type Invocation, requestsIn, type World } from '../planner-world.ts';
import { reconcile } from '../reconcile.ts';

/** A planner that dies somewhere among its next calls into the world, or outlives them. */
export const dieWithin = (random: () => number, calls: number): WhenToDie => {
  let left = Math.floor(random() * calls);
  const when = random() < 0.5 ? 'before' : 'after';
  return () => {
    left -= 1;
    return left === -1 ? when : undefined;
  };
};

/** Far more than any of these tests needs. */
const MAX_TRIES = 60;
/** Lambda's own pause before it tries an asynchronous event again. */
const ASYNC_RETRY_MS = 60_000;

export interface Lives {
  /** How the planner of this try fares, counted from 0. */
  readonly life: (attempt: number) => Invocation;
  /** How long the event stays away after a death. */
  readonly awayMs: () => number;
}

/** Runs one try; false where the event is to come again. */
const tryOnce = async (world: World, event: unknown, life: Invocation): Promise<boolean | 'dead'> => {
  const { remainingMs = 300_000 } = life;
  const beganAtMs = world.time.now();
  const answer = await world.invoke(event, { ...life, remainingMs }).catch((error: unknown) => ({ error }));
  // Lambda would have cut it off.
  expect(world.time.now() - beganAtMs).toBeLessThanOrEqual(remainingMs);
  if (answer === 'dead') return 'dead';
  if ('error' in answer) return false;
  return !('batchItemFailures' in answer) || answer.batchItemFailures.length === 0;
};

const deliver = async (
  world: World,
  event: unknown,
  lives: Lives,
  attempts: { count: number },
): Promise<void> => {
  const requestId = `request-${attempts.count}`;
  for (let tries = 0; tries < MAX_TRIES; tries += 1) {
    const seen = world.sqs.state.visibilities.length;
    const end = await tryOnce(world, event, { ...lives.life(attempts.count), requestId });
    attempts.count += 1;
    if (end === true) return;
    const { seconds } = world.sqs.state.visibilities[seen] ?? { seconds: ASYNC_RETRY_MS / 1_000 };
    world.time.skip(end === 'dead' ? lives.awayMs() : seconds * 1_000);
  }
  throw new Error(`an event was not done with after ${MAX_TRIES} tries`);
};

/** Delivers an event until a planner is through with it, and then what that handed on, to the end. */
export const deliverUntilDone = async (world: World, event: unknown, lives: Lives): Promise<void> => {
  const attempts = { count: 0 };
  let handedOn = world.continuations().length;
  await deliver(world, event, lives, attempts);
  for (; handedOn < world.continuations().length; handedOn += 1)
    await deliver(world, world.continuations()[handedOn], lives, attempts);
};

/** What a sender that answers everything writes of a slice. */
const recordsOf = (slice: SliceEvent): readonly string[] => {
  const tally = createSliceTally();
  const requests = requestsIn(slice);
  const results = requests.map(({ n, request }) => {
    const result = { request, sentMs: request.dueMs, status: 200, serviceMs: 1, fromDueMs: 1, bytes: 0 };
    tally.count(result);
    return sliceResultLine(slice, n, result);
  });
  const planned = requests.map(({ request }) => request);
  return [sliceHeaderLine(slice, planned), ...results, sliceTrailerLine(slice, tally.counts(), 0)];
};

export interface Accounts extends Reconciled {
  readonly ledger: Ledger;
  readonly slices: Reconciled['slices'];
  /** Slices as senders got them. */
  readonly dispatched: readonly SliceEvent[];
}

/**
 * Asserts that no slice of an object, and no request, was handed to senders twice, and that ledger and results of these give every
 * line and every planned request one end.
 */
export const expectPlannedOnce = (world: World, key: string, lines: number): Accounts => {
  const ledger = world.ledgers().find(({ object }) => object.key === key);
  if (ledger === undefined) throw new Error(`there is no ledger of ${key}`);
  const invoked = world.slices().filter(({ run }) => run === ledger.run);
  // An invocation whose answer is lost is made again, and the second finds the slice claimed: it must be the very same.
  const byIndex = new Map(invoked.map((slice) => [slice.index, slice]));
  for (const slice of invoked) expect(slice).toEqual(byIndex.get(slice.index));
  const dispatched = [...byIndex.values()];
  const ids = dispatched.flatMap((slice) => requestsIn(slice).map(({ request }) => request.id));
  expect(new Set(ids).size).toBe(ids.length);
  const records = dispatched.flatMap(recordsOf).map(parseSliceRecord);
  const settled = reconcile(ledger, records, { isSettled: true });
  expect({ ledger: ledger.imbalances, all: settled.imbalances, open: settled.open }).toEqual({
    ...{ ledger: [], all: [], open: 0 },
  });
  expect(settled.accounting.lines.lines).toBe(lines);
  const answered = Object.values(settled.accounting.rules).map((rule) => rule.answered['200'] ?? 0);
  expect(answered.reduce((sum, count) => sum + count, 0)).toBe(ids.length);
  return { ...settled, ledger, dispatched };
};
