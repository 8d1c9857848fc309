import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newLineCounts } from '../../core/measure/accounting.ts';
import { bytesOfText } from '../../core/parse/byte-text.ts';
import { createDecoder } from '../../core/parse/decode.ts';
import { addPart, MAX_UNFINISHED, newPartLine, wholeOf } from '../../core/parse/part-lines.ts';
import { byteText, findByte } from '../../io/byte-tools.ts';
import { cpuNowMs } from '../support/cpu-time.ts';
import { balances, type Decoded, decodeBytes, fixtureBytes } from '../support/decode.ts';
import { hostileLog } from './hostile.ts';

const RUNS = 300;
/** Far above what linear work takes on a slow machine, far below what quadratic work takes. */
const BOUND_MS = 8_000;

const MIB = 1024 * 1024;
/** Parts that a line is kept in. */
const MOST_PARTS = 1_024;

const SOURCES = [
  'traefik/v3.headers-keep.json.log.gz',
  'nginx/access.replay.json.log.gz',
  'nginx/access.badescape.json.log.gz',
  'nginx/access.nested.json.log.gz',
  'wrapped/docker-json-file-split.log',
  'wrapped/cri-partial.log',
  'wrapped/pretty.json',
  'wrapped/syslog-rfc5424.log',
  'wrapped/journald.jsonl',
];
const texts = SOURCES.map((path) => fixtureBytes(path));

/** A stretch of some fixture, of up to 4 KiB. */
const excerpt: fc.Arbitrary<Uint8Array> = fc
  .tuple(fc.constantFrom(...texts), fc.nat(), fc.integer({ min: 1, max: 4096 }))
  .map(([bytes, seed, length]) => {
    const at = seed % bytes.length;
    return bytes.slice(at, at + length);
  });

/** One wound: bytes changed, inserted, cut out or doubled. */
const wound = fc.record({
  at: fc.nat(),
  kind: fc.constantFrom('flip', 'insert', 'cut', 'double'),
  bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
});

const wounded = (
  bytes: Uint8Array,
  wounds: readonly (typeof wound extends fc.Arbitrary<infer T> ? T : never)[],
): Uint8Array => {
  let out = Buffer.from(bytes);
  for (const { at, kind, bytes: given } of wounds) {
    const place = out.length === 0 ? 0 : at % out.length;
    const [before, after] = [out.subarray(0, place), out.subarray(place)];
    if (kind === 'flip') out = Buffer.concat([before, given, after.subarray(given.length)]);
    else if (kind === 'insert') out = Buffer.concat([before, given, after]);
    else if (kind === 'cut') out = Buffer.concat([before, after.subarray(given[0] ?? 1)]);
    else out = Buffer.concat([before, after.subarray(0, 64), after]);
  }
  return new Uint8Array(out);
};

const mutated = fc
  .tuple(excerpt, fc.array(wound, { maxLength: 6 }))
  .map(([bytes, wounds]) => wounded(bytes, wounds));

const SENDABLE_TARGET = /^\/[\x21-\x7e]*$/;
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** What holds of whatever comes out, whatever went in. */
const expectSound = (decoded: Decoded): void => {
  expect(balances(decoded)).toBe(true);
  for (const { target, method, atMs } of decoded.requests) {
    expect(target).toMatch(SENDABLE_TARGET);
    expect(method).toMatch(TOKEN);
    expect(Number.isFinite(atMs)).toBe(true);
  }
};

describe('the decoder survives', () => {
  it('any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => expectSound(decodeBytes(bytes))),
      { numRuns: RUNS },
    );
  });

  it('any bytes of JSON’s own characters', () => {
    const bytes = fc
      .array(fc.constantFrom(...'{}[]":,\\\n\t u0d8.-e1', '{"', '"}\n', '\\ud800', '{"log":"'), {
        maxLength: 300,
      })
      .map((parts) => bytesOfText(parts.join('')));
    fc.assert(
      fc.property(bytes, (given) => expectSound(decodeBytes(given))),
      { numRuns: 2 * RUNS },
    );
  });

  it('real lines with wounds, and says the same of them however they are cut into chunks', () => {
    fc.assert(
      fc.property(
        mutated,
        fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 4 }),
        (bytes, chunkBytes) => {
          const whole = decodeBytes(bytes);
          expectSound(whole);
          expect(decodeBytes(bytes, { chunkBytes })).toEqual(whole);
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('lines whose every field an outsider has chosen', () => {
    fc.assert(
      fc.property(hostileLog, (text) => expectSound(decodeBytes(text))),
      { numRuns: RUNS },
    );
  });
});

const nested = (depth: number, open: string, close: string, inner = ''): string =>
  `${open.repeat(depth)}${inner}${close.repeat(depth)}`;

/** An object in a text in an object in a text … */
const wrappedTexts = (depth: number): string => {
  let text = '{"a":1}';
  for (let i = 0; i < depth; i += 1) text = JSON.stringify({ log: text });
  return text;
};

const HUGE: readonly (readonly [string, () => string])[] = [
  ['braces nested without end', () => nested(MIB, '{"a":', '}')],
  ['lists nested without end', () => `{"a":${nested(MIB, '[', ']')}}`],
  ['opening braces alone', () => '{'.repeat(4 * MIB)],
  ['opening braces and quotes', () => '{"'.repeat(2 * MIB)],
  ['brackets and commas', () => '[,'.repeat(2 * MIB)],
  ['envelopes in envelopes', () => wrappedTexts(17)],
  ['a line of NUL', () => '\0'.repeat(4 * MIB)],
  ['blank lines', () => ' \n'.repeat(MIB)],
  ['one text without an end', () => `{"RequestPath":"${'a'.repeat(4 * MIB)}`],
  ['backslashes', () => `{"RequestPath":"${'\\\\'.repeat(2 * MIB)}"}`],
  ['escapes of lone surrogates', () => `{"RequestPath":"/${'\\ud800'.repeat(MIB / 8)}"}`],
  ['digits', () => `{"Duration":${'9'.repeat(4 * MIB)}}`],
  ['numbers as text', () => `{"request_method":"GET","request_time":"${'1'.repeat(MIB / 2)}x"}`],
  ['a list of durations', () => `{"request_method":"GET","request_time":"${'1 : '.repeat(MIB / 8)}"}`],
  ['an address that is none', () => `{"ClientAddr":"${':1'.repeat(MIB / 4)}","RequestMethod":"GET"}`],
  ['objects joined without newlines', () => '{}'.repeat(MIB / 4)],
  ['bad objects joined without newlines', () => '{"a"}{x}'.repeat(MIB / 8)],
  ['half an object in each line', () => '{"a":\n'.repeat(MIB / 8)],
  ['keys of their own', () => `{${Array.from({ length: 50_000 }, (_, i) => `"k${i}":1`).join(',')}}`],
  [
    'more headers than any server takes',
    () => `{${Array.from({ length: 30_000 }, (_, i) => `"request_X-${i}":"v"`).join(',')},"RequestPath":"/"}`,
  ],
];

describe('the decoder takes time in proportion to the bytes', () => {
  it.each(HUGE)('of %s', (_, write) => {
    const bytes = bytesOfText(write());
    const startedMs = cpuNowMs();
    const decoded = decodeBytes(bytes, { chunkBytes: 256 * 1024 });
    expect(cpuNowMs() - startedMs).toBeLessThan(BOUND_MS);
    expectSound(decoded);
    expect(decoded.rejected.every(({ text }) => text.length <= 64 * 1024)).toBe(true);
  });
});

describe('the decoder holds no more than a few lines', () => {
  it('where ever more streams begin lines that never end: the oldest is given up', () => {
    const counts = newLineCounts();
    const decoder = createDecoder({
      name: 'log',
      logs: { format: 'auto', fields: {} },
      byteText,
      findByte,
      counts,
      onRequest: () => undefined,
      onRejected: () => undefined,
    });
    const begin = (stream: string): void =>
      decoder.push(bytesOfText(`${JSON.stringify({ log: '{"a":"b', stream })}\n`));
    for (let i = 0; i < 1_000; i += 1) begin(`s${i}`);
    expect(counts.rejected.truncated).toBe(1_000 - MAX_UNFINISHED);
    decoder.end();
    expect(counts).toMatchObject({ lines: 1_000, parsed: 0 });
  });

  it('where a line comes in parts of a byte, or of none', () => {
    const open = newPartLine(1);
    for (let i = 0; i < 100_000; i += 1) addPart(open, new Uint8Array(i % 2));
    expect(open.bytesHeld).toBe(50_000);
    expect(open.parts.length).toBeLessThanOrEqual(MOST_PARTS);
    expect(wholeOf(open)).toHaveLength(50_000);
  });
});
