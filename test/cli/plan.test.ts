import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import type { PlanReport } from '../../core/measure/plan-summary.ts';
import { readLines, reprise, startInProcess, tempFolders } from '../support/cli.ts';
import { nginxLine, steadyLog, traefikLine } from '../support/logs.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

const TO_LOOPBACK = ['--target', 'http://127.0.0.1:1'];

const planOf = async (log: string | Buffer, ...flags: string[]): Promise<PlanReport> => {
  const { code, stdout, stderr } = await reprise(['plan', '-', '--json', ...TO_LOOPBACK, ...flags], {
    stdin: log,
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as PlanReport;
};

const RULES = `version: 1
targets:
  fast: { url: "http://127.0.0.1:1", maxRate: 5/s }
  slow: { url: "http://127.0.0.1:2" }
rules:
  - { name: as-recorded, match: { path: "/item/**" }, target: fast }
  - { name: slower, match: { path: "/item/**" }, target: slow, pacing: { mode: recorded, speed: 0.5 } }
  - { name: none, match: { host: other.example.com }, target: slow }
`;

const write = (files: Readonly<Record<string, string | Buffer>>): string => {
  const folder = folders.make();
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
};

describe('plan', () => {
  it('shows the sample log as in its golden file', async () => {
    const { code, stdout, stderr } = await reprise(['plan', 'demo/access.log.gz', ...TO_LOOPBACK], {
      columns: 80,
      env: { NO_COLOR: '1' },
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    await expect(stdout).toMatchFileSnapshot('../golden/plan-sample.txt');
    for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  });

  it('is what replay --dry-run shows', async () => {
    const log = steadyLog(30, 100);
    const args = ['-', ...TO_LOOPBACK, '--percent', '50', '--speed', '2'];
    const plan = await reprise(['plan', ...args], { stdin: log });
    expect(await reprise(['replay', '--dry-run', ...args], { stdin: log })).toEqual(plan);
  });

  it('applies --percent, --multiply and --speed', async () => {
    const log = steadyLog(1_000, 100);
    const whole = (await planOf(log)).rules[0];
    expect(whole).toMatchObject({ planned: 1_000, lastDueMs: 99_900 });
    const fast = (await planOf(log, '--speed', '10x', '--ramp', '0s')).rules[0];
    expect(fast).toMatchObject({ planned: 1_000, lastDueMs: 9_990 });
    const part = (await planOf(log, '--percent', '10%')).rules[0];
    expect(part?.planned).toBeGreaterThan(60);
    expect(part?.planned).toBeLessThan(140);
    const more = (await planOf(log, '--multiply', '1.5x')).rules[0];
    expect(more?.planned).toBeGreaterThan(1_400);
    expect(more?.planned).toBeLessThan(1_600);
  });

  it('draws other requests of the same number with another --seed', async () => {
    const log = steadyLog(1_000, 100);
    const [first, again, other] = [
      await planOf(log, '--percent', '20'),
      await planOf(log, '--percent', '20', '--seed', 'reprise'),
      await planOf(log, '--percent', '20', '--seed', 'another'),
    ];
    expect(again).toEqual(first);
    expect(other.rules[0]?.byRoute).not.toEqual(first.rules[0]?.byRoute);
    expect(other.rules[0]?.planned).not.toBe(first.rules[0]?.planned);
  });

  it('takes only what started from --from on, and before --to', async () => {
    const plan = await planOf(
      steadyLog(60, 1_000),
      '--from',
      '2026-11-21T11:00:10Z',
      '--to',
      '2026-11-21T11:00:20Z',
    );
    expect(plan.rules[0]).toMatchObject({ planned: 10, lastDueMs: 9_000 });
    expect(plan.accounting).toMatchObject({ parsed: 60, matched: 10, outOfRange: 50 });
  });

  it('counts what --max-rate and maxRate of a target would hold back', async () => {
    const plan = await planOf(steadyLog(100, 50), '--max-rate', '10/s');
    expect(plan.rules[0]).toMatchObject({
      planned: 100,
      wouldSend: 50,
      heldBack: { total: 50, by: { max_rate: 50 } },
    });
  });

  it('goes through a log once for each pace, and counts its lines once', async () => {
    const cwd = write({ 'a.log': steadyLog(100, 100), 'rules.yaml': RULES });
    const { code, stdout } = await reprise(['plan', 'a.log', '--rules', join(cwd, 'rules.yaml'), '--json'], {
      cwd,
    });
    expect(code).toBe(0);
    const { accounting, rules } = JSON.parse(stdout) as PlanReport;
    expect(accounting).toMatchObject({ lines: 100, parsed: 100, matched: 100, unmatched: 0 });
    expect(rules).toMatchObject([
      { name: 'as-recorded', planned: 100, wouldSend: 50, lastDueMs: 9_900 },
      { name: 'slower', planned: 100, wouldSend: 100, lastDueMs: 19_800 },
      { name: 'none', matched: 0, planned: 0 },
    ]);
  });

  it('refuses different paces for what can be read only once', async () => {
    const cwd = write({ 'rules.yaml': RULES });
    const { code, stdout, stderr } = await reprise(['plan', '-', '--rules', join(cwd, 'rules.yaml')]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toBe(
      'error: stdin can be read only once, but its rules go through it at 2 different paces\nhint: give the log as a file, or give all rules the same pacing and speed\n',
    );
  });

  it('counts a damaged log up to the damage, and says so once', async () => {
    const whole = gzipSync(steadyLog(5_000, 1));
    const cwd = write({ 'a.log.gz': whole.subarray(0, whole.length - 3_000), 'rules.yaml': RULES });
    const { code, stdout, stderr } = await reprise(
      ['plan', 'a.log.gz', '--rules', join(cwd, 'rules.yaml'), '--json'],
      { cwd },
    );
    expect(code).toBe(2);
    expect((JSON.parse(stdout) as PlanReport).accounting.parsed).toBeGreaterThan(2_000);
    expect(stderr.match(/^error: /gm)).toHaveLength(1);
    expect(stderr).toContain('error: a.log.gz ends in the middle of its gzip data');
  });

  it('keeps rejected lines on demand, once', async () => {
    const cwd = write({ 'a.log': `${steadyLog(3, 1)}no\n`, 'rules.yaml': RULES });
    const rules = join(cwd, 'rules.yaml');
    await reprise(['plan', 'a.log', '--rules', rules, '--rejects', 'r.ndjson'], { cwd });
    expect(readLines(cwd, 'r.ndjson')).toEqual([
      { source: 'a.log', line: 4, reason: 'not_json', text: 'no' },
    ]);
  });

  it('shows the warnings of rules, and goes on', async () => {
    const cwd = write({
      'a.yaml':
        'version: 1\ntargets: { t: { url: "http://127.0.0.1:1" } }\nrules: [{ name: a, match: { method: POST }, target: t }]\n',
    });
    const { code, stderr } = await reprise(['plan', '-', '--rules', join(cwd, 'a.yaml')], {
      stdin: steadyLog(1, 1),
    });
    expect(code).toBe(0);
    expect(stderr).toContain('METHOD_UNSAFE  warning: POST requests will be left out as unsafe_method');
  });

  it('shows every fault of rules at once', async () => {
    const { code, stdout, stderr } = await reprise([
      'plan',
      '-',
      '--rules',
      'test/fixtures/rules/broken.yaml',
    ]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(
      /^error: the rules have \d+ faults\ntest\/fixtures\/rules\/broken\.yaml:\d+:\d+ {2}[A-Z]/,
    );
    expect(stderr.match(/^test\/fixtures\/rules\/broken\.yaml:/gm)?.length).toBeGreaterThan(5);
  });

  it('ends with 2 where no line can be read as a request', async () => {
    const { code, stdout, stderr } = await reprise(['plan', '-', ...TO_LOOPBACK], { stdin: 'no json\n' });
    expect(code).toBe(2);
    expect(stdout).toMatch(/^ {2}would send nothing of 1 lines/);
    expect(stderr).toMatch(/^error: the only line cannot be read as a request \(not_json ×1\)\nhint: /);
  });

  it('shows what was read until an interrupt, and says that it is a part', async () => {
    const stdin = new PassThrough();
    const { ended, interrupt } = startInProcess(['plan', '-', ...TO_LOOPBACK], { stdin });
    stdin.write(`${steadyLog(40, 10)}{"half a li`);
    // What was taken off it is read at once.
    while (stdin.readableLength > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 200));
    interrupt();
    const { code, stdout, stderr } = await ended;
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: 'stopped early: this is the plan of what was read until then\n',
    });
    expect(stdout).toMatch(/^ {2}would send 40 requests in 390 ms, from 40 lines\n/);
  });
});

describe('the host that is sent to', () => {
  it('is refused where the log holds its own requests', async () => {
    const args = ['plan', '-', '--target', 'http://shop.example.com'];
    const log = steadyLog(3, 10).trimEnd();
    const { code, stderr } = await reprise(args, { stdin: log });
    expect(code).toBe(2);
    expect(stderr).toBe(
      'error: rule "all" sends to shop.example.com, which is also the recorded host of stdin:1\nhint: replay to another host, or set allowProduction: true on the target if that is meant\n',
    );
  });

  it('is refused, too, where the last line alone, without its newline, is one', async () => {
    const log = `${steadyLog(3, 10, () => ({ host: 'other.example.com' }))}${traefikLine({ atMs: 40 })}`;
    const { code, stderr } = await reprise(['plan', '-', '--target', 'http://shop.example.com'], {
      stdin: log,
    });
    expect(code).toBe(2);
    expect(stderr).toContain('which is also the recorded host of stdin:4\n');
  });
});

describe('several logs', () => {
  it('that overlap are merged by time, whatever their format', async () => {
    const cwd = write({
      'a-traefik.log': steadyLog(50, 200),
      'b-nginx.log': Array.from({ length: 50 }, (_, i) => `${nginxLine({ atMs: 100 + i * 200 })}\n`).join(''),
    });
    const { stdout } = await reprise(['plan', '.', '--json', ...TO_LOOPBACK], { cwd });
    const [rule] = (JSON.parse(stdout) as PlanReport).rules;
    expect(rule).toMatchObject({ planned: 100, lastDueMs: 9_900, peakRatePerSecond: 10 });
  });

  it('that follow each other keep their distance', async () => {
    const part = (startMs: number): string => steadyLog(10, 1_000, (i) => ({ atMs: startMs + i * 1_000 }));
    const cwd = write({
      'access.log': part(7_200_000),
      'access.log.1': part(3_600_000),
      'access.log.2.gz': gzipSync(part(0)),
    });
    const { stdout } = await reprise(['plan', '.', '--json', ...TO_LOOPBACK], { cwd });
    const { rules, accounting } = JSON.parse(stdout) as PlanReport;
    expect(rules[0]).toMatchObject({ planned: 30, lastDueMs: 7_209_000, peakRatePerSecond: 1 });
    expect(accounting.rules[0]?.reordered).toBe(0);
  });
});
