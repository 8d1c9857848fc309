import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { globMatcher } from '../../core/plan/glob.ts';

const RUNS = 250;
/** What only work that explodes takes. */
const BOUND_MS = 5_000;

/** A text that counts how often it is looked at. */
const countedText = (text: string) => {
  const counted = {
    length: text.length,
    looks: 0,
    charCodeAt: (at: number): number => {
      counted.looks += 1;
      return text.charCodeAt(at);
    },
  };
  return counted;
};

const CATASTROPHIC: readonly (readonly [name: string, pattern: string, text: string])[] = [
  ['**a**a**a…', '**a'.repeat(60), 'a'.repeat(20_000)],
  ['**a**a**a…**b', `${'**a'.repeat(60)}**b`, 'a'.repeat(20_000)],
  ['/*/*/*/…x', `/${'*/'.repeat(100)}x`, `/${'a/'.repeat(10_000)}`],
  ['/**/**/**/…x', `/${'**/'.repeat(100)}x`, `/${'a/'.repeat(10_000)}`],
  ['/*a**a**a*…!', `/${'*a*'.repeat(80)}!`, `/${'a'.repeat(20_000)}`],
  ['**ababab…**', `**${'ab'.repeat(500)}**`, 'ab'.repeat(10_000)],
];

describe('globs take one look at each character', () => {
  it.each(CATASTROPHIC)('where %s meets a long path', (_, pattern, text) => {
    const matches = globMatcher(pattern);
    const counted = countedText(text);
    const startedMs = performance.now();
    matches(counted as unknown as string);
    expect(counted.looks).toBeLessThanOrEqual(text.length);
    expect(counted.looks).toBeGreaterThan(0);
    expect(performance.now() - startedMs).toBeLessThan(BOUND_MS);
  });

  it('whatever the pattern, and none is looked at by a way that backtracks', () => {
    const pattern = fc
      .array(fc.constantFrom('*', '**', 'a', 'b', '/', 'é'), { maxLength: 60 })
      .map((parts) => parts.join(''));
    const text = fc
      .array(fc.constantFrom('a', 'b', '/', 'é'), { maxLength: 300 })
      .map((parts) => parts.join(''));
    /** By recursion with a memory: slow, and easy to see through. */
    const reference = (glob: string, given: string): boolean => {
      const known = new Map<number, boolean>();
      const from = (i: number, j: number): boolean => {
        const key = i * (given.length + 1) + j;
        const found = known.get(key);
        if (found !== undefined) return found;
        const stars = /^\*+/.exec(glob.slice(i))?.[0].length ?? 0;
        const may = j < given.length && (stars > 1 || given[j] !== '/');
        const answer: boolean =
          stars > 0
            ? from(i + stars, j) || (may && from(i, j + 1))
            : i === glob.length
              ? j === given.length
              : glob[i] === given[j] && from(i + 1, j + 1);
        known.set(key, answer);
        return answer;
      };
      return from(0, 0);
    };
    fc.assert(
      fc.property(pattern, text, (glob, given) => {
        expect(globMatcher(glob)(given)).toBe(reference(glob, given));
      }),
      { numRuns: RUNS },
    );
  });
});
