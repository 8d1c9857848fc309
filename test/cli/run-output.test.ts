import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Report } from '../../core/report/report-json.ts';
import { readReport, reprise, tempFolders } from '../support/cli.ts';
import { steadyLog } from '../support/logs.ts';
import { httpAnswer, type RecordingServer, startRecordingServer } from '../support/recording-server.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

let onRequest = (): void => undefined;
let server: RecordingServer;
let cwd = '';
beforeEach(async () => {
  onRequest = () => undefined;
  server = await startRecordingServer({
    answer: () => {
      onRequest();
      return httpAnswer(200, 'hello');
    },
  });
  cwd = folders.make();
  writeFileSync(join(cwd, 'access.log'), steadyLog(40, 5));
});
afterEach(() => server.close());

const replay = (...flags: string[]) =>
  reprise(['replay', 'access.log', '--target', server.url, '--speed', '10', '--ramp', '0s', ...flags], {
    cwd,
  });

const text = (name: string): string => readFileSync(join(cwd, name), 'utf8');
const HOLDS = ['--gate', 'failed < 0.1%'];
const FAILS = ['--gate', 'statusMatch < 50%'];

describe('the files of a run', () => {
  it('are the report in every form that is asked for, in folders that are made', async () => {
    const files = ['--html', 'a/b/r.html', '--junit', 'c/r.xml', '--markdown', 'r.md', '--out', 'out'];
    const { code, stderr } = await replay(...files, ...HOLDS);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(text('a/b/r.html')).toMatch(/^<!doctype html>/i);
    expect(text('out/report.html')).toBe(text('a/b/r.html'));
    expect(text('c/r.xml')).toMatch(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites/);
    expect(text('r.md')).toContain('failed < 0.1%');
    expect(readReport(join(cwd, 'out')).verdict).toMatchObject({
      outcome: 'held',
      gates: [{ outcome: 'held' }],
    });
  });

  it('are there without --out, too, and where the verdict failed', async () => {
    const { code } = await replay('--junit', 'r.xml', ...FAILS);
    expect(code).toBe(1);
    expect(text('r.xml')).toContain('<failure');
    expect(existsSync(join(cwd, 'out'))).toBe(false);
  });

  it.each(['--html', '--junit', '--markdown'])(
    'are refused before the run where %s names a folder',
    async (flag) => {
      mkdirSync(join(cwd, 'd'));
      expect(await replay(flag, 'd')).toMatchObject({
        code: 2,
        stdout: '',
        stderr: `error: cannot write ${join(cwd, 'd')}: a folder is in the way\nhint: give a file that can be written to, in a folder that exists\n`,
      });
      expect(server.requests).toEqual([]);
    },
  );

  it('are refused before the run where a file is in the way of their folder', async () => {
    const { code, stderr } = await replay('--html', 'access.log/r.html');
    expect(code).toBe(2);
    expect(stderr).toContain(
      `error: cannot write into the folder ${join(cwd, 'access.log')}: a file is in the way`,
    );
    expect(server.requests).toEqual([]);
  });

  it('are refused where two would be in one place', async () => {
    expect(await replay('--html', 'r', '--markdown', './r')).toMatchObject({
      code: 2,
      stderr: `error: --markdown and --html would both write ${join(cwd, 'r')}\nhint: give each a file of its own\n`,
    });
    expect((await replay('--out', 'out', '--html', 'out/report.html')).stderr).toContain(
      '--out and --html would both',
    );
  });

  it.each([
    ['--html', 'access.log'],
    ['--rejects', 'access.log'],
    ['--rejects', 'link.log'],
    ['--junit', 'rules.yaml'],
  ])('are refused where %s %s is what is read, which stays', async (flag, name) => {
    symlinkSync('access.log', join(cwd, 'link.log'));
    const rules = `version: 1\ntargets: { a: { url: "${server.url}" } }\nrules: [{ name: a, target: a }]\n`;
    writeFileSync(join(cwd, 'rules.yaml'), rules);
    const args = ['replay', 'access.log', '--rules', join(cwd, 'rules.yaml'), flag, name];
    expect(await reprise(args, { cwd })).toMatchObject({
      code: 2,
      stderr: `error: ${flag} would write over ${join(cwd, name)}, which is read\nhint: give another file\n`,
    });
    expect(server.requests).toEqual([]);
    expect([text('access.log'), text('rules.yaml')]).toEqual([steadyLog(40, 5), rules]);
  });

  it.each(['plan', 'decode'])('of %s are refused where they are what is read, too', async (command) => {
    const target = command === 'plan' ? ['--target', server.url] : [];
    const { code, stderr } = await reprise([command, 'access.log', '--rejects', 'access.log', ...target], {
      cwd,
    });
    expect(code).toBe(2);
    expect(stderr).toContain(`error: --rejects would write over ${join(cwd, 'access.log')}, which is read`);
    expect(text('access.log')).toBe(steadyLog(40, 5));
  });

  it('that cannot be written at the end are told of with 3; run, verdict and the others stay', async () => {
    mkdirSync(join(cwd, 'gone'));
    onRequest = () => rmSync(join(cwd, 'gone'), { recursive: true, force: true });
    const files = ['--junit', 'gone/r.xml', '--markdown', 'gone/r.md', '--out', 'out'];
    const { code, stdout, stderr } = await replay(...files, ...FAILS);
    expect(code).toBe(3);
    expect(stdout).toContain('  verdict: failed, the gate failed\n');
    const told = ['r.xml', 'r.md']
      .map((name) => `error: cannot write ${join(cwd, 'gone', name)}: no such file or directory\n`)
      .map((line) => `${line}hint: free space there, or choose another place\n`);
    expect(stderr.slice(stderr.indexOf('error: '))).toBe(told.join(''));
    expect(readReport(join(cwd, 'out')).verdict.outcome).toBe('failed');
    expect(existsSync(join(cwd, 'out/report.html'))).toBe(true);
  });
});

describe('reports of an earlier run', () => {
  const OLD = 'of an earlier run';
  const NAMED = ['r.html', 'r.xml', 'r.md'];
  const IN_OUT = ['out/report.json', 'out/report.html'];
  const flags = ['--out', 'out', '--html', 'r.html', '--junit', 'r.xml', '--markdown', 'r.md'];
  beforeEach(() => {
    mkdirSync(join(cwd, 'out'));
    for (const name of [...NAMED, ...IN_OUT, 'out/mine.txt']) writeFileSync(join(cwd, name), OLD);
  });

  it('are removed before the first request, so that a run that dies leaves none', async () => {
    let there: readonly string[] | undefined;
    onRequest = () => {
      there ??= [...NAMED, ...IN_OUT, 'out/mine.txt'].filter((name) => existsSync(join(cwd, name)));
    };
    expect(await replay(...flags)).toMatchObject({ code: 0, stderr: '' });
    expect(there).toEqual(['out/mine.txt']);
    for (const name of [...NAMED, ...IN_OUT]) expect(text(name)).not.toBe(OLD);
  });

  it.each([
    ['whose files cannot all be written', ['--rejects', 'nowhere/x']],
    ['whose gates are none', ['--gate', 'p59 < 1s']],
    ['whose log is not there', ['missing.log']],
  ])('stay where a run cannot begin, %s', async (_, wrong) => {
    const { code } = await replay(...flags, ...wrong);
    expect(code).toBe(2);
    expect(server.requests).toEqual([]);
    for (const name of [...NAMED, ...IN_OUT]) expect(text(name)).toBe(OLD);
  });

  it('are replaced where they are links, and what those lead to stays', async () => {
    rmSync(join(cwd, 'r.xml'));
    symlinkSync('r.old', join(cwd, 'r.xml'));
    writeFileSync(join(cwd, 'r.old'), OLD);
    expect((await replay('--junit', 'r.xml')).code).toBe(0);
    expect(lstatSync(join(cwd, 'r.xml')).isSymbolicLink()).toBe(false);
    expect(text('r.old')).toBe(OLD);
  });

  it('stay where the port of the page is taken', async () => {
    expect((await replay(...flags, `--ui=${new URL(server.url).port}`)).code).not.toBe(0);
    expect(server.requests).toEqual([]);
    for (const name of [...NAMED, ...IN_OUT]) expect(text(name)).toBe(OLD);
  });

  it('stay where a dry run sends nothing', async () => {
    expect((await replay('--dry-run', '--out', 'out')).code).toBe(0);
    for (const name of IN_OUT) expect(text(name)).toBe(OLD);
  });
});

describe('--quiet', () => {
  it('prints nothing where all is well', async () => {
    expect(await replay('--quiet', ...HOLDS)).toMatchObject({ code: 0, stdout: '', stderr: '' });
    expect(server.requests).toHaveLength(40);
  });

  it('prints the gates that failed, and nothing of those that held', async () => {
    const { code, stdout, stderr } = await replay('--quiet', ...HOLDS, ...FAILS);
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toMatch(
      /^ {2}verdict: failed, 1 of 2 gates failed\n {2}✗ statusMatch < 50% {2}measured 100 %/,
    );
    expect(stdout).not.toContain('failed < 0.1%');
  });

  it('prints errors always', async () => {
    writeFileSync(join(cwd, 'access.log'), 'not json\n');
    const { code, stderr } = await replay('--quiet');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: the only line cannot be read as a request/);
  });

  it('goes with --json: the report is what was asked for', async () => {
    const { stdout } = await replay('--quiet', '--json', ...HOLDS);
    expect((JSON.parse(stdout) as Report).verdict.outcome).toBe('held');
  });
});

describe('colour', () => {
  const args = () => ['replay', 'access.log', '--target', server.url, '--speed', '10', '--ramp', '0s'];
  it.each([
    ['is used on a terminal', { columns: 80 }, [], true],
    ['is not used elsewhere', {}, [], false],
    ['is not used with --no-color', { columns: 80 }, ['--no-color'], false],
    ['is used elsewhere with FORCE_COLOR', { env: { FORCE_COLOR: '1' } }, [], true],
    ['is not used with FORCE_COLOR=0', { columns: 80, env: { FORCE_COLOR: '0' } }, [], false],
    ['is not used with FORCE_COLOR and --no-color', { env: { FORCE_COLOR: '1' } }, ['--no-color'], false],
    ['is not used with FORCE_COLOR and NO_COLOR', { env: { FORCE_COLOR: '1', NO_COLOR: '1' } }, [], false],
    ['is not used on a dumb terminal', { columns: 80, env: { TERM: 'dumb' } }, [], false],
  ])('%s', async (_, options, flags, isUsed) => {
    const { stdout } = await reprise([...args(), ...flags], { cwd, ...options });
    expect(stdout.includes('\u001b[')).toBe(isUsed);
  });

  it('is not used where --no-color stands before the command', async () => {
    const { code, stdout } = await reprise(['--no-color', ...args()], { cwd, columns: 80 });
    expect(code).toBe(0);
    expect(stdout).not.toContain('\u001b');
  });

  it('is not used by other commands with --no-color', async () => {
    const plan = ['plan', 'access.log', '--target', server.url];
    const coloured = await reprise(plan, { cwd, columns: 80 });
    expect(coloured.stdout).toContain('\u001b[');
    const plain = await reprise([...plan, '--no-color'], { cwd, columns: 80 });
    expect(plain.code).toBe(0);
    expect(plain.stdout).not.toContain('\u001b');
  });
});
