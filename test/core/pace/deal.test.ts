import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dealByClient, dealInTurn, partsFor } from '../../../core/pace/deal.ts';
import { plannedRequest } from '../../support/send.ts';

const requestsOf = (clients: readonly (string | undefined)[]) =>
  clients.map((client, n) => plannedRequest({ id: `${n}.r.0`, client, dueMs: n }));

const anyClients = fc.array(fc.constantFrom('a', 'b', 'c', 'd:1', '[2001:db8::1]:2', undefined), {
  maxLength: 300,
});

describe('dealing by client', () => {
  it('gives each request to one part, in order, and no part more than it holds', () => {
    fc.assert(
      fc.property(
        anyClients,
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 50 }),
        (clients, parts, most) => {
          const requests = requestsOf(clients);
          const dealt = dealByClient(requests, parts, most);
          expect(dealt.flat().toSorted((a, b) => a.dueMs - b.dueMs)).toEqual(requests);
          for (const part of dealt) {
            expect(part.length > 0 && part.length <= most).toBe(true);
            expect(part).toEqual(part.toSorted((a, b) => a.dueMs - b.dueMs));
          }
        },
      ),
    );
  });

  it('keeps the requests of a client together, whatever the port, while they fit', () => {
    const clients = Array.from({ length: 2_000 }, (_, n) => `192.0.2.${n % 100}:${n}`);
    const dealt = dealByClient(requestsOf(clients), 4, 1_000);
    const addressesOf = dealt.map((part) => new Set(part.map(({ client = '' }) => client.split(':')[0])));
    expect(dealt).toHaveLength(4);
    expect(addressesOf.reduce((sum, { size }) => sum + size, 0)).toBe(100);
  });

  it('deals in turn what one client has too much of, so that each part spans the cell', () => {
    const dealt = dealByClient(requestsOf(Array.from({ length: 2_500 }, () => '192.0.2.7')), 3, 1_000);
    expect(dealt.map(({ length }) => length)).toEqual([834, 833, 833]);
    expect(dealt.map((part) => part[0]?.dueMs)).toEqual([0, 1, 2]);
    expect(dealt.map((part) => part.at(-1)?.dueMs)).toEqual([2_499, 2_497, 2_498]);
  });

  it('deals requests of unknown clients evenly', () => {
    const dealt = dealByClient(requestsOf(Array.from({ length: 10_000 }, () => undefined)), 12, 1_000);
    expect(dealt).toHaveLength(12);
    for (const { length } of dealt) expect(length).toBeGreaterThan(700);
  });
});

describe('dealing in turn', () => {
  it('leaves out parts that would be empty', () => {
    expect(dealInTurn([1, 2, 3], 5)).toEqual([[1], [2], [3]]);
    expect(dealInTurn([1, 2, 3], 2)).toEqual([[1, 3], [2]]);
    expect(dealInTurn([], 2)).toEqual([]);
  });
});

it.each([
  [0, 1],
  [1_000, 1],
  [1_001, 2],
  [1_800, 2],
  [1_801, 3],
  [10_000, 12],
])('%i requests need %i parts of 1,000', (total, parts) => {
  expect(partsFor(total, 1_000)).toBe(parts);
});
