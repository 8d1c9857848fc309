import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hash32, hashHex, hex64, unitHash } from '../../core/hash.ts';

describe('the hash', () => {
  // Ids and samples are made of these bits: a change here changes every plan.
  it.each([
    ['', 0, 415_870_660, 'ebb6c2283cd6e3f3'],
    ['a', 721_651_713, 2_090_852_287, '11caa9f5abed0ccc'],
    ['ab', 3_780_547_604, 2_358_299_427, '532abe0d74b0fc51'],
    ['abc', 3_319_863_531, 2_297_616_886, '7dc66ac1606c6eed'],
    ['é€😀', 3_053_091_042, 2_533_428_085, '1f2b2287f17e46d4'],
    ['reprise', 2_906_562_439, 1_059_118_887, '1a13a5be4c1f8dd7'],
  ])('of %j has had the same bits since the first version', (text, plain, seeded, hex) => {
    expect([hash32(text), hash32(text, 7), hashHex(text)]).toEqual([plain, seeded, hex]);
    expect(unitHash(text)).toBe(plain / 2 ** 32);
  });

  it('is a whole number of 32 bits, and its unit form is below 1', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer(), (text, seed) => {
        const hash = hash32(text, seed);
        expect(Number.isInteger(hash) && hash >= 0 && hash < 2 ** 32).toBe(true);
        expect(unitHash(text, seed)).toBeLessThan(1);
        expect(hashHex(text)).toMatch(/^[0-9a-f]{16}$/);
      }),
    );
  });

  it('tells apart texts that differ in one place, and seeds that differ in one bit', () => {
    const texts = Array.from({ length: 20_000 }, (_, i) => `request-${i}`);
    expect(new Set(texts.map(hashHex)).size).toBe(20_000);
    const seeds = Array.from({ length: 32 }, (_, bit) => hash32('text', 1 << bit));
    expect(new Set(seeds).size).toBe(32);
  });

  it('spreads what is nearly alike evenly', () => {
    const parts = new Array<number>(16).fill(0);
    for (let i = 0; i < 16_000; i += 1) {
      const part = Math.floor(unitHash(`192.0.2.${i}`) * 16);
      parts[part] = (parts[part] ?? 0) + 1;
    }
    // 15 degrees of freedom: above 37.7 once in a thousand.
    expect(parts.reduce((sum, count) => sum + (count - 1_000) ** 2 / 1_000, 0)).toBeLessThan(37.7);
  });
});

describe('the hex form', () => {
  it('is that of the number, with all its zeros', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
        const hex = hex64(Number(value >> 32n), Number(value & 0xffff_ffffn));
        expect(hex).toBe(value.toString(16).padStart(16, '0'));
      }),
    );
  });
});
