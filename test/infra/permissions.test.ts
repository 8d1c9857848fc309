import { beforeAll, describe, expect, it } from 'vitest';
import { type Json, resourcesOf, type Synthesised, synthesise, textOf, writeRules } from './synthesise.ts';

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

let plain: Synthesised;
let full: Synthesised;

beforeAll(async () => {
  plain = await synthesise();
  full = await synthesise({
    rules: writeRules(
      'version: 1\ntargets: { a: { url: "https://a.example" } }\nrules: [{ name: a, match: { host: b.example }, target: a, headers: { set: { x: { fromEnv: TOKEN } } } }]\n',
    ),
    secrets: { TOKEN: '/staging/token', UNUSED: 'other' },
    existingLogBucket: {
      name: 'my-logs',
      prefix: 'proxy/',
      kmsKeyArn: 'arn:aws:kms:eu-west-1:123456789012:key/1a-2b',
    },
    vpc: {
      vpcId: 'vpc-0a1b2c3d',
      subnetIds: ['subnet-0a1b2c3d'],
      availabilityZones: ['eu-west-1a'],
      securityGroupIds: ['sg-0a1b2c3d'],
      endpoints: false,
    },
    permissionsBoundary: 'arn:aws:iam::123456789012:policy/limits/boundary',
  });
}, 60_000);

/** References without the hash that the CDK puts behind a name. */
const short = (text: string): string => text.replace(/<(\w+?)[0-9A-F]{8}(\.Arn)?>/g, '<$1>');
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

const statementsOf = (stack: Synthesised, role: string): readonly Statement[] =>
  resourcesOf(stack, 'AWS::IAM::Policy')
    .filter(([, { Properties }]) => textOf(listOf(Properties.Roles)[0]).startsWith(`<${role}Role`))
    .flatMap(
      ([, { Properties }]) => (Properties.PolicyDocument as { Statement: readonly Statement[] }).Statement,
    );

/** What a role may do: resource → actions. */
const rightsOf = (stack: Synthesised, role: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    statementsOf(stack, role).map(({ Action, Resource }) => [
      listOf(Resource)
        .map((resource) => short(textOf(resource)))
        .join(', '),
      listOf(Action).join(' '),
    ]),
  );

const SSM = 'arn:<AWS::Partition>:ssm:<AWS::Region>:<AWS::AccountId>:parameter';
const SEND = 'sqs:GetQueueAttributes sqs:GetQueueUrl sqs:SendMessage';
const LOG = 'logs:CreateLogStream logs:PutLogEvents';
const STATE = 'dynamodb:GetItem dynamodb:UpdateItem';

describe('the planner', () => {
  it('may do this, and no more', () => {
    expect(rightsOf(plain, 'Planner')).toEqual({
      '<PlannerLog>': LOG,
      '<DeadLetters>': SEND,
      '<CaptureBucket>/captured/*': 's3:GetObject s3:GetObjectVersion',
      '<CaptureBucket>': 's3:ListBucket',
      '<ResultsBucket>/ledger/*, <ResultsBucket>/rejected/*': 's3:PutObject',
      '<State>': STATE,
      [`${SSM}/reprise/reprise/switch`]: 'ssm:GetParameter',
      '<Objects>':
        'sqs:ChangeMessageVisibility sqs:DeleteMessage sqs:GetQueueAttributes sqs:GetQueueUrl sqs:ReceiveMessage',
      '<PlannerFunction>, <SenderFunction>': 'lambda:InvokeFunction',
    });
  });

  it('reads of an existing bucket its logs alone, and what opens them', () => {
    expect(rightsOf(full, 'Planner')).toMatchObject({
      'arn:<AWS::Partition>:s3:::my-logs/proxy/*': 's3:GetObject s3:GetObjectVersion',
      'arn:<AWS::Partition>:s3:::my-logs': 's3:ListBucket',
      'arn:aws:kms:eu-west-1:123456789012:key/1a-2b': 'kms:Decrypt',
    });
  });
});

describe('the sender', () => {
  it('may do this, and no more', () => {
    expect(rightsOf(plain, 'Sender')).toEqual({
      '<SenderLog>': LOG,
      '<FailedSlices>': SEND,
      '<State>': STATE,
      '<ResultsDeliveryStream>': 'firehose:PutRecordBatch',
    });
  });

  it('reads the secrets that the rules name, and no others', () => {
    const rights = rightsOf(full, 'Sender');
    expect(Object.entries(rights).filter(([resource]) => resource.includes('ssm'))).toEqual([
      [`${SSM}/staging/token`, 'ssm:GetParameters'],
    ]);
    const [decrypt] = statementsOf(full, 'Sender').filter(({ Action }) => Action === 'kms:Decrypt');
    const { StringEquals: conditions = {} } = (decrypt?.Condition ?? {}) as { StringEquals?: Json };
    expect(Object.entries(conditions).map(([key, value]) => [key, listOf(value).map(textOf)])).toEqual([
      ['kms:ViaService', ['ssm.<AWS::Region>.<AWS::URLSuffix>']],
      ['kms:EncryptionContext:PARAMETER_ARN', [`${SSM}/staging/token`]],
    ]);
  });
});

describe('the breaker', () => {
  it('may write its log and the switch', () => {
    expect(rightsOf(plain, 'Breaker')).toEqual({
      '<BreakerLog>': LOG,
      [`${SSM}/reprise/reprise/switch`]: 'ssm:GetParameter ssm:PutParameter',
    });
  });
});

describe('the report', () => {
  it('may do this, and no more', () => {
    expect(rightsOf(plain, 'Report')).toEqual({
      '<ReportLog>': LOG,
      '<ResultsBucket>': 's3:ListBucket',
      '<ResultsBucket>/ledger/*, <ResultsBucket>/results/*': 's3:GetObject',
      '<ResultsBucket>/reports/*': 's3:PutObject',
    });
  });

  it('lists what it reads and writes, and nothing else of the bucket', () => {
    const [list] = statementsOf(plain, 'Report').filter(({ Action }) => Action === 's3:ListBucket');
    expect(list?.Condition).toEqual({
      StringLike: { 's3:prefix': ['ledger/*', 'results/*', 'reports/*'] },
    });
  });
});

describe('streams', () => {
  it.each([
    ['Capture', 'captured'],
    ['Results', 'results'],
  ])('%s may write their folders, and no more', (name, folder) => {
    expect(rightsOf(plain, `${name}Delivery`)).toEqual({
      [`<${name}Bucket>`]: 's3:GetBucketLocation s3:ListBucket s3:ListBucketMultipartUploads',
      [`<${name}Bucket>/${folder}/*, <${name}Bucket>/undelivered/*`]:
        's3:AbortMultipartUpload s3:GetObject s3:PutObject',
      [`<${name}DeliveryLog>`]: 'logs:PutLogEvents',
    });
  });
});

describe('every role', () => {
  it('has no action with a wildcard, no managed policy, and one service that may take it', () => {
    for (const stack of [plain, full]) {
      const statements = resourcesOf(stack, 'AWS::IAM::Policy').flatMap(
        ([, { Properties }]) => (Properties.PolicyDocument as { Statement: readonly Statement[] }).Statement,
      );
      expect(statements.length).toBeGreaterThan(10);
      expect(
        statements.flatMap(({ Action }) => listOf(Action)).filter((action) => String(action).includes('*')),
      ).toEqual([]);
      expect(statements.filter(({ Effect }) => Effect !== 'Allow')).toEqual([]);
      for (const [, { Properties }] of resourcesOf(stack, 'AWS::IAM::Role')) {
        expect(Properties).not.toHaveProperty('ManagedPolicyArns');
        expect(JSON.stringify(Properties.AssumeRolePolicyDocument)).toMatch(
          /"Principal":{"Service":"(lambda|firehose)\.amazonaws\.com"}/,
        );
      }
    }
  });

  it('has the boundary where one is asked for', () => {
    const boundaries = resourcesOf(full, 'AWS::IAM::Role').map(
      ([, { Properties }]) => Properties.PermissionsBoundary,
    );
    expect(new Set(boundaries)).toEqual(new Set(['arn:aws:iam::123456789012:policy/limits/boundary']));
    expect(JSON.stringify(plain.resources)).not.toContain('PermissionsBoundary');
  });
});

describe('queues', () => {
  it('take objects from S3 in this account, or from the one rule that listens to it', () => {
    const senders = (stack: Synthesised) =>
      resourcesOf(stack, 'AWS::SQS::QueuePolicy')
        .flatMap(
          ([, { Properties }]) => (Properties.PolicyDocument as { Statement: readonly Json[] }).Statement,
        )
        .filter(({ Effect }) => Effect === 'Allow')
        .map(({ Principal, Condition }) =>
          short(`${JSON.stringify(Principal)} ${JSON.stringify(Condition)}`),
        );
    expect(senders(plain)).toEqual([
      '{"Service":"s3.amazonaws.com"} {"StringEquals":{"aws:SourceAccount":{"Ref":"AWS::AccountId"}}}',
    ]);
    expect(senders(full)).toEqual([
      expect.stringMatching(
        /^{"Service":"events\.amazonaws\.com"} {"ArnEquals":{"aws:SourceArn":{"Fn::GetAtt":\["CaptureCreated\w+","Arn"\]}}}$/,
      ),
    ]);
  });
});

describe('findings of cdk-nag', () => {
  it('that stay are acknowledged one by one, each with a reason', () => {
    // None is left: synth would have failed.
    for (const { acknowledged } of [plain, full]) {
      expect(acknowledged.length).toBeGreaterThan(4);
      for (const { id, reason } of acknowledged) {
        expect(id).toMatch(
          /^AwsSolutions::AwsSolutions-(S1|SQS3|IAM5\[Resource::.+\])$|^CloudFormation-Validate::W2001$|^Annotation::@aws-cdk\/aws-ec2:noSubnetRouteTableId$/,
        );
        expect(reason.length).toBeGreaterThan(40);
      }
      expect(new Set(acknowledged.map(({ path, id }) => `${path} ${id}`)).size).toBe(acknowledged.length);
    }
  });
});
