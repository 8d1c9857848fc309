import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut, damaged, GZIP, readAll, stream, TEXT, ZSTD } from '../support/stored-text.ts';

describe('input that is cut short', () => {
  it('yields a prefix of its text, all that its bytes can tell, wherever it is cut', async () => {
    let known = 0;
    for (let at = 1000; at < GZIP.length; at += 1000) {
      const { text, error } = await readAll(stream(cut(GZIP.subarray(0, at), 65_536)));
      expect(error?.code).toBe('INPUT_TRUNCATED');
      expect(TEXT.subarray(0, text.length).equals(text)).toBe(true);
      // A thousand bytes more always tell more: nothing waits in a buffer that is thrown away.
      expect(text.length).toBeGreaterThan(known);
      known = text.length;
    }
    expect(TEXT.length - known).toBeLessThan(8_000);
  });

  it('says so and what is kept', async () => {
    const { error } = await readAll(stream([GZIP.subarray(0, GZIP.length - 3)]));
    expect(error?.message).toBe(
      `access.log.gz ends in the middle of its gzip data, after ${GZIP.length - 3} bytes`,
    );
    expect(error?.hint).toBe(
      `it was cut short or is still being written; the ${TEXT.length} bytes of text before that are used`,
    );
  });

  const cases: readonly [name: string, chunks: Uint8Array[]][] = [
    ['in the header of a second member', [GZIP, GZIP.subarray(0, 5)]],
    ['in the header of a second member of the same chunk', [Buffer.concat([GZIP, GZIP.subarray(0, 2)])]],
    ['in the trailer', [GZIP.subarray(0, GZIP.length - 1)]],
    ['in a second zstd frame', [Buffer.concat([ZSTD, ZSTD.subarray(0, 1000)])]],
    ['in the header of a zstd frame', [Buffer.concat([ZSTD, ZSTD.subarray(0, 5)])]],
    ['inside a whole gzip', [gzipSync(GZIP.subarray(0, GZIP.length - 4))]],
  ];
  it.each(cases)('%s is told apart from whole input, and loses nothing before it', async (_, chunks) => {
    const { text, error } = await readAll(stream(chunks));
    expect(error?.code).toBe('INPUT_TRUNCATED');
    expect(text.equals(TEXT)).toBe(true);
  });

  it('as zstd yields its whole blocks', async () => {
    const { text, error } = await readAll(stream([ZSTD.subarray(0, ZSTD.length - 3)]));
    expect(error?.message).toBe(
      `access.log.gz ends in the middle of its zstd data, after ${ZSTD.length - 3} bytes`,
    );
    expect(text.length).toBe(Math.floor(TEXT.length / 131_072) * 131_072);
  });
});

describe('input that is damaged', () => {
  const garbage = Buffer.concat([GZIP, Buffer.from('hello')]);
  const wrongChecksum = Buffer.from(GZIP);
  wrongChecksum[wrongChecksum.length - 6] = (wrongChecksum.at(-6) ?? 0) ^ 1;

  it.each([
    ['has something else behind it', garbage, 'incorrect header check'],
    ['has a wrong checksum', wrongChecksum, 'incorrect data check'],
  ])('loses nothing where it %s and can be opened again', async (_, stored, detail) => {
    const { text, error } = await readAll(() => stream([stored]));
    expect(error?.code).toBe('INPUT_CORRUPT');
    expect(error?.message).toBe(
      `access.log.gz holds damaged gzip data within its first ${stored.length} bytes: ${detail}`,
    );
    expect(error?.hint).toBe(`fetch the file again; the ${TEXT.length} bytes of text before that are used`);
    expect(text.equals(TEXT)).toBe(true);
  });

  it('loses less than a chunk where it cannot be opened again', async () => {
    const { text, error } = await readAll(stream([garbage]));
    expect(error?.code).toBe('INPUT_CORRUPT');
    expect(TEXT.subarray(0, text.length).equals(text)).toBe(true);
    expect(TEXT.length - text.length).toBeLessThan(256 * 1024);
  });

  it.each([
    ['zstd', damaged(ZSTD, 140_000)],
    ['zstd inside gzip', gzipSync(damaged(ZSTD, 140_000))],
  ])('as %s yields every block before the fault', async (_, stored) => {
    const { text, error } = await readAll(() => stream([stored]));
    expect(error?.code).toBe('INPUT_CORRUPT');
    expect(text.length % 131_072).toBe(0);
    expect(text.length).toBeGreaterThanOrEqual(4 * 131_072);
    expect(TEXT.subarray(0, text.length).equals(text)).toBe(true);
  });

  it('says when what follows is no compressed data', async () => {
    const { text, error } = await readAll(stream([ZSTD, Buffer.from('hello')]));
    expect(text.equals(TEXT)).toBe(true);
    expect(error?.message).toBe(
      `access.log.gz holds damaged zstd data within its first ${ZSTD.length + 5} bytes: something else follows the compressed data`,
    );
  });

  it('is refused when it is nested too deep', async () => {
    const { error } = await readAll(stream([gzipSync(gzipSync(gzipSync(gzipSync(gzipSync('x')))))]));
    expect(error?.code).toBe('INPUT_CORRUPT');
    expect(error?.message).toBe('access.log.gz is compressed more than 4 times over');
  });

  it('never breaks anything but the promise of a whole text, whatever the bytes', async () => {
    const heads = [Buffer.from([0x1f, 0x8b, 8, 0]), Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), Buffer.alloc(0)];
    const anything = fc.tuple(fc.constantFrom(...heads), fc.uint8Array({ maxLength: 200 }));
    await fc.assert(
      fc.asyncProperty(anything, async ([head, rest]) => {
        const { error } = await readAll(() => stream([Buffer.concat([head, rest])]));
        expect(['INPUT_TRUNCATED', 'INPUT_CORRUPT', undefined]).toContain(error?.code);
      }),
      { numRuns: 200 },
    );
  });
});
