import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PlannedRequest } from '../../../core/types.ts';
import { createSliceSource, type SourcedSlice } from '../../../functions/planner/slice-source.ts';
import { plannedRequest } from '../../support/send.ts';

const ORIGIN_MS = 1_790_000_000_000;

/** Requests in due order, as logs are replayed: instants in whole µs. */
const anyLog = fc
  .array(
    fc.record({
      atMicros: fc.oneof(
        fc.nat({ max: 30_000_000 }),
        fc.nat({ max: 12 }).map((i) => i * 2_500_000),
      ),
      rule: fc.constantFrom('a', 'b'),
      target: fc.constantFrom('t', 'u'),
    }),
    { maxLength: 60 },
  )
  .map((log) =>
    log
      .sort((a, b) => a.atMicros - b.atMicros)
      .map(({ atMicros, rule, target }) =>
        plannedRequest({
          rule,
          target,
          dueMs: atMicros / 1_000,
          logAtMs: (ORIGIN_MS * 1_000 + atMicros) / 1_000,
        }),
      ),
  );

/** All slices, of requests that are read so many at once. */
const slicesOf = async (log: readonly PlannedRequest[], batch: number): Promise<readonly SourcedSlice[]> => {
  let at = 0;
  const source = createSliceSource({
    next: async () => {
      at += batch;
      return log.slice(at - batch, at);
    },
  });
  const slices: SourcedSlice[] = [];
  for (let next = await source.next(); next !== undefined; next = await source.next()) slices.push(next);
  return slices;
};

const byRule = (requests: readonly PlannedRequest[]): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const { rule } of requests) counts[rule] = (counts[rule] ?? 0) + 1;
  return counts;
};

describe('the slices of an object', () => {
  it('tell with each what is left: the rest of its cell, and the log from an instant on', async () => {
    await fc.assert(
      fc.asyncProperty(anyLog, fc.integer({ min: 1, max: 70 }), async (log, batch) => {
        const given: PlannedRequest[] = [];
        for (const { slice, rest } of await slicesOf(log, batch)) {
          given.push(...slice.requests.map(({ request }) => request));
          const before = log.filter(({ logAtMs }) => logAtMs < rest.fromMs);
          const left = before.filter((request) => !given.includes(request));
          expect(given.every(({ logAtMs }) => logAtMs < rest.fromMs)).toBe(true);
          expect(rest.ofCell).toEqual(byRule(left));
        }
        expect(given).toHaveLength(log.length);
      }),
    );
  });

  it('hold what is out of order in the cell that is being filled', async () => {
    const requests = [
      plannedRequest({ rule: 'a', target: 't', dueMs: 6_000, logAtMs: 6_000 }),
      plannedRequest({ rule: 'b', target: 'u', dueMs: 4_000, logAtMs: 6_000 }),
    ];
    const slices = await slicesOf(requests, 10);
    expect(slices.map(({ slice, rest }) => [slice.cell, rest])).toEqual([
      [1, { fromMs: 6_000.000_5, ofCell: { b: 1 } }],
      [1, { fromMs: 6_000.000_5, ofCell: {} }],
    ]);
  });
});
