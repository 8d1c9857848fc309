import { SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeVisibleIn, queueDepth } from '../../../io/aws/sqs.ts';
import { clientConfig } from '../../support/aws/client-config.ts';
import { type SqsEndpoint, startSqs } from '../../support/aws/sqs.ts';

describe('a queue', () => {
  let sqs: SqsEndpoint;
  let client: SQSClient;
  beforeAll(async () => {
    sqs = await startSqs();
    client = new SQSClient(clientConfig(sqs.endpoint));
  });
  afterAll(async () => {
    client.destroy();
    await sqs.close();
  });

  it('gives a message back when it is asked to', async () => {
    await makeVisibleIn(client, sqs.urlOf('queue'), 'receipt', 5);
    expect(sqs.state.visibilities).toEqual([{ queue: 'queue', receiptHandle: 'receipt', seconds: 5 }]);
  });

  it('says how much it holds', async () => {
    sqs.state.depths.set('dlq', { visible: 3, notVisible: 2, delayed: 1 });
    expect(await queueDepth(client, sqs.urlOf('dlq'))).toEqual({ visible: 3, notVisible: 2, delayed: 1 });
    expect(await queueDepth(client, sqs.urlOf('queue'))).toEqual({ visible: 0, notVisible: 0, delayed: 0 });
  });

  it('that does not exist is named', async () => {
    const url = sqs.urlOf('nowhere');
    await expect(queueDepth(client, url)).rejects.toMatchObject({
      code: 'AWS_NOT_FOUND',
      message: `cannot read the depth of the queue ${url}: it does not exist: the specified queue does not exist`,
    });
  });

  it('that may not be touched says what is needed', async () => {
    sqs.fail({ status: 403, code: 'AccessDenied', message: 'Access to the resource is denied.' });
    const url = sqs.urlOf('queue');
    await expect(makeVisibleIn(client, url, 'r', 5)).rejects.toMatchObject({
      code: 'AWS_DENIED',
      message: `cannot give a message back to the queue ${url}: access denied: access to the resource is denied`,
      hint: 'the credentials in use must be allowed sqs:ChangeMessageVisibility on the queue queue',
    });
  });
});
