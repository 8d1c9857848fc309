import { Readable } from 'node:stream';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeAwsChunked } from '../../support/aws/aws-chunked.ts';
import { clientConfig, clientEnvironment } from '../../support/aws/client-config.ts';
import { startLambda } from '../../support/aws/lambda.ts';
import { type S3Endpoint, startS3 } from '../../support/aws/s3.ts';

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

const at = { Bucket: 'logs', Key: 'a b' };

describe('the S3 endpoint', () => {
  it('takes a streamed put as S3 does: chunks undone, the checksum behind them checked', async () => {
    const parts = ['one ', 'two ', 'x'.repeat(100_000)];
    const bytes = parts.join('').length;
    await client.send(
      new PutObjectCommand({
        ...at,
        Body: Readable.from(parts.map((part) => Buffer.from(part))),
        ContentLength: bytes,
      }),
    );
    expect(s3.state.text('logs', 'a b')).toBe(parts.join(''));
    expect(s3.calls[0]?.headers).toMatchObject({
      'content-encoding': 'aws-chunked',
      'x-amz-trailer': 'x-amz-checksum-crc32',
    });
    expect(s3.state.get('logs', 'a b')).not.toHaveProperty('contentEncoding');
  });

  it('refuses a put whose checksum is wrong', async () => {
    const put = new PutObjectCommand({ ...at, Body: 'text', ChecksumCRC32: 'AAAAAA==' });
    await expect(client.send(put)).rejects.toMatchObject({ name: 'BadDigest' });
    expect(s3.state.keys('logs')).toEqual([]);
  });

  it('refuses chunks that are cut short', () => {
    const whole = '4\r\ntext\r\n0\r\nx-amz-checksum-crc32:O3hfWA==\r\n\r\n';
    expect(decodeAwsChunked(Buffer.from(whole))).toEqual({
      bytes: Buffer.from('text'),
      trailers: new Map([['x-amz-checksum-crc32', 'O3hfWA==']]),
    });
    for (const cut of ['', '4\r\nte', '4\r\ntext', '4\r\ntext\r\n', 'text'])
      expect(() => decodeAwsChunked(Buffer.from(cut))).toThrow('terminated unexpectedly');
  });

  it.each([
    ['bytes=0-0', '0', 'bytes 0-0/10'],
    ['bytes=3-5', '345', 'bytes 3-5/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=8-99', '89', 'bytes 8-9/10'],
    ['bytes=-4', '6789', 'bytes 6-9/10'],
  ])('gives the range %s', async (Range, text, ContentRange) => {
    s3.state.put('logs', 'a b', '0123456789');
    const found = await client.send(new GetObjectCommand({ ...at, Range }));
    expect(await found.Body?.transformToString()).toBe(text);
    expect(found).toMatchObject({ ContentRange, $metadata: { httpStatusCode: 206 } });
  });

  it('knows conditions and ranges that do not hold', async () => {
    s3.state.put('logs', 'a b', '0123456789');
    const get = (input: object) => client.send(new GetObjectCommand({ ...at, ...input }));
    await expect(get({ Range: 'bytes=10-' })).rejects.toMatchObject({ name: 'InvalidRange' });
    await expect(get({ IfMatch: '"other"' })).rejects.toMatchObject({ name: 'PreconditionFailed' });
    const put = (input: object) => client.send(new PutObjectCommand({ ...at, Body: 'x', ...input }));
    await expect(put({ IfNoneMatch: '*' })).rejects.toMatchObject({ name: 'PreconditionFailed' });
    await expect(put({ IfMatch: '"other"' })).rejects.toMatchObject({ name: 'PreconditionFailed' });
    await put({ IfMatch: s3.state.get('logs', 'a b')?.etag });
    expect(s3.state.text('logs', 'a b')).toBe('x');
  });

  it('lists folders', async () => {
    for (const key of ['a', 'b/1', 'b/2', 'c/d/3', 'e']) s3.state.put('logs', key, 'x');
    const list = (token?: string) =>
      client.send(
        new ListObjectsV2Command({
          Bucket: 'logs',
          Delimiter: '/',
          MaxKeys: 2,
          ...(token ? { ContinuationToken: token } : {}),
        }),
      );
    const first = await list();
    expect([first.Contents?.map(({ Key }) => Key), first.CommonPrefixes]).toEqual([
      ['a'],
      [{ Prefix: 'b/' }],
    ]);
    const second = await list(first.NextContinuationToken);
    expect([second.CommonPrefixes, second.Contents?.map(({ Key }) => Key)]).toEqual([
      [{ Prefix: 'c/' }],
      ['e'],
    ]);
    expect(second.IsTruncated).toBe(false);
  });

  it('deletes one, and many', async () => {
    for (const key of ['a b', 'b', 'c', 'd']) s3.state.put('logs', key, 'x');
    await client.send(new DeleteObjectCommand(at));
    await client.send(
      new DeleteObjectsCommand({ Bucket: 'logs', Delete: { Objects: [{ Key: 'b' }, { Key: 'c' }] } }),
    );
    expect(s3.state.keys('logs')).toEqual(['d']);
  });

  it('has faults happen once, in order, and can be healed', async () => {
    s3.state.put('logs', 'a b', 'x');
    const get = () => client.send(new GetObjectCommand(at));
    s3.fail({ operation: 'PutObject', status: 500 });
    s3.fail({ operation: 'GetObject', status: 503, code: 'SlowDown' });
    s3.fail({ when: ({ path }) => path === '/logs/a%20b', reset: 'before', times: 9 });
    await expect(get()).rejects.toMatchObject({ name: 'SlowDown' });
    await expect(get()).rejects.toMatchObject({ code: 'ECONNRESET' });
    s3.heal();
    await get();
  });
});

describe('the Lambda endpoint', () => {
  it('answers those who wait, and tells what functions throw', async () => {
    const lambda = await startLambda({
      functions: {
        echo: (payload, name) => ({ payload, name }),
        broken: () => {
          throw new Error('broken');
        },
      },
    });
    const own = new LambdaClient(clientConfig(lambda.endpoint));
    const invoke = (FunctionName: string, InvocationType: 'Event' | 'RequestResponse') =>
      own.send(new InvokeCommand({ FunctionName, InvocationType, Payload: '{"a":1}' }));
    const { Payload } = await invoke(
      'arn:aws:lambda:us-east-1:123456789012:function:echo',
      'RequestResponse',
    );
    expect(Payload?.transformToString()).toBe('{"payload":{"a":1},"name":"echo"}');
    await invoke('broken', 'Event');
    await lambda.state.idle();
    expect(lambda.state.failures).toEqual([new Error('broken')]);
    await expect(invoke('absent', 'Event')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    lambda.throttle(1);
    await expect(invoke('echo', 'Event')).rejects.toMatchObject({
      name: 'TooManyRequestsException',
      Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
    });
    own.destroy();
    await lambda.close();
  });
});

describe('the environment of clients', () => {
  it('names each endpoint as the SDK looks for it', () => {
    expect(clientEnvironment({ s3: 'http://127.0.0.1:1', dynamodb: 'http://127.0.0.1:2' })).toEqual({
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1',
      AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:2',
    });
  });
});
