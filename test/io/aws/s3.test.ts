import { gzipSync } from 'node:zlib';
import { S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { getText, putText, s3LogInput } from '../../../io/aws/s3.ts';
import { listObjects } from '../../../io/aws/s3-list.ts';
import { clientConfig } from '../../support/aws/client-config.ts';
import { type S3Endpoint, startS3 } from '../../support/aws/s3.ts';

const ODD_KEYS = [
  'captured/a b.gz',
  'captured/a+b%2Fc%.gz',
  'captured/ä€😀.log',
  'captured/q?x=1&y=<\'">#*~!().log',
  'captured//double/../dots.log',
  'captured/line\nbreak\u0001.log',
];

let s3: S3Endpoint;
let client: S3Client;
beforeEach(async () => {
  s3 = await startS3();
  client = new S3Client(clientConfig(s3.endpoint));
});
afterEach(async () => {
  client.destroy();
  await s3.close();
});

const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const got: T[] = [];
  for await (const item of items) got.push(item);
  return got;
};
const textOf = async (chunks: AsyncIterable<Uint8Array>): Promise<string> =>
  Buffer.concat(await all(chunks)).toString();

describe('a log in S3', () => {
  it('is read as it is, and says what it is', async () => {
    const { etag } = s3.state.put('logs', 'a.log', 'one\ntwo\n');
    const input = await s3LogInput(client, { bucket: 'logs', key: 'a.log' });
    expect(input).toMatchObject({ name: 's3://logs/a.log', bytes: 8, rereadable: true, etag });
    expect(input).not.toHaveProperty('versionId');
    expect(await textOf(input.open())).toBe('one\ntwo\n');
    expect(await textOf(input.open())).toBe('one\ntwo\n');
  });

  it('is unpacked by its content, whatever its name and headers say', async () => {
    const text = 'line\n'.repeat(1000);
    s3.state.put('logs', 'a.log', Buffer.concat([gzipSync(text), gzipSync(text)]), {
      contentType: 'text/plain',
    });
    s3.state.put('logs', 'b.gz', text, { contentEncoding: 'gzip' });
    for (const [key, expected] of [
      ['a.log', text + text],
      ['b.gz', text],
    ] as const) {
      const input = await s3LogInput(client, { bucket: 'logs', key });
      expect(await textOf(input.open())).toBe(expected);
    }
  });

  it('loses nothing before damage', async () => {
    const good = Array.from({ length: 20_000 }, (_, i) => `line ${i}\n`).join('');
    const damaged = gzipSync('never seen\n');
    // A block of a type that does not exist.
    damaged[10] = 0x07;
    s3.state.put('logs', 'bad.gz', Buffer.concat([gzipSync(good), damaged]));
    const input = await s3LogInput(client, { bucket: 'logs', key: 'bad.gz' });
    const chunks: Uint8Array[] = [];
    const reading = (async () => {
      for await (const chunk of input.open()) chunks.push(chunk);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'INPUT_CORRUPT' });
    expect(Buffer.concat(chunks).toString()).toBe(good);
  });

  it('may be empty, and is not asked for then', async () => {
    s3.state.put('logs', 'empty', '');
    const input = await s3LogInput(client, { bucket: 'logs', key: 'empty' });
    expect(input.bytes).toBe(0);
    expect(await textOf(input.open())).toBe('');
    expect(s3.count('GetObject')).toBe(0);
  });

  it.each(ODD_KEYS)('is found under the key %j', async (key) => {
    s3.state.put('logs', key, `text of ${key}`);
    const input = await s3LogInput(client, { bucket: 'logs', key });
    expect(input.name).toBe(`s3://logs/${key}`);
    expect(await textOf(input.open())).toBe(`text of ${key}`);
  });

  it('may be an older version', async () => {
    s3.state.createBucket('kept', true);
    const { versionId } = s3.state.put('kept', 'a', 'first');
    s3.state.put('kept', 'a', 'second');
    s3.state.delete('kept', 'a');
    const input = await s3LogInput(client, { bucket: 'kept', key: 'a', versionId });
    expect(input.versionId).toBe(versionId);
    expect(await textOf(input.open())).toBe('first');
  });

  it('stays the version that it was at first', async () => {
    s3.state.createBucket('kept', true);
    s3.state.put('kept', 'a', 'first');
    const input = await s3LogInput(client, { bucket: 'kept', key: 'a' });
    s3.state.put('kept', 'a', 'second');
    expect(await textOf(input.open())).toBe('first');
  });

  it('that was listed is not asked about again', async () => {
    const { etag, bytes } = s3.state.put('logs', 'a.log', 'one\n');
    const listed = { bucket: 'logs', key: 'a.log', etag, size: bytes.length, isListed: true };
    const input = await s3LogInput(client, listed);
    expect(await textOf(input.open())).toBe('one\n');
    expect(s3.calls.map(({ operation }) => operation)).toEqual(['GetObject']);
  });

  it.each([
    [{ key: 'gone.log' }, 's3://logs/gone.log does not exist'],
    [{ key: 'a.log', versionId: 'v9' }, 's3://logs/a.log does not exist in the version v9'],
    [{ key: 'a.log', etag: 'abc' }, 's3://logs/a.log is no longer what it was: its etag is not "abc"'],
  ])('that is gone is said to be: %j', async (object, message) => {
    s3.state.put('logs', 'a.log', 'one\n');
    await expect(s3LogInput(client, { bucket: 'logs', ...object })).rejects.toMatchObject({
      code: 'OBJECT_GONE',
      message,
    });
  });

  it('is the same with its etag in quotes or without', async () => {
    const { etag } = s3.state.put('logs', 'a.log', 'one\n');
    for (const given of [etag, etag.replaceAll('"', '')]) {
      const input = await s3LogInput(client, { bucket: 'logs', key: 'a.log', etag: given });
      expect(input.etag).toBe(etag);
    }
  });

  it('that may not be read says what is needed', async () => {
    s3.fail({ status: 403, code: 'AccessDenied' });
    await expect(s3LogInput(client, { bucket: 'logs', key: 'a' })).rejects.toMatchObject({
      code: 'AWS_DENIED',
      message: 'cannot read s3://logs/a: access denied',
      hint: 'the credentials in use must be allowed s3:GetObject on arn:aws:s3:::logs/*, and s3:ListBucket on the bucket to tell what is missing',
      exitCode: 3,
    });
  });
});

describe('a listing', () => {
  const list = async (prefix: string, options = {}) => all(listObjects(client, 'logs', prefix, options));
  const keysOf = async (prefix: string, options = {}) => (await list(prefix, options)).map(({ key }) => key);

  it('goes through all pages, in order', async () => {
    const keys = Array.from({ length: 2345 }, (_, i) => `logs/${String(i).padStart(5, '0')}`);
    for (const key of keys) s3.state.put('logs', key, key);
    s3.state.put('logs', 'other', '');
    expect(await keysOf('logs/')).toEqual(keys);
    expect(s3.count('ListObjectsV2')).toBe(3);
    expect(await keysOf('logs/', { pageSize: 100 })).toEqual(keys);
    expect(s3.count('ListObjectsV2')).toBe(3 + 24);
  });

  it('gives odd keys as they are', async () => {
    for (const key of ODD_KEYS) s3.state.put('logs', key, 'x');
    expect((await keysOf('captured/', { pageSize: 2 })).sort()).toEqual([...ODD_KEYS].sort());
    expect(await keysOf('captured/a b')).toEqual(['captured/a b.gz']);
    expect(await keysOf('captured/a+b%2F')).toEqual(['captured/a+b%2Fc%.gz']);
  });

  it('says how large and how old objects are, and what they are', async () => {
    const { etag } = s3.state.put('logs', 'a', '12345', { lastModifiedMs: 1_790_000_000_000 });
    expect(await list('')).toEqual([{ key: 'a', bytes: 5, lastModifiedMs: 1_790_000_000_000, etag }]);
  });

  it('begins behind a key', async () => {
    for (const key of ['a', 'b', 'c', 'd']) s3.state.put('logs', key, 'x');
    expect(await keysOf('', { startAfter: 'b', pageSize: 1 })).toEqual(['c', 'd']);
  });

  it('is empty where nothing fits', async () => {
    expect(await list('nothing/')).toEqual([]);
  });

  it('of a bucket that does not exist, or may not be listed, says so', async () => {
    await expect(all(listObjects(client, 'absent', 'x'))).rejects.toMatchObject({
      code: 'AWS_NOT_FOUND',
      message: 'cannot list s3://absent/x: it does not exist: the specified bucket does not exist',
    });
    s3.fail({ status: 403, code: 'AccessDenied', message: 'Access Denied' });
    await expect(list('x/')).rejects.toMatchObject({
      code: 'AWS_DENIED',
      message: 'cannot list s3://logs/x/: access denied',
      hint: 'the credentials in use must be allowed s3:ListBucket on arn:aws:s3:::logs',
    });
  });

  it('ends when its reader has enough', async () => {
    for (let i = 0; i < 10; i += 1) s3.state.put('logs', `${i}`, 'x');
    for await (const { key } of listObjects(client, 'logs', '', { pageSize: 2 })) if (key === '1') break;
    expect(s3.count('ListObjectsV2')).toBe(1);
  });
});

describe('a small text', () => {
  it('is put and read, whatever it holds', async () => {
    for (const [i, text] of ['', 'a', 'ä€😀\n'.repeat(10_000)].entries()) {
      expect(await putText(client, 'results', `ledger/${i} ä+%.json`, text)).toBe('put');
      expect(await getText(client, 'results', `ledger/${i} ä+%.json`)).toBe(text);
    }
    expect(s3.state.get('results', 'ledger/0 ä+%.json')?.contentType).toBe('text/plain; charset=utf-8');
  });

  it('bears the type that is given', async () => {
    await putText(client, 'results', 'a.json', '{}', { contentType: 'application/json' });
    expect(s3.state.get('results', 'a.json')?.contentType).toBe('application/json');
  });

  it('is put only where nothing is, by one of many', async () => {
    const put = (_: unknown, i: number) => putText(client, 'results', 'once', `${i}`, { ifAbsent: true });
    const ends = await Promise.all(Array.from({ length: 20 }, put));
    expect(ends.filter((end) => end === 'put')).toHaveLength(1);
    expect(s3.state.text('results', 'once')).toBe(String(ends.indexOf('put')));
  });

  it('is put again while somebody else is writing it', async () => {
    s3.fail({ status: 409, code: 'ConditionalRequestConflict', times: 3 });
    expect(await putText(client, 'results', 'raced', 'x', { ifAbsent: true })).toBe('put');
    expect(s3.count('PutObject')).toBe(4);
  });

  it('is not put for ever', async () => {
    s3.fail({ status: 409, code: 'ConditionalRequestConflict', message: 'Conflict.', times: 99 });
    await expect(putText(client, 'results', 'raced', 'x', { ifAbsent: true })).rejects.toMatchObject({
      code: 'AWS_FAILED',
      message: 'cannot write s3://results/raced: conflict',
    });
    expect(s3.count('PutObject')).toBe(6);
  });

  it('is undefined where it is not, and refused where it is too large', async () => {
    expect(await getText(client, 'results', 'absent')).toBeUndefined();
    s3.state.put('results', 'large', 'x'.repeat(1001));
    await expect(getText(client, 'results', 'large', { maxBytes: 1000 })).rejects.toMatchObject({
      code: 'OBJECT_TOO_LARGE',
      message: 's3://results/large has 1001 bytes, at most 1000 are read here',
    });
  });

  it('that may not be written says what is needed', async () => {
    s3.fail({ status: 403, code: 'AccessDenied', message: 'Access Denied' });
    await expect(putText(client, 'results', 'a', 'x')).rejects.toMatchObject({
      code: 'AWS_DENIED',
      message: 'cannot write s3://results/a: access denied',
      hint: 'the credentials in use must be allowed s3:PutObject on arn:aws:s3:::results/*',
    });
  });
});
