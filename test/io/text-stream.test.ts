import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, GZIP, lines, skippable, TEXT, TWICE, textOf, ZSTD } from '../support/stored-text.ts';

describe('text as it is stored', () => {
  const zeros = Buffer.alloc(1000);
  const cases: readonly [name: string, chunks: Uint8Array[], text: Buffer][] = [
    ['nothing', [], Buffer.alloc(0)],
    ['plain bytes', [TEXT], TEXT],
    ['a single byte that could begin gzip', [Buffer.from([0x1f])], Buffer.from([0x1f])],
    ['gzip', [GZIP], TEXT],
    ['gzip of nothing', [gzipSync('')], Buffer.alloc(0)],
    ['gzip members in one chunk', [Buffer.concat([GZIP, GZIP])], TWICE],
    ['gzip members, each its own chunk', [GZIP, GZIP], TWICE],
    ['gzip with zero padding', [Buffer.concat([GZIP, zeros])], TEXT],
    ['gzip with zero padding in chunks of its own', [GZIP, zeros, zeros], TEXT],
    ['gzip members with zeros between them', [Buffer.concat([GZIP, zeros, GZIP])], TWICE],
    ['gzip members with chunks of zeros between them', [GZIP, zeros, GZIP], TWICE],
    ['zstd', [ZSTD], TEXT],
    ['zstd of nothing', [zstdCompressSync('')], Buffer.alloc(0)],
    ['zstd frames in one chunk', [Buffer.concat([ZSTD, ZSTD])], TWICE],
    ['zstd frames, each its own chunk', [ZSTD, ZSTD], TWICE],
    ['zstd between skippable frames', [Buffer.concat([skippable('a'), ZSTD, skippable(''), ZSTD])], TWICE],
    ['zstd frames cut anywhere', cut(Buffer.concat([skippable('abc'), ZSTD, ZSTD]), 777), TWICE],
    ['zstd with zero padding', [Buffer.concat([ZSTD, zeros])], TEXT],
    ['gzip inside gzip', [gzipSync(GZIP)], TEXT],
    ['members of gzip inside members of gzip', [gzipSync(GZIP), gzipSync(GZIP)], TWICE],
    ['zstd inside gzip', [gzipSync(ZSTD)], TEXT],
    ['four layers', [gzipSync(zstdCompressSync(gzipSync(ZSTD)))], TEXT],
  ];
  it.each(cases)('%s is read', async (_, chunks, text) => {
    expect((await textOf(...chunks)).equals(text)).toBe(true);
  });

  it('is the same however its bytes are cut into chunks', async () => {
    const texts = [lines(40), lines(3, 5), Buffer.from('')];
    const stored = [
      Buffer.concat(texts.map((text) => gzipSync(text))),
      Buffer.concat(texts.map((text) => zstdCompressSync(text))),
      gzipSync(gzipSync(Buffer.concat(texts))),
      Buffer.concat([...texts.map((text) => gzipSync(text)), Buffer.alloc(9)]),
      Buffer.concat(texts),
    ];
    const cutAnywhere = fc.record({
      bytes: fc.constantFrom(...stored),
      sizes: fc.array(fc.oneof(fc.constant(1), fc.nat(40), fc.nat(900)), { minLength: 1, maxLength: 12 }),
    });
    await fc.assert(
      fc.asyncProperty(cutAnywhere, async ({ bytes, sizes }) => {
        const chunks: Uint8Array[] = [];
        for (let at = 0, i = 0; at < bytes.length; i++) {
          // Empty chunks may come too, but not for ever.
          const size = Math.max(sizes[i % sizes.length] ?? 1, i % 50 === 49 ? 1 : 0);
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        expect((await textOf(...chunks)).equals(Buffer.concat(texts))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('is read from a first chunk of one byte, and byte by byte', async () => {
    expect((await textOf(...cut(gzipSync('{"a":1}\n'), 1))).toString()).toBe('{"a":1}\n');
    expect((await textOf(...cut(zstdCompressSync('{"a":1}\n'), 1))).toString()).toBe('{"a":1}\n');
  });

  it('is read from five thousand tiny members', async () => {
    const members = Array.from({ length: 5000 }, (_, i) => gzipSync(`line ${i}\n`));
    expect((await textOf(Buffer.concat(members))).toString().split('\n')).toHaveLength(5001);
  });
});
