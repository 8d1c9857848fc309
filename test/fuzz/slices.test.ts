import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RepriseError } from '../../core/errors.ts';
import { MAX_SLICE_BYTES } from '../../core/pace/slice.ts';
import { openSlice } from '../../functions/sender/open-slice.ts';
import { decodeSliceData, MAX_UNPACKED_BYTES } from '../../io/slice-codec.ts';
import { cpuNowMs } from '../support/cpu-time.ts';
import { sliceOf } from '../support/sender-setup.ts';
import { anyValue } from './any-value.ts';
import { anyText } from './hostile.ts';

const RUNS = 300;
const BOUND_MS = 5_000;

/** Opens an event; whatever is wrong with it is told in one way. */
const codeOf = (event: unknown): string => {
  try {
    const { event: slice, requests } = openSlice(event);
    expect(requests.length).toBe(slice.requests);
    expect(requests.every(({ request }) => request.target === slice.target)).toBe(true);
    return 'opened';
  } catch (error) {
    expect(error).toBeInstanceOf(RepriseError);
    expect((error as RepriseError).message.length).toBeLessThan(2_000);
    return (error as RepriseError).code;
  }
};

const expectAnswer = (event: unknown): void => {
  expect(['opened', 'SLICE_INVALID']).toContain(codeOf(event));
};

const valid = JSON.parse(
  JSON.stringify(sliceOf([{ headers: [['a', 'b']] }, { body: 'x' }], { startAtMs: 0 })),
);

const pack = (text: string | Uint8Array): string => gzipSync(text).toString('base64');

describe('a slice is opened, or refused as SLICE_INVALID', () => {
  it('whatever the event', () => {
    fc.assert(
      fc.property(anyValue, (event) => expectAnswer(event)),
      { numRuns: RUNS },
    );
  });

  it('whatever stands in any of its fields', () => {
    const field = fc.constantFrom(...Object.keys(valid), 'recordedP95Ms', '__proto__');
    fc.assert(
      fc.property(field, anyValue, (name, value) =>
        expectAnswer({ ...valid, ...Object.fromEntries([[name, value]]) }),
      ),
      { numRuns: RUNS },
    );
  });

  it('whatever its data holds', () => {
    const data = fc.oneof(
      anyText(),
      fc.base64String({ maxLength: 200 }),
      fc.uint8Array({ maxLength: 200 }).map(pack),
      fc.array(fc.oneof(anyText(), fc.json()), { maxLength: 3 }).map((lines) => pack(lines.join('\n'))),
    );
    fc.assert(
      fc.property(data, fc.nat({ max: 3 }), (text, requests) =>
        expectAnswer({ ...valid, data: text, requests }),
      ),
      { numRuns: RUNS },
    );
  });

  it('whatever stands in any field of a request', () => {
    const lines = decodeSliceData(valid.data).map((line) => JSON.parse(line));
    const fields = [...Object.keys(lines[0]), 'host', 'body', 'share', '__proto__'];
    fc.assert(
      fc.property(fc.constantFrom(...fields), anyValue, (name, value) => {
        const changed = lines.map((line, i) =>
          i === 0 ? { ...line, ...Object.fromEntries([[name, value]]) } : line,
        );
        expectAnswer({ ...valid, data: pack(changed.map((line) => JSON.stringify(line)).join('\n')) });
      }),
      { numRuns: RUNS },
    );
  });

  it('whatever of its packed bytes is changed', () => {
    const bytes = Buffer.from(valid.data, 'base64');
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 }), (at, byte) => {
        const changed = Buffer.from(bytes);
        changed[at] = byte;
        expectAnswer({ ...valid, data: changed.toString('base64') });
      }),
      { numRuns: RUNS },
    );
  });
});

/** Unpacking itself was stopped, and not what would have come of it. */
const STOPPED = expect.objectContaining({
  code: 'SLICE_INVALID',
  cause: expect.objectContaining({ code: 'ERR_BUFFER_TOO_LARGE' }),
});

describe('a slice that unpacks to more than it may', () => {
  const bomb = (bytes: number): string => pack(Buffer.alloc(bytes, '{"n":0}\n'));

  it('is refused before it is unpacked whole', () => {
    // As much as fits into the largest event that Lambda takes.
    const data = bomb(512 * 1024 * 1024);
    expect(data.length).toBeLessThan(4 * MAX_SLICE_BYTES);
    const before = process.memoryUsage().arrayBuffers;
    const startedMs = cpuNowMs();
    expect(() => decodeSliceData(data)).toThrow(STOPPED);
    expect(cpuNowMs() - startedMs).toBeLessThan(BOUND_MS);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * MAX_UNPACKED_BYTES);
  });

  it('is refused where bombs stand one behind the other, as members of gzip', () => {
    const member = gzipSync(Buffer.alloc(MAX_UNPACKED_BYTES / 2, 'a'));
    const data = Buffer.concat([member, member, member]).toString('base64');
    expect(() => decodeSliceData(data)).toThrow(STOPPED);
    expect(codeOf({ ...valid, data })).toBe('SLICE_INVALID');
  });

  it('is refused where it holds nothing but newlines', () => {
    expect(codeOf({ ...valid, data: pack(Buffer.alloc(1024 * 1024, '\n')) })).toBe('SLICE_INVALID');
  });

  it('is refused where it is nested without end', () => {
    for (const text of [
      '['.repeat(1_000_000),
      `{"n":0,"headers":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    ])
      expect(codeOf({ ...valid, data: pack(text) })).toBe('SLICE_INVALID');
  });
});
