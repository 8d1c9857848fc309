import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CELL_MS, LEAD_MS, MAX_SLICE_REQUESTS, type Slice } from '../../../core/pace/grid.ts';
import { MAX_DATA_BYTES } from '../../../core/pace/slice.ts';
import { parseSliceLine } from '../../../core/pace/slice-line.ts';
import type { PlannedRequest } from '../../../core/types.ts';
import { decodeSliceData } from '../../../io/slice-codec.ts';
import { plannedRequest } from '../../support/send.ts';
import { anyPlanned, inDueOrder, slicesOf } from '../../support/slices.ts';

const anyPlan = fc.array(anyPlanned, { maxLength: 200 }).map(inDueOrder);

const idsOf = (slices: readonly Slice[]): readonly string[] =>
  slices.flatMap(({ requests }) => requests.map(({ request }) => request.id));

/** `count` requests, `everyMs` apart. */
const steady = (
  count: number,
  everyMs: number,
  changes: (n: number) => Partial<PlannedRequest> = () => ({}),
): readonly PlannedRequest[] =>
  inDueOrder(Array.from({ length: count }, (_, n) => plannedRequest({ dueMs: n * everyMs, ...changes(n) })));

/** Text that no packer makes much smaller. */
const noise = (length: number, seed: number): string => {
  let state = seed + 1;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return String.fromCharCode(33 + ((state >>> 16) % 94));
  }).join('');
};

describe('the slices of a plan', () => {
  it('hold each request exactly once, in due order, under its target and cell', () => {
    fc.assert(
      fc.property(anyPlan, fc.integer({ min: 1, max: 9 }), (plan, maxRequests) => {
        const slices = slicesOf(plan, { maxRequests });
        expect(idsOf(slices).toSorted()).toEqual(plan.map(({ id }) => id).toSorted());
        for (const { requests, target, cell, startMs, lastDueMs } of slices) {
          const due = requests.map(({ request }) => request.dueMs);
          expect(due).toEqual(due.toSorted((a, b) => a - b));
          expect(lastDueMs).toBe(due.at(-1));
          expect(startMs).toBe(cell * CELL_MS);
          expect(due.every((dueMs) => Math.floor(dueMs / CELL_MS) === cell)).toBe(true);
          expect(requests.every(({ request }) => request.target === target)).toBe(true);
          expect(requests.map(({ n }) => n)).toEqual(requests.map((_, n) => n));
          expect(requests.length <= maxRequests).toBe(true);
        }
      }),
    );
  });

  it('are numbered from 0, ordered by start, then by target', () => {
    fc.assert(
      fc.property(anyPlan, (plan) => {
        const slices = slicesOf(plan, { maxRequests: 3 });
        expect(slices.map(({ index }) => index)).toEqual(slices.map((_, i) => i));
        const keys = slices.map(({ cell, target }) => `${String(cell).padStart(6, '0')} ${target}`);
        expect(keys).toEqual(keys.toSorted());
      }),
    );
  });

  it('are the same whenever they are taken, and however often the plan is made', () => {
    fc.assert(
      fc.property(
        anyPlan,
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 500, max: 3_000 }),
        (plan, maxRequests, maxBytes) => {
          const options = { maxRequests, maxBytes };
          expect(slicesOf(plan, options, false)).toEqual(slicesOf(plan, options, true));
          expect(slicesOf(structuredClone(plan), options)).toEqual(slicesOf(plan, options));
        },
      ),
      { numRuns: 40 },
    );
  });

  it('of a part of the plan, cut at the edge of a cell, are those of the whole', () => {
    fc.assert(
      fc.property(anyPlan, fc.integer({ min: 1, max: 119 }), (plan, cell) => {
        const contentOf = (requests: readonly PlannedRequest[]) =>
          slicesOf(requests, { maxRequests: 4 }).map(({ index: _, ...rest }) => rest);
        const before = plan.filter(({ dueMs }) => dueMs < cell * CELL_MS);
        const after = plan.filter(({ dueMs }) => dueMs >= cell * CELL_MS);
        expect([...contentOf(before), ...contentOf(after)]).toEqual(contentOf(plan));
      }),
      { numRuns: 40 },
    );
  });

  it('carry lines that say the same as they do, packed within the bound', () => {
    fc.assert(
      fc.property(anyPlan, fc.integer({ min: 600, max: 3_000 }), (plan, maxBytes) => {
        for (const { requests, data, startMs } of slicesOf(plan, { maxBytes })) {
          const lines = requests.map(({ line }) => line);
          expect(decodeSliceData(data)).toEqual(lines);
          expect(data.length <= maxBytes || requests.length === 1).toBe(true);
          for (const [i, line] of lines.entries()) {
            const parsed = parseSliceLine(line);
            const request = requests[i]?.request;
            expect([parsed.n, parsed.request.id]).toEqual([i, request?.id]);
            expect(parsed.request.dueMs).toBeCloseTo((request?.dueMs ?? 0) - startMs, 3);
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('a cell', () => {
  it('is 5 s long and is handed over 3 s before it starts', () => {
    expect([CELL_MS, LEAD_MS, MAX_SLICE_REQUESTS]).toEqual([5_000, 3_000, 1_000]);
    const slices = slicesOf(steady(30, 500));
    expect(slices.map(({ startMs, lastDueMs, requests }) => [startMs, lastDueMs, requests.length])).toEqual([
      [0, 4_500, 10],
      [5_000, 9_500, 10],
      [10_000, 14_500, 10],
    ]);
  });

  it('lies on the grid of epoch time where due times are epoch times', () => {
    const startMs = 1_790_000_002_500;
    const slices = slicesOf(steady(2, 2_500, (n) => ({ dueMs: startMs + n * 2_500 })));
    expect(slices.map((slice) => [slice.cell, slice.startMs])).toEqual([
      [358_000_000, 1_790_000_000_000],
      [358_000_001, 1_790_000_005_000],
    ]);
  });

  it('with more than a slice holds is shared out by client, and each slice spans it', () => {
    const clients = Array.from({ length: 300 }, (_, n) => `192.0.2.${n}`);
    const slices = slicesOf(steady(4_500, 1, (n) => ({ client: clients[(n * 7) % 300] })));
    expect(slices).toHaveLength(5);
    const slicesOfClient = new Map<string | undefined, Set<number>>();
    for (const { index, requests } of slices) {
      expect(requests.length).toBeGreaterThan(500);
      expect(requests.length).toBeLessThanOrEqual(1_000);
      expect(requests[0]?.request.dueMs).toBeLessThan(300);
      expect(requests.at(-1)?.request.dueMs).toBeGreaterThan(4_200);
      for (const { request } of requests)
        slicesOfClient.set(request.client, (slicesOfClient.get(request.client) ?? new Set()).add(index));
    }
    expect([...slicesOfClient.values()].every(({ size }) => size === 1)).toBe(true);
  });

  it('that would fill the memory is cut early, and goes on in further slices', () => {
    const body = 'x'.repeat(8_192);
    const slices = slicesOf(steady(12_000, 0.4, () => ({ body })));
    expect(slices.reduce((sum, { requests }) => sum + requests.length, 0)).toBe(12_000);
    expect(new Set(slices.map(({ cell }) => cell))).toEqual(new Set([0]));
    const firstDue = slices.map(({ requests }) => requests[0]?.request.dueMs ?? 0);
    const spans = new Set(firstDue.map((dueMs) => Math.round(dueMs / 500)));
    expect(spans.size).toBeGreaterThan(2);
    expect(new Set(idsOf(slices)).size).toBe(12_000);
  });

  it('takes what comes out of order as due at once', () => {
    const late = plannedRequest({ id: 'late.r.0', dueMs: 100 });
    const [first, second] = slicesOf([...steady(1, 0), plannedRequest({ id: 'b.r.0', dueMs: 5_100 }), late]);
    expect(first?.requests).toHaveLength(1);
    expect(second?.requests.map(({ line }) => parseSliceLine(line).request.dueMs)).toEqual([100, -4_900]);
  });

  it('of nothing has no slices', () => {
    expect(slicesOf([])).toEqual([]);
  });
});

describe('the size of a slice', () => {
  it('is bounded by what it takes when packed, not by what it takes in memory', () => {
    const agent =
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36';
    const slices = slicesOf(
      steady(1_000, 4, (n) => ({
        path: `/catalog/${n}`,
        headers: [
          ['User-Agent', agent],
          ['x-b', 'y'.repeat(500)],
        ],
      })),
    );
    expect(slices).toHaveLength(1);
    expect(slices[0]?.requests.reduce((sum, { line }) => sum + line.length, 0)).toBeGreaterThan(700_000);
  });

  it('is kept where nothing packs: such a slice is shared out in turn until all fit', () => {
    const slices = slicesOf(steady(400, 10, (n) => ({ body: noise(3_000, n) })));
    expect(slices.length).toBeGreaterThan(4);
    for (const { data, requests } of slices) {
      expect(data.length).toBeLessThanOrEqual(MAX_DATA_BYTES);
      expect(requests.at(-1)?.request.dueMs).toBeGreaterThan(3_800);
    }
    expect(new Set(idsOf(slices)).size).toBe(400);
  });
});
