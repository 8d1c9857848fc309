import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ShipEnd } from '../../cli/ship/ship-text.ts';
import { type FirehoseEndpoint, startFirehose } from '../support/aws/firehose.ts';
import { type SsmEndpoint, startSsm } from '../support/aws/ssm.ts';
import { repriseOnAws, startOnAws, useEndpoints } from '../support/aws-cli.ts';
import { tempFolders } from '../support/cli.ts';
import { decodeBytes } from '../support/decode.ts';
import { LOG_START_MS, steadyLog, traefikLine } from '../support/logs.ts';
import { stackResources } from '../support/stack-resources.ts';

const folders = tempFolders();
let firehose: FirehoseEndpoint;
let ssm: SsmEndpoint;
let env: Record<string, string>;
let cwd: string;

beforeAll(async () => {
  firehose = await startFirehose(['capture', 'prod-capture']);
  ssm = await startSsm();
});
beforeEach(() => {
  env = useEndpoints({ firehose, ssm });
  cwd = folders.make();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  firehose.heal();
  ssm.heal();
  firehose.state.refuse = undefined;
  await firehose.close();
  await ssm.close();
  firehose = await startFirehose(['capture', 'prod-capture']);
  ssm = await startSsm();
});
afterAll(async () => {
  folders.removeAll();
  await firehose.close();
  await ssm.close();
});

const shipped = () => decodeBytes(firehose.state.text('capture'));
const endOf = (stdout: string): ShipEnd => JSON.parse(stdout) as ShipEnd;

describe('reprise ship', () => {
  it('puts a log into a stream, its times moved so that it starts now', async () => {
    const log = steadyLog(200, 10);
    writeFileSync(join(cwd, 'a.log'), log);
    const startMs = Date.now();
    const { code, stdout, stderr } = await repriseOnAws(env, ['ship', 'a.log', '--stream', 'capture'], {
      cwd,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const before = decodeBytes(log).requests;
    const { requests, rejected } = shipped();
    expect(rejected).toEqual([]);
    const shifts = requests.map(({ atMs }, i) => Math.round((atMs - (before[i]?.atMs ?? 0)) * 1_000));
    expect(new Set(shifts).size).toBe(1);
    const startsAtMs = requests[0]?.atMs ?? 0;
    expect(startsAtMs).toBeGreaterThan(startMs - 1_000);
    // The log takes two seconds, from its start on.
    expect(startsAtMs).toBeLessThan(Date.now() - 1_000);
    const [first, last] = [requests[0], requests.at(-1)].map((request) =>
      new Date(request?.atMs ?? 0).toISOString(),
    );
    expect(stdout.split('\n')[0]).toMatch(
      /^200 of 200 lines shipped to capture in \d\.\d s \(\d records?, 71\.\d kB\)$/,
    );
    expect(stdout.split('\n')[1]).toMatch(
      new RegExp(`^times moved (?:on|back) by [^:]+: requests start from ${first} to ${last}$`),
    );
  });

  it('paces lines by the time at which they were written', async () => {
    writeFileSync(join(cwd, 'a.log'), steadyLog(30, 100));
    const startMs = Date.now();
    await repriseOnAws(env, ['ship', 'a.log', '--stream', 'capture'], { cwd });
    expect(Date.now() - startMs).toBeGreaterThanOrEqual(2_900);
    expect(firehose.count('PutRecordBatch')).toBeGreaterThanOrEqual(3);
  });

  it('ships as JSON says, with all lines in one count', async () => {
    writeFileSync(
      join(cwd, 'a.log'),
      `${traefikLine({ atMs: 0 })}\nnot json\n\n{"level":"info","msg":"hi"}\n`,
    );
    const { code, stdout } = await repriseOnAws(env, ['ship', 'a.log', '--stream', 'capture', '--json'], {
      cwd,
    });
    expect(code).toBe(0);
    const end = endOf(stdout);
    expect(end).toMatchObject({
      stream: 'capture',
      lines: 3,
      shipped: 1,
      notShipped: { not_json: 1, not_access_log: 1 },
      records: 1,
      endedBy: 'end',
      balanced: true,
    });
    expect(end.firstStartAt).toBe(new Date(LOG_START_MS + (end.shiftSeconds ?? 0) * 1_000).toISOString());
  });

  it('says what was not shipped and why', async () => {
    writeFileSync(join(cwd, 'a.log'), `${traefikLine({ atMs: 0 })}\nnot json\nnor this\n`);
    const { stdout } = await repriseOnAws(env, ['ship', 'a.log', '--stream', 'capture'], { cwd });
    expect(stdout.split('\n')[1]).toBe('not shipped 2: not_json ×2');
  });

  it('ships lines as they stand with --as-is', async () => {
    const log = `${traefikLine({ atMs: 0 })}\nnot json\n\n  {"level":"info"}\n`;
    writeFileSync(join(cwd, 'a.log'), log);
    const args = ['ship', 'a.log', '--stream', 'capture', '--as-is'];
    const { code, stdout } = await repriseOnAws(env, args, { cwd });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^3 of 3 lines shipped to capture in .*\n$/);
    expect(firehose.state.text('capture')).toBe(log.replace('\n\n', '\n'));
  });

  it('merges the logs of several proxies by their times, and reads rotated and compressed ones', async () => {
    const evens = steadyLog(20, 20);
    const odds = steadyLog(20, 20, (i) => ({ atMs: i * 20 + 10, host: 'other.example.com' }));
    writeFileSync(join(cwd, 'evens.log'), evens);
    writeFileSync(join(cwd, 'odds.log'), odds);
    await repriseOnAws(env, ['ship', 'odds.log', 'evens.log', '--stream', 'capture'], { cwd });
    const starts = shipped().requests.map(({ atMs }) => atMs);
    expect(starts).toHaveLength(40);
    expect(starts).toEqual(starts.toSorted((a, b) => a - b));
  });

  it('reads names of keys from the logs block of rules', async () => {
    const rules = `version: 1\nlogs: { format: nginx, fields: { at: when, method: verb, uri: what } }\ntargets: { t: { url: "http://t.example.com" } }\nrules: [{ name: a, target: t }]\n`;
    writeFileSync(join(cwd, 'rules.yaml'), rules);
    writeFileSync(join(cwd, 'a.log'), '{"when":"21/Nov/2026:11:00:00 +0000","verb":"GET","what":"/a"}\n');
    const args = ['ship', 'a.log', '--stream', 'capture', '--json', '--rules', join(cwd, 'rules.yaml')];
    const { stdout, stderr } = await repriseOnAws(env, args, { cwd });
    expect(stderr).toBe('');
    const moved = new Date(LOG_START_MS + (endOf(stdout).shiftSeconds ?? 0) * 1_000);
    const [, day, month, year, clock] = moved.toUTCString().split(/,? /);
    expect(firehose.state.text('capture')).toBe(
      `{"when":"${day}/${month}/${year}:${clock} +0000","verb":"GET","what":"/a"}\n`,
    );
  });

  it('puts again what the stream refuses at first', async () => {
    firehose.state.refuse = (_, attempt) => attempt === 1;
    const { code, stdout } = await repriseOnAws(env, ['ship', '-', '--stream', 'capture', '--json'], {
      stdin: steadyLog(3, 1),
    });
    expect(code).toBe(0);
    expect(endOf(stdout)).toMatchObject({ lines: 3, shipped: 3, notShipped: {} });
    expect(firehose.count('PutRecordBatch')).toBe(2);
  });

  it('says when there is no such stream, with every line counted', async () => {
    const { code, stdout, stderr } = await repriseOnAws(env, ['ship', '-', '--stream', 'gone', '--json'], {
      stdin: steadyLog(3, 1),
    });
    expect(code).toBe(2);
    expect(stderr).toContain('error: cannot put records into the stream gone: it does not exist');
    expect(endOf(stdout)).toMatchObject({
      lines: 3,
      shipped: 0,
      notShipped: { lost: 3 },
      endedBy: 'failed',
      balanced: true,
    });
  });

  it('ends when the stream cannot be reached for some ten seconds, with every line counted', {
    timeout: 30_000,
  }, async () => {
    const { endpoint } = firehose;
    await firehose.close();
    const stdin = new PassThrough();
    const startMs = performance.now();
    const run = startOnAws(env, ['ship', '-', '--stream', 'capture', '--json'], { stdin });
    // Standard input stays open: nothing ends the shipping but the stream.
    stdin.write(
      `${traefikLine({ atMs: 0 })}\n${traefikLine({ atMs: 5 })}\n${traefikLine({ atMs: 3_600_000 })}\n`,
    );
    const { code, stdout, stderr } = await run.ended;
    expect(performance.now() - startMs).toBeLessThan(20_000);
    expect(code).toBe(3);
    expect(stderr).toBe(
      `error: cannot put records into the stream capture: AWS cannot be reached: connect ECONNREFUSED ${new URL(endpoint).host}\n` +
        'hint: check the network, the region and any proxy or endpoint setting\n',
    );
    const end = endOf(stdout);
    expect(end).toMatchObject({ shipped: 0, notShipped: { lost: 2 }, endedBy: 'failed', balanced: true });
  });

  it('ends at once when it is not allowed to put, with every line counted', async () => {
    firehose.fail({ status: 400, code: 'AccessDeniedException', message: 'Not yours.' });
    const { code, stdout, stderr } = await repriseOnAws(env, ['ship', '-', '--stream', 'capture', '--json'], {
      stdin: steadyLog(3, 1),
    });
    expect(code).toBe(3);
    expect(stderr).toBe(
      'error: cannot put records into the stream capture: access denied: not yours\n' +
        'hint: the credentials in use must be allowed firehose:PutRecordBatch on the delivery stream capture\n',
    );
    expect(endOf(stdout)).toMatchObject({ lines: 3, notShipped: { lost: 3 }, balanced: true });
  });

  it('says how long it will take where that is long, before the first line', async () => {
    writeFileSync(join(cwd, 'a.log'), `${traefikLine({ atMs: 0 })}\n${traefikLine({ atMs: 3_720_000 })}\n`);
    for (const [speed, takes] of [
      ['1', '1 h 02 m'],
      ['0.5', '2 h 04 m'],
      ['60', '1 m 02 s'],
    ]) {
      const run = startOnAws(env, ['ship', 'a.log', '--stream', 'capture', '--speed', speed ?? ''], { cwd });
      await vi.waitFor(() => expect(run.stderr()).not.toBe(''), { timeout: 10_000 });
      expect(run.stderr()).toBe(`shipping takes about ${takes} at --speed ${speed}\n`);
      run.interrupt();
      expect((await run.ended).code).toBe(3);
    }
  });

  it('says when none of the lines is a request', async () => {
    const { code, stderr } = await repriseOnAws(env, ['ship', '-', '--stream', 'capture'], {
      stdin: 'a\nb\n',
    });
    expect(code).toBe(2);
    expect(stderr).toContain('error: none of the 2 lines can be read as a request (not_json ×2)\n');
  });

  it('stops at Ctrl-C: what is due has gone out, the rest is counted', async () => {
    const stdin = new PassThrough();
    const run = startOnAws(env, ['ship', '-', '--stream', 'capture', '--json'], { stdin });
    stdin.write(`${traefikLine({ atMs: 0 })}\n${traefikLine({ atMs: 3_600_000 })}\n`);
    await vi.waitFor(() => expect(firehose.count('PutRecordBatch')).toBe(1), { timeout: 10_000 });
    run.interrupt();
    const { code, stdout } = await run.ended;
    expect(code).toBe(3);
    expect(endOf(stdout)).toMatchObject({
      lines: 2,
      shipped: 1,
      notShipped: { stopped: 1 },
      endedBy: 'stopped',
      balanced: true,
    });
  });

  it('sends on what comes on standard input as it comes', async () => {
    const stdin = new PassThrough();
    const run = startOnAws(env, ['ship', '-', '--stream', 'capture', '--json'], { stdin });
    stdin.write(`${traefikLine({ atMs: 0, path: '/first' })}\n`);
    await vi.waitFor(() => expect(firehose.state.text('capture')).toContain('/first'), { timeout: 10_000 });
    stdin.end(`${traefikLine({ atMs: 10, path: '/second' })}\n`);
    expect((await run.ended).code).toBe(0);
    expect(shipped().requests.map(({ target }) => target)).toEqual(['/first', '/second']);
  });

  it('ships the shipped sample log', async () => {
    const log = new URL('../../demo/access.log.gz', import.meta.url);
    mkdirSync(join(cwd, 'logs'));
    writeFileSync(join(cwd, 'logs/a.log.gz'), readFileSync(log));
    const { code, stdout } = await repriseOnAws(
      env,
      ['ship', 'logs', '--stream', 'capture', '--speed', '10000', '--json'],
      { cwd },
    );
    expect(code).toBe(0);
    const { counts } = decodeBytes(gunzipSync(readFileSync(log)));
    expect(endOf(stdout)).toMatchObject({ lines: counts.lines, shipped: counts.parsed, balanced: true });
    expect(shipped().counts.parsed).toBe(counts.parsed);
  });
});

describe('reprise ship --stack', () => {
  const set = (value: string): void => {
    ssm.state.set('/reprise/prod/resources', JSON.stringify(stackResources('prod')));
    ssm.state.set('/reprise/prod/switch', value);
  };

  it('ships to the capture stream of the stack', async () => {
    set('25%');
    const { code, stdout } = await repriseOnAws(env, ['ship', '-', '--stack', 'prod', '--json'], {
      stdin: steadyLog(2, 1),
    });
    expect(code).toBe(0);
    expect(endOf(stdout)).toMatchObject({ stream: 'prod-capture', stack: 'prod', shipped: 2 });
  });

  it.each([
    ['on', 'on'],
    ['25%', '25%'],
    ['off', 'off: nothing is sent until reprise switch on --stack prod'],
    ['maybe', '"maybe", which counts as off: nothing is sent until reprise switch on --stack prod'],
  ])('says when the first request is due, and that the switch is %s', async (value, shown) => {
    set(value);
    const startMs = Date.now();
    const { code, stderr } = await repriseOnAws(env, ['ship', '-', '--stack', 'prod'], {
      stdin: steadyLog(2, 1),
    });
    const endMs = Date.now();
    const clocks: string[] = [];
    for (let ms = startMs; ms < endMs + 1_000; ms += 1_000)
      clocks.push(`${new Date(ms + 180_000).toISOString().slice(11, 19)}Z`);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(/^the first request is due about \S+ \(delay 180 s\), the switch is /),
    });
    const clock = /about (\S+)/.exec(stderr)?.[1] ?? '';
    expect(clocks).toContain(clock);
    expect(stderr.slice(stderr.indexOf(', the switch is '))).toBe(`, the switch is ${shown}\n`);
  });

  it('ships all the same where the switch cannot be read', async () => {
    set('on');
    ssm.fail({
      operation: 'GetParameter',
      when: ({ body }) => body.includes('/switch'),
      status: 400,
      code: 'AccessDeniedException',
      message: 'no',
    });
    const { code, stderr } = await repriseOnAws(env, ['ship', '-', '--stack', 'prod'], {
      stdin: steadyLog(2, 1),
    });
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /, whether the switch is on is not known: cannot read the parameter \/reprise\/prod\/switch: access denied: no\n$/,
    );
  });

  it('looks for the log before it asks AWS', async () => {
    expect(await repriseOnAws(env, ['ship', 'nothere.gz', '--stack', 'prod'], { cwd })).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^error: .*nothere\.gz/),
    });
    expect(ssm.count()).toBe(0);
  });

  it('says where the log belongs when a stack reads a bucket of its own', async () => {
    const { captureStream: _none, ...resources } = stackResources('prod');
    ssm.state.set('/reprise/prod/resources', JSON.stringify(resources));
    expect(
      await repriseOnAws(env, ['ship', '-', '--stack', 'prod'], { stdin: steadyLog(2, 1) }),
    ).toMatchObject({
      code: 2,
      stderr:
        'error: the stack "prod" has no capture stream, it reads the bucket prod-captured\nhint: put the log there: aws s3 cp LOG s3://prod-captured/\n',
    });
  });

  it('says when there is no such stack', async () => {
    const { code, stderr } = await repriseOnAws(env, ['ship', '-', '--stack', 'gone'], { stdin: '' });
    expect(code).toBe(2);
    expect(stderr).toContain('error: no stack "gone" in the region us-east-1');
  });
});

describe('arguments of reprise ship', () => {
  it.each([
    [
      [],
      'error: name where to ship to, with either --stack or --stream\nhint: --stack NAME is a stack that npx cdk deploy has made, --stream NAME any Firehose stream of the account\n',
    ],
    [
      ['--stack', 'a', '--stream', 'b'],
      'error: --stack and --stream do not go together: name where to ship to, with either --stack or --stream\nhint: --stack NAME is a stack that npx cdk deploy has made, --stream NAME any Firehose stream of the account\n',
    ],
    [['--speed', '0'], 'error: --speed must be a number above 0, such as 2 or 0.5, got "0"\n'],
    [
      ['--stack', 'a b'],
      'error: --stack must be a stack name of letters, digits and hyphens that starts with a letter, got "a b"\n',
    ],
  ])('%j are refused', async (args, stderr) => {
    expect(await repriseOnAws(env, ['ship', '-', ...args], { stdin: '' })).toMatchObject({
      code: 2,
      stdout: '',
      stderr,
    });
  });
});
