import { inspect } from 'node:util';
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RepriseError } from '../../../core/errors.ts';
import { awsError, awsNameOf, awsStatusOf, isTransient } from '../../../io/aws/aws-error.ts';
import { clientConfig } from '../../support/aws/client-config.ts';
import { type S3Endpoint, startS3 } from '../../support/aws/s3.ts';
import { type SsmEndpoint, startSsm } from '../../support/aws/ssm.ts';

const KEY_ID = 'AKIAIOSFODNN7EXAMPLE';

let s3: S3Endpoint;
let ssm: SsmEndpoint;
beforeAll(async () => {
  s3 = await startS3();
  ssm = await startSsm();
});
afterAll(async () => {
  await s3.close();
  await ssm.close();
});

/** What a call of a real client throws. */
const thrownBy = async (call: () => Promise<unknown>): Promise<unknown> => {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
};
const readParameter = (config: object) => {
  const client = new SSMClient({ ...clientConfig(ssm.endpoint), ...config });
  return thrownBy(() => client.send(new GetParameterCommand({ Name: 'a' })));
};
const explain = (error: unknown, needs?: string): RepriseError =>
  awsError('read s3://logs/a', error, needs === undefined ? {} : { needs });

describe('an error of AWS', () => {
  it('says that there are no credentials, and how to give them', async () => {
    const error = await readParameter({
      credentials: async () => {
        throw Object.assign(new Error('Could not load credentials from any providers'), {
          name: 'CredentialsProviderError',
        });
      },
    });
    expect(explain(error)).toMatchObject({
      code: 'AWS_NO_CREDENTIALS',
      message: 'cannot read s3://logs/a: no AWS credentials were found',
      hint: 'log in with aws sso login or aws configure, choose a profile with AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
      exitCode: 3,
    });
  });

  it('says that there is no region, and how to set it', async () => {
    const error = await readParameter({
      region: async () => {
        throw new Error('Region is missing');
      },
    });
    expect(explain(error)).toMatchObject({
      code: 'AWS_NO_REGION',
      message: 'cannot read s3://logs/a: no AWS region is set',
      hint: 'set AWS_REGION, or a region in the AWS profile in use',
    });
  });

  it.each([
    ['ExpiredTokenException', 400],
    ['UnrecognizedClientException', 400],
    ['InvalidSignatureException', 403],
  ])('says that credentials are not accepted: %s', async (code, status) => {
    ssm.fail({ status, code, message: 'The security token included in the request is expired.' });
    expect(explain(await readParameter({}))).toMatchObject({
      code: 'AWS_BAD_CREDENTIALS',
      message:
        'cannot read s3://logs/a: AWS does not accept the credentials: the security token included in the request is expired',
      hint: 'log in again (aws sso login), or give other credentials; they may have expired',
    });
  });

  it('says what is not allowed, and what would be needed', async () => {
    const message = 'User: arn:aws:iam::123456789012:user/u is not authorized to perform: ssm:GetParameter';
    ssm.fail({ status: 400, code: 'AccessDeniedException', message, times: 2 });
    expect(explain(await readParameter({}), 'ssm:GetParameter on a')).toMatchObject({
      code: 'AWS_DENIED',
      message: `cannot read s3://logs/a: access denied: ${message.replace('User', 'user')}`,
      hint: 'the credentials in use must be allowed ssm:GetParameter on a',
    });
    expect(explain(await readParameter({})).hint).toBe('ask for the permission, or use other credentials');
  });

  it('says that nobody could be reached', async () => {
    const error = await readParameter({ endpoint: 'http://127.0.0.1:9' });
    expect(explain(error)).toMatchObject({
      code: 'AWS_UNREACHABLE',
      message: 'cannot read s3://logs/a: AWS cannot be reached: connect ECONNREFUSED 127.0.0.1:9',
      hint: 'check the network, the region and any proxy or endpoint setting',
    });
    expect(isTransient(error)).toBe(true);
  });

  it.each([
    [{ requestTimeout: 60, throwOnRequestTimeout: true }, 'no answer within 0.1 s'],
    [{ socketTimeout: 60 }, 'no answer for 0.1 s'],
  ])('says in plain words that nobody answered in time: %j', async (requestHandler, words) => {
    ssm.fail({ hang: true });
    const error = await readParameter({ requestHandler });
    expect(explain(error)).toMatchObject({
      code: 'AWS_UNREACHABLE',
      message: `cannot read s3://logs/a: AWS cannot be reached: ${words}`,
    });
    ssm.heal();
  });

  it.each([
    [
      '@smithy/node-http-handler - the request socket did not establish a connection with the server within the configured timeout of 5000 ms.',
      'no connection within 5 s',
    ],
    ['@smithy/node-http-handler - [ERROR] something else went wrong.', 'something else went wrong'],
  ])('leaves out how the SDK is made: %s', (message, words) => {
    expect(explain(Object.assign(new Error(message), { name: 'TimeoutError' })).message).toBe(
      `cannot read s3://logs/a: AWS cannot be reached: ${words}`,
    );
  });

  it('says in which region a bucket lies', async () => {
    const client = new S3Client(clientConfig(s3.endpoint));
    s3.fail({ status: 301, code: 'PermanentRedirect', message: 'Use the specified endpoint.' });
    const error = await thrownBy(() => client.send(new GetObjectCommand({ Bucket: 'logs', Key: 'a' })));
    expect(explain(error)).toMatchObject({
      code: 'AWS_WRONG_REGION',
      message: 'cannot read s3://logs/a: it lies in another region',
      hint: 'set AWS_REGION to the region it lies in',
    });
    const told = Object.assign(new Error('x'), { name: 'AuthorizationHeaderMalformed', Region: 'eu-west-1' });
    expect(explain(told)).toMatchObject({
      message: 'cannot read s3://logs/a: it lies in the region eu-west-1',
      hint: 'set AWS_REGION=eu-west-1',
    });
  });

  it.each([
    [404, 'AWS_NOT_FOUND', 'cannot read s3://logs/a: it does not exist'],
    [403, 'AWS_DENIED', 'cannot read s3://logs/a: access denied'],
    [503, 'AWS_FAILED', 'cannot read s3://logs/a: AWS answered with status 503'],
    [400, 'AWS_FAILED', 'cannot read s3://logs/a: AWS answered with status 400'],
  ])('is told by its status alone where there is no more: %d', async (status, code, message) => {
    const client = new S3Client(clientConfig(s3.endpoint));
    s3.fail({ status });
    const error = await thrownBy(() => client.send(new HeadObjectCommand({ Bucket: 'logs', Key: 'a' })));
    expect(explain(error)).toMatchObject({ code, message });
    expect(awsStatusOf(error)).toBe(status);
    expect(isTransient(error)).toBe(status === 503);
  });

  it('holds no key and nothing that was signed, not even in its cause', async () => {
    const client = new S3Client(clientConfig(s3.endpoint));
    s3.fail({ status: 403, code: 'InvalidAccessKeyId', message: `The key ${KEY_ID} does not exist.` });
    const error = await thrownBy(() =>
      client.send(new PutObjectCommand({ Bucket: 'logs', Key: 'a', Body: 'x' })),
    );
    Object.assign(error as object, { AWSAccessKeyId: KEY_ID, StringToSign: 'AWS4-HMAC-SHA256 secret' });
    const told = explain(error);
    expect(told).toMatchObject({
      code: 'AWS_BAD_CREDENTIALS',
      message:
        'cannot read s3://logs/a: AWS does not accept the credentials: the key (key id) does not exist',
    });
    const shown = inspect(told, { depth: 9, showHidden: true });
    expect(shown).not.toContain(KEY_ID);
    expect(shown).not.toContain('AWS4-HMAC');
  });

  it('that is ours already stays as it is', () => {
    const own = new RepriseError('OBJECT_GONE', 'gone');
    expect(explain(own)).toBe(own);
  });

  it.each([
    [undefined, 'cannot read s3://logs/a: unknown error'],
    ['text', 'cannot read s3://logs/a: unknown error'],
    [new TypeError('x is not a function'), 'cannot read s3://logs/a: x is not a function'],
  ])('may be anything: %j', (thrown, message) => {
    expect(explain(thrown)).toMatchObject({ code: 'AWS_FAILED', message, hint: undefined });
    expect(isTransient(thrown)).toBe(false);
    expect(awsNameOf(thrown)).toBe(thrown instanceof Error ? 'TypeError' : '');
  });

  it.each([
    ['TooManyRequestsException', true],
    ['SlowDown', true],
    ['ThrottlingException', true],
    ['TimeoutError', true],
    ['AccessDenied', false],
    ['NoSuchKey', false],
    ['ValidationException', false],
  ])('named %s may be mended by another try: %s', (name, expected) => {
    expect(isTransient(Object.assign(new Error('x'), { name }))).toBe(expected);
  });
});
