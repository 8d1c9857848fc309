import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RepriseError } from '../../core/errors.ts';
import { formOf } from '../../infra/setting-forms.ts';
import { readSettings } from '../../infra/settings.ts';
import { settingsSchema } from '../../infra/settings-schema.ts';
import { ROOT, readProjectFile } from '../support/project-files.ts';
import { type Context, cdkJson } from './synthesise.ts';

const DEFAULTS = {
  stackName: 'reprise',
  rules: 'rules',
  delaySeconds: 180,
  timing: 'live',
  retentionDays: 7,
  report: 'hourly',
  sender: { memoryMb: 512, reservedConcurrency: 50 },
  planner: { memoryMb: 1024, maxConcurrency: 10 },
  secrets: {},
  retain: false,
  profile: 'aws',
};

const VPC = {
  vpcId: 'vpc-0a1b2c3d',
  subnetIds: ['subnet-0a1b2c3d', 'subnet-1a2b3c4d'],
  availabilityZones: ['eu-west-1a', 'eu-west-1b'],
  securityGroupIds: ['sg-0a1b2c3d'],
  routeTableIds: ['rtb-0a1b2c3d', 'rtb-0a1b2c3d'],
};

const faultsOf = (context: Context): readonly string[] => {
  try {
    readSettings(context);
  } catch (error) {
    if (!(error instanceof RepriseError)) throw error;
    expect(error).toMatchObject({
      code: 'SETTINGS_INVALID',
      exitCode: 2,
      hint: 'settings stand in the context of cdk.json or behind -c; docs/settings.md explains each',
    });
    const [head, ...lines] = error.message.split('\n');
    const count = lines.filter((line) => !line.startsWith('  ')).length;
    expect(head).toBe(`the settings have ${count === 1 ? '1 fault' : `${count} faults`}`);
    return lines;
  }
  return [];
};

describe('settings', () => {
  it('have defaults for all that can have one', () => {
    expect(readSettings({})).toEqual(DEFAULTS);
  });

  it('stand in cdk.json with these defaults, every one of them', () => {
    const own = Object.entries(cdkJson.context).filter(
      ([key]) => !key.includes(':') && !key.startsWith('cli-'),
    );
    expect(own.map(([key]) => key).toSorted()).toEqual(Object.keys(settingsSchema.properties).toSorted());
    expect(Object.fromEntries(own.filter(([, value]) => value !== null))).toEqual(DEFAULTS);
  });

  it('are read as text too, as -c gives them', () => {
    const text = {
      delaySeconds: '300',
      retain: 'true',
      stackName: '1234',
      sender: '{"memoryMb": "1024", "reservedConcurrency": "none"}',
      secrets: '{"TOKEN":"/a/b"}',
      vpc: JSON.stringify({ ...VPC, endpoints: 'false' }),
    };
    expect(faultsOf(text)).toEqual([
      'stackName must be 1 to 64 letters, digits and hyphens, beginning with a letter, got "1234"',
    ]);
    expect(readSettings({ ...text, stackName: 'a' })).toEqual({
      ...DEFAULTS,
      stackName: 'a',
      delaySeconds: 300,
      retain: true,
      sender: { memoryMb: 1024, reservedConcurrency: 'none' },
      secrets: { TOKEN: '/a/b' },
      vpc: { ...VPC, endpoints: false },
    });
  });

  it('can be given in parts, each of which replaces that part alone', () => {
    const context = {
      'sender.memoryMb': '1024',
      sender: { reservedConcurrency: 20 },
      'secrets.TOKEN': '/a',
      'planner.maxConcurrency': 12,
    };
    expect(readSettings(context)).toEqual({
      ...DEFAULTS,
      sender: { memoryMb: 1024, reservedConcurrency: 20 },
      planner: { memoryMb: 1024, maxConcurrency: 12 },
      secrets: { TOKEN: '/a' },
    });
  });

  it('are as good as left out where they are null', () => {
    const context = { delaySeconds: null, sender: { memoryMb: null }, alarmEmail: null };
    expect(readSettings(context)).toEqual(DEFAULTS);
  });

  it('leave what is the CDK’s own alone', () => {
    expect(faultsOf(cdkJson.context)).toEqual([]);
    const looked = {
      'vpc-provider:account=1:region=2': {},
      'aws:cdk:bundling-stacks': ['**'],
      'cli-telemetry': false,
    };
    expect(faultsOf(looked)).toEqual([]);
  });

  it('have timing arrival on an emulator', () => {
    expect(readSettings({ profile: 'emulator', timing: 'live' }).timing).toBe('arrival');
  });

  it('do not change the context', () => {
    const context = { sender: {}, vpc: { ...VPC } };
    readSettings(context);
    expect(context).toEqual({ sender: {}, vpc: VPC });
  });

  it.each([
    [{ delaySecond: 300 }, '"delaySecond" is not a setting', '  hint: did you mean "delaySeconds"?'],
    [{ DELAY_SECONDS: 300 }, '"DELAY_SECONDS" is not a setting', '  hint: did you mean "delaySeconds"?'],
    [{ whatever: 1 }, '"whatever" is not a setting'],
    [
      { memoryMb: 1 },
      '"memoryMb" is not a setting',
      '  hint: did you mean "sender.memoryMb" or "planner.memoryMb"?',
    ],
    [
      { MaxConcurrncy: 1 },
      '"MaxConcurrncy" is not a setting',
      '  hint: did you mean "planner.maxConcurrency"?',
    ],
    [{ 'sendr.memoryMb': 1 }, '"sendr.memoryMb" is not a setting', '  hint: did you mean "sender.memoryMb"?'],
    [{ 'sender.memory': 1 }, '"sender.memory" is not a setting', '  hint: did you mean "sender.memoryMb"?'],
    [
      { 'sender.cores': 1 },
      '"sender.cores" is not a setting',
      '  hint: sender has memoryMb, reservedConcurrency',
    ],
    [{ 'rules.a': 1 }, '"rules.a" is not a setting', '  hint: did you mean "rules"?'],
    [
      { delaySeconds: 149 },
      'delaySeconds must be a whole number of seconds from 150 (capture gathers for 60, and 90 more) to 990, got 149',
    ],
    [
      { delaySeconds: '1e3' },
      'delaySeconds must be a whole number of seconds from 150 (capture gathers for 60, and 90 more) to 990, got "1e3"',
    ],
    [
      { delaySeconds: 991 },
      'delaySeconds must be a whole number of seconds from 150 (capture gathers for 60, and 90 more) to 990, got 991',
    ],
    [{ timing: 'lively' }, 'timing must be live or arrival, got "lively"', '  hint: did you mean "live"?'],
    [{ profile: 'prod' }, 'profile must be aws or emulator, got "prod"'],
    [{ retain: 'yes' }, 'retain must be true or false, got "yes"'],
    [{ retentionDays: 0 }, 'retentionDays must be a whole number of days from 1 to 3650, got 0'],
    [{ retentionDays: 1.5 }, 'retentionDays must be a whole number of days from 1 to 3650, got 1.5'],
    [
      { stackName: '-a' },
      'stackName must be 1 to 64 letters, digits and hyphens, beginning with a letter, got "-a"',
    ],
    [{ rules: '' }, 'rules must be the path of a rule file, or of a folder that holds some, got ""'],
    [
      { target: 'staging.example.com' },
      'target must be [NAME=]URL, such as https://staging.example.com or staging=https://staging.example.com, got "staging.example.com"',
    ],
    [
      { sender: { memoryMb: 128 } },
      'sender.memoryMb must be a whole number of MiB from 256 to 10240, got 128',
    ],
    [
      { sender: 'big' },
      'sender must be a mapping of memoryMb and reservedConcurrency, got "big"',
      '  hint: -c sender.memoryMb=1024',
    ],
    [
      { sender: { reservedConcurrency: 0 } },
      'sender.reservedConcurrency must be a whole number from 1 to 10000, or none, got 0',
    ],
    [
      { sender: { reservedConcurrency: 'all' } },
      'sender.reservedConcurrency must be a whole number from 1 to 10000, or none, got "all"',
    ],
    [
      { planner: { memoryMb: 256 } },
      'planner.memoryMb must be a whole number of MiB from 512 to 10240, got 256',
    ],
    [
      { planner: { maxConcurrency: 1 } },
      'planner.maxConcurrency must be a whole number from 2 to 1000, got 1',
    ],
    [
      { planner: { maxConcurrency: 6 } },
      'planner.maxConcurrency must be at least 7 for a delay of 180 s, got 6',
      '  hint: an object is worked on for the delay and two buffers of 60 s, one comes every 60 s',
    ],
    [{ report: 'hurly' }, 'report must be hourly or off, got "hurly"', '  hint: did you mean "hourly"?'],
    [{ alarmEmail: 'me' }, 'alarmEmail must be an e-mail address, got "me"'],
    [
      { secrets: { 'A-B': '/a' } },
      'the key "A-B" of secrets must be a name as fromEnv uses it: letters, digits and _',
    ],
    [
      { secrets: { A: 'a b' } },
      'secrets.A must be the name of an SSM parameter, such as /staging/token, got "a b"',
    ],
    [
      { secrets: '{"X":' },
      'secrets is no valid JSON: unexpected end of JSON input',
      '  hint: -c secrets.NAME=/name/of/parameter',
    ],
    [
      { secrets: '{X:/a}' },
      "secrets is no valid JSON: expected property name or '}' in JSON at position 1 (line 1 column 2)",
      '  hint: -c secrets.NAME=/name/of/parameter',
    ],
    [
      { secrets: '/a', 'secrets.B': '/b' },
      'secrets must be a mapping of names that fromEnv uses to names of SSM parameters, got "/a"',
      '  hint: -c secrets.NAME=/name/of/parameter',
    ],
    [{ vpc: { ...VPC, vpcId: 'vpc' } }, 'vpc.vpcId must be the id of a VPC, such as vpc-0a1b2c3d, got "vpc"'],
    [
      { vpc: { ...VPC, subnetIds: ['a', 'subnet-1a2b3c4d'] } },
      'an entry of vpc.subnetIds must be an id of private subnets, such as subnet-0a1b2c3d, got "a"',
    ],
    [
      { vpc: { ...VPC, securityGroupIds: [] } },
      'vpc.securityGroupIds must be a list of ids of security groups, such as ["sg-0a1b2c3d"], got an empty list',
    ],
    [
      { vpc: { ...VPC, availabilityZones: ['eu-west-1a'] } },
      'vpc.availabilityZones must name one zone for each of the 2 subnets, got 1',
    ],
    [
      { vpc: { ...VPC, routeTableIds: null } },
      'vpc.routeTableIds must name one route table for each of the 2 subnets, got nothing',
      '  hint: the DynamoDB endpoint is a route in them; where the VPC has endpoints of its own, or a NAT, set vpc.endpoints to false',
    ],
    [
      { vpc: { ...VPC, subnets: 'a' } },
      '"vpc.subnets" is not a setting',
      '  hint: did you mean "vpc.subnetIds"?',
    ],
    [
      { vpc: VPC, 'vpc.subnetIds': 'subnet-0a1b2c3d,subnet-1a2b3c4d' },
      'vpc.subnetIds must be a list of ids of private subnets, such as ["subnet-0a1b2c3d"], got "subnet-0a1b2c3d,subnet-1a2b3c4d"',
      `  hint: -c vpc.subnetIds='["subnet-0a1b2c3d","subnet-1a2b3c4d"]'`,
    ],
    [
      { vpc: VPC, 'vpc.availabilityZones': '["eu-west-1a"' },
      "vpc.availabilityZones is no valid JSON: expected ',' or ']' after array element in JSON at position 13 (line 1 column 14)",
      `  hint: -c vpc.availabilityZones='["eu-west-1a"]'`,
    ],
    [
      { existingLogBucket: 'prod-logs' },
      'existingLogBucket must be a mapping of name, prefix and kmsKeyArn, got "prod-logs"',
      '  hint: -c existingLogBucket.name=prod-logs',
    ],
    [
      { existingLogBucket: 'My; logs' },
      'existingLogBucket must be a mapping of name, prefix and kmsKeyArn, got "My; logs"',
      '  hint: -c existingLogBucket.name=my-logs',
    ],
    [
      { existingLogBucket: { name: 'A' } },
      'existingLogBucket.name must be the name of an S3 bucket, got "A"',
    ],
    [{ existingLogBucket: { prefix: 'a' } }, 'existingLogBucket needs the key "name"'],
    [
      { existingLogBucket: { name: 'abc', prefix: '/a' } },
      'existingLogBucket.prefix must be how the keys of logs begin: no / at its start, no * or ?, got "/a"',
    ],
    [
      { existingLogBucket: { name: 'abc', kmsKeyArn: 'alias/a' } },
      'existingLogBucket.kmsKeyArn must be the ARN of the KMS key that the bucket is encrypted with, got "alias/a"',
    ],
    [
      { permissionsBoundary: 'a b' },
      'permissionsBoundary must be the name or the ARN of an IAM policy, got "a b"',
    ],
  ] as readonly [Context, ...string[]][])('refuse %j', (context, ...lines) => {
    expect(faultsOf(context)).toEqual(lines);
  });

  it('that are lists or mappings all say how to type them', () => {
    const hasForm = (name: string) => formOf(name, '') !== undefined;
    const kinds = Object.entries(settingsSchema.properties).flatMap(([name, schema]) => [
      [name, schema.type],
      ...Object.entries('properties' in schema ? schema.properties : {}).map(
        ([part, inner]: [string, { type: unknown }]) => [`${name}.${part}`, inner.type],
      ),
    ]) as readonly (readonly [string, unknown])[];
    const wanted = kinds.filter(([, type]) => type === 'object' || type === 'array').map(([name]) => name);
    expect(kinds.filter(([name]) => hasForm(name)).map(([name]) => name)).toEqual(wanted);
    expect(wanted).toHaveLength(9);
  });

  it('are refused with every fault at once', () => {
    expect(faultsOf({ delaySeconds: 1, retain: 'no', 'planner.memoryMb': 'x', oops: 1 })).toHaveLength(4);
  });

  it('count the planners that live timing needs; arrival does not wait for the delay', () => {
    const few = { planner: { maxConcurrency: 5 }, delaySeconds: 990 };
    expect(faultsOf(few)[0]).toBe('planner.maxConcurrency must be at least 21 for a delay of 990 s, got 5');
    expect(faultsOf({ ...few, timing: 'arrival' })).toEqual([]);
  });
});

describe('docs/settings.md', () => {
  interface Schema {
    readonly properties?: Readonly<Record<string, Schema>>;
  }
  const namesIn = ({ properties = {} }: Schema, prefix = ''): readonly string[] =>
    Object.entries(properties).flatMap(([name, schema]) => [
      `${prefix}${name}`,
      ...namesIn(schema, `${prefix}${name}.`),
    ]);
  const document = readProjectFile('docs/settings.md');
  const rows = [...document.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name);

  it('has a row for every setting, and for nothing else', () => {
    expect(rows.toSorted()).toEqual(namesIn(settingsSchema as Schema).toSorted());
  });

  it('has an example that is right', () => {
    const [, example = ''] = /```json\n([\s\S]*?)```/.exec(document) ?? [];
    expect(faultsOf(JSON.parse(example) as Context)).toEqual([]);
  });
});

describe('cdk.json', () => {
  it('has every feature flag that this version of the CDK recommends, and the validator on', () => {
    const flags = JSON.parse(
      readFileSync(join(ROOT, 'node_modules/aws-cdk-lib/recommended-feature-flags.json'), 'utf8'),
    ) as Context;
    expect(cdkJson.context).toMatchObject(flags);
    expect(cdkJson.context['@aws-cdk/core:validateAgainstDefaultRules']).toBe(true);
  });

  it('calls nobody: no notices, no telemetry, no version reports', () => {
    expect(cdkJson).toMatchObject({
      notices: false,
      versionReporting: false,
      context: { 'cli-telemetry': false },
    });
  });
});
