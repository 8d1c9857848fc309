import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { writeLast } from '../../io/aws/last-object.ts';
import { leaveAlone } from '../../io/aws/target-moves.ts';
import { mirrorSwitch } from '../../io/aws/target-state.ts';
import { clientConfig } from '../support/aws/client-config.ts';
import { type DynamoEndpoint, startDynamo } from '../support/aws/dynamo.ts';
import { type SqsEndpoint, startSqs } from '../support/aws/sqs.ts';
import { type SsmEndpoint, startSsm } from '../support/aws/ssm.ts';
import { repriseOnAws, startOnAws, useEndpoints } from '../support/aws-cli.ts';
import { stackResources } from '../support/stack-resources.ts';

let ssm: SsmEndpoint;
let sqs: SqsEndpoint;
let dynamodb: DynamoEndpoint;
let env: Record<string, string>;

beforeAll(async () => {
  [ssm, sqs, dynamodb] = await Promise.all([startSsm(), startSqs(), startDynamo('reprise-state')]);
  const resources = stackResources('prod', { targets: ['staging', 'canary'], endpoint: sqs.endpoint });
  ssm.state.set('/reprise/prod/resources', JSON.stringify(resources));
  ssm.state.set('/reprise/prod/switch', '25%');
});
beforeEach(() => {
  env = useEndpoints({ ssm, sqs, dynamodb });
});
afterEach(() => {
  vi.unstubAllEnvs();
  for (const endpoint of [ssm, sqs, dynamodb]) endpoint.heal();
});
afterAll(async () => {
  await Promise.all([ssm.close(), sqs.close(), dynamodb.close()]);
});

const onStatus = (...args: string[]) => repriseOnAws(env, ['status', '--stack', 'prod', ...args]);

/** A terminal whose keys are raw, as a person would sit before. */
const keyboard = () => {
  const modes: boolean[] = [];
  const keys = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (mode: boolean) => {
      modes.push(mode);
      return keys;
    },
  });
  return { keys, modes };
};

describe('reprise status', () => {
  it('says in words what there is no data of yet', async () => {
    const { code, stdout, stderr } = await onStatus();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^reprise · prod · us-east-1 · \d{4}-/);
    expect(stdout).toContain('  switch    25% since ');
    expect(stdout).toMatch(/^ {2}staging +– {2}not seen yet +0 +none yet +none yet$/m);
    expect(stdout).toContain('  last log  none yet: the first appears 4–5 minutes after its first line\n');
    expect(stdout).toContain('  waiting   dead letters 0 │ failed slices 0 │ queue 0\n');
  });

  it('shows what planners and senders have written', async () => {
    const client = new DynamoDBClient(clientConfig(dynamodb.endpoint));
    const nowMs = Date.now();
    await mirrorSwitch(client, 'reprise-state', 'staging', { value: '25%', readAtMs: nowMs });
    const last = { run: 'r', key: 'captured/a.gz', plannedAtMs: nowMs, lines: 10, rejected: 1, planned: 8 };
    await writeLast(client, 'reprise-state', {
      ...last,
      dispatched: 5,
      heldBack: 3,
      heldBackBy: { kill_switch: 3 },
    });
    client.destroy();
    sqs.state.depths.set('dlq', { visible: 2, notVisible: 0, delayed: 0 });
    const { stdout } = await onStatus();
    const ageSeconds = Number(/^ {2}staging +100 % {2}25% \((\d+) s\)/m.exec(stdout)?.[1] ?? Number.NaN);
    expect(ageSeconds).toBeLessThanOrEqual(Math.ceil((Date.now() - nowMs) / 1_000));
    expect(stdout).toContain('  last log  captured/a.gz\n');
    expect(stdout).toContain('            10 lines, 1 rejected; 8 planned, 5 dispatched\n');
    expect(stdout).toContain('            held back 3: kill_switch ×3\n');
    expect(stdout).toContain('  waiting   ! dead letters 2 │');
    const json = JSON.parse((await onStatus('--json')).stdout);
    expect(json).toMatchObject({
      stack: 'prod',
      region: 'us-east-1',
      switch: { value: '25%', share: 0.25, by: 'arn:aws:iam::123456789012:user/alice' },
      targets: [
        {
          name: 'staging',
          state: {
            level: 1,
            open: false,
            ceiling: 1,
            retryAt: null,
            switch: '25%',
            inFlight: 0,
            lagP99Ms: null,
          },
        },
        { name: 'canary', state: null },
      ],
      lastLog: { key: 'captured/a.gz', heldBackBy: { kill_switch: 3 } },
      deadLetterQueue: { visible: 2, notVisible: 0, delayed: 0 },
      failureQueue: { visible: 0, notVisible: 0, delayed: 0 },
      errors: [],
    });
  });

  it('says of a target that asked to be left alone until when', async () => {
    const client = new DynamoDBClient(clientConfig(dynamodb.endpoint));
    const nowMs = Date.now();
    const untilMs = nowMs + 60_000;
    await mirrorSwitch(client, 'reprise-state', 'busy', { value: 'on', readAtMs: nowMs });
    await leaveAlone(client, 'reprise-state', 'busy', { untilMs, nowMs });
    client.destroy();
    const resources = stackResources('alone', { targets: ['busy'], endpoint: sqs.endpoint });
    ssm.state.set('/reprise/alone/resources', JSON.stringify(resources));
    const run = (...args: string[]) => repriseOnAws(env, ['status', '--stack', 'alone', ...args]);
    const { stdout } = await run();
    expect(stdout).toMatch(/^ {2}busy +alone {2}on \(/m);
    expect(stdout).toMatch(/^ {2}backoff {3}busy is left alone for (1 m|\d\d s), as its Retry-After asks$/m);
    expect(JSON.parse((await run('--json')).stdout)).toMatchObject({
      targets: [{ name: 'busy', state: { level: 1, retryAt: new Date(untilMs).toISOString() } }],
    });
  });

  it('says how to reach the dashboard, whole however long it is', async () => {
    const dashboardUrl = `https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#dashboards/dashboard/${'x'.repeat(60)}`;
    const resources = { ...stackResources('seen', { endpoint: sqs.endpoint }), dashboardUrl };
    ssm.state.set('/reprise/seen/resources', JSON.stringify(resources));
    const run = (...args: string[]) => repriseOnAws(env, ['status', '--stack', 'seen', ...args]);
    expect((await run()).stdout.endsWith(`\n\n  dashboard ${dashboardUrl}\n`)).toBe(true);
    expect(JSON.parse((await run('--json')).stdout)).toMatchObject({ dashboardUrl });
    expect(JSON.parse((await onStatus('--json')).stdout)).toMatchObject({ dashboardUrl: null });
    expect((await onStatus()).stdout).not.toContain('dashboard');
  });

  it('shows what can be read where a part cannot, and ends with its error', async () => {
    sqs.fail({ times: 9, status: 403, code: 'AccessDenied', message: 'no' });
    const { code, stdout, stderr } = await onStatus();
    expect(code).toBe(3);
    expect(stdout).toContain('  switch    25% since ');
    expect(stdout).toContain('dead letters ? │ failed slices ? │ queue ?\n');
    expect(stderr).toMatch(
      /^error: cannot read the depth of the queue .*: access denied: no\nhint: the credentials/,
    );
  });

  it('says when there is no such stack', async () => {
    expect(await repriseOnAws(env, ['status', '--stack', 'gone'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr:
        'error: no stack "gone" in the region us-east-1: there is no parameter /reprise/gone/resources\n' +
        'hint: deploy it with npx cdk deploy, or give its name with --stack and its region with AWS_REGION\n',
    });
  });
});

describe('reprise status --watch', () => {
  it('draws over the same screen until q, and gives the terminal back', async () => {
    const { keys, modes } = keyboard();
    const stdin = keys as unknown as NodeJS.ReadStream;
    const run = startOnAws(env, ['status', '--stack', 'prod', '--watch'], { columns: 80, stdin });
    await vi.waitFor(() => expect(run.stdout()).toContain('dead letters'), { timeout: 10_000 });
    keys.write('q');
    const { code, stdout } = await run.ended;
    expect(code).toBe(0);
    expect(stdout.startsWith('\u001b[?1049h\u001b[?25l\u001b[?2026h\u001b[H')).toBe(true);
    expect(stdout.endsWith('\u001b[?25h\u001b[?1049l')).toBe(true);
    expect(stdout.split('\u001b[H').length - 1).toBe(1);
    expect(modes).toEqual([true, false]);
  });

  it('draws anew when the terminal gets another size', async () => {
    const { keys } = keyboard();
    const stdin = keys as unknown as NodeJS.ReadStream;
    const run = startOnAws(env, ['status', '--stack', 'prod', '--watch'], { columns: 80, stdin });
    await vi.waitFor(() => expect(run.stdout()).toContain('dead letters'), { timeout: 10_000 });
    const screens = () => run.stdout().split('\u001b[H').slice(1);
    const before = screens().length;
    run.resize(50);
    await vi.waitFor(() => expect(screens().length).toBeGreaterThan(before), { timeout: 10_000 });
    const narrow = screens().at(-1) ?? '';
    for (const line of narrow.split('\r\n'))
      expect(stripVTControlCharacters(line).length).toBeLessThanOrEqual(50);
    keys.write('\u0003');
    expect((await run.ended).code).toBe(0);
  });

  it('writes a line each time where nobody looks, until Ctrl-C', async () => {
    const run = startOnAws(env, ['status', '--stack', 'prod', '--watch']);
    await vi.waitFor(() => expect(run.stdout().split('\n')).toHaveLength(3), { timeout: 10_000 });
    run.interrupt();
    const { code, stdout } = await run.ended;
    expect(code).toBe(0);
    for (const line of stdout.trimEnd().split('\n'))
      expect(line).toMatch(/^2\S+ \S+Z switch 25% · staging: /);
    expect(stdout).not.toContain('\u001b');
  });

  it('writes JSON, an object a line', async () => {
    const run = startOnAws(env, ['status', '--stack', 'prod', '--watch', '--json'], { columns: 80 });
    await vi.waitFor(() => expect(run.stdout()).toContain('\n'), { timeout: 10_000 });
    run.interrupt();
    const { stdout } = await run.ended;
    for (const line of stdout.trimEnd().split('\n'))
      expect(JSON.parse(line)).toMatchObject({ stack: 'prod' });
  });

  it('goes on through a fault that passes', async () => {
    sqs.fail({ times: 3, status: 500 });
    const run = startOnAws(env, ['status', '--stack', 'prod', '--watch']);
    await vi.waitFor(() => expect(run.stdout().split('\n')).toHaveLength(3), { timeout: 10_000 });
    run.interrupt();
    const [first = '', second = ''] = (await run.ended).stdout.split('\n');
    expect(first).toContain('dead letters ?');
    expect(second).toContain('dead letters 2');
  });
});
