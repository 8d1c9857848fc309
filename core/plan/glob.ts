/**
 * Globs in linear time. `*` stands for any characters but "/", `**` for any characters at all, both also for none; everything else
 * stands for itself. There is no escape, and no pattern on which matching explodes: log content is chosen by outsiders.
 */

type Matcher = (text: string) => boolean;

interface Compiled {
  /** Literal characters of the pattern, as UTF-16 units. */
  readonly literals: readonly number[];
  /** Wildcard before each literal, and after the last one: 0 none, 1 `*`, 2 `**`. */
  readonly gaps: readonly number[];
}

const compile = (pattern: string): Compiled => {
  const literals: number[] = [];
  const gaps: number[] = [0];
  for (let i = 0; i < pattern.length; i += 1) {
    const last = gaps.length - 1;
    if (pattern[i] === '*') gaps[last] = Math.min(2, (gaps[last] as number) + 1);
    else {
      literals.push(pattern.charCodeAt(i));
      gaps.push(0);
    }
  }
  return { literals, gaps };
};

const SLASH = 47;
const BITS = 32;

/**
 * Shift-And (Baeza-Yates and Gonnet, 1992) with wildcards: bit i says that the first i literals can match the text so far; a
 * wildcard lets its bit stay. One pass over the text, with a word of 32 literals at a time.
 */
const shiftAnd = ({ literals, gaps }: Compiled): Matcher => {
  const words = Math.ceil(gaps.length / BITS);
  const maskOf = (isSet: (i: number) => boolean): Int32Array => {
    const mask = new Int32Array(words);
    gaps.forEach((_, i) => {
      if (isSet(i)) mask[i >>> 5] = (mask[i >>> 5] as number) | (1 << (i & 31));
    });
    return mask;
  };
  const stays = maskOf((i) => gaps[i] !== 0);
  const staysOverSlash = maskOf((i) => gaps[i] === 2);
  const none = new Int32Array(words);
  const steps = new Map(
    [...new Set(literals)].map((unit) => [unit, maskOf((i) => literals[i - 1] === unit)]),
  );
  const ascii = Array.from({ length: 128 }, (_, unit) => steps.get(unit) ?? none);
  const end = literals.length;
  const state = new Int32Array(words);
  return (text) => {
    state.fill(0);
    state[0] = 1;
    for (let at = 0; at < text.length; at += 1) {
      const unit = text.charCodeAt(at);
      const step = ascii[unit] ?? steps.get(unit) ?? none;
      const stay = unit === SLASH ? staysOverSlash : stays;
      let carry = 0;
      let alive = 0;
      for (let w = 0; w < words; w += 1) {
        const bits = state[w] as number;
        const next = (((bits << 1) | carry) & (step[w] as number)) | (bits & (stay[w] as number));
        carry = bits >>> 31;
        state[w] = next;
        alive |= next;
      }
      if (alive === 0) return false;
    }
    return ((state[end >>> 5] as number) & (1 << (end & 31))) !== 0;
  };
};

/** The commonest shapes, by means that are faster than any automaton; undefined for the rest. */
const simple = (pattern: string): Matcher | undefined => {
  const first = pattern.indexOf('*');
  if (first === -1) return (text) => text === pattern;
  if (!/^[^*]*\*+$|^\*\*+[^*]*$/.test(pattern)) return undefined;
  const literal = pattern.replaceAll('*', '');
  if (first === 0 && literal !== '') return (text) => text.endsWith(literal);
  if (pattern.length - literal.length > 1) return (text) => text.startsWith(literal);
  return (text) => text.startsWith(literal) && !text.includes('/', literal.length);
};

/**
 * Compiles a pattern. `/catalog/**` matches `/catalog/` and all below it, but not `/catalog`.
 *
 * @returns whether a text matches as a whole, in time proportional to its length
 */
export const globMatcher = (pattern: string): Matcher => simple(pattern) ?? shiftAnd(compile(pattern));
