import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { globMatcher } from '../../../core/plan/glob.ts';

/** The definition, word by word, without a thought for time. */
const naive = (pattern: string, text: string): boolean => {
  if (pattern === '') return text === '';
  if (pattern.startsWith('**')) {
    const rest = pattern.replace(/^\*+/, '');
    return Array.from({ length: text.length + 1 }, (_, i) => text.slice(i)).some((tail) => naive(rest, tail));
  }
  if (pattern.startsWith('*')) {
    const slash = text.indexOf('/');
    const reach = slash === -1 ? text.length : slash;
    return Array.from({ length: reach + 1 }, (_, i) => text.slice(i)).some((tail) =>
      naive(pattern.slice(1), tail),
    );
  }
  return text !== '' && pattern[0] === text[0] && naive(pattern.slice(1), text.slice(1));
};

describe('globMatcher', () => {
  it.each([
    ['/catalog/**', '/catalog/', true],
    ['/catalog/**', '/catalog/a/b', true],
    ['/catalog/**', '/catalog', false],
    ['/catalog*', '/catalog', true],
    ['/catalog*', '/catalog/a', false],
    ['/search', '/search', true],
    ['/search', '/Search', false],
    ['/*/reviews', '/42/reviews', true],
    ['/*/reviews', '//reviews', true],
    ['/*/reviews', '/4/2/reviews', false],
    ['/**/reviews', '/4/2/reviews', true],
    ['/**/reviews', '/reviews', false],
    ['**.css', '/a/b.css', true],
    ['*.css', '/b.css', false],
    ['*.example.com', 'a.b.example.com', true],
    ['*.example.com', 'example.com', false],
    ['**', '', true],
    ['*', '', true],
    ['*', 'a/b', false],
    ['***', 'a/b', true],
    ['', '', true],
    ['', 'a', false],
    ['/a.c', '/abc', false],
    ['/[a]?', '/[a]?', true],
    ['/%C3%A9*', '/%C3%A9t%C3%A9', true],
    ['é*x', 'éaéx', true],
    ['\\*', '\\anything', true],
  ])('%j on %j gives %j', (pattern, text, expected) => {
    expect(globMatcher(pattern)(text)).toBe(expected);
  });

  it('agrees with the definition', () => {
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*', '*', '**', 'é'), maxLength: 9 });
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', 'é', 'c'), maxLength: 10 });
    fc.assert(
      fc.property(pattern, text, (p, t) => globMatcher(p)(t) === naive(p, t)),
      { numRuns: 3000 },
    );
  });

  it('agrees with the definition where the pattern is longer than a machine word', () => {
    const pattern = fc.string({ unit: fc.constantFrom('aaaaaaa', 'ababab', '*', '**', '/'), maxLength: 12 });
    fc.assert(
      fc.property(pattern, fc.string({ unit: fc.constantFrom('a', 'b', '/') }), (p, noise) => {
        const text = p.replace(/\*+/g, (stars) => (stars === '*' ? noise.replaceAll('/', '') : noise));
        expect(globMatcher(p)(text)).toBe(true);
        expect(globMatcher(p)(`${text}c`)).toBe(p.endsWith('*'));
        expect(globMatcher(p)(`c${text}`)).toBe(p.startsWith('*'));
      }),
    );
  });

  it('gives the same answer however often it is asked', () => {
    const matches = globMatcher('/a*/**/z*');
    expect([matches('/ab/c/zz'), matches('/b'), matches('/ab/c/zz')]).toEqual([true, false, true]);
  });

  it('takes linear time on a pattern that explodes elsewhere', () => {
    const matches = globMatcher(`${'**a*a'.repeat(20)}b`);
    const started = performance.now();
    expect(matches('a'.repeat(200_000))).toBe(false);
    // Backtracking would take longer than the age of the universe; the bound only has to tell the two apart.
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
