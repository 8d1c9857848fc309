import { SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readParameter, readSecrets, writeParameter } from '../../../io/aws/ssm.ts';
import { clientConfig } from '../../support/aws/client-config.ts';
import { type SsmEndpoint, startSsm } from '../../support/aws/ssm.ts';

const ARN = 'arn:aws:ssm:us-east-1:123456789012:parameter/app/token';

let ssm: SsmEndpoint;
let client: SSMClient;
beforeEach(async () => {
  ssm = await startSsm({
    parameters: { '/reprise/a/switch': 'off' },
    secrets: Object.fromEntries([
      ['/app/token', 'hunter2'],
      ...Array.from({ length: 24 }, (_, i) => [`/app/${i}`, `value ${i}`]),
    ]),
  });
  client = new SSMClient(clientConfig(ssm.endpoint));
});
afterEach(async () => {
  client.destroy();
  await ssm.close();
});

describe('a parameter', () => {
  it('is read with its version and time', async () => {
    const startMs = Date.now();
    expect(await writeParameter(client, '/reprise/a/switch', 'on', 'turned on by hand')).toBe(2);
    const found = await readParameter(client, '/reprise/a/switch');
    expect(found).toEqual({ value: 'on', version: 2, lastModifiedMs: expect.any(Number) });
    expect(found?.lastModifiedMs).toBeGreaterThanOrEqual(startMs);
  });

  it('is read with its description where that is asked for', async () => {
    const read = () => readParameter(client, '/reprise/a/switch', { withDescription: true });
    expect(await read()).not.toHaveProperty('description');
    await writeParameter(
      client,
      '/reprise/a/switch',
      'off',
      `turned off by the breaker: ${'x'.repeat(2000)}`,
    );
    expect((await read())?.description).toHaveLength(1024);
    ssm.fail({ operation: 'DescribeParameters', status: 400, code: 'AccessDeniedException' });
    expect(await read()).toMatchObject({ value: 'off', version: 2 });
    ssm.fail({
      operation: 'DescribeParameters',
      status: 400,
      code: 'ThrottlingException',
      message: 'Rate exceeded',
    });
    await expect(read()).rejects.toMatchObject({
      code: 'AWS_THROTTLED',
      message: 'cannot read the parameter /reprise/a/switch: AWS throttles the calls: rate exceeded',
    });
  });

  it('is undefined where it is not', async () => {
    expect(await readParameter(client, '/reprise/b/switch')).toBeUndefined();
  });

  it('is made where it is not, when it is written', async () => {
    expect(await writeParameter(client, '/reprise/b/switch', '25%', '')).toBe(1);
    expect(ssm.state.parameters.get('/reprise/b/switch')).toMatchObject({ value: '25%', type: 'String' });
  });

  it('that may not be read or written says what is needed', async () => {
    ssm.fail({ status: 400, code: 'AccessDeniedException', message: 'no', times: 2 });
    await expect(readParameter(client, '/a')).rejects.toMatchObject({
      code: 'AWS_DENIED',
      message: 'cannot read the parameter /a: access denied: no',
      hint: 'the credentials in use must be allowed ssm:GetParameter on the parameter /a',
    });
    await expect(writeParameter(client, '/a', 'on', '')).rejects.toMatchObject({
      message: 'cannot write the parameter /a: access denied: no',
      hint: 'the credentials in use must be allowed ssm:PutParameter on the parameter /a',
    });
  });
});

describe('secrets', () => {
  const waited: number[] = [];
  const wait = async (ms: number): Promise<void> => {
    waited.push(ms);
  };
  beforeEach(() => {
    waited.length = 0;
  });

  it('are read ten at a time, decrypted', async () => {
    const names = Array.from({ length: 24 }, (_, i) => `/app/${i}`);
    const values = await readSecrets(client, names);
    expect([...values]).toEqual(names.map((name, i) => [name, `value ${i}`]));
    expect(ssm.count('GetParameters')).toBe(3);
  });

  it('are found by ARN and version too, and once where named twice', async () => {
    const values = await readSecrets(client, [ARN, '/app/1:1', '/app/token', '/app/token', '/app/none']);
    expect(Object.fromEntries(values)).toEqual({
      [ARN]: 'hunter2',
      '/app/1:1': 'value 1',
      '/app/token': 'hunter2',
    });
    expect(values.has('/app/none')).toBe(false);
  });

  it('are none, without a call, where none is named', async () => {
    expect((await readSecrets(client, [])).size).toBe(0);
    expect(ssm.count()).toBe(0);
  });

  it('are asked for again while calls are throttled', async () => {
    ssm.fail({ status: 400, code: 'ThrottlingException', message: 'Rate exceeded', times: 4 });
    expect((await readSecrets(client, ['/app/token'], { wait })).get('/app/token')).toBe('hunter2');
    expect(waited).toHaveLength(4);
    expect(waited.every((ms, i) => ms >= 0 && ms <= 200 * 2 ** i)).toBe(true);
  });

  it('are given up after six tries', async () => {
    ssm.fail({ status: 400, code: 'ThrottlingException', message: 'Rate exceeded', times: 9 });
    await expect(readSecrets(client, ['/app/token'], { wait })).rejects.toMatchObject({
      code: 'AWS_THROTTLED',
      message: 'cannot read the secrets /app/token: AWS throttles the calls: rate exceeded',
      hint: 'try again in a moment; if it goes on, ask AWS for a higher quota',
    });
    expect(ssm.count()).toBe(6);
  });

  it('that may not be read say what is needed, and no other try is made', async () => {
    ssm.fail({ status: 400, code: 'AccessDeniedException', message: 'no' });
    await expect(readSecrets(client, ['/app/token'], { wait })).rejects.toMatchObject({
      code: 'AWS_DENIED',
      hint: 'the credentials in use must be allowed ssm:GetParameters on them, and kms:Decrypt on the key that they are encrypted with',
    });
    expect(waited).toEqual([]);
  });
});
