import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RepriseError } from '../../core/errors.ts';
import { MAX_SLICE_BYTES } from '../../core/pace/slice.ts';
import { decodeSliceData, encodeSliceData, MAX_UNPACKED_BYTES } from '../../io/slice-codec.ts';
import { thrownBy } from '../support/errors.ts';

const packed = (text: string | Buffer): string => gzipSync(text).toString('base64');

describe('the data of a slice', () => {
  it('is base64 of gzip of lines', () => {
    expect(decodeSliceData(packed('{"n":0}\n{"n":1}'))).toEqual(['{"n":0}', '{"n":1}']);
    expect(encodeSliceData(['a', 'b'])).toMatch(/^H4sI/);
  });

  it('comes out as it went in, none or many lines', () => {
    fc.assert(
      fc.property(fc.array(fc.json({ noUnicodeString: false }).map((text) => text || '0')), (lines) => {
        expect(decodeSliceData(encodeSliceData(lines))).toEqual(lines);
      }),
    );
    expect(decodeSliceData(encodeSliceData([]))).toEqual([]);
  });

  it('is the same whenever it is packed', () => {
    const lines = Array.from({ length: 500 }, (_, n) => `{"n":${n},"path":"/item/${n * 7}"}`);
    expect(encodeSliceData(lines)).toBe(encodeSliceData([...lines]));
  });

  it('that unpacks to more than is allowed is refused before it fills the memory', () => {
    const bomb = packed(Buffer.alloc(MAX_UNPACKED_BYTES + 1));
    expect(bomb.length).toBeLessThan(MAX_SLICE_BYTES);
    const before = process.memoryUsage().rss;
    const error = thrownBy(() => decodeSliceData(bomb));
    expect([error.code, error.message.slice(0, 71)]).toEqual([
      'SLICE_INVALID',
      'data of a slice must be gzip of at most 33554432 bytes of UTF-8, got Ra',
    ]);
    expect(process.memoryUsage().rss - before).toBeLessThan(4 * MAX_UNPACKED_BYTES);
    expect(thrownBy(() => decodeSliceData(packed('abcd'), { maxBytes: 3 })).code).toBe('SLICE_INVALID');
    expect(decodeSliceData(packed('abc'), { maxBytes: 3 })).toEqual(['abc']);
  });

  it.each([
    ['is no base64', '!'.repeat(8)],
    ['was cut', encodeSliceData(['{"n":0}']).slice(0, -1)],
    ['was cut at a place that base64 has', encodeSliceData(['{"n":0}']).slice(0, -8)],
    ['is no gzip', Buffer.from('plain').toString('base64')],
    ['is empty', ''],
    ['is no UTF-8', packed(Buffer.of(0xff, 0xfe))],
    ['is zstd', Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0).toString('base64')],
  ])('that %s is refused', (_, data) => {
    expect(thrownBy(() => decodeSliceData(data)).code).toBe('SLICE_INVALID');
  });

  it('that is anything is refused with an error of ours, or read', () => {
    const whole = encodeSliceData(['{"n":0,"path":"/a"}', '{"n":1}']);
    const anyData = fc.oneof(
      fc.string(),
      fc.base64String(),
      fc.uint8Array({ maxLength: 200 }).map((bytes) => packed(Buffer.from(bytes))),
      fc
        .tuple(fc.nat(whole.length - 1), fc.constantFrom('A', 'z', '/', '='))
        .map(([at, character]) => whole.slice(0, at) + character + whole.slice(at + 1)),
    );
    fc.assert(
      fc.property(anyData, (data) => {
        try {
          expect(Array.isArray(decodeSliceData(data))).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(RepriseError);
        }
      }),
    );
  });
});
