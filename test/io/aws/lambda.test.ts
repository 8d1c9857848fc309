import { LambdaClient } from '@aws-sdk/client-lambda';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { invokeAsync, lambdaRegionOf, readAccountConcurrency } from '../../../io/aws/lambda.ts';
import { clientConfig } from '../../support/aws/client-config.ts';
import { type LambdaEndpoint, startLambda } from '../../support/aws/lambda.ts';

describe('starting a function', () => {
  const received: unknown[] = [];
  let lambda: LambdaEndpoint;
  let client: LambdaClient;
  beforeEach(async () => {
    received.length = 0;
    lambda = await startLambda({ functions: { sender: (payload) => received.push(payload) } });
    client = new LambdaClient(clientConfig(lambda.endpoint));
  });
  afterEach(async () => {
    client.destroy();
    await lambda.close();
  });

  it('hands it the payload, and does not wait', async () => {
    const payload = JSON.stringify({ text: 'ä \ud83d', n: 1 });
    expect(await invokeAsync(client, 'sender', payload)).toBe('accepted');
    await lambda.state.idle();
    expect(received).toEqual([{ text: 'ä \ud83d', n: 1 }]);
    expect(lambda.state.invocations).toMatchObject([{ functionName: 'sender', type: 'Event' }]);
  });

  it('tells throttling at once, and leaves another try to the caller', async () => {
    lambda.throttle(1);
    expect(await invokeAsync(client, 'sender', '{}')).toBe('throttled');
    expect(lambda.count('Invoke')).toBe(1);
    expect(await invokeAsync(client, 'sender', '{}')).toBe('accepted');
  });

  it('tries again after a fault of the connection or of AWS', async () => {
    lambda.fail({ reset: 'before' });
    lambda.fail({ status: 500, code: 'ServiceException' });
    expect(await invokeAsync(client, 'sender', '{}')).toBe('accepted');
    expect(lambda.count('Invoke')).toBe(3);
  });

  it('gives up after three tries', async () => {
    lambda.fail({ status: 500, code: 'ServiceException', message: 'Oops.', times: 9 });
    await expect(invokeAsync(client, 'sender', '{}')).rejects.toMatchObject({
      code: 'AWS_FAILED',
      message: 'cannot start the function sender: oops',
      hint: 'the fault is on the side of AWS: try again',
      exitCode: 3,
    });
    expect(lambda.count('Invoke')).toBe(3);
  });

  it.each([
    [
      'absent',
      { status: 404, code: 'ResourceNotFoundException', message: 'Function not found: arn:aws:lambda:x' },
      'AWS_NOT_FOUND',
      'cannot start the function absent: it does not exist: function not found: arn:aws:lambda:x',
      'check the name, the region and the account',
    ],
    [
      'sender',
      { status: 403, code: 'AccessDeniedException', message: 'User: u is not authorized to perform: x.' },
      'AWS_DENIED',
      'cannot start the function sender: access denied: user: u is not authorized to perform: x',
      'the credentials in use must be allowed lambda:InvokeFunction on sender',
    ],
  ])('throws for what no further try mends: %s', async (name, fault, code, message, hint) => {
    lambda.fail(fault);
    await expect(invokeAsync(client, name, '{}')).rejects.toMatchObject({ code, message, hint });
    expect(lambda.count('Invoke')).toBe(1);
  });

  it('is refused above a megabyte', async () => {
    const payload = JSON.stringify('x'.repeat(1024 ** 2));
    await expect(invokeAsync(client, 'sender', payload)).rejects.toMatchObject({ code: 'AWS_FAILED' });
  });
});

describe('what the account allows', () => {
  let lambda: LambdaEndpoint;
  let client: LambdaClient;
  beforeEach(async () => {
    lambda = await startLambda();
    client = new LambdaClient(clientConfig(lambda.endpoint));
  });
  afterEach(async () => {
    client.destroy();
    await lambda.close();
  });

  it('is read with one call', async () => {
    lambda.limit({ ConcurrentExecutions: 500, UnreservedConcurrentExecutions: 450 });
    expect(await readAccountConcurrency(client)).toEqual({
      concurrentExecutions: 500,
      unreservedConcurrentExecutions: 450,
    });
    expect(await lambdaRegionOf(client)).toBe('us-east-1');
    expect(lambda.calls.map(({ operation }) => operation)).toEqual(['GetAccountSettings']);
  });

  it('says which permission it takes', async () => {
    lambda.fail({ status: 403, code: 'AccessDeniedException', message: 'no' });
    await expect(readAccountConcurrency(client)).rejects.toMatchObject({
      code: 'AWS_DENIED',
      message: 'cannot read how many functions may run at once: access denied: no',
      hint: 'the credentials in use must be allowed lambda:GetAccountSettings on *',
      exitCode: 3,
    });
  });

  it('is unknown where the answer does not say', async () => {
    lambda.limit({});
    await expect(readAccountConcurrency(client)).rejects.toMatchObject({
      code: 'AWS_FAILED',
      message: 'cannot read how many functions may run at once: the answer does not say',
      exitCode: 3,
    });
  });
});
