import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBoundary, objectsOfList } from '../../../core/parse/boundary.ts';
import { createSplitter, MAX_LINE_BYTES } from '../../../core/parse/split.ts';
import { findByte } from '../../../io/byte-tools.ts';
import {
  balances,
  bytesOf,
  type Decoded,
  decodeBytes,
  fixtureBytes,
  fixtureLines,
} from '../../support/decode.ts';

const access = (target: string, extra: object = {}): string =>
  JSON.stringify({
    time: '2026-11-21T11:18:01.406Z',
    request_method: 'GET',
    request_uri: target,
    status: 200,
    http_user_agent: 'x',
    ...extra,
  });

/** All that must not depend on how the bytes came. */
const seen = ({ requests, rejected, counts }: Decoded): unknown => ({ requests, rejected, counts });

const expectSameInAnyChunks = (
  bytes: Uint8Array,
  chunks: readonly (number | readonly number[])[],
): Decoded => {
  const whole = decodeBytes(bytes);
  expect(balances(whole)).toBe(true);
  for (const chunkBytes of chunks) expect(seen(decodeBytes(bytes, { chunkBytes }))).toEqual(seen(whole));
  return whole;
};

const FIXTURES = [
  'wrapped/array.json',
  'wrapped/compose-prefix.log',
  'wrapped/cri.log',
  'wrapped/cri-partial.log',
  'wrapped/dirty.log',
  'wrapped/docker-json-file.log',
  'wrapped/docker-json-file-split.log',
  'wrapped/filebeat.jsonl',
  'wrapped/journald.jsonl',
  'wrapped/kubectl-prefix.log',
  'wrapped/mixed.log',
  'wrapped/pretty.json',
  'wrapped/syslog-rfc3164.log',
  'wrapped/syslog-rfc5424.log',
];
const LARGE_FIXTURES = [
  'nginx/access.replay.json.log.gz',
  'nginx/access.badescape.json.log.gz',
  'nginx/access.nested.json.log.gz',
  'nginx/access.unquoted.json.log.gz',
  'traefik/v2.headers-keep.json.log.gz',
  'traefik/v3.headers-keep.json.log.gz',
];

describe('a log in any chunks', () => {
  it.each(FIXTURES)('gives the same: %s', (path) => {
    expectSameInAnyChunks(fixtureBytes(path), [1, 7, [1_000, 3, 20_000], 4_096]);
  });

  it.each(LARGE_FIXTURES)('gives the same: %s', (path) => {
    expectSameInAnyChunks(fixtureBytes(path), [7, [65_536, 1, 9_999]]);
  });

  it('gives the same for random pieces of all kinds', () => {
    const lines = FIXTURES.flatMap((path) => fixtureLines(path).slice(0, 6));
    const pieces = fc.oneof(
      fc.constantFrom(...lines).map((line) => new Uint8Array(Buffer.from(line, 'latin1'))),
      fc
        .constantFrom(
          '\n',
          '\n',
          '\n',
          '\r\n',
          ' ',
          '\0\0',
          '{',
          '}',
          '[',
          ']',
          ',',
          '"',
          '{"a',
          '{"a":1}',
          '\ufeff',
        )
        .map(bytesOf),
      fc
        .constantFrom(access('/x'), `{"log":"{\\"a\\":"}`, '2026-11-21T11:18:01Z stdout P {"a":', 'text')
        .map(bytesOf),
      fc.uint8Array({ maxLength: 6 }),
    );
    fc.assert(
      fc.property(
        fc.array(pieces, { maxLength: 12 }),
        fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 5 }),
        (list, sizes) => {
          const bytes = Uint8Array.from(list.flatMap((piece) => [...piece]));
          expectSameInAnyChunks(bytes, [1, sizes]);
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('line endings and blanks', () => {
  it('counts blank lines among the numbers and not among the lines', () => {
    const text = `\ufeff${access('/1')}\r\n\r\n   \n${access('/2')}\n\0\0\0\0${access('/3')}\n\n${access('/4')}`;
    const { requests, counts } = expectSameInAnyChunks(bytesOf(text), [1, 7]);
    expect(requests.map(({ target, source }) => [target, source.line])).toEqual([
      ['/1', 1],
      ['/2', 4],
      ['/3', 5],
      ['/4', 7],
    ]);
    expect(counts.lines).toBe(4);
  });

  it('rejects a last line that was cut off', () => {
    const { rejected } = expectSameInAnyChunks(bytesOf(`${access('/1')}\n${access('/2').slice(0, 40)}`), [1]);
    expect(rejected).toEqual([
      { reason: 'truncated', source: { name: 'log', line: 2 }, text: access('/2').slice(0, 40) },
    ]);
  });

  it('reads past a run of NUL of several megabytes', () => {
    const bytes = Uint8Array.from([
      ...new Uint8Array(3_000_000),
      ...bytesOf(`${access('/1')}\n${access('/2')}\n`),
    ]);
    const { requests, rejected } = expectSameInAnyChunks(bytes, [65_536, 262_144]);
    expect(requests.map(({ target, source }) => [target, source.line])).toEqual([
      ['/1', 1],
      ['/2', 2],
    ]);
    expect(rejected).toEqual([]);
  });

  it('sees a byte order mark before an object that is written over several lines', () => {
    const text = `\ufeff${JSON.stringify(JSON.parse(access('/1')), null, 2)}\r\n`;
    expect(decodeBytes(text).requests.map(({ target }) => target)).toEqual(['/1']);
  });
});

describe('objects joined without a newline', () => {
  const joined = (count: number, between = '', target = '/a}{b"\\'): string =>
    Array.from({ length: count }, (_, i) => access(`${target}${i}`, { http_x_deep: '{}}{{"' })).join(between);

  it.each(['', ' ', ',', ' ,\t', '\0'])(
    'are read with %j between them, each with its own number',
    (between) => {
      const { requests, rejected } = expectSameInAnyChunks(bytesOf(joined(20, between)), [1, 7, 100]);
      expect(requests.map(({ source }) => source.line)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
      expect(requests[3]?.target).toBe('/a}{b"\\3');
      expect(rejected).toEqual([]);
    },
  );

  it.each([
    [1_000, 'above 64 KiB'],
    [30_000, 'of several megabytes'],
  ])('are read, %i of them, %s', (count) => {
    const { requests, counts } = expectSameInAnyChunks(bytesOf(`${joined(count)}\n${access('/last')}\n`), [
      65_536,
      [262_144, 3],
    ]);
    expect(counts.lines).toBe(count + 1);
    expect(requests.at(-1)?.source.line).toBe(count + 1);
    expect(new Set(requests.map(({ target }) => target)).size).toBe(count + 1);
  });

  it('are read from an array on one line of more than a megabyte', () => {
    const text = `[${joined(8_000, ',')}]\n${access('/last')}\n`;
    const { requests, rejected } = expectSameInAnyChunks(bytesOf(text), [4_096, 65_536]);
    expect(requests.at(-1)?.source.line).toBe(8_001);
    expect(rejected).toEqual([]);
  });

  it('go on behind one that is no JSON', () => {
    const text = `${access('/1')}{"bad":tr"u"e}${access('/2')}{"x":"\t"}${access('/3')}`;
    const { requests, rejected } = expectSameInAnyChunks(bytesOf(text), [1, 7]);
    expect(requests.map(({ target, source }) => [target, source.line])).toEqual([
      ['/1', 1],
      ['/2', 3],
      ['/3', 5],
    ]);
    expect(rejected.map(({ reason, source, text: kept }) => [reason, source.line, kept])).toEqual([
      ['not_json', 2, '{"bad":tr"u"e}'],
      ['not_json', 4, '{"x":"\t"}'],
    ]);
  });
});

describe('lines above 1 MiB', () => {
  const long = access(`/${'x'.repeat(MAX_LINE_BYTES)}`);

  it.each([
    ['a line', `${access('/1')}\n${long}\n${access('/2')}\n`],
    ['a joined object', `${access('/1')}${long}${access('/2')}\n`],
    ['a joined object that is no JSON', `${access('/1')}{"a":\u0001 "${'y'.repeat(2e6)}"}${access('/2')}\n`],
    ['garbage', `${access('/1')}\n${'garbage } { "'.repeat(200_000)}\n${access('/2')}\n`],
    ['garbage before an object', `${access('/1')}\n${'g'.repeat(2e6)} ${access('/no')}\n${access('/2')}\n`],
    ['a Docker line', `${access('/1')}\n${JSON.stringify({ log: `${long}\n` })}\n${access('/2')}\n`],
  ])('are rejected and the rest goes on: %s', (_, text) => {
    const { requests, rejected } = expectSameInAnyChunks(bytesOf(text), [4_096, 65_536, [262_144, 5]]);
    expect(requests.map(({ target, source }) => [target, source.line])).toEqual([
      ['/1', 1],
      ['/2', 3],
    ]);
    expect(rejected.map(({ reason, source, text: kept }) => [reason, source.line, kept.length])).toEqual([
      ['too_long', 2, 65_536],
    ]);
  });

  it('at the very end of the log are counted', () => {
    const { counts } = expectSameInAnyChunks(bytesOf(`${access('/1')}\n${long}`), [65_536]);
    expect(counts).toMatchObject({ lines: 2, parsed: 1, rejected: { too_long: 1 } });
  });

  it('hold no more memory than a line, were they 100 MB', () => {
    const chunk = new Uint8Array(1_000_000).fill(0x78);
    let largestBytes = 0;
    let tooLong = 0;
    let lines = 0;
    const splitter = createSplitter(
      {
        line: (bytes, start, end) => {
          if (end > start) lines += 1;
          largestBytes = Math.max(largestBytes, bytes.length);
        },
        tooLong: (bytes) => {
          tooLong += 1;
          largestBytes = Math.max(largestBytes, bytes.buffer.byteLength);
        },
      },
      findByte,
    );
    for (let i = 0; i < 100; i += 1) splitter.push(chunk);
    splitter.push(bytesOf('\nnext\n'));
    splitter.end();
    expect([tooLong, lines]).toEqual([1, 1]);
    expect(largestBytes).toBeLessThan(8 * MAX_LINE_BYTES);
  });

  it('of 1 MiB in chunks of one byte take no more than linear time', () => {
    const bytes = bytesOf(`${access(`/${'x'.repeat(1_000_000)}`)}\n${access('/2')}\n`);
    expect(decodeBytes(bytes, { chunkBytes: 1 }).counts).toMatchObject({ lines: 2, parsed: 2 });
  });
});

describe('the boundary of objects', () => {
  it('is where JSON says, for any objects', () => {
    const objects = fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(objects, fc.constantFrom('', ' ', ','), (list, between) => {
        const texts = list.map((object) => JSON.stringify(object));
        const found = objectsOfList(bytesOf(`[${texts.join(between)}]`));
        expect(found.map((bytes) => Buffer.from(bytes).toString())).toEqual(texts);
      }),
    );
  });

  it('is never found behind text', () => {
    const bytes = bytesOf('text {"a":1}');
    expect(createBoundary().nextEnd(bytes, 0, bytes.length)).toBe(-1);
  });
});
