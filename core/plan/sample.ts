/**
 * Who is chosen. One number u in [0, 100) stands for each request (or client, or cookie …) in each rule, taken by hash from what the
 * log says: the same whenever it is asked, so that what 5 % keeps, 10 % keeps too.
 */

import { hash32, unitHash } from '../hash.ts';
import { isRedacted } from '../parse/line-fields.ts';
import type { Rule, SampleBy } from '../rules/rule-set.ts';
import type { RecordedRequest } from '../types.ts';
import { clientAddress, cookieValue, headerValues, queryValues } from './recorded-parts.ts';

/** u of a request, and whether it fell back to the request's own key since what `sampleBy` names was absent. */
export interface Sample {
  readonly u: number;
  readonly isFallback: boolean;
}

const givenKey = (
  request: RecordedRequest,
  by: Exclude<SampleBy, { kind: 'request' }>,
): string | undefined => {
  switch (by.kind) {
    case 'client':
      return request.client === undefined ? undefined : clientAddress(request.client);
    case 'header':
      return headerValues(request, by.name)[0];
    case 'cookie':
      return cookieValue(request, by.name);
    case 'query':
      return queryValues(request.target, by.name)[0];
    default:
      return by satisfies never;
  }
};

/** What is empty or redacted says nothing of who it was: all such requests would be one, chosen or left out as a whole. */
const keyOf = (request: RecordedRequest, by: SampleBy): string | undefined => {
  if (by.kind === 'request') return request.id;
  const value = givenKey(request, by);
  return value === undefined || value === '' || isRedacted(value) ? undefined : value;
};

/** Salts: each use of a hash has a number of its own. */
const SALT = { sample: 0x51a3_0001, copies: 0x51a3_0002, spread: 0x51a3_0003, tick: 0x51a3_0004 } as const;

/** What a rule's hashes say of a request. */
export interface Sampler {
  sample(request: RecordedRequest): Sample;
  /** How many copies to send: 1.5 is one, and a second for half of them. May be 0 where `multiply` is below 1. */
  copies(request: RecordedRequest): number;
  /** Ms by which a copy is later than the original: 0 for the first, in [0, 1000) for the rest. */
  copyOffsetMs(request: RecordedRequest, copy: number): number;
}

/** Makes the sampler of a rule. Rules draw independently of each other. */
export const createSampler = (rule: Rule, seed: string): Sampler => {
  const base = hash32(`${seed}\0${rule.name}`);
  const whole = Math.floor(rule.multiply);
  const fraction = rule.multiply - whole;
  return {
    sample: (request) => {
      const key = keyOf(request, rule.sampleBy);
      return { u: unitHash(key ?? request.id, base ^ SALT.sample) * 100, isFallback: key === undefined };
    },
    copies: ({ id }) => (fraction > 0 && unitHash(id, base ^ SALT.copies) < fraction ? whole + 1 : whole),
    copyOffsetMs: ({ id }, copy) => (copy === 0 ? 0 : unitHash(`${id}.${copy}`, base ^ SALT.spread) * 1_000),
  };
};

/** Where inside the tick of a coarse clock a request is put, so that a second of them does not become a burst. */
export const tickOffsetMs = ({ id, tickMs }: RecordedRequest): number =>
  tickMs === 0 ? 0 : unitHash(id, SALT.tick) * tickMs;
