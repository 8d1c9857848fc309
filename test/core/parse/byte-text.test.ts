import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bytesOfText,
  concatBytes,
  targetOfBytes,
  textOfBytes,
  unescapeJson,
  withNewline,
} from '../../../core/parse/byte-text.ts';
import { bytesOf } from '../../support/decode.ts';

/** Bytes among which sequences of UTF-8, whole and broken, are common. */
const bytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 4 }),
      fc.string({ unit: 'grapheme', maxLength: 3 }).map(bytesOf),
      fc.constantFrom(
        [0xed, 0xa0, 0x80],
        [0xf0, 0x9f],
        [0xc0, 0x80],
        [0xf4, 0x90, 0x80, 0x80],
        [0xe0, 0x80, 0x80],
      ),
    ),
    { maxLength: 8 },
  )
  .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])));

describe('textOfBytes and bytesOfText', () => {
  it('give back every byte, UTF-8 or not', () => {
    fc.assert(
      fc.property(bytes, (given) => {
        expect(bytesOfText(textOfBytes(given))).toEqual(given);
      }),
      { numRuns: 1_000 },
    );
  });

  it('read valid UTF-8 as everyone does', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(text.isWellFormed());
        expect(textOfBytes(bytesOf(text))).toBe(text);
      }),
    );
  });

  it.each([
    [[0xff], '\udcff'],
    [[0x61, 0xe9, 0x62], 'a\udce9b'],
    [[0xc3, 0xa9, 0xc3], 'é\udcc3'],
    [[0xed, 0xb0, 0x80], '\udced\udcb0\udc80'],
    [[0xc0, 0x80], '\udcc0\udc80'],
    [[0xf4, 0x90, 0x80, 0x80], '\udcf4\udc90\udc80\udc80'],
    [[0xf0, 0x9f, 0x98, 0x80, 0xff], '😀\udcff'],
    [[0xef, 0xbb, 0xbf, 0x61], '\ufeffa'],
  ])('reads %j as PEP 383 says', (given, text) => {
    expect(textOfBytes(Uint8Array.from(given))).toBe(text);
  });
});

describe('unescapeJson', () => {
  it('undoes what JSON.parse undoes', () => {
    const text = fc.string({ unit: 'binary' }).filter((s) => s.isWellFormed());
    fc.assert(
      fc.property(text, fc.boolean(), (value, all) => {
        const escaped = all
          ? Array.from(
              { length: value.length },
              (_, i) => `\\u${value.charCodeAt(i).toString(16).padStart(4, '0')}`,
            ).join('')
          : JSON.stringify(value).slice(1, -1);
        const raw = bytesOf(`"${escaped}"`);
        expect(textOfBytes(unescapeJson(raw, 1, raw.length - 1))).toBe(JSON.parse(`"${escaped}"`));
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['\\"\\\\\\/\\b\\f\\n\\r\\t', '"\\/\b\f\n\r\t'],
    ['\\u00E9\\u00e9', 'éé'],
    ['\\uD83D\\uDE00', '😀'],
    ['\\ud83dx', '\udced\udca0\udcbdx'],
    ['\\ud83d\\ud83d\\ude00', '\udced\udca0\udcbd😀'],
    ['\\x22\\xC3\\xa9', '"é'],
    ['\\xE9', '\udce9'],
  ])('reads %s', (text, value) => {
    const raw = bytesOf(text);
    expect(textOfBytes(unescapeJson(raw, 0, raw.length))).toBe(value);
  });
});

describe('targetOfBytes', () => {
  it('leaves visible ASCII as it is and writes every other byte as %XX', () => {
    expect(targetOfBytes(bytesOf('/a%2fb?q="x"&y=é z\u0000'))).toBe('/a%2fb?q="x"&y=%C3%A9%20z%00');
    fc.assert(
      fc.property(fc.uint8Array(), (given) => {
        const target = targetOfBytes(given);
        expect(target).toMatch(/^[\x21-\x7e]*$/);
        const back = target.replace(/%([0-9A-F]{2})/g, (_, hex: string) =>
          String.fromCharCode(Number.parseInt(hex, 16)),
        );
        if (!given.includes(0x25)) expect(back).toBe(String.fromCharCode(...given));
      }),
    );
  });
});

describe('concatBytes and withNewline', () => {
  it('join and end bytes', () => {
    expect(concatBytes([bytesOf('ab'), bytesOf(''), bytesOf('c')])).toEqual(bytesOf('abc'));
    expect(withNewline(bytesOf('abc'), 2)).toEqual(bytesOf('ab\n'));
  });
});
