import { beforeAll, describe, expect, it } from 'vitest';
import { everything, one } from './everything.ts';
import {
  type Resource,
  resourcesOf,
  type Synthesised,
  synthesise,
  textOf,
  writeRules,
} from './synthesise.ts';

let plain: Synthesised;
let full: Synthesised;
let emulator: Synthesised;

beforeAll(async () => {
  plain = await synthesise();
  full = await synthesise(everything());
  emulator = await synthesise({ profile: 'emulator' });
}, 60_000);

const functionOf = (from: Synthesised, name: string): Resource =>
  one(from, 'AWS::Lambda::Function', (id) => id.startsWith(name));

describe('functions', () => {
  it('run on Node 24 and arm64, and log JSON without the platform’s own lines', () => {
    for (const [, { Properties }] of resourcesOf(plain, 'AWS::Lambda::Function'))
      expect(Properties).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        Handler: 'index.handler',
        LoggingConfig: { LogFormat: 'JSON', SystemLogLevel: 'WARN', ApplicationLogLevel: 'INFO' },
      });
  });

  it('plan: one object an event, on the way again where it failed, and by themselves where it is long', () => {
    expect(functionOf(plain, 'Planner').Properties).toMatchObject({
      MemorySize: 1024,
      Timeout: 300,
      RecursiveLoop: 'Allow',
      Environment: {
        Variables: { REPRISE_STACK: 'reprise', REPRISE_TIMING: 'live', REPRISE_DELAY_SECONDS: '180' },
      },
    });
    expect(one(plain, 'AWS::Lambda::EventSourceMapping').Properties).toMatchObject({
      BatchSize: 1,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 10 },
    });
    expect(
      one(plain, 'AWS::Lambda::EventInvokeConfig', (id) => id.startsWith('Planner')).Properties,
    ).toMatchObject({
      MaximumRetryAttempts: 2,
      DestinationConfig: {
        OnFailure: { Destination: { 'Fn::GetAtt': [expect.stringMatching(/^DeadLetters/), 'Arn'] } },
      },
    });
    expect(functionOf(emulator, 'Planner').Properties).toMatchObject({
      Environment: { Variables: { REPRISE_TIMING: 'arrival' } },
    });
  });

  it('send: never twice, never stale, and for as long as the slowest target takes', () => {
    expect(functionOf(full, 'Sender').Properties).toMatchObject({
      MemorySize: 512,
      Timeout: 3 + 5 + 5 + 12 + 20,
      ReservedConcurrentExecutions: 60,
      Environment: { Variables: { REPRISE_SECRETS: '{"TOKEN":"/staging/token"}' } },
    });
    expect(
      one(plain, 'AWS::Lambda::EventInvokeConfig', (id) => id.startsWith('Sender')).Properties,
    ).toMatchObject({
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 60,
      DestinationConfig: {
        OnFailure: { Destination: { 'Fn::GetAtt': [expect.stringMatching(/^FailedSlices/), 'Arn'] } },
      },
    });
  });

  it('send for as long as the slowest rule takes, a rule without a timeout as long as its target', async () => {
    const rules = writeRules(`
version: 1
targets: { a: { url: "https://a.example.com", timeout: 40s } }
rules:
  - { name: a, match: { host: api.example.com }, target: a, timeout: 2s }
  - { name: b, match: { host: www.example.com }, target: a }
`);
    const stack = await synthesise({ rules });
    expect(functionOf(stack, 'Sender').Properties).toMatchObject({ Timeout: 3 + 5 + 5 + 40 + 20 });
    expect(stack.notes[0]).toBe('senders: up to 10 at once when every target is slow; 50 are reserved');
  });

  it('may reach loopback on an emulator alone', () => {
    const allows = (stack: Synthesised) =>
      JSON.stringify(functionOf(stack, 'Sender').Properties).includes('REPRISE_ALLOW_LOOPBACK');
    expect([plain, full, emulator].map(allows)).toEqual([false, false, true]);
  });

  it('are reserved only where that is asked for', async () => {
    const { resources } = await synthesise({ 'sender.reservedConcurrency': 'none' });
    expect(JSON.stringify(resources)).not.toContain('ReservedConcurrentExecutions');
  });
});

describe('state', () => {
  it('is one table on demand, from which everything expires', () => {
    expect(one(plain, 'AWS::DynamoDB::GlobalTable').Properties).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      TimeToLiveSpecification: { AttributeName: 'expiresAtSeconds', Enabled: true },
    });
  });
});

describe('a VPC', () => {
  it('takes the sender in, with the endpoints that it needs', () => {
    expect(functionOf(full, 'Sender').Properties.VpcConfig).toEqual({
      SubnetIds: ['subnet-0a1b2c3d', 'subnet-1a2b3c4d'],
      SecurityGroupIds: ['sg-0a1b2c3d', 'sg-1a2b3c4d'],
    });
    expect(functionOf(full, 'Planner').Properties).not.toHaveProperty('VpcConfig');
    const endpoints = resourcesOf(full, 'AWS::EC2::VPCEndpoint').map(([, { Properties }]) =>
      [Properties.VpcEndpointType, textOf(Properties.ServiceName)].join(' '),
    );
    expect(endpoints).toEqual([
      'Gateway com.amazonaws.<AWS::Region>.dynamodb',
      'Interface com.amazonaws.<AWS::Region>.kinesis-firehose',
      'Interface com.amazonaws.<AWS::Region>.ssm',
    ]);
  });

  it('that has endpoints of its own gets none, and need not name route tables', async () => {
    const { vpc, ...rest } = everything();
    const stack = await synthesise({ ...rest, vpc: { ...vpc, routeTableIds: null, endpoints: false } });
    expect(resourcesOf(stack, 'AWS::EC2::VPCEndpoint')).toEqual([]);
    expect(stack.warnings).toEqual([]);
  });
});
