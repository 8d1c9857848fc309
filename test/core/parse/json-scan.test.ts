import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textOfBytes, unescapeJson } from '../../../core/parse/byte-text.ts';
import { type Fields, newFields, VALUE } from '../../../core/parse/json-fields.ts';
import { type KeyTable, newKeyTable } from '../../../core/parse/json-keys.ts';
import { scanObject } from '../../../core/parse/json-scan.ts';
import { SCAN_BAD, SCAN_TRUNCATED } from '../../../core/parse/json-tokens.ts';
import { bytesOf } from '../../support/decode.ts';

const KEYS = ['a', 'b', 'key', '', '__proto__', 'é', 'q"k'];
const newTable = (): KeyTable =>
  newKeyTable((key) => ({
    slot: KEYS.indexOf(key),
    header: key.startsWith('h_') ? key.slice(2) : undefined,
  }));

const scan = (given: string | Uint8Array, table = newTable(), fields = newFields(KEYS.length)) => {
  const bytes = bytesOf(given);
  const end = scanObject(fields, bytes, 0, bytes.length, table);
  return { end, fields };
};

const lenient = new TextDecoder('utf-8', { ignoreBOM: true });

/** What a slot holds, as JSON.parse would say it; `nested` for objects and lists. */
const valueAt = (fields: Fields, slot: number): unknown => {
  if (fields.filled[slot] !== fields.scan) return undefined;
  const [start, end] = [fields.start[slot] ?? 0, fields.end[slot] ?? 0];
  const kind = fields.kind[slot];
  if (kind === VALUE.nested) return JSON.parse(lenient.decode(fields.bytes.slice(start, end)));
  if (kind === VALUE.none) return null;
  const text = textOfBytes(fields.bytes.slice(start, end));
  if (kind === VALUE.bare) return JSON.parse(text);
  return kind === VALUE.ascii ? text : textOfBytes(unescapeJson(fields.bytes, start, end));
};

const parsed = (bytes: Uint8Array): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(lenient.decode(bytes));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    // What JSON.parse refuses is what this test wants to know.
    return undefined;
  }
};

/** Lone surrogates come out as escaped bytes: the two ways to say them are made one. */
const wellFormed = (value: unknown): unknown => {
  if (typeof value === 'string') return value.toWellFormed().replace(/\ufffd+/g, '\ufffd');
  if (Array.isArray(value)) return value.map(wellFormed);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [wellFormed(k), wellFormed(v)]));
  return Object.is(value, -0) ? 0 : value;
};

const expectSame = (bytes: Uint8Array): void => {
  const start = bytes.findIndex((byte) => ![0x20, 0x09, 0x0a, 0x0d].includes(byte));
  if (bytes[start] !== 0x7b) return;
  const fields = newFields(KEYS.length);
  const end = scanObject(fields, bytes, start, bytes.length, newTable());
  const isWhole = end > 0 && bytes.subarray(end).every((byte) => [0x20, 0x09, 0x0a, 0x0d].includes(byte));
  const want = parsed(bytes);
  expect(isWhole && !fields.repaired).toBe(want !== undefined);
  if (want === undefined) return;
  for (const [slot, key] of KEYS.entries()) {
    const value = Object.hasOwn(want, key) ? want[key] : undefined;
    expect(wellFormed(valueAt(fields, slot))).toEqual(wellFormed(value));
  }
};

const objects = fc.dictionary(
  fc.oneof(fc.constantFrom(...KEYS), fc.string({ unit: 'binary', maxLength: 4 })),
  fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' }),
  { maxKeys: 6 },
);
const SPACES = ['', ' ', '\t', '\r\n', '  \n'];

/** JSON text of a value with space between its tokens, and some characters of its strings escaped. */
const loose = (value: unknown, draw: () => number): string => {
  const space = (): string => SPACES[draw() % SPACES.length] ?? '';
  const text = (s: string): string =>
    draw() % 3 > 0
      ? JSON.stringify(s)
      : `"${Array.from({ length: s.length }, (_, i) => `\\u${s.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')}"`;
  const write = (v: unknown): string => {
    if (typeof v === 'string') return text(v);
    if (Array.isArray(v)) return `[${space()}${v.map(write).join(`${space()},${space()}`)}${space()}]`;
    if (typeof v !== 'object' || v === null) return JSON.stringify(v);
    const members = Object.entries(v).map(([k, m]) => `${text(k)}${space()}:${space()}${write(m)}`);
    return `{${space()}${members.join(`${space()},${space()}`)}${space()}}`;
  };
  return write(value);
};

const looseTexts = fc
  .tuple(objects, fc.array(fc.nat(59), { minLength: 1, maxLength: 40 }))
  .map(([value, dice]) => {
    let at = 0;
    return loose(value, () => {
      at += 1;
      return dice[at % dice.length] ?? 0;
    });
  });

describe('scanObject beside JSON.parse', () => {
  it('agrees on objects, however they are spaced and escaped', () => {
    fc.assert(
      fc.property(looseTexts, (text) => {
        expectSame(bytesOf(text));
      }),
      { numRuns: 400 },
    );
  });

  it('agrees on objects of which a byte was changed, taken out or put in', () => {
    const edits = fc.tuple(
      fc.constantFrom('set', 'cut', 'add'),
      fc.nat(),
      fc.oneof(fc.constantFrom(...bytesOf('{}[]",:\\ue0-+.19 tfn\n')), fc.nat(255)),
    );
    const broken = fc
      .tuple(looseTexts, fc.array(edits, { minLength: 1, maxLength: 3 }))
      .map(([text, list]) => {
        const bytes = [...bytesOf(text)];
        for (const [kind, at, byte] of list)
          bytes.splice(at % bytes.length, kind === 'add' ? 0 : 1, ...(kind === 'cut' ? [] : [byte]));
        return Uint8Array.from(bytes);
      });
    fc.assert(fc.property(broken, expectSame), { numRuns: 2_000 });
  });

  it('agrees on text made of the tokens of JSON', () => {
    const tokens = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"key":',
      '"b":',
      '""',
      '0',
      '-0',
      '01',
      '1.',
      '.5',
      '1e5',
      '1E-2',
      '-',
      '+1',
      'true',
      'tru',
      'null',
      'nullx',
      'false',
      '"\\u00e9"',
      '"\\u0"',
      '"\\',
      '"\\x41"',
      '"\t"',
      ' ',
      '\n',
      '"é"',
      '1 2',
    );
    const texts = fc.array(tokens, { maxLength: 12 }).map((list) => `{"a":${list.join('')}`);
    fc.assert(
      fc.property(texts, (text) => {
        expectSame(bytesOf(text));
      }),
      { numRuns: 3_000 },
    );
  });

  it('agrees on arbitrary bytes', () => {
    const bytes = fc.uint8Array({ maxLength: 60 }).map((tail) => Uint8Array.of(0x7b, 0x22, ...tail));
    fc.assert(fc.property(bytes, expectSame), { numRuns: 2_000 });
  });

  it.each([
    ['{"a":1,"a":2}', 2],
    ['{"a":{"a":1}}', { a: 1 }],
    ['{"\\u0061":1}', 1],
    ['{"a":1,"\\u0061":2}', 2],
    ['{"b":"a","a":""}', ''],
    ['{"x":[{"a":7}],"a":null}', null],
    ['{"x":{"a":7}}', undefined],
    ['{"a":"\\ud83d\\ude00"}', '😀'],
    ['{"a":-0.5e+3}', -500],
    ['{"a":0}', 0],
    ['{}', undefined],
  ])('reads a of %s', (text, value) => {
    const { end, fields } = scan(text);
    expect(end).toBe(text.length);
    expect(fields.repaired).toBe(false);
    expect(valueAt(fields, 0)).toEqual(value);
  });

  it('accepts bytes from 0x80 in strings whether or not they are UTF-8, and nowhere else', () => {
    expect(scan(Uint8Array.from([...bytesOf('{"a":"'), 0xff, 0xc3, ...bytesOf('"}')])).end).toBe(10);
    expect(scan(Uint8Array.from([...bytesOf('{"a":'), 0xff, ...bytesOf('}')])).fields.repaired).toBe(true);
    expect(scan(Uint8Array.from([...bytesOf('{"a":1}'), 0xa0])).end).toBe(7);
  });

  it('ends at the closing brace, whatever follows', () => {
    expect(scan('{"a":"}{"}{"b":1}').end).toBe(10);
    expect(scan('{"a":1} x').end).toBe(7);
  });
});

describe('scanObject on what nginx formats break', () => {
  it.each([
    ['{"a":,"b":1}', VALUE.none, ''],
    ['{"a":}', VALUE.none, ''],
    ['{"a": , "b":1}', VALUE.none, ''],
    ['{"a":0.000, 0.003,"b":1}', VALUE.bare, '0.000, 0.003'],
    ['{"a":502, 204}', VALUE.bare, '502, 204'],
    ['{"a":502 : 204,"b":1}', VALUE.bare, '502 : 204'],
    ['{"a":-,"b":1}', VALUE.bare, '-'],
    ['{"a":000}', VALUE.bare, '000'],
    ['{"a":GET,"b":1}', VALUE.bare, 'GET'],
    ['{"a":10.0.0.1:80,"b":1}', VALUE.bare, '10.0.0.1:80'],
    ['{"a":"\\x22\\xC3"}', VALUE.text, '\\x22\\xC3'],
  ])('mends %s', (text, kind, raw) => {
    const { end, fields } = scan(text);
    expect(end).toBe(text.length);
    expect(fields.repaired).toBe(true);
    expect(fields.kind[0]).toBe(kind);
    expect(textOfBytes(fields.bytes.slice(fields.start[0], fields.end[0]))).toBe(raw);
    if (text.includes('"b"')) expect(valueAt(fields, 1)).toBe(1);
  });

  it.each([
    ['{"a":"\\xg1"}', SCAN_BAD],
    ['{"a":"\\q"}', SCAN_BAD],
    ['{"a":x"y"}', SCAN_BAD],
    ['{"a":[1,x]}', SCAN_BAD],
    ['{a:1}', SCAN_BAD],
    ['{"a" 1}', SCAN_BAD],
    ['{"a":1 "b":2}', SCAN_BAD],
    [`{"a":${'x'.repeat(300)}}`, SCAN_BAD],
    ['{"a":"\t"}', SCAN_BAD],
    ['{', SCAN_TRUNCATED],
    ['{"a', SCAN_TRUNCATED],
    ['{"a"', SCAN_TRUNCATED],
    ['{"a":', SCAN_TRUNCATED],
    ['{"a":tr', SCAN_TRUNCATED],
    ['{"a":12', SCAN_TRUNCATED],
    ['{"a":"\\u12', SCAN_TRUNCATED],
    ['{"a":"\\', SCAN_TRUNCATED],
    ['{"a":[1,', SCAN_TRUNCATED],
    ['{"a":1,', SCAN_TRUNCATED],
  ])('refuses %s', (text, result) => {
    expect(scan(text).end).toBe(result);
  });

  it('marks a mended key each time, also where it was expected', () => {
    const table = newTable();
    const fields = newFields(KEYS.length);
    for (let i = 0; i < 3; i += 1) {
      expect(scan('{"b":1,"\\x61":2}', table, fields).fields.repaired).toBe(true);
      expect(valueAt(fields, 0)).toBe(2);
    }
  });
});

describe('scanObject at its limits', () => {
  it('never reads past the end: what stands behind it changes nothing', () => {
    const texts = fc.tuple(looseTexts, fc.nat(), fc.uint8Array({ maxLength: 20 }));
    fc.assert(
      fc.property(texts, ([text, cut, tail]) => {
        const line = bytesOf(text).subarray(0, cut % (text.length + 1));
        if (line[0] !== 0x7b) return;
        const more = Uint8Array.from([...line, ...tail]);
        const fields = newFields(KEYS.length);
        const end = scanObject(fields, more, 0, line.length, newTable());
        expect(end).toBe(scan(line).end);
        expect(end).toBeLessThanOrEqual(line.length);
      }),
      { numRuns: 500 },
    );
  });

  it('refuses more than 64 levels of nesting, and reads 64', () => {
    expect(scan(`{"a":${'['.repeat(100_000)}`).end).toBe(SCAN_BAD);
    expect(scan(`${'{"a":'.repeat(100_000)}1`).end).toBe(SCAN_BAD);
    const deep = `${'{"a":'.repeat(64)}{}${'}'.repeat(64)}`;
    expect(scan(deep).end).toBe(deep.length);
  });

  it('reads 10,000 different keys and still the known one', () => {
    const table = newTable();
    const fields = newFields(KEYS.length);
    for (let i = 0; i < 10; i += 1) {
      const keys = Array.from({ length: 1_000 }, (_, k) => `"k${i * 1_000 + k}":${k}`);
      const { end } = scan(`{${keys.join(',')},"a":${i}}`, table, fields);
      expect(end).toBeGreaterThan(0);
      expect(valueAt(fields, 0)).toBe(i);
    }
    expect(table.entries.size).toBeLessThanOrEqual(4096);
  });

  it('finds the right key where another was expected', () => {
    const table = newTable();
    const fields = newFields(KEYS.length);
    scan('{"a":1,"b":2,"key":3}', table, fields);
    scan('{"a":4,"key":5}', table, fields);
    expect([0, 1, 2].map((slot) => valueAt(fields, slot))).toEqual([4, undefined, 5]);
    scan('{"ab":9,"b":6,"a":7,"ke":1}', table, fields);
    expect([0, 1, 2].map((slot) => valueAt(fields, slot))).toEqual([7, 6, undefined]);
    scan('{"":8,"b\\u0000":1}', table, fields);
    expect([0, 1, 3].map((slot) => valueAt(fields, slot))).toEqual([undefined, undefined, 8]);
  });

  it('notes no more than 512 headers', () => {
    const { end, fields } = scan(`{${Array.from({ length: 2_000 }, (_, i) => `"h_${i}":"v"`).join(',')}}`);
    expect(end).toBeGreaterThan(0);
    expect(fields.nginxHeaders.count).toBe(512);
  });

  it('begins its numbering anew before it leaves 32 bits', () => {
    const table = newTable();
    const fields = newFields(KEYS.length);
    fields.scan = 0x7ffffffe;
    scan('{"a":1,"b":2}', table, fields);
    scan('{"a":3}', table, fields);
    expect([valueAt(fields, 0), valueAt(fields, 1)]).toEqual([3, undefined]);
    scan('{"b":4}', table, fields);
    expect([valueAt(fields, 0), valueAt(fields, 1)]).toEqual([undefined, 4]);
  });
});

describe('headers under several keys', () => {
  const named = (text: string): readonly (readonly [string, string])[] => {
    const table = newKeyTable((key) => ({
      slot: -1,
      header: key.startsWith('own') ? 'X-A' : 'x-a',
      isOwn: key.startsWith('own'),
    }));
    const list = scan(text, table).fields;
    const { nginxHeaders: h, bytes } = list;
    return Array.from({ length: h.count }, (_, i) => [
      h.name[i] ?? '',
      textOfBytes(bytes.slice(h.start[i], h.end[i])),
    ]);
  };

  it.each([
    ['{"p":"1","q":"2"}', [['x-a', '1']]],
    ['{"p":"","q":"2"}', [['x-a', '2']]],
    ['{"p":"-","q":"2"}', [['x-a', '2']]],
    ['{"p":"1","q":""}', [['x-a', '1']]],
    ['{"p":"1","p":"2"}', [['x-a', '2']]],
    ['{"p":"1","own":"2"}', [['X-A', '2']]],
    ['{"own":"2","p":"1"}', [['X-A', '2']]],
    ['{"own":"","p":"1"}', [['x-a', '1']]],
    ['{"p":"1","own":"-"}', [['x-a', '1']]],
  ])('of %s gives one', (text, pairs) => {
    expect(named(text)).toEqual(pairs);
  });
});
