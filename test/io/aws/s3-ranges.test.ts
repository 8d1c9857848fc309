import { randomBytes } from 'node:crypto';
import { S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { s3LogInput } from '../../../io/aws/s3.ts';
import type { RangeOptions } from '../../../io/aws/s3-ranges.ts';
import { clientConfig } from '../../support/aws/client-config.ts';
import { type S3Endpoint, startS3 } from '../../support/aws/s3.ts';

const RANGE_BYTES = 100_000;
const BYTES = 450_123;

let s3: S3Endpoint;
let client: S3Client;
let body: Buffer;
const waited: number[] = [];
const wait = async (ms: number): Promise<void> => {
  waited.push(ms);
};

beforeEach(async () => {
  waited.length = 0;
  s3 = await startS3();
  client = new S3Client(clientConfig(s3.endpoint));
  // No line of text, and nothing that looks packed.
  body = Buffer.concat([Buffer.from('x'), randomBytes(BYTES - 1)]);
  s3.state.put('logs', 'a.log', body);
});
afterEach(async () => {
  client.destroy();
  await s3.close();
});

const openAt = async (ranges: RangeOptions = {}) =>
  s3LogInput(client, { bucket: 'logs', key: 'a.log', ranges: { rangeBytes: RANGE_BYTES, wait, ...ranges } });
const rangesAsked = (): readonly (string | undefined)[] =>
  s3.calls.filter(({ operation }) => operation === 'GetObject').map(({ headers }) => headers.range);

/** What came, and how it ended. */
const readAll = async (chunks: AsyncIterable<Uint8Array>) => {
  const got: Uint8Array[] = [];
  try {
    for await (const chunk of chunks) got.push(chunk);
    return { bytes: Buffer.concat(got), error: undefined };
  } catch (error) {
    return { bytes: Buffer.concat(got), error };
  }
};

describe('reading by ranges', () => {
  it('asks for each range once, of the object that was there at first', async () => {
    const input = await openAt();
    const { bytes } = await readAll(input.open());
    expect(bytes.equals(body)).toBe(true);
    expect(rangesAsked()).toEqual([
      'bytes=0-99999',
      'bytes=100000-199999',
      'bytes=200000-299999',
      'bytes=300000-399999',
      'bytes=400000-450122',
    ]);
    const conditions = s3.calls.slice(1).map(({ headers }) => headers['if-match']);
    expect(new Set(conditions)).toEqual(new Set([input.etag]));
  });

  it.each([1, 99_999, 100_000, 100_001, 200_000])(
    'ends where the object ends, of %d bytes',
    async (length) => {
      s3.state.put('logs', 'a.log', body.subarray(0, length));
      const { bytes } = await readAll((await openAt()).open());
      expect(bytes.equals(body.subarray(0, length))).toBe(true);
    },
  );

  it('reads 8 MiB at a time by itself', async () => {
    const large = Buffer.alloc(9 * 1024 ** 2, 'abcdefg\n');
    s3.state.put('logs', 'large.log', large);
    const input = await s3LogInput(client, { bucket: 'logs', key: 'large.log' });
    expect((await readAll(input.open())).bytes.equals(large)).toBe(true);
    expect(rangesAsked()).toEqual(['bytes=0-8388607', 'bytes=8388608-9437183']);
  });

  it('reads one range ahead of its reader, and no further', async () => {
    const chunks = (await openAt()).open()[Symbol.asyncIterator]();
    for (let i = 0; i < 3; i += 1) await chunks.next();
    await expect.poll(() => rangesAsked().length).toBe(4);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(rangesAsked()).toHaveLength(4);
    await chunks.return?.(undefined);
  });

  it('asks for the first range only, where only the beginning is wanted', async () => {
    for await (const _ of (await openAt()).open()) break;
    expect(rangesAsked()).toEqual(['bytes=0-99999']);
  });
});

describe('a range that breaks off', () => {
  it('is taken up where it did', async () => {
    s3.spoil({ cutAfterBytes: 60_000 });
    const { bytes, error } = await readAll((await openAt()).open());
    expect(error).toBeUndefined();
    expect(bytes.equals(body)).toBe(true);
    const again = rangesAsked()[1];
    expect(again).toMatch(/^bytes=\d+-99999$/);
    expect(Number(again?.slice(6, again.indexOf('-')))).toBeLessThanOrEqual(60_000);
    expect(waited).toHaveLength(1);
  });

  it('is taken up where it did, also where it is the whole object and its checksum is known', async () => {
    s3.spoil({ cutAfterBytes: 60_000 });
    const startMs = performance.now();
    const { bytes } = await readAll((await openAt({ rangeBytes: 8 * 1024 ** 2 })).open());
    expect(bytes.equals(body)).toBe(true);
    expect(performance.now() - startMs).toBeLessThan(2_000);
  });

  it('is read again where its checksum does not hold', async () => {
    s3.spoil({ isCorrupted: true });
    const { bytes } = await readAll((await openAt({ rangeBytes: 8 * 1024 ** 2 })).open());
    expect(bytes.equals(body)).toBe(true);
    expect(rangesAsked()).toEqual(['bytes=0-450122', 'bytes=0-450122']);
  });

  it('is not used where its checksum never holds', async () => {
    s3.spoil({ isCorrupted: true, times: 99 });
    const { bytes, error } = await readAll((await openAt({ rangeBytes: 8 * 1024 ** 2 })).open());
    expect(bytes).toHaveLength(0);
    expect(error).toMatchObject({ code: 'INPUT_UNREADABLE' });
    expect(String(error)).toMatch(/^RepriseError: cannot read s3:\/\/logs\/a.log: checksum mismatch/);
  });

  it('is taken up again and again, in any range', async () => {
    s3.spoil({ times: 5, cutAfterBytes: 20_000, chunkBytes: 4_000 });
    expect((await readAll((await openAt()).open())).bytes.equals(body)).toBe(true);
  });

  it('is given up after six tries, with all bytes that came', async () => {
    s3.spoil({ times: 99, cutAfterBytes: 10_000, chunkBytes: 10_000, delayMs: 5 });
    const { bytes, error } = await readAll((await openAt()).open());
    expect(error).toMatchObject({ code: 'INPUT_UNREADABLE' });
    expect(bytes.length).toBeGreaterThan(0);
    expect(bytes.equals(body.subarray(0, bytes.length))).toBe(true);
    expect(String(error)).toMatch(
      new RegExp(`cannot read s3://logs/a.log beyond its first ${bytes.length} bytes: AWS cannot be reached`),
    );
    expect(rangesAsked()).toHaveLength(6);
  });

  it('is asked for again where it falls silent', async () => {
    s3.spoil({ stallAfterBytes: 30_000 });
    s3.fail({ operation: 'GetObject', hang: true });
    const { bytes } = await readAll((await openAt({ silenceMs: 100 })).open());
    expect(bytes.equals(body)).toBe(true);
    expect(waited).toHaveLength(2);
  });

  it('may be slow for as long as something comes', async () => {
    s3.state.put('logs', 'a.log', body.subarray(0, 5000));
    s3.spoil({ chunkBytes: 250, delayMs: 60 });
    const { bytes } = await readAll((await openAt({ silenceMs: 1000 })).open());
    expect(bytes.length).toBe(5000);
    expect(rangesAsked()).toHaveLength(1);
  });

  it.each([
    [{ status: 500, code: 'InternalError' }],
    [{ status: 503, code: 'SlowDown' }],
    [{ reset: 'before' as const }],
  ])('is asked for again after %j', async (fault) => {
    const input = await openAt();
    s3.fail({ operation: 'GetObject', times: 2, ...fault });
    expect((await readAll(input.open())).bytes.equals(body)).toBe(true);
    expect(waited).toHaveLength(2);
  });
});

describe('an object that changes while it is read', () => {
  const afterRanges = (count: number, change: () => void): void => {
    s3.onAnswered = () => {
      if (s3.count('GetObject') === count) change();
    };
  };

  it('is said to be replaced, and no byte of another object is taken', async () => {
    afterRanges(2, () => s3.state.put('logs', 'a.log', randomBytes(BYTES)));
    const { bytes, error } = await readAll((await openAt()).open());
    expect(error).toMatchObject({
      code: 'INPUT_UNREADABLE',
      message:
        'cannot read s3://logs/a.log beyond its first 200000 bytes: it was replaced while it was being read',
    });
    expect(bytes.equals(body.subarray(0, 200_000))).toBe(true);
    expect(waited).toEqual([]);
  });

  it('is said to be deleted', async () => {
    afterRanges(1, () => s3.state.delete('logs', 'a.log'));
    const { error } = await readAll((await openAt()).open());
    expect(error).toMatchObject({
      code: 'INPUT_UNREADABLE',
      message:
        'cannot read s3://logs/a.log beyond its first 100000 bytes: it was deleted while it was being read',
    });
  });

  it('is said to be denied, with what is wrong', async () => {
    const input = await openAt();
    s3.fail({ operation: 'GetObject', status: 403, code: 'AccessDenied', message: 'Access Denied' });
    const { error } = await readAll(input.open());
    expect(error).toMatchObject({
      code: 'INPUT_UNREADABLE',
      message: 'cannot read s3://logs/a.log: access denied',
    });
  });
});

describe('stopping', () => {
  it('ends a read that hears nothing, at once and without an error', async () => {
    const input = await openAt();
    s3.fail({ operation: 'GetObject', hang: true });
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 50);
    const startMs = performance.now();
    const { bytes, error } = await readAll(input.open({ signal: stop.signal }));
    expect(error).toBeUndefined();
    expect(bytes).toHaveLength(0);
    expect(performance.now() - startMs).toBeLessThan(2000);
  });

  it('asks for nothing where it was stopped before', async () => {
    const { bytes, error } = await readAll((await openAt()).open({ signal: AbortSignal.abort() }));
    expect(error).toBeUndefined();
    expect(bytes).toHaveLength(0);
    expect(rangesAsked()).toEqual([]);
  });
});
