import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  createStackCourse,
  endedSince,
  HISTORY_MS,
  type StackLook,
} from '../../cli/live/web/stack-course.ts';
import type { HealthWindow } from '../../io/aws/target-state.ts';
import { type DynamoEndpoint, startDynamo } from '../support/aws/dynamo.ts';
import { type SqsEndpoint, startSqs } from '../support/aws/sqs.ts';
import { type SsmEndpoint, startSsm } from '../support/aws/ssm.ts';
import { repriseOnAws, startOnAws, useEndpoints } from '../support/aws-cli.ts';
import { command, listen } from '../support/live-page.ts';
import { stackResources } from '../support/stack-resources.ts';

const window = (startedAtMs: number, n: number, over = 0, failed = 0): HealthWindow => ({
  ...{ startedAtMs, n, over, failed, inFlight: 0 },
});

describe('what has ended since a window was seen', () => {
  it.each([
    [
      'in the same window',
      window(0, 100, 5, 1),
      { current: window(0, 160, 9, 1) },
      { n: 60, over: 4, failed: 0 },
    ],
    [
      'in that window and the next',
      window(0, 100, 5),
      { last: window(0, 180, 5, 2), current: window(5, 40, 1) },
      { n: 120, over: 1, failed: 2 },
    ],
    [
      'where few were carried on into the next',
      window(0, 4),
      { last: window(0, 9), current: window(5, 12) },
      { n: 8, over: 0, failed: 0 },
    ],
    [
      'where counts were taken back',
      window(0, 100),
      { current: window(0, 10) },
      { n: 0, over: 0, failed: 0 },
    ],
    [
      'nobody knows: more than one window has gone by',
      window(0, 100),
      { last: window(5, 9), current: window(10, 1) },
      undefined,
    ],
    ['nobody knows: none was seen before', undefined, { current: window(0, 10) }, undefined],
    ['nobody knows: there is none now', window(0, 10), {}, undefined],
  ] as const)('%s', (_what, before, now, ended) => {
    expect(endedSince(before, now)).toEqual(ended);
  });
});

describe('the course of a stack', () => {
  const look: StackLook = {
    ...{
      endedPerSecond: 10,
      overShare: 0.01,
      failedShare: 0,
      heldBackShare: null,
      inFlight: 3,
      lowestLevel: 1,
    },
    switchShare: undefined,
  };

  it('is an hour at most, and what is older is forgotten by the page, too', () => {
    const course = createStackCourse();
    for (let ms = 0; ms <= HISTORY_MS + 20_000; ms += 2_000) course.take(ms, look);
    expect(course.whole().rows).toHaveLength(1_801);
    expect(course.changes()).toMatchObject({ isWhole: false, fromMs: 20_000 });
    course.take(HISTORY_MS + 22_000, look);
    expect(course.changes()).toEqual({
      ...{ isWhole: false, fromMs: 22_000, endMs: HISTORY_MS + 24_000 },
      rows: [[HISTORY_MS + 22_000, 10, 0.01, 0, null, 3, 1, null]],
    });
    expect(course.changes().rows).toEqual([]);
  });
});

describe('status --ui', () => {
  let ssm: SsmEndpoint;
  let sqs: SqsEndpoint;
  let dynamodb: DynamoEndpoint;
  let env: Record<string, string>;
  const SWITCH = '/reprise/prod/switch';

  beforeAll(async () => {
    [ssm, sqs, dynamodb] = await Promise.all([startSsm(), startSqs(), startDynamo('reprise-state')]);
    ssm.state.set(
      '/reprise/prod/resources',
      JSON.stringify(stackResources('prod', { endpoint: sqs.endpoint })),
    );
  });
  beforeEach(() => {
    env = useEndpoints({ ssm, sqs, dynamodb });
    ssm.state.set(SWITCH, '30%');
  });
  afterEach(() => vi.unstubAllEnvs());
  afterAll(async () => {
    await Promise.all([ssm.close(), sqs.close(), dynamodb.close()]);
  });

  it('shows the stack until Ctrl-C, and turns its switch as the page asks', async () => {
    const run = startOnAws(env, ['status', '--ui', '--stack', 'prod']);
    await vi.waitFor(() => expect(run.stderr()).toContain('Ctrl-C ends it; the stack goes on'), {
      timeout: 10_000,
    });
    const url = /live page: (\S+)/.exec(run.stderr())?.[1] ?? '';
    const stream = await listen(url);
    const latest = () => stream.events.at(-1)?.frame.now;
    const until = (control: object) =>
      vi.waitFor(() => expect(latest()?.control).toMatchObject(control), { timeout: 1_500 });
    const stored = () => ssm.state.parameters.get(SWITCH);
    await vi.waitFor(() => expect(latest()?.control?.share).toBe(0.3), { timeout: 10_000 });
    await command(url, { do: 'set', share: 0.07 });
    expect(stored()).toMatchObject({
      value: '7%',
      description: 'turned from 30% to 7% with reprise status --ui',
    });
    await until({ share: 0.07, inForce: 0.07, isPaused: false });
    await command(url, { do: 'pause' });
    expect(stored()?.value).toBe('off');
    await until({ share: 0, isPaused: true });
    await command(url, { do: 'resume' });
    expect(stored()?.value).toBe('7%');
    expect(await command(url, { do: 'resume' })).toMatchObject({
      status: 502,
      text: '{"message":"this page has not paused the stack: move the slider to what is to be sent"}',
    });
    await command(url, { do: 'stop' });
    expect(stored()?.value).toBe('off');
    await until({ share: 0, isPaused: false });
    run.interrupt();
    expect(await run.ended).toMatchObject({ code: 0, stdout: '' });
    await stream.closed;
    expect(stream.events.at(-1)).toMatchObject({
      event: 'end',
      frame: { now: { head: { title: 'Ended' } } },
    });
  });

  it.each(['--watch', '--json'])('does not go with %s', async (flag) => {
    expect(await repriseOnAws(env, ['status', '--stack', 'prod', '--ui', flag])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        `error: ${flag} does not go with --ui, which shows a page until Ctrl-C\n`,
      ),
    });
  });

  it('says that there is no such stack before it shows a page', async () => {
    const { code, stderr } = await repriseOnAws(env, ['status', '--stack', 'gone', '--ui']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: no stack "gone"/);
  });
});
