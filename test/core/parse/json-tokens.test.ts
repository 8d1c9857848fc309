import { describe, expect, it } from 'vitest';
import { newFields, startFields } from '../../../core/parse/json-fields.ts';
import { plainEnd, SCAN_BAD, SCAN_TRUNCATED, stringEnd } from '../../../core/parse/json-tokens.ts';
import { bytesOf } from '../../support/decode.ts';

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Places at which a scan of four bytes at a time has its first, middle and last words, and the bytes behind them. */
const LENGTHS = Array.from({ length: 41 }, (_, length) => length);

/** The bytes in memory that goes on before and behind them with what would be found. */
const amid = (bytes: Uint8Array, offset: number): Uint8Array => {
  const memory = new Uint8Array(offset + bytes.length + 8).fill(0x22);
  memory.set(bytes, offset);
  return memory.subarray(offset, offset + bytes.length);
};

describe('plainEnd', () => {
  it('stops at the first byte that is not plain, whatever it is, wherever it stands and wherever it is begun', () => {
    for (let byte = 0; byte < 256; byte += 1) {
      const isPlain = byte >= 0x20 && byte < 0x80 && byte !== 0x22 && byte !== 0x5c;
      for (let place = 0; place < 12; place += 1) {
        const bytes = new Uint8Array(13).fill(0x61);
        bytes[12] = 0x0a;
        bytes[place] = byte;
        for (let from = 0; from <= place; from += 1)
          expect(plainEnd(bytes, viewOf(bytes), from)).toBe(isPlain ? 12 : place);
      }
    }
  });

  it('finds the first of two, also where they touch', () => {
    const marks = [0x00, 0x01, 0x1f, 0x22, 0x5c, 0x7f, 0x80, 0xff, 0x20, 0x23, 0x21, 0x5b, 0x5d];
    const isMark = (byte: number): boolean => byte < 0x20 || byte >= 0x80 || byte === 0x22 || byte === 0x5c;
    for (const one of marks) {
      for (const other of marks) {
        for (let place = 0; place < 8; place += 1) {
          const bytes = Uint8Array.from([...Array<number>(10).fill(0x7e), 0x0a]);
          bytes[place] = one;
          bytes[place + 1] = other;
          const want = isMark(one) ? place : isMark(other) ? place + 1 : 10;
          expect(plainEnd(bytes, viewOf(bytes), 0)).toBe(want);
        }
      }
    }
  });

  it('looks at no byte before or behind its own', () => {
    for (const length of LENGTHS) {
      for (const offset of [0, 1, 2, 3]) {
        const bytes = amid(bytesOf(`${'x'.repeat(length)}\n`), offset);
        expect(plainEnd(bytes, viewOf(bytes), 0)).toBe(length);
      }
    }
  });
});

describe('stringEnd', () => {
  const endOf = (text: string | Uint8Array): { end: number; isText: boolean } => {
    const line = bytesOf(text);
    const bytes = Uint8Array.from([...line, 0x0a]);
    const fields = newFields(0);
    startFields(fields, bytes, line.length);
    return { end: stringEnd(fields, 1), isText: fields.isText };
  };

  it('ends strings of every length at the quote, and says which are plain', () => {
    for (const length of LENGTHS) {
      const plain = `"${'x'.repeat(length)}"`;
      expect(endOf(plain)).toEqual({ end: length + 1, isText: false });
      expect(endOf(plain.slice(0, -1)).end).toBe(SCAN_TRUNCATED);
    }
  });

  it.each([
    ['a quote', '\\"', true],
    ['a backslash', '\\\\', true],
    ['an escape in Unicode', '\\u00e9', true],
    ['a letter outside ASCII', 'é', true],
    ['a character of four bytes', '😀', true],
    ['DEL', '\x7f', false],
  ])('goes on behind %s at every place', (_, part, isText) => {
    for (const length of LENGTHS) {
      for (let place = 0; place <= length; place += 1) {
        const bytes = bytesOf(`"${'x'.repeat(place)}${part}${'x'.repeat(length - place)}"`);
        expect(endOf(bytes)).toEqual({ end: bytes.length - 1, isText });
        expect(typeof JSON.parse(new TextDecoder().decode(bytes))).toBe('string');
      }
    }
  });

  it.each(['\0', '\x1f', '\n', '\t', '\\q', '\\u00g0'])('refuses %j at every place', (part) => {
    for (const length of LENGTHS) {
      for (let place = 0; place <= length; place += 1) {
        const text = `"${'x'.repeat(place)}${part}${'x'.repeat(length - place)}"`;
        expect(endOf(text).end).toBe(SCAN_BAD);
        expect(() => JSON.parse(text)).toThrow();
      }
    }
  });
});
