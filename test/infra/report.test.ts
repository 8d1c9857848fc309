import { beforeAll, describe, expect, it } from 'vitest';
import { one } from './everything.ts';
import { resourcesOf, type Synthesised, synthesise, textOf } from './synthesise.ts';

let hourly: Synthesised;
let off: Synthesised;

beforeAll(async () => {
  hourly = await synthesise({ stackName: 'shop', retentionDays: 30 });
  off = await synthesise({ report: 'off' });
}, 60_000);

const dashboardOf = (stack: Synthesised): string =>
  textOf(one(stack, 'AWS::CloudWatch::Dashboard').Properties.DashboardBody);

describe('the hourly report', () => {
  it('is made at 25 past, when the objects of the hour before are settled', () => {
    const rule = one(hourly, 'AWS::Events::Rule');
    expect(rule.Properties).toMatchObject({
      ScheduleExpression: 'cron(25 * * * ? *)',
      State: 'ENABLED',
      Description: 'shop: the report of the hour before',
      Targets: [
        {
          Arn: { 'Fn::GetAtt': [expect.stringMatching(/^ReportFunction/), 'Arn'] },
          RetryPolicy: { MaximumEventAgeInSeconds: 2_400, MaximumRetryAttempts: 2 },
        },
      ],
    });
  });

  it('has a gigabyte, the longest time there is, and two more tries within its hour', () => {
    expect(one(hourly, 'AWS::Lambda::Function', (id) => id.startsWith('Report')).Properties).toMatchObject({
      MemorySize: 1_024,
      Timeout: 900,
      Environment: {
        Variables: {
          REPRISE_STACK: 'shop',
          REPRISE_RESULTS_BUCKET: { Ref: expect.stringMatching(/^ResultsBucket/) },
        },
      },
    });
    expect(
      one(hourly, 'AWS::Lambda::EventInvokeConfig', (id) => id.startsWith('Report')).Properties,
    ).toMatchObject({ MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 2_400 });
  });

  it('is linked from the dashboard, where its gates are shown by the hour', () => {
    const { widgets } = JSON.parse(dashboardOf(hourly)) as {
      widgets: { properties: { markdown?: string; title?: string; period?: number } }[];
    };
    const texts = widgets.map(({ properties }) => properties.markdown ?? '');
    const link = texts.find((text) => text.includes('newest report'));
    expect(link).toMatch(
      /\(https:\/\/<AWS::Region>\.console\.aws\.amazon\.com\/s3\/object\/<ResultsBucket\w+>\?region=<AWS::Region>&prefix=reports\/latest\.html\)/,
    );
    const gates = widgets.find(
      ({ properties }) => properties.title === 'Gates of the rules, by hour of report',
    );
    expect(gates?.properties.period).toBe(3_600);
  });

  it('is linked in the console of the partition that it is deployed to', () => {
    const { Conditions } = hourly.template.toJSON() as { Conditions: unknown };
    expect(Conditions).toMatchObject({
      InChina: { 'Fn::Equals': [{ Ref: 'AWS::Partition' }, 'aws-cn'] },
      InGovCloud: { 'Fn::Equals': [{ Ref: 'AWS::Partition' }, 'aws-us-gov'] },
    });
    const inChina = { 'Fn::If': ['InChina', 'console.amazonaws.cn', 'console.aws.amazon.com'] };
    const domain = { 'Fn::If': ['InGovCloud', 'console.amazonaws-us-gov.com', inChina] };
    for (const name of ['LatestReport', 'DashboardUrl'])
      expect(hourly.outputs[name]?.Value).toMatchObject({
        'Fn::Join': ['', expect.arrayContaining([{ Ref: 'AWS::Region' }, domain])],
      });
  });

  it('may list and read ledgers and results, write reports, and nothing else', () => {
    const policy = one(hourly, 'AWS::IAM::Policy', (id) => id.startsWith('Report')).Properties;
    const { Statement } = policy.PolicyDocument as { Statement: readonly Record<string, unknown>[] };
    const told = Statement.map(({ Effect, Action, Resource, Condition = {} }) => ({
      may: [Effect, Action].flat().join(' '),
      on: [Resource].flat().map(textOf),
      Condition,
    }));
    const bucket = expect.stringMatching(/^<ResultsBucket\w+\.Arn>$/);
    const below = (prefix: string) =>
      expect.stringMatching(new RegExp(`^<ResultsBucket\\w+\\.Arn>/${prefix}/\\*$`));
    const log = expect.stringMatching(/^<ReportLog\w+\.Arn>$/);
    const prefixes = ['ledger/*', 'results/*', 'reports/*'];
    expect(told).toEqual([
      { may: 'Allow logs:CreateLogStream logs:PutLogEvents', on: [log], Condition: {} },
      { may: 'Allow s3:ListBucket', on: [bucket], Condition: { StringLike: { 's3:prefix': prefixes } } },
      { may: 'Allow s3:GetObject', on: [below('ledger'), below('results')], Condition: {} },
      { may: 'Allow s3:PutObject', on: [below('reports')], Condition: {} },
    ]);
    const role = one(hourly, 'AWS::IAM::Role', (id) => id.startsWith('Report')).Properties;
    expect(Object.keys(role).toSorted()).toEqual(['AssumeRolePolicyDocument', 'Description', 'Tags']);
  });

  it('rings for a failed verdict of the last hour, and for a report that could not be made', () => {
    const alarmOf = (name: string) =>
      one(hourly, 'AWS::CloudWatch::Alarm', (id) => id.startsWith(`Alarms${name}`)).Properties;
    expect(alarmOf('GatesFailed')).toMatchObject({
      MetricName: 'VerdictFailed',
      Statistic: 'Maximum',
      Period: 3_600,
      Threshold: 0,
      TreatMissingData: 'notBreaching',
      Dimensions: [{ Name: 'Stack', Value: 'shop' }],
      AlarmActions: [{ Ref: expect.stringMatching(/^AlarmsTopic/) }],
      AlarmDescription:
        'a gate of the rules failed, or could not be judged, in the last hour that was reported: look into reports/latest.html in the results bucket',
    });
    expect(alarmOf('ReportFailed')).toMatchObject({
      MetricName: 'Errors',
      AlarmDescription:
        'a report could not be made: look into the report’s log, then invoke it for the hour that lacks one',
    });
  });
});

describe('a stack without reports', () => {
  it('has nothing of them', () => {
    expect(resourcesOf(off, 'AWS::Lambda::Function')).toHaveLength(3);
    expect(resourcesOf(off, 'AWS::Events::Rule')).toEqual([]);
    expect(Object.keys(off.resources).filter((id) => id.startsWith('Report'))).toEqual([]);
    expect(Object.keys(off.outputs).filter((id) => id.includes('Report'))).toEqual([]);
    expect(dashboardOf(off)).not.toContain('report');
    const { Properties } = one(off, 'AWS::SSM::Parameter', (id) => id.startsWith('Resources'));
    expect(textOf(Properties.Value)).not.toContain('reportFunction');
  });
});
