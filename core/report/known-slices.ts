/** What is known of the slices of one object, taken record by record: of a slice of which all is known, its counts are what is left. */

import { sumOf } from '../measure/accounting.ts';
import type { EndCounts } from '../measure/slice-tally.ts';
import type { SliceRecord, SliceResult } from './slice-records.ts';

export type Counts = Record<string, number>;

/** A mapping without anything in it, be the key `constructor`: names come out of files. */
export const newMapping = <T>(): Record<string, T> => Object.create(null);

/** What stands under a key, and not what every object has. */
export const ownOf = <T>(mapping: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(mapping, key) ? mapping[key] : undefined;

type Ends = Readonly<Record<string, EndCounts>>;

export const add = (counts: Counts, key: string, by: number): void => {
  if (by !== 0) counts[key] = (counts[key] ?? 0) + by;
};

/** What a slice came to. */
export interface SliceEnds {
  /** By rule: how its requests ended, as far as they did. */
  readonly ends: Ends;
  /** By rule: requests that reached a sender. */
  readonly delivered: Readonly<Counts>;
  readonly hasTrailer: boolean;
}

/** Places of results that were seen: a bit each, as far as slices go. */
interface Places {
  bits: Uint8Array;
  readonly far: Set<number>;
  count: number;
}

/** How requests of a rule ended, added up; what did not occur has no entry. */
export interface RuleEnds {
  sent: number;
  readonly answered: Counts;
  readonly failed: Counts;
  readonly heldBack: Counts;
}

export const newRuleEnds = (): RuleEnds => ({ sent: 0, answered: {}, failed: {}, heldBack: {} });

interface Known {
  readonly places: Places;
  /** Of results, for as long as there is no trailer. */
  results: Record<string, RuleEnds>;
  headerRules?: Readonly<Record<string, number>>;
  trailer?: { readonly planned: number; readonly rules: Ends };
}

/** Far more requests than a slice may have: a place beyond is nothing that a planner gave. */
const MOST_BITS = 65_536;
const FIRST_BYTES = 128;

const newKnown = (): Known => ({
  places: { bits: new Uint8Array(0), far: new Set(), count: 0 },
  results: newMapping(),
});

/** @returns whether the place is a new one */
const occupy = (places: Places, n: number): boolean => {
  if (n >= MOST_BITS) {
    if (places.far.has(n)) return false;
    places.far.add(n);
  } else {
    const [at, bit] = [n >> 3, 1 << (n & 7)];
    if (at >= places.bits.length) {
      const grown = new Uint8Array(Math.max(FIRST_BYTES, places.bits.length * 2, at + 1));
      grown.set(places.bits);
      places.bits = grown;
    }
    const byte = places.bits[at] ?? 0;
    if ((byte & bit) !== 0) return false;
    places.bits[at] = byte | bit;
  }
  places.count += 1;
  return true;
};

const countResult = (known: Known, { rule, status, failed, heldBack }: SliceResult): void => {
  const ends = known.results[rule] ?? newRuleEnds();
  known.results[rule] = ends;
  if (heldBack !== undefined) {
    add(ends.heldBack, heldBack, 1);
    return;
  }
  ends.sent += 1;
  if (failed !== undefined) add(ends.failed, failed, 1);
  else add(ends.answered, String(status), 1);
};

/** @returns whether it is a result that was not seen before */
const keep = (known: Known, record: SliceRecord): boolean => {
  if (record.type === 'header') known.headerRules ??= record.rules;
  if (record.type === 'trailer') {
    known.trailer ??= { planned: record.planned, rules: record.rules };
    // It says all that they say.
    known.results = newMapping();
  }
  if (record.type !== 'result') return false;
  if (!occupy(known.places, record.n)) return false;
  if (known.trailer === undefined) countResult(known, record);
  return true;
};

const isWhole = ({ headerRules, trailer, places }: Known): boolean =>
  headerRules !== undefined && trailer !== undefined && places.count >= trailer.planned;

const endsOf = ({ headerRules, trailer, results }: Known): SliceEnds => {
  const ends = trailer?.rules ?? results;
  const reached = Object.entries(ends).map(([rule, { sent, heldBack }]) => [rule, sent + sumOf(heldBack)]);
  return { ends, delivered: headerRules ?? Object.fromEntries(reached), hasTrailer: trailer !== undefined };
};

export interface KnownSlices {
  /**
   * Takes a record, in any order; what is a repeat changes nothing.
   *
   * @returns whether it is a result that was not seen before
   */
  take(record: SliceRecord): boolean;
  /** Slices of which not all is known. */
  rest(): readonly SliceEnds[];
  /** Slices heard of. */
  count(): number;
}

/**
 * Knows of no slice yet.
 *
 * @param onWhole - told of each slice of which header, trailer and every result are there, once; a bit a result is held until then
 */
export const createKnownSlices = (onWhole: (ends: SliceEnds) => void): KnownSlices => {
  const slices = new Map<number, Known | 'whole'>();
  return {
    take: (record) => {
      const known = slices.get(record.slice) ?? newKnown();
      if (known === 'whole') return false;
      const isNew = keep(known, record);
      if (isWhole(known)) {
        onWhole(endsOf(known));
        slices.set(record.slice, 'whole');
      } else slices.set(record.slice, known);
      return isNew;
    },
    rest: () => [...slices.values()].flatMap((known) => (known === 'whole' ? [] : [endsOf(known)])),
    count: () => slices.size,
  };
};
