import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Report } from '../../core/report/report-json.ts';
import { readReport, reprise, tempFolders } from '../support/cli.ts';
import { steadyLog } from '../support/logs.ts';
import { startRecordingServer } from '../support/recording-server.ts';
import { reportFaults } from '../support/report-schema.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

/** A run of 40 requests with a gate that held, made once and copied. */
let made = '';
let cwd = '';
const out = (): string => join(cwd, 'out');
beforeAll(async () => {
  const server = await startRecordingServer();
  made = folders.make();
  writeFileSync(join(made, 'access.log'), `${steadyLog(40, 25)}not json\n`);
  const flags = [
    '--target',
    server.url,
    '--speed',
    '10',
    '--ramp',
    '0s',
    '--out',
    '.',
    '--gate',
    'failed < 1%',
  ];
  await reprise(['replay', 'access.log', ...flags], { cwd: made });
  await server.close();
});
beforeEach(() => {
  cwd = folders.make();
  mkdirSync(out());
  for (const name of ['report.json', 'results.ndjson']) copyFileSync(join(made, name), join(out(), name));
});

const report = (...args: string[]) => reprise(['report', ...args], { cwd });
const read = (name: string): string => readFileSync(join(cwd, name), 'utf8');

describe('report', () => {
  it('shows the summary that the run itself ended with', async () => {
    const { code, stdout, stderr } = await report('out');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^ {2}40 of 40 planned requests sent in \d+ ms, all accounted for\n/);
    expect(stdout).toContain('✓ failed < 1%');
  });

  it('writes every form that is asked for, into folders that it makes, and prints no summary then', async () => {
    const files = ['--html', 'a/r.html', '--json', 'a/r.json', '--junit', 'b/j.xml', '--markdown', 'b/m.md'];
    const { code, stdout, stderr } = await report('out', ...files);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(read('a/r.html')).toMatch(/^<!doctype html>/i);
    expect(JSON.parse(read('a/r.json'))).toEqual(readReport(out()));
    expect(read('b/j.xml')).toContain('<testcase name="failed &lt; 1%"');
    expect(read('b/m.md')).toMatch(/^## ✅ All gates held: 40 of 40 requests replayed\n/);
  });

  it('takes report.json by itself as well as its folder', async () => {
    expect(await report('out/report.json')).toEqual(await report('out'));
  });

  it('judges anew by gates that are given, besides those of the run', async () => {
    const { code, stdout } = await report('out', '--gate', 'heldBack >= 50%', '--json', 'anew.json');
    expect(code).toBe(1);
    expect(stdout).toContain('✗ heldBack >= 50%');
    const anew = JSON.parse(read('anew.json')) as Report;
    expect(anew.verdict.gates.map(({ gate, outcome }) => [gate, outcome])).toEqual([
      ['failed < 1%', 'held'],
      ['heldBack >= 50%', 'failed'],
    ]);
    expect(reportFaults(anew)).toEqual([]);
    expect({ ...anew, verdict: undefined }).toEqual({ ...readReport(out()), verdict: undefined });
  });

  it('judges by the gates of rules in place of those of the run', async () => {
    writeFileSync(
      join(cwd, 'rules.yaml'),
      'version: 1\ntargets: { target: { url: "http://127.0.0.1:1" } }\nrules: [{ name: all, target: target, gates: "p95 < 60s" }]\n',
    );
    const name = readReport(out()).rules[0]?.name ?? '';
    writeFileSync(join(cwd, 'rules.yaml'), read('rules.yaml').replace('name: all', `name: ${name}`));
    const { code, stderr } = await report('out', '--rules', join(cwd, 'rules.yaml'), '--json', 'anew.json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { verdict } = JSON.parse(read('anew.json')) as Report;
    expect(verdict.gates.map(({ gate, rule, outcome }) => [gate, rule, outcome])).toEqual([
      ['p95 < 60s', name, 'held'],
    ]);
  });

  it.each(['stopped', 'aborted', 'error'])('ends as the run did where that was %s', async (endedBy) => {
    const own = readReport(out());
    const early = { ...own, run: { ...own.run, endedBy } };
    writeFileSync(join(out(), 'report.json'), JSON.stringify(early));
    const { code, stdout } = await report('out');
    expect(code).toBe(3);
    expect(stdout).toContain('\n  verdict so far: held, the gate held\n');
    expect((await report('out', '--gate', 'heldBack >= 50%')).code).toBe(3);
    expect(await report('out', '--quiet')).toMatchObject({
      code: 3,
      stdout: '',
      stderr: `the run did not come to its end (${endedBy}): its verdict is one so far\n`,
    });
    writeFileSync(join(out(), 'report.json'), JSON.stringify({ ...early, balanced: false }));
    expect((await report('out')).code).toBe(70);
  });

  it('lets a run grow since its baseline by as much as is tolerated', async () => {
    await report('out', '--baseline', 'out/report.json', '--tolerance', '20%', '--json', 'since.json');
    const since = JSON.parse(read('since.json')) as Report;
    expect(since.verdict.gates.at(-1)).toMatchObject({
      gate: 'no regression since the baseline',
      limit: 1.2,
    });
    expect(await report('out', '--tolerance', '20%')).toMatchObject({
      code: 2,
      stdout: '',
      stderr:
        'error: --tolerance 20% is of --baseline, and none is given\n' +
        'hint: --baseline names the report.json of an earlier run; gates have limits of their own\n',
    });
  });

  it('holds a run against a baseline', async () => {
    const same = await report('out', '--baseline', 'out/report.json');
    expect(same.code).toBe(1);
    expect(same.stdout).toContain('since the baseline');
  });

  it('makes a report of what a killed run has left', async () => {
    rmSync(join(out(), 'report.json'));
    appendFileSync(join(out(), 'results.ndjson'), '{"id":"half a li');
    const { code, stderr } = await report('out', '--json', 'rescued.json');
    expect(code).toBe(3);
    expect(stderr).toBe(
      'made of 40 results alone, without report.json: of lines nothing is known but what was chosen of them\n' +
        `${join(out(), 'results.ndjson')}:41: 1 line is no result\n` +
        'the run did not come to its end (error): its verdict is one so far\n',
    );
    const rescued = JSON.parse(read('rescued.json')) as Report;
    expect(reportFaults(rescued)).toEqual([]);
    expect(rescued).toMatchObject({
      balanced: true,
      run: { endedBy: 'error', inputs: [] },
      accounting: { lines: 40 },
    });
    const own = JSON.parse(readFileSync(join(made, 'report.json'), 'utf8')) as Report;
    expect(rescued.totals.counts).toEqual(own.totals.counts);
    expect(rescued.totals.status).toEqual(own.totals.status);
    // To the µs that results are written with.
    expect(rescued.totals.latency.service.max).toBeCloseTo(own.totals.latency.service.max ?? 0, 2);
  });

  it('reads results that were compressed', async () => {
    writeFileSync(join(cwd, 'results.ndjson.gz'), gzipSync(readFileSync(join(out(), 'results.ndjson'))));
    const { code, stderr } = await report('results.ndjson.gz');
    expect(code).toBe(3);
    expect(stderr).toContain('made of 40 results');
    rmSync(join(out(), 'results.ndjson'));
    copyFileSync(join(cwd, 'results.ndjson.gz'), join(out(), 'results.ndjson.gz'));
    expect(await report('out', '--gate', 'failed < 2%', '--quiet')).toMatchObject({ code: 0, stderr: '' });
  });

  it('passes over lines whose times are none, and says where', async () => {
    rmSync(join(out(), 'report.json'));
    const [line = ''] = read('out/results.ndjson').split('\n');
    const own = JSON.parse(line) as object;
    const broken = [{ dueMs: 1e300 }, { dueMs: -1e15 }, { recordedAtMs: 1e200 }, { dueMs: '5' }];
    for (const times of broken)
      appendFileSync(join(out(), 'results.ndjson'), `${JSON.stringify({ ...own, ...times })}\n`);
    const odd = { ...own, sentMs: 1e300, serviceMs: -1, fromDueMs: 1e308 };
    appendFileSync(join(out(), 'results.ndjson'), `${JSON.stringify(odd)}\n`);
    const { code, stderr } = await report('out', '--json', 'r.json');
    expect(code).toBe(3);
    expect(stderr).toContain(`${join(out(), 'results.ndjson')}:41: 4 lines are no result\n`);
    const rescued = JSON.parse(read('r.json')) as Report;
    expect(reportFaults(rescued)).toEqual([]);
    expect(rescued.totals.latency.fromDue.max).toBeLessThan(60_000);
  });

  it('refuses a file of which no line is a result', async () => {
    writeFileSync(join(cwd, 'access.ndjson'), steadyLog(40, 25));
    expect(await report('access.ndjson')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: `error: ${join(cwd, 'access.ndjson')} holds no results: of 40 lines each is none\nhint: give the results.ndjson that --out of reprise replay wrote\n`,
    });
  });

  it.each(['out', 'out/results.ndjson'])('does not write over the results of %s', async (source) => {
    const { code, stderr } = await report(source, '--html', 'out/results.ndjson');
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `error: --html would write over ${join(out(), 'results.ndjson')}, which is read\nhint: give another file\n`,
    });
    expect(read('out/results.ndjson')).toBe(readFileSync(join(made, 'results.ndjson'), 'utf8'));
  });

  it('refuses to judge by results that are not those of the report', async () => {
    const lines = read('out/results.ndjson').trimEnd().split('\n');
    writeFileSync(join(out(), 'results.ndjson'), `${lines.slice(1).join('\n')}\n`);
    const { code, stderr } = await report('out', '--gate', 'failed < 1%');
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^error: .*results\.ndjson tells of 39 planned requests, the report\.json beside it of 40\n/,
    );
  });

  it.each([
    [{ status: 503 }, '40 requests answered with 503', 'of 0'],
    [{ status: undefined, failed: 'timeout' }, '40 requests that failed with timeout', 'of 0'],
    [{ status: undefined, sentMs: undefined, heldBack: 'stopped' }, '0 requests sent', 'of 40'],
  ])('refuses to judge by as many results of another run: all %j', async (other, here, there) => {
    const lines = read('out/results.ndjson').trimEnd().split('\n');
    const others = lines.map((line) => JSON.stringify({ ...(JSON.parse(line) as object), ...other }));
    writeFileSync(join(out(), 'results.ndjson'), `${others.join('\n')}\n`);
    expect(await report('out', '--gate', 'failed < 1%')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: `error: ${join(out(), 'results.ndjson')} tells of ${here}, the report.json beside it ${there}\nhint: they are of different runs, or a part is missing; without rules, gates and baseline report.json alone is read\n`,
    });
  });

  it('refuses results in which one request failed that had not', async () => {
    const [first = '', ...rest] = read('out/results.ndjson').trimEnd().split('\n');
    const failed = { ...(JSON.parse(first) as object), status: undefined, failed: 'reset' };
    writeFileSync(join(out(), 'results.ndjson'), `${[JSON.stringify(failed), ...rest].join('\n')}\n`);
    const { code, stderr } = await report('out', '--gate', 'failed < 90%');
    expect(code).toBe(2);
    expect(stderr).toContain('tells of 39 requests answered with 200, the report.json beside it of 40\n');
  });

  it('does not say that a source is missing which it cannot look at', async () => {
    const loop = join(cwd, 'loop');
    symlinkSync(loop, loop);
    const { code, stderr } = await report('loop');
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/^error: cannot read .*loop: (?!no such file).+\n$/),
    });
  });

  it.each([
    ['nowhere', [], /^error: there is no .*nowhere\nhint: give the folder that --out/],
    ['.', [], /^error: .* holds neither report\.json nor results\.ndjson\n/],
    [
      'out/report.json',
      ['--gate', 'failed < 1%'],
      /^error: .* cannot be judged anew without the results\.ndjson/,
    ],
    ['out', ['--gate', 'p59 < 1s'], /column 1: .*\n.*did you mean "p50"\?/],
    [
      's3://bucket/elsewhere/',
      [],
      /^error: s3:\/\/bucket\/elsewhere\/ is no place of results\nhint: give s3:\/\/bucket\/results\//,
    ],
    ['out', ['--json', 'x', '--html', 'x'], /^error: --json and --html would both write .*x\n/],
  ])('says of %s %j what is wrong, and writes nothing', async (source, flags, words) => {
    const { code, stderr } = await report(source, ...flags, '--junit', 'j.xml');
    expect(code).toBe(2);
    expect(stderr).toMatch(words);
    expect(existsSync(join(cwd, 'j.xml'))).toBe(false);
  });
});
