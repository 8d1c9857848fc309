import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLineCutter } from '../../io/line-cutter.ts';

const cut = (chunks: readonly Uint8Array[], maxBytes = 100) => {
  const lines: string[] = [];
  let tooLong = 0;
  const cutter = createLineCutter({
    maxBytes,
    onLine: (line) => lines.push(line),
    onTooLong: () => {
      tooLong += 1;
    },
  });
  for (const chunk of chunks) cutter.push(chunk);
  cutter.end();
  return { lines, tooLong };
};

describe('a line cutter', () => {
  it('gives the lines of a text, however its bytes are cut', () => {
    const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 20 }), { maxLength: 12 });
    fc.assert(
      fc.property(texts, fc.array(fc.nat(60)), (given, places) => {
        const text = given.join('\n');
        const bytes = Buffer.from(text);
        const at = [
          0,
          ...places.map((place) => Math.min(place, bytes.length)).sort((a, b) => a - b),
          bytes.length,
        ];
        const chunks = at.slice(1).map((end, i) => bytes.subarray(at[i], end));
        const lines = bytes
          .toString('utf8')
          .split('\n')
          .filter((line) => line.trim() !== '');
        expect(cut(chunks, 1_000)).toEqual({ lines, tooLong: 0 });
      }),
    );
  });

  it('tells once of a line that grows too long, and goes on behind it', () => {
    const long = Array.from({ length: 50 }, () => Buffer.from('x'.repeat(10)));
    expect(cut([Buffer.from('a\n'), ...long, Buffer.from('y\nb\n')])).toEqual({
      lines: ['a', 'b'],
      tooLong: 1,
    });
  });

  it('keeps what stands behind the last newline, though its buffer is used again', () => {
    const lines: string[] = [];
    const cutter = createLineCutter({
      maxBytes: 100,
      onLine: (line) => lines.push(line),
      onTooLong: () => undefined,
    });
    const buffer = Buffer.from('a\nbc');
    cutter.push(buffer);
    buffer.fill('z');
    cutter.end();
    expect(lines).toEqual(['a', 'bc']);
  });
});
