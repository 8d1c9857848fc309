/** Shares out the requests of one target and cell among slices, so that each slice still spans the cell. */

import { hash32 } from '../hash.ts';
import { clientAddress } from '../plan/recorded-parts.ts';
import type { PlannedRequest } from '../types.ts';

/** Clients differ in how much they ask for: parts that were full on average would overflow every other time. */
const FILL = 0.9;

const SALT = 0x51a3_0005;

/** Parts in turn, the order kept in each; they are as even as can be. */
export const dealInTurn = <T>(items: readonly T[], parts: number): readonly (readonly T[])[] => {
  const dealt = Array.from({ length: parts }, (): T[] => []);
  for (const [i, item] of items.entries()) dealt[i % parts]?.push(item);
  return dealt.filter(({ length }) => length > 0);
};

const keyOf = ({ client, id }: PlannedRequest): string => (client === undefined ? id : clientAddress(client));

/**
 * Parts of at most `most` requests, the order kept in each. All requests of a client are in one part, as long as they fit: a part that
 * one client alone overflows is dealt out in turn.
 */
export const dealByClient = (
  requests: readonly PlannedRequest[],
  parts: number,
  most: number,
): readonly (readonly PlannedRequest[])[] => {
  if (parts <= 1 && requests.length <= most) return requests.length === 0 ? [] : [requests];
  const dealt = Array.from({ length: parts }, (): PlannedRequest[] => []);
  for (const request of requests) dealt[hash32(keyOf(request), SALT) % parts]?.push(request);
  return dealt.flatMap((part) => {
    if (part.length <= most) return part.length === 0 ? [] : [part];
    return dealInTurn(part, Math.ceil(part.length / most));
  });
};

/** How many parts hold `total`, where each holds `most` and none is to overflow by chance. */
export const partsFor = (total: number, most: number): number =>
  total <= most ? 1 : Math.ceil(total / (most * FILL));
