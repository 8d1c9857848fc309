/** Objects as they lie in the results bucket once they have been replayed: a ledger, and lines of results, as many as are wanted. */

import { createSliceTally } from '../../core/measure/slice-tally.ts';
import { buildLedger, type Ledger } from '../../core/report/ledger.ts';
import { sliceHeaderLine, sliceResultLine, sliceTrailerLine } from '../../core/report/slice-records.ts';
import type { HeldBackReason, Result } from '../../core/types.ts';
import { ledgerParts } from './ledgers.ts';
import { plannedRequest } from './send.ts';
import { sliceEvent } from './slices.ts';

export interface ReplayedObject {
  /** 16 hex digits. */
  readonly run: string;
  readonly startedAtMs: number;
  /** Default: a minute later. */
  readonly endedAtMs?: number;
  readonly slices: number;
  readonly perSlice: number;
  /** What its planner held back of the rule. */
  readonly heldBack?: Readonly<Partial<Record<HeldBackReason, number>>>;
  /** How the request at that place ended; default: 200 in 20 ms, which the log answered alike. */
  readonly end?: (slice: number, n: number) => Partial<Omit<Result, 'request'>>;
}

export const RULE = 'a';
const EVERY_MS = 5;
const SERVICE_MS = 20;
const ROUTES = 7;

const endedAtOf = ({ startedAtMs, endedAtMs = startedAtMs + 60_000 }: ReplayedObject): number => endedAtMs;

export const ledgerOfObject = (object: ReplayedObject): Ledger => {
  const { run, startedAtMs, slices, perSlice, heldBack = {} } = object;
  const parts = ledgerParts({ [RULE]: { dispatched: slices * perSlice, heldBack } });
  return buildLedger({
    ...parts,
    run,
    object: { bucket: 'logs', key: `captured/${run}.log.gz`, etag: '"e"', bytes: 1_234 },
    startAtMs: startedAtMs,
    startedAtMs,
    endedAtMs: endedAtOf(object),
    slices,
  });
};

const resultAt = (object: ReplayedObject, slice: number, n: number): Result => {
  const { run, perSlice, end } = object;
  const dueMs = (slice * perSlice + n) * EVERY_MS;
  const request = plannedRequest({
    id: `${run}${slice}-${n}.${RULE}.0`,
    rule: RULE,
    target: 'staging',
    dueMs,
    route: `GET shop.example.com/cart/${n % ROUTES}`,
    recorded: { status: 200, durationMs: SERVICE_MS, bytes: 100 },
  });
  const given = end?.(slice, n) ?? {};
  if (given.heldBack !== undefined) return { request, heldBack: given.heldBack };
  const ended = given.failed === undefined && given.status === undefined ? { status: 200, bytes: 100 } : {};
  return { request, sentMs: dueMs + 1, serviceMs: SERVICE_MS, fromDueMs: SERVICE_MS + 1, ...ended, ...given };
};

/** The records of its slices, line by line, in the order in which senders write them; nothing is kept. */
export function* resultLinesOf(object: ReplayedObject): Generator<string> {
  const { run, startedAtMs, slices, perSlice } = object;
  for (let slice = 0; slice < slices; slice += 1) {
    const event = sliceEvent({ run, index: slice, startAtMs: startedAtMs });
    const results = Array.from({ length: perSlice }, (_, n) => resultAt(object, slice, n));
    yield sliceHeaderLine(
      event,
      results.map(({ request }) => request),
    );
    const tally = createSliceTally();
    for (const [n, result] of results.entries()) {
      tally.count(result);
      yield sliceResultLine(event, n, result);
    }
    yield sliceTrailerLine(event, tally.counts(), 0);
  }
}
