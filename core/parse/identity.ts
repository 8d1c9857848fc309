/**
 * What a recorded request is called: a 64-bit hash of what the log says of it, and of how many equal ones came before it. Neither
 * the file's name nor the line's number is in it, so the same traffic has the same ids wherever and however often it is read.
 * Hashed in this order: start in whole µs, duration in whole µs, status, bytes, client, method, host, target.
 */

import { hex64 } from '../hash.ts';

/** FNV-1a's prime and offset (http://www.isthe.com/chongo/tech/comp/fnv/) in one lane, Murmur's multiplier in the other. */
const PRIME = 0x01000193;
const OFFSET = 0x811c9dc5;
const MULTIPLIER = 0x5bd1e995;

const avalanche = (hash: number): number => {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
};

/** Equal requests in one second of log time, counted; small, since equal ones are rare. */
interface SecondCounts {
  readonly second: number;
  /** Open addressing, two numbers an entry: the halves of the hash. 0, 0 is empty. */
  table: Uint32Array;
  used: number;
  readonly repeats: Map<string, number>;
}

/** Seconds kept: a log is ordered by end within far less. */
const MAX_SECONDS = 64;

const find = (table: Uint32Array, high: number, low: number): number => {
  const mask = table.length - 1;
  let at = (low << 1) & mask;
  while ((table[at] !== 0 || table[at + 1] !== 0) && (table[at] !== high || table[at + 1] !== low))
    at = (at + 2) & mask;
  return at;
};

const grow = (counts: SecondCounts): void => {
  const old = counts.table;
  counts.table = new Uint32Array(old.length * 2);
  for (let i = 0; i < old.length; i += 2) {
    const [high = 0, low = 0] = [old[i], old[i + 1]];
    if (high !== 0 || low !== 0) counts.table.set([high, low], find(counts.table, high, low));
  }
};

/** How many requests of this hash were seen before in this second; counts this one. */
const countEqual = (counts: SecondCounts, high: number, low: number): number => {
  const at = find(counts.table, high, low);
  if (counts.table[at] === 0 && counts.table[at + 1] === 0) {
    counts.table[at] = high;
    counts.table[at + 1] = low;
    counts.used += 1;
    if (counts.used * 4 > counts.table.length) grow(counts);
    return 0;
  }
  const key = hex64(high, low);
  const earlier = counts.repeats.get(key) ?? 1;
  counts.repeats.set(key, earlier + 1);
  return earlier;
};

/** The hash under way, and what one input has had so far. */
export interface Identity {
  a: number;
  b: number;
  readonly seconds: Map<number, SecondCounts>;
  last: SecondCounts | undefined;
}

export const newIdentity = (): Identity => ({ a: 0, b: 0, seconds: new Map(), last: undefined });

/** Begins the hash of the next request. */
export const startIdentity = (identity: Identity): void => {
  identity.a = OFFSET;
  identity.b = 0x9747b28c;
};

// A unit that no text holds parts one field from the next.
const endField = (identity: Identity, a: number, b: number): void => {
  identity.a = Math.imul(a ^ 0x1ffff, PRIME);
  identity.b = Math.imul(b ^ 0x1ffff, MULTIPLIER);
};

/** Adds a text to the hash; '' where it is absent. */
export const addText = (identity: Identity, text: string): void => {
  let { a, b } = identity;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, PRIME);
    b = Math.imul(b ^ code, MULTIPLIER);
    b ^= b >>> 15;
  }
  endField(identity, a, b);
};

/** Adds ASCII bytes to the hash: the same as adding their text, without going through a string. */
export const addAscii = (identity: Identity, bytes: Uint8Array, start: number, end: number): void => {
  let { a, b } = identity;
  for (let i = start; i < end; i += 1) {
    const code = bytes[i] as number;
    a = Math.imul(a ^ code, PRIME);
    b = Math.imul(b ^ code, MULTIPLIER);
    b ^= b >>> 15;
  }
  endField(identity, a, b);
};

/** Adds a whole number below 2⁵³ to the hash; −1 where it is absent. */
export const addNumber = (identity: Identity, value: number): void => {
  const high = Math.floor(value / 0x1_0000_0000);
  const low = value - high * 0x1_0000_0000;
  let { a, b } = identity;
  a = Math.imul(Math.imul(a ^ low, PRIME) ^ high, PRIME);
  b = Math.imul(b ^ low, MULTIPLIER);
  b = Math.imul(b ^ (b >>> 15) ^ high, MULTIPLIER);
  identity.a = a ^ (a >>> 13);
  identity.b = b ^ (b >>> 15);
};

const MIN_TABLE = 128;

/** Its table has room for as many as the second before had, so that it need not grow for each second anew. */
const newSecond = (second: number, before: SecondCounts | undefined): SecondCounts => {
  let length = before?.table.length ?? MIN_TABLE;
  // The table of a burst is not kept up for ever.
  if (before !== undefined && length > MIN_TABLE && before.used * 8 <= length) length /= 2;
  return { second, table: new Uint32Array(length), used: 0, repeats: new Map() };
};

const countsOf = (identity: Identity, second: number): SecondCounts => {
  const { last, seconds } = identity;
  if (last !== undefined && last.second === second) return last;
  const counts = seconds.get(second) ?? newSecond(second, last);
  seconds.set(second, counts);
  if (seconds.size > MAX_SECONDS) seconds.delete(Math.min(...seconds.keys()));
  identity.last = counts;
  return counts;
};

/**
 * Ends the hash: the id of the request, told apart from equal ones before it.
 *
 * @param endAtMs - when the request ended: equal ones are looked for in the same second
 */
export const finishIdentity = (identity: Identity, endAtMs: number): string => {
  const counts = countsOf(identity, Math.floor(endAtMs / 1_000));
  const earlier = countEqual(counts, avalanche(identity.a) || 1, avalanche(identity.b));
  if (earlier > 0) addNumber(identity, earlier);
  return hex64(avalanche(identity.a), avalanche(identity.b));
};
