import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textOfBytes, unescapeJson } from '../../../core/parse/byte-text.ts';
import { newFields, VALUE } from '../../../core/parse/json-fields.ts';
import { newKeyTable } from '../../../core/parse/json-keys.ts';
import { scanObject } from '../../../core/parse/json-scan.ts';
import { SCAN_TRUNCATED } from '../../../core/parse/json-tokens.ts';
import { bytesOf } from '../../support/decode.ts';

/** Keys of every length around those at which a comparison by words changes, many of them beginnings or ends of others. */
const LENGTHS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 46, 47, 48, 49, 50, 51, 60, 255, 256, 257];
const KEYS = LENGTHS.flatMap((length) => ['a'.repeat(length), `${'a'.repeat(length)}b`]);

/** One scanner for many lines, as a log has it: what it expects comes from the lines before. */
const newReader = (keys: readonly string[]) => {
  const fields = newFields(keys.length);
  const table = newKeyTable((key) => ({ slot: keys.indexOf(key) }));
  const valueIn = (slot: number): unknown => {
    const { bytes, filled, kind: kinds, start: starts, end: ends } = fields;
    if (filled[slot] !== fields.scan) return undefined;
    const [kind, start = 0, end = 0] = [kinds[slot], starts[slot], ends[slot]];
    if (kind === VALUE.text) return textOfBytes(unescapeJson(bytes, start, end));
    const text = textOfBytes(bytes.slice(start, end));
    return kind === VALUE.ascii ? text : JSON.parse(text);
  };
  const read = (line: string, behind = '\n'): number => {
    const bytes = bytesOf(line + behind);
    return scanObject(fields, bytes, 0, bytesOf(line).length, table);
  };
  return { read, valueIn, table };
};

/** Reads a line and compares it with what JSON.parse says. */
const expectSame = ({ read, valueIn }: ReturnType<typeof newReader>, line: string): void => {
  expect(read(line)).toBe(bytesOf(line).length);
  const want = JSON.parse(line);
  for (const [slot, key] of KEYS.entries()) {
    const value: unknown = Object.hasOwn(want, key) ? want[key] : undefined;
    expect(valueIn(slot)).toEqual(value);
  }
};

const values = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.nat(),
  fc.constantFrom(null, true, '', '-', 'é"\\', { a: 1 }, [1, 'a'], {}),
);
const members = fc.uniqueArray(fc.tuple(fc.constantFrom(...KEYS), values), {
  maxLength: 8,
  selector: ([key]) => key,
});
const SPACES = ['', '', ' ', '  ', '\t', '\r\n'];
const spaces = fc.tuple(...Array.from({ length: 4 }, () => fc.constantFrom(...SPACES)));

const lineOf = (list: readonly (readonly [string, unknown])[], [a, b, c, d]: readonly string[]): string =>
  `{${a}${list.map(([k, v]) => `${JSON.stringify(k)}${b}:${c}${JSON.stringify(v)}`).join(`${d},${a}`)}${d}}`;

describe('keys that are expected', () => {
  it('give what JSON.parse gives, whatever the lines before had', () => {
    const lines = fc.array(fc.tuple(members, spaces), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(lines, (list) => {
        const reader = newReader(KEYS);
        for (const [pairs, space] of list) {
          const line = lineOf(pairs, space);
          expectSame(reader, line);
          expectSame(reader, line);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('are the same whatever space is around them', () => {
    for (const before of SPACES) {
      for (const now of SPACES) {
        const reader = newReader(KEYS);
        for (const space of [before, before, now, before]) {
          const pairs = [
            ['aaa', 'x'],
            ['', 1],
            ['ab', { a: 1 }],
            ['aaaaab', 'é'],
            ['aaaab', null],
          ] as const;
          for (let place = 0; place < 4; place += 1)
            expectSame(
              reader,
              lineOf(
                pairs,
                Array.from({ length: 4 }, (_, i) => (i === place ? space : '')),
              ),
            );
          expectSame(reader, lineOf(pairs, [space, space, space, space]));
        }
      }
    }
  });

  it('are told from every other key in their place', () => {
    for (const expected of KEYS) {
      const reader = newReader(KEYS);
      for (const other of KEYS) {
        for (const key of [expected, expected, other])
          expectSame(reader, JSON.stringify({ x: 1, [key]: `of ${key}`, y: 2 }));
      }
    }
  });

  it('are told from keys that differ in one byte', () => {
    const keys = LENGTHS.filter((length) => length > 0 && length < 60).map((length) => 'k'.repeat(length));
    for (const key of keys) {
      const reader = newReader([key]);
      const line = `{"x":"1","${key}":"2","y":"3"}`;
      for (let at = 0; at < key.length; at += 1) {
        expect(reader.read(line)).toBe(line.length);
        expect(reader.valueIn(0)).toBe('2');
        const wrong = line.replace(key, `${key.slice(0, at)}K${key.slice(at + 1)}`);
        expect(reader.read(wrong)).toBe(line.length);
        expect(reader.valueIn(0)).toBeUndefined();
      }
    }
  });

  it('are not looked for behind the end of a line, though a newline may stand between tokens', () => {
    const reader = newReader(['a', 'b']);
    const two = '{"a":1,\n"b":2}';
    reader.read(two);
    for (let i = 0; i < 2; i += 1) {
      expect(reader.read('{"a":1,', '\n"b":2}')).toBe(SCAN_TRUNCATED);
      expect(reader.read(two)).toBe(two.length);
    }
  });

  it('are found in no line that ends before them, whatever stands behind its end', () => {
    for (const gap of ['', ' ', '\n', '\r\n']) {
      const line = `{"a":"1",${gap}"b":${gap}2}`;
      for (let end = 1; end < line.length; end += 1) {
        const reader = newReader(['a', 'b']);
        reader.read(line);
        reader.read(line);
        for (const behind of ['\n', line.slice(end), `\n${line.slice(end + 1)}`])
          expect(reader.read(line.slice(0, end), behind)).toBe(SCAN_TRUNCATED);
      }
    }
  });

  it('may be expected at the end of the memory', () => {
    for (const key of KEYS.filter((name) => name !== '')) {
      const reader = newReader(KEYS);
      const line = `{"x":1,"${key}":2}`;
      for (let end = 0; end < line.length; end += 1) {
        expectSame(reader, line);
        expect(reader.read(line.slice(0, Math.max(end, 1)), '')).toBe(SCAN_TRUNCATED);
      }
    }
  });

  it('are as many as are kept, and the others are read all the same', () => {
    const reader = newReader(['a', 'b']);
    for (let i = 0; i < 5_000; i += 100) {
      const made = Array.from({ length: 100 }, (_, k) => `"made${i + k}":${k}`).join();
      for (let again = 0; again < 2; again += 1) {
        reader.read(`{"a":${i},${made},"b":"${i}"}`);
        expect([reader.valueIn(0), reader.valueIn(1)]).toEqual([i, String(i)]);
      }
    }
    expect(reader.table.list.length).toBeLessThanOrEqual(4097);
  });
});
