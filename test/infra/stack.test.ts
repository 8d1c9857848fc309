import { beforeAll, describe, expect, it } from 'vitest';
import { everything, one, RULES } from './everything.ts';
import { resourcesOf, type Synthesised, synthesise, textOf, writeRules } from './synthesise.ts';

let plain: Synthesised;
let full: Synthesised;
let existing: Synthesised;
let emulator: Synthesised;

beforeAll(async () => {
  plain = await synthesise();
  full = await synthesise(everything());
  existing = await synthesise({ existingLogBucket: { name: 'my-logs', prefix: 'proxy/' } });
  emulator = await synthesise({ profile: 'emulator' });
}, 60_000);

const every = (): readonly Synthesised[] => [plain, full, existing, emulator];

describe('any stack', () => {
  it('has no custom resource and no function but ours', () => {
    for (const stack of every()) {
      const types = Object.values(stack.resources).map(({ Type }) => Type);
      expect(types.filter((type) => /^(Custom|AWS::CloudFormation)::/.test(type))).toEqual([]);
      expect(resourcesOf(stack, 'AWS::Lambda::Function')).toHaveLength(4);
    }
  });

  it('warns of nothing', () => {
    expect(every().flatMap(({ warnings }) => warnings)).toEqual([]);
  });

  it('takes the rules’ own warnings along', async () => {
    const rules = writeRules(RULES.replaceAll('match: { host: api.example.com }, ', ''));
    const { warnings } = await synthesise({ rules, 'secrets.TOKEN': '/a' });
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toContain(`${rules}:5:13  LOOP_POSSIBLE  rule "a" sends to a host`);
  });

  it('gives nothing a name of its own but its parameters, so that two stand side by side', () => {
    const named = (stack: Synthesised) =>
      Object.entries(stack.resources).flatMap(([id, { Properties }]) =>
        Object.entries(Properties ?? {})
          .filter(
            ([key, value]) => /Name$/.test(key) && !/^(Policy|Metric)/.test(key) && typeof value === 'string',
          )
          .map(([key, value]) => `${id} ${key} ${String(value)}`),
      );
    expect(named(plain)).toEqual([
      'Switch Name /reprise/reprise/switch',
      expect.stringMatching(/^AlarmsTopic\w+ DisplayName Reprise reprise$/),
      // Of the path in the app, which begins with the name of the stack.
      expect.stringMatching(/^AlarmsBreaking\w+ AlarmName repriseAlarmsBreaking\w+$/),
      expect.stringMatching(/^Resources\w+ Name \/reprise\/reprise\/resources$/),
    ]);
    expect(named(full).filter((text) => text.includes('reprise'))).toEqual([
      'Switch Name /reprise/full/switch',
      expect.stringMatching(/ Name \/reprise\/full\/resources$/),
    ]);
  });

  it('is encrypted at rest', () => {
    for (const stack of every()) {
      for (const [, { Properties }] of resourcesOf(stack, 'AWS::S3::Bucket')) {
        expect(Properties).toHaveProperty('BucketEncryption');
        expect(Object.values(Properties.PublicAccessBlockConfiguration ?? {})).toEqual([
          true,
          true,
          true,
          true,
        ]);
      }
      for (const [, { Properties }] of resourcesOf(stack, 'AWS::SQS::Queue'))
        expect(Properties).toMatchObject({ SqsManagedSseEnabled: true });
      for (const [, { Properties }] of resourcesOf(stack, 'AWS::KinesisFirehose::DeliveryStream'))
        expect(Properties).toMatchObject({
          DeliveryStreamEncryptionConfigurationInput: { KeyType: 'AWS_OWNED_CMK' },
        });
    }
  });

  it('refuses what does not come over TLS', () => {
    for (const [type, policy] of [
      ['AWS::S3::Bucket', 'AWS::S3::BucketPolicy'],
      ['AWS::SQS::Queue', 'AWS::SQS::QueuePolicy'],
      ['AWS::SNS::Topic', 'AWS::SNS::TopicPolicy'],
    ] as const) {
      const policies = resourcesOf(plain, policy).map(([, { Properties }]) => JSON.stringify(Properties));
      expect(policies).toHaveLength(resourcesOf(plain, type).length);
      for (const text of policies) expect(text).toMatch(/"aws:SecureTransport":"false"}},"Effect":"Deny"/);
    }
  });

  it('keeps the log of each function for a time', () => {
    const days = (stack: Synthesised) =>
      resourcesOf(stack, 'AWS::Logs::LogGroup').map(([, { Properties }]) => Properties.RetentionInDays);
    expect(days(plain)).toEqual([7, 7, 7, 7, 7, 7]);
    expect(days(full)).toEqual([30, 30, 30, 30, 30, 30]);
  });

  it('goes as a whole, but for buckets that are to be retained', () => {
    const kept = (stack: Synthesised) =>
      Object.entries(stack.resources)
        .filter(([, { DeletionPolicy }]) => DeletionPolicy === 'Retain')
        .map(([, { Type }]) => Type);
    expect([plain, existing, emulator].flatMap(kept)).toEqual([]);
    expect(kept(full)).toEqual(['AWS::S3::Bucket', 'AWS::S3::Bucket']);
  });

  it('writes down what it consists of, for the command line', () => {
    const list = (stack: Synthesised) => {
      const { Properties } = one(stack, 'AWS::SSM::Parameter', (id) => id.startsWith('Resources'));
      return JSON.parse(textOf(Properties.Value)) as Record<string, unknown>;
    };
    expect(list(full)).toEqual({
      version: 1,
      stack: 'full',
      switchParameter: '<Switch>',
      table: expect.stringMatching(/^<State/),
      captureStream: expect.stringMatching(/^<CaptureDelivery/),
      captureBucket: expect.stringMatching(/^<CaptureBucket/),
      resultsStream: expect.stringMatching(/^<ResultsDelivery/),
      resultsBucket: expect.stringMatching(/^<ResultsBucket/),
      queueUrl: expect.stringMatching(/^<Objects/),
      dlqUrl: expect.stringMatching(/^<DeadLetters/),
      failureQueueUrl: expect.stringMatching(/^<FailedSlices/),
      plannerFunction: expect.stringMatching(/^<PlannerFunction/),
      senderFunction: expect.stringMatching(/^<SenderFunction/),
      dashboardUrl: expect.stringMatching(
        /^https:\/\/<AWS::Region>\.console\.aws.*#dashboards:name=<Dashboard/,
      ),
      reportFunction: expect.stringMatching(/^<ReportFunction/),
      targets: ['staging', 'other'],
      timing: 'live',
      delaySeconds: 300,
      retain: true,
      senderConcurrency: 60,
    });
    expect(list(existing)).toMatchObject({ captureBucket: 'my-logs', retain: false });
    expect(list(existing)).not.toHaveProperty('captureStream');
    expect(list(emulator)).toMatchObject({ timing: 'arrival' });
  });
});

describe('the kill switch', () => {
  it('is the same to the letter whatever else is set, so that no deploy writes it again', async () => {
    const renamed = await synthesise({ ...everything(), stackName: 'reprise' });
    const switches = [plain, existing, emulator, renamed].map(({ resources }) => resources.Switch);
    expect(switches[0]).toMatchObject({
      Properties: {
        Name: '/reprise/reprise/switch',
        Type: 'String',
        Value: 'off',
        Description: 'off since it was made: reprise switch on',
      },
    });
    for (const other of switches) expect(other).toEqual(switches[0]);
    expect(switches[0]?.Properties).not.toHaveProperty('Tags');
  });
});

describe('capture', () => {
  it('writes gzip objects by the hour, every 60 s, lines apart', () => {
    const stream = one(plain, 'AWS::KinesisFirehose::DeliveryStream', (id) => id.startsWith('Capture'));
    expect(stream.Properties.ExtendedS3DestinationConfiguration).toMatchObject({
      Prefix: 'captured/!{timestamp:yyyy/MM/dd/HH}/',
      ErrorOutputPrefix: 'undelivered/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd/HH}/',
      BufferingHints: { IntervalInSeconds: 60, SizeInMBs: 128 },
      CompressionFormat: 'GZIP',
      CloudWatchLoggingOptions: { Enabled: true },
      ProcessingConfiguration: {
        Enabled: true,
        Processors: [
          {
            Type: 'AppendDelimiterToRecord',
            Parameters: [{ ParameterName: 'Delimiter', ParameterValue: '\\n' }],
          },
        ],
      },
    });
  });

  it('puts each captured object, and nothing else, into the queue', () => {
    const bucket = one(plain, 'AWS::S3::Bucket', (id) => id.startsWith('Capture'));
    expect(bucket.Properties.NotificationConfiguration).toEqual({
      QueueConfigurations: [
        {
          Event: 's3:ObjectCreated:*',
          Queue: { 'Fn::GetAtt': [expect.stringMatching(/^Objects/), 'Arn'] },
          Filter: { S3Key: { Rules: [{ Name: 'prefix', Value: 'captured/' }] } },
        },
      ],
    });
    expect(bucket.DependsOn).toEqual([expect.stringMatching(/^ObjectsPolicy/)]);
    const results = one(plain, 'AWS::S3::Bucket', (id) => id.startsWith('Results'));
    expect(results.Properties).not.toHaveProperty('NotificationConfiguration');
  });

  it('of an existing bucket is a rule of EventBridge', () => {
    expect(resourcesOf(existing, 'AWS::KinesisFirehose::DeliveryStream')).toHaveLength(1);
    expect(resourcesOf(existing, 'AWS::S3::Bucket')).toHaveLength(1);
    expect(one(existing, 'AWS::Events::Rule', (id) => id.startsWith('Capture')).Properties).toMatchObject({
      EventPattern: {
        source: ['aws.s3'],
        'detail-type': ['Object Created'],
        detail: { bucket: { name: ['my-logs'] }, object: { key: [{ prefix: 'proxy/' }] } },
      },
      Targets: [{ Arn: { 'Fn::GetAtt': [expect.stringMatching(/^Objects/), 'Arn'] } }],
    });
  });
});

describe('the queue of objects', () => {
  it('holds a message as long as waiting is free', () => {
    const held = (stack: Synthesised) =>
      one(stack, 'AWS::SQS::Queue', (id) => id.startsWith('Objects')).Properties;
    expect(held(plain)).toMatchObject({
      DelaySeconds: 90,
      VisibilityTimeout: 1800,
      MessageRetentionPeriod: 14_400,
      RedrivePolicy: { maxReceiveCount: 5 },
    });
    expect(held(full)).toMatchObject({ DelaySeconds: 210 });
    expect(held(emulator)).toMatchObject({ DelaySeconds: 0 });
  });
});

describe('an emulator', () => {
  it('is spared what it does not know', () => {
    const types = Object.values(emulator.resources).map(({ Type }) => Type);
    expect(types).not.toContain('AWS::CloudWatch::CompositeAlarm');
    expect(types).not.toContain('AWS::Logs::LogStream');
    expect(Object.values(plain.resources).map(({ Type }) => Type)).toContain('AWS::Logs::LogStream');
  });
});
