/** Random objects with their ledger, and the records that senders write of their slices. */

import fc from 'fast-check';
import { newAccounting } from '../../core/measure/accounting.ts';
import { createSliceTally } from '../../core/measure/slice-tally.ts';
import { buildLedger, type DispatchCounts, type Ledger, type LedgerParts } from '../../core/report/ledger.ts';
import {
  parseSliceRecord,
  type SliceRecord,
  sliceHeaderLine,
  sliceResultLine,
  sliceTrailerLine,
} from '../../core/report/slice-records.ts';
import { FAILURE_CODES, HELD_BACK_REASONS, type HeldBackReason, type Result } from '../../core/types.ts';
import { plannedRequest } from './send.ts';
import { sliceEvent } from './slices.ts';

const RULES = ['a', 'b'] as const;
export const RUN = '00112233445566ff';

/** Parts of a ledger of rules `a` and `b`, of which these counts are planned and handed out. */
export const ledgerParts = (dispatch: Readonly<Record<string, DispatchCounts>>): LedgerParts => {
  const accounting = newAccounting(RULES);
  for (const rule of RULES) {
    const counts = accounting.rules[rule];
    const { dispatched = 0, heldBack = {} } = dispatch[rule] ?? {};
    const planned = dispatched + Object.values(heldBack).reduce((sum, count) => sum + count, 0);
    if (counts !== undefined) Object.assign(counts, { matched: planned, chosen: planned, planned });
    accounting.lines.lines += planned;
    accounting.lines.parsed += planned;
    accounting.lines.matched += planned;
  }
  return {
    stack: 'prod',
    run: RUN,
    object: { bucket: 'logs', key: 'captured/a.gz', etag: '"e"', bytes: 1_234 },
    rulesHash: 'abc',
    timing: 'live',
    startAtMs: 180_000,
    startedAtMs: Date.UTC(2026, 10, 21, 11),
    endedAtMs: Date.UTC(2026, 10, 21, 11, 1),
    hops: 0,
    slices: 3,
    errors: [],
    accounting,
    dispatch,
  };
};

/** How a slice fared: its requests' ends, and what of its records arrived. */
export interface SliceCase {
  readonly ends: readonly (readonly [rule: string, end: Omit<Result, 'request'>])[];
  /** Records that were written before the sender was killed: 0 is none at all, more than there are is all of them. */
  readonly written: number;
}

const anyEnd = fc.oneof(
  fc.constantFrom(...HELD_BACK_REASONS).map((heldBack) => ({ heldBack })),
  fc.constantFrom(...FAILURE_CODES).map((failed) => ({ sentMs: 0, failed })),
  fc.constantFrom(200, 404, 503).map((status) => ({ sentMs: 0, status })),
);

export const anySliceCase: fc.Arbitrary<SliceCase> = fc.record({
  ends: fc.array(fc.tuple(fc.constantFrom(...RULES), anyEnd), { minLength: 1, maxLength: 12 }),
  written: fc.nat(16),
});

/** All records that a slice's sender writes, were it not killed. */
export const recordsOf = ({ ends }: SliceCase, index: number): readonly SliceRecord[] => {
  const event = sliceEvent({ run: RUN, index });
  const tally = createSliceTally();
  const results = ends.map(([rule, end]): Result => ({ request: plannedRequest({ rule }), ...end }));
  const lines = results.map((result, n) => {
    tally.count(result);
    return sliceResultLine(event, n, result);
  });
  const header = sliceHeaderLine(
    event,
    results.map(({ request }) => request),
  );
  return [header, ...lines, sliceTrailerLine(event, tally.counts(), 0)].map(parseSliceRecord);
};

/** The ledger of an object of these slices, of which the planner held back `heldBack` per rule besides. */
export const ledgerOf = (
  slices: readonly SliceCase[],
  heldBack: Readonly<Partial<Record<HeldBackReason, number>>> = {},
): Ledger => {
  const dispatchedOf = (rule: string): number =>
    slices.flatMap(({ ends }) => ends).filter(([name]) => name === rule).length;
  const dispatch = Object.fromEntries(
    RULES.map((rule) => [rule, { dispatched: dispatchedOf(rule), heldBack }]),
  );
  return buildLedger(ledgerParts(dispatch));
};
