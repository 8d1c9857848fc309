import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createFolder, type Synthesised, synthesise, textOf } from './synthesise.ts';

let plain: Synthesised;
let existing: Synthesised;
let unreserved: Synthesised;

beforeAll(async () => {
  plain = await synthesise();
  existing = await synthesise({ existingLogBucket: { name: 'my-logs', prefix: 'proxy/' } });
  unreserved = await synthesise({ 'sender.reservedConcurrency': 'none' });
}, 60_000);

const valuesOf = ({ outputs }: Synthesised): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(outputs).map(([id, { Value }]) => [id, textOf(Value)]));

describe('outputs', () => {
  it('say where everything is, how to turn the switch, and how to stop without it', () => {
    const put = 'aws ssm put-parameter --region <AWS::Region> --name <Switch> --value';
    const senders = (count: number) =>
      expect.stringMatching(
        new RegExp(
          `^aws lambda put-function-concurrency --region <AWS::Region> --function-name <SenderFunction\\w+> --reserved-concurrent-executions ${count}$`,
        ),
      );
    expect(valuesOf(plain)).toEqual({
      CaptureStream: expect.stringMatching(/^<CaptureDeliveryStream/),
      CaptureBucket: expect.stringMatching(/^<CaptureBucket/),
      ResultsBucket: expect.stringMatching(/^<ResultsBucket/),
      SwitchName: '<Switch>',
      SwitchOn: `${put} on --overwrite`,
      SwitchOff: `${put} off --overwrite`,
      Switch25Percent: `${put} 25% --overwrite`,
      StopSenders: senders(0),
      AllowSenders: senders(50),
      DashboardUrl: expect.stringMatching(/^https:/),
      LatestReport: expect.stringMatching(
        /^https:\/\/<AWS::Region>\.console\.aws\.amazon\.com\/s3\/object\/<ResultsBucket\w+>\?region=<AWS::Region>&prefix=reports\/latest\.html$/,
      ),
      MakeReport: expect.stringMatching(
        /^aws lambda invoke --region <AWS::Region> --function-name <ReportFunction\w+> .*'\{"hour":"YYYY-MM-DDTHH"\}' \/dev\/stdout$/,
      ),
      AlarmTopicArn: expect.stringMatching(/^<AlarmsTopic/),
      DeadLetterQueueUrl: expect.stringMatching(/^<DeadLetters/),
      FailureQueueUrl: expect.stringMatching(/^<FailedSlices/),
    });
  });

  it('allow senders without a number where none are reserved', () => {
    expect(valuesOf(unreserved).AllowSenders).toMatch(
      /^aws lambda delete-function-concurrency --region <AWS::Region> --function-name <SenderFunction\w+>$/,
    );
  });

  it('have no capture stream of an existing bucket', () => {
    expect(valuesOf(existing)).not.toHaveProperty('CaptureStream');
  });
});

describe('the command that has an existing bucket tell of logs', () => {
  /** Runs it by a shell in which `aws` writes down its arguments, and answers `get…` with `printed` and `status`. */
  const run = (printed: string, status: number) => {
    const folder = createFolder();
    const calls = join(folder, 'calls');
    writeFileSync(
      join(folder, 'aws'),
      `#!/bin/sh\nfor each; do printf '%s\\n' "$each"; done >>"${calls}"\ncase $2 in get-*) printf '%s' "$PRINTED"; exit ${status};; esac\n`,
      { mode: 0o755 },
    );
    const command = valuesOf(existing).EnableLogEvents?.replaceAll('<AWS::Region>', 'eu-west-1') ?? '';
    const env = { PATH: `${folder}:${process.env.PATH}`, PRINTED: printed };
    const result = spawnSync('sh', ['-c', command], { env, encoding: 'utf8' });
    return { status: result.status, calls: readFileSync(calls, 'utf8').trimEnd().split('\n') };
  };
  const of = ['--region', 'eu-west-1', '--bucket', 'my-logs'];
  const merge = ['--output', 'json', '--query', 'merge(@, `{"EventBridgeConfiguration": {}}`)'];
  const get = ['s3api', 'get-bucket-notification-configuration', ...of, ...merge];

  it('adds to what the bucket notifies already', () => {
    const merged = '{"QueueConfigurations": [{"Id": "a b"}], "EventBridgeConfiguration": {}}';
    const put = ['s3api', 'put-bucket-notification-configuration', ...of];
    expect(run(merged, 0)).toEqual({
      status: 0,
      calls: [...get, ...put, '--notification-configuration', merged],
    });
  });

  it('writes nothing where it could not read', () => {
    expect(run('', 255)).toEqual({ status: 255, calls: get });
  });
});
