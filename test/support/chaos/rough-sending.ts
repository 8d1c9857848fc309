/** Slices sent by senders whose services, and whose target, fare badly; each invocation may come twice, as Lambda's may. */

import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { SliceEvent } from '../../../core/pace/slice.ts';
import type { Reconciled } from '../../../core/report/reconcile.ts';
import type { SliceOutcome } from '../../../functions/sender/slice-sender.ts';
import { every, type RequestChanges, type SenderWorld, settled, sliceOf } from '../sender-setup.ts';
import { seededRandom } from './random.ts';

/** What a function has left when it is invoked; each of these slices is over long before. */
export const REMAINING_MS = 12_000;

/** Slices of one object, each of requests with ids of their own. */
export const slicesOf = (
  counts: { readonly slices: number; readonly requests: number; readonly everyMs: number },
  inMs: number,
): { readonly slices: readonly SliceEvent[]; readonly requests: readonly RequestChanges[] } => {
  const requestsOf = (slice: number): readonly RequestChanges[] =>
    every(counts.everyMs, counts.requests).map((request, n) => ({
      ...request,
      id: `s${slice}n${n}.r.0`,
      path: `/${slice}/${n}`,
    }));
  const all = Array.from({ length: counts.slices }, (_, slice) => requestsOf(slice));
  return { slices: all.map((requests, index) => sliceOf(requests, { index, inMs })), requests: all.flat() };
};

/** Mirrors the switch every second until it is stopped, as a planner does while its slices are due. */
export const keepSwitch = (world: SenderWorld, value: string): { readonly stop: () => Promise<void> } => {
  const stopping = new AbortController();
  const { signal } = stopping;
  const mirroring = (async () => {
    while (!signal.aborted) {
      // The table may be away; the next one is newer anyway.
      await world.mirror(value).catch(() => undefined);
      await sleep(1_000, undefined, { signal }).catch(() => undefined);
    }
  })();
  return {
    stop: () => {
      stopping.abort();
      return mirroring;
    },
  };
};

/** Invokes the sender with each of the slices, some of them twice; every invocation must end in its time. */
export const invokeAll = async (
  world: SenderWorld,
  slices: readonly SliceEvent[],
  random: () => number,
): Promise<readonly SliceOutcome[]> => {
  const invokeOnce = async (slice: SliceEvent, afterMs: number): Promise<SliceOutcome> => {
    await sleep(afterMs);
    const beganMs = performance.now();
    const outcome = await world.send(slice, REMAINING_MS);
    expect(performance.now() - beganMs).toBeLessThan(REMAINING_MS);
    return outcome;
  };
  const twice = slices.filter(() => random() < 0.5);
  return Promise.all([
    ...slices.map((slice) => invokeOnce(slice, 0)),
    ...twice.map((slice) => invokeOnce(slice, random() * 1_500)),
  ]);
};

/** 2 s of requests, 200 a second in all. */
const SHAPE = { slices: 4, requests: 100, everyMs: 20 };
export const REQUESTS = SHAPE.slices * SHAPE.requests;
export const SLICES = SHAPE.slices;

export interface SentAll extends Reconciled {
  readonly outcomes: readonly SliceOutcome[];
}

/** Sends slices while the switch is on; what then is known of each request, once every service is well again. */
export const sendAll = async (world: SenderWorld, seed: number, leadMs = 500): Promise<SentAll> => {
  const { slices, requests } = slicesOf(SHAPE, leadMs);
  const keeping = keepSwitch(world, 'on');
  const outcomes = await invokeAll(world, slices, seededRandom(seed + 1_000));
  await keeping.stop();
  for (const service of [world.firehose, world.dynamo, world.ssm]) service.heal();
  return { outcomes, ...expectSentOnce(world, requests) };
};

/** Asserts that nothing was received twice, and that ledger and results give each request one end, which agrees with what was received. */
export const expectSentOnce = (world: SenderWorld, requests: readonly RequestChanges[]): Reconciled => {
  const received = world.target.requests.map(({ requestLine }) => requestLine);
  const reconciled = settled(requests, world.records());
  expect({ imbalances: reconciled.imbalances, open: reconciled.open }).toEqual({ imbalances: [], open: 0 });
  const { r } = reconciled.accounting.rules;
  expect(r?.planned).toBe(requests.length);
  // What never got its connection, or broke before it was written, is sent and not received.
  expect(new Set(received).size).toBe(received.length);
  expect(received.length).toBeLessThanOrEqual(r?.sent ?? 0);
  return reconciled;
};
