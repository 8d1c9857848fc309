import { constants, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createZstdFrames, isZstdMagic } from '../../io/zstd-frames.ts';

const incompressible = Buffer.from(
  Array.from({ length: 300_000 }, (_, i) => Math.imul(i + 1, 2654435761) >>> 24),
);
const FRAMES: readonly [name: string, frame: Buffer][] = [
  ['an empty frame', zstdCompressSync('')],
  ['one small block', zstdCompressSync('{"a":1}\n')],
  ['blocks of one repeated byte', zstdCompressSync(Buffer.alloc(1_000_000, 120))],
  ['blocks that are stored as they are', zstdCompressSync(incompressible)],
  ['a checksum', zstdCompressSync(incompressible, { params: { [constants.ZSTD_c_checksumFlag]: 1 } })],
  [
    'no content size',
    zstdCompressSync(incompressible, { params: { [constants.ZSTD_c_contentSizeFlag]: 0 } }),
  ],
  ['a frame to skip', Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3])],
  ['an empty frame to skip', Buffer.from([0x5f, 0x2a, 0x4d, 0x18, 0, 0, 0, 0])],
];

it.each(FRAMES)('the end of %s is found in front of other bytes', (_, frame) => {
  const frames = createZstdFrames();
  expect(frames.atBoundary()).toBe(true);
  expect(frames.scan(Buffer.concat([frame, Buffer.from('behind')]))).toBe(frame.length);
  expect(frames.atBoundary()).toBe(true);
});

it('a frame that is cut anywhere is never taken for a whole one', () => {
  for (const [, frame] of FRAMES) {
    const step = Math.max(1, Math.floor(frame.length / 40));
    for (let at = 1; at < frame.length; at += step) {
      const frames = createZstdFrames();
      expect(frames.scan(frame.subarray(0, at))).toBe(at);
      expect(frames.atBoundary()).toBe(false);
    }
  }
});

it('ends are found however frames are cut into chunks', () => {
  const all = Buffer.concat(FRAMES.map(([, frame]) => frame));
  const ends = new Set<number>();
  let sum = 0;
  for (const [, frame] of FRAMES) {
    sum += frame.length;
    ends.add(sum);
  }
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 200_000 }), { minLength: 1 }), (sizes) => {
      const frames = createZstdFrames();
      const found = new Set<number>();
      for (let at = 0, i = 0; at < all.length; i++) {
        at += frames.scan(all.subarray(at, at + (sizes[i % sizes.length] ?? 1) + (i % 7) * 1000));
        if (frames.atBoundary()) found.add(at);
      }
      expect(found).toEqual(ends);
    }),
    { numRuns: 30 },
  );
});

it('only four bytes of a zstd frame are its magic', () => {
  expect(isZstdMagic(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]))).toBe(true);
  expect(isZstdMagic(Buffer.from([0x5f, 0x2a, 0x4d, 0x18]))).toBe(true);
  expect(isZstdMagic(Buffer.from([0x60, 0x2a, 0x4d, 0x18]))).toBe(false);
  expect(isZstdMagic(Buffer.from([0x28, 0xb5, 0x2f]))).toBe(false);
  expect(isZstdMagic(Buffer.from('{"a"'))).toBe(false);
});
