import { SSMClient } from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  readResources,
  resourcesParameterOf,
  type StackResources,
  switchParameterOf,
} from '../../../io/aws/resources.ts';
import { clientConfig } from '../../support/aws/client-config.ts';
import { type SsmEndpoint, startSsm } from '../../support/aws/ssm.ts';

const RESOURCES: StackResources = {
  version: 1,
  stack: 'Shop',
  switchParameter: '/reprise/Shop/switch',
  table: 'Shop-State',
  captureStream: 'Shop-Capture',
  captureBucket: 'shop-capture',
  resultsStream: 'Shop-Results',
  resultsBucket: 'shop-results',
  queueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/queue',
  dlqUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/dlq',
  failureQueueUrl: 'https://sqs.us-east-1.amazonaws.com/123456789012/failures',
  plannerFunction: 'Shop-Planner',
  senderFunction: 'Shop-Sender',
  targets: ['staging'],
  timing: 'live',
  delaySeconds: 180,
};

describe('the resources of a stack', () => {
  let ssm: SsmEndpoint;
  let client: SSMClient;
  beforeEach(async () => {
    ssm = await startSsm();
    client = new SSMClient(clientConfig(ssm.endpoint));
  });
  afterEach(async () => {
    client.destroy();
    await ssm.close();
  });
  const store = (text: string): void => ssm.state.set(resourcesParameterOf('Shop'), text);

  it('are what the stack wrote down', async () => {
    store(JSON.stringify(RESOURCES));
    expect(await readResources(client, 'Shop')).toEqual(RESOURCES);
  });

  it('stand in parameters that bear the name of the stack', () => {
    expect(switchParameterOf('Shop')).toBe('/reprise/Shop/switch');
    expect(resourcesParameterOf('Shop')).toBe('/reprise/Shop/resources');
  });

  it('of a stack that is not there are not found, and the region is named', async () => {
    await expect(readResources(client, 'Shop')).rejects.toMatchObject({
      code: 'STACK_NOT_FOUND',
      message: 'no stack "Shop" in the region us-east-1: there is no parameter /reprise/Shop/resources',
      hint: 'deploy it with npx cdk deploy, or give its name with --stack and its region with AWS_REGION',
      exitCode: 2,
    });
  });

  it.each([
    ['', 'the parameter /reprise/Shop/resources does not list the resources of a stack'],
    ['null', 'the parameter /reprise/Shop/resources does not list the resources of a stack'],
    ['{"version":1}', 'the parameter /reprise/Shop/resources does not list the resources of a stack'],
    [
      JSON.stringify({ ...RESOURCES, targets: 'staging' }),
      'the parameter /reprise/Shop/resources does not list the resources of a stack',
    ],
    [
      JSON.stringify({ ...RESOURCES, version: 2 }),
      'the stack "Shop" lists its resources in version 2, this command reads version 1',
    ],
    [
      '{"version":{"toString":{}}}',
      'the stack "Shop" lists its resources in version {"toString":{}}, this command reads version 1',
    ],
  ])('are not made up from %j', async (text, message) => {
    store(text);
    await expect(readResources(client, 'Shop')).rejects.toMatchObject({
      code: 'STACK_UNREADABLE',
      message,
      hint: 'deploy the stack again with the version of Reprise in use here',
    });
  });
});
