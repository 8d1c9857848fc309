/**
 * Hashes that are the same on every machine: they decide who is sampled and what a request is called, so their bits are a contract.
 * MurmurHash3 (x86, 32 bit) run twice with different seeds over UTF-16 code units; public domain algorithm of Austin Appleby,
 * https://github.com/aappleby/smhasher/blob/master/src/MurmurHash3.cpp
 */

const C1 = 0xcc9e2d51;
const C2 = 0x1b873593;

const mix = (hash: number, unit: number): number => {
  let k = Math.imul(unit, C1);
  k = (k << 15) | (k >>> 17);
  const h = hash ^ Math.imul(k, C2);
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
};

const finish = (hash: number, length: number): number => {
  let h = hash ^ length;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
};

/** 32-bit hash of `text`, from 0 to 2³² − 1. `seed` continues from an earlier hash. */
export const hash32 = (text: string, seed = 0): number => {
  let h = seed | 0;
  const { length } = text;
  let i = 0;
  for (; i + 1 < length; i += 2) h = mix(h, text.charCodeAt(i) | (text.charCodeAt(i + 1) << 16));
  if (i < length) h = mix(h, text.charCodeAt(i));
  return finish(h, length);
};

const DIGITS = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));

/** Code of the hex digit that the four bits of `word` from `shift` on stand for. */
const digitAt = (word: number, shift: number): number => DIGITS[(word >>> shift) & 15] as number;

/**
 * The 16 hex digits of a 64-bit number given as two unsigned halves. All in one call: a table of parts misses the cache, and joined
 * parts are joined once more when the text is read.
 */
export const hex64 = (high: number, low: number): string =>
  String.fromCharCode(
    digitAt(high, 28),
    digitAt(high, 24),
    digitAt(high, 20),
    digitAt(high, 16),
    digitAt(high, 12),
    digitAt(high, 8),
    digitAt(high, 4),
    digitAt(high, 0),
    digitAt(low, 28),
    digitAt(low, 24),
    digitAt(low, 20),
    digitAt(low, 16),
    digitAt(low, 12),
    digitAt(low, 8),
    digitAt(low, 4),
    digitAt(low, 0),
  );

/** 64-bit hash of `text` as 16 hex digits. */
export const hashHex = (text: string): string => hex64(hash32(text, 0x9747b28c), hash32(text, 0x3c6ef372));

/** A number in [0, 1) that depends on `text` and `seed` alone, with 32 bits of resolution. */
export const unitHash = (text: string, seed = 0): number => hash32(text, seed) / 0x1_0000_0000;
