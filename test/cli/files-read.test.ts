import { spawnSync } from 'node:child_process';
import {
  closeSync,
  createReadStream,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reprise, tempFolders } from '../support/cli.ts';
import { steadyLog } from '../support/logs.ts';
import { ROOT } from '../support/project-files.ts';
import { type RecordingServer, startRecordingServer } from '../support/recording-server.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

const LOG = steadyLog(20, 50);
const CASES = '[]\n';
let rules = '';
let server: RecordingServer;
let cwd = '';
beforeEach(async () => {
  server = await startRecordingServer();
  cwd = folders.make();
  writeFileSync(join(cwd, 'access.log'), LOG);
  linkSync(join(cwd, 'access.log'), join(cwd, 'hard.log'));
  rules = `version: 1\ntargets: { a: { url: "${server.url}" } }\nrules: [{ name: a, target: a }]\n`;
  mkdirSync(join(cwd, 'rules'));
  writeFileSync(join(cwd, 'rules/a.yaml'), rules);
  writeFileSync(join(cwd, 'rules/a.cases.yaml'), CASES);
  writeFileSync(join(cwd, 'switch'), 'on\n');
});
afterEach(() => server.close());

const text = (name: string): string => readFileSync(join(cwd, name), 'utf8');
const target = (): readonly string[] => ['--target', server.url, '--speed', '10', '--ramp', '0s'];
/** Folders of rules are opened from where the process was started. */
const ofRules = (): readonly string[] => ['--rules', join(cwd, 'rules')];

/** As `< access.log` makes it. */
const stdinOfLog = () => createReadStream('', { fd: openSync(join(cwd, 'access.log'), 'r') });

const refusal = (flag: string, name: string) => ({
  code: 2,
  stdout: '',
  stderr: `error: ${flag} would write over ${join(cwd, name)}, which is read\nhint: give another file\n`,
});

const expectUntouched = (): void => {
  expect(server.requests).toEqual([]);
  expect([text('access.log'), text('hard.log'), text('switch')]).toEqual([LOG, LOG, 'on\n']);
  expect([text('rules/a.yaml'), text('rules/a.cases.yaml')]).toEqual([rules, CASES]);
};

describe('a log', () => {
  it.each([
    ['replay', '--rejects'],
    ['replay', '--html'],
    ['replay', '--junit'],
    ['replay', '--markdown'],
    ['plan', '--rejects'],
    ['decode', '--rejects'],
  ])('is not written over by %s %s under another name', async (command, flag) => {
    const args = command === 'decode' ? [] : target();
    expect(await reprise([command, 'access.log', ...args, flag, 'hard.log'], { cwd })).toEqual({
      signal: null,
      ...refusal(flag, 'hard.log'),
    });
    expectUntouched();
  });

  it.each([
    ['replay', '--rejects'],
    ['replay', '--junit'],
    ['plan', '--rejects'],
    ['decode', '--rejects'],
  ])('is not written over by %s %s while it is standard input', async (command, flag) => {
    const args = command === 'decode' ? [] : target();
    const stdin = stdinOfLog();
    const ended = await reprise([command, '-', ...args, flag, 'access.log'], { cwd, stdin });
    stdin.destroy();
    expect(ended).toMatchObject(refusal(flag, 'access.log'));
    expectUntouched();
  });

  it('is not written over by a process that has it as standard input', () => {
    const stdin = openSync(join(cwd, 'access.log'), 'r');
    const args = [join(ROOT, 'cli/main.ts'), 'decode', '-', '--rejects', 'access.log'];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd,
      stdio: [stdin, 'pipe', 'pipe'],
      encoding: 'utf8',
      timeout: 55_000,
    });
    closeSync(stdin);
    expect({ code: status, stdout, stderr }).toEqual(refusal('--rejects', 'access.log'));
    expectUntouched();
  });

  it('is not written over by what --out holds, and no folder is made', async () => {
    mkdirSync(join(cwd, 'out'));
    linkSync(join(cwd, 'access.log'), join(cwd, 'out/results.ndjson'));
    const ended = await reprise(['replay', 'access.log', ...target(), '--out', 'out'], { cwd });
    expect(ended).toMatchObject(refusal('--out', 'out/results.ndjson'));
    const files = ['--out', 'new', '--html', 'newer/x', '--markdown', 'hard.log'];
    const other = await reprise(['replay', 'access.log', ...target(), ...files], { cwd });
    expect(other).toMatchObject(refusal('--markdown', 'hard.log'));
    expect([existsSync(join(cwd, 'new')), existsSync(join(cwd, 'newer'))]).toEqual([false, false]);
    expectUntouched();
  });

  it('is not written over while it is followed, also before it is there', async () => {
    for (const log of ['hard.log', 'new.log']) {
      const name = log === 'hard.log' ? 'access.log' : log;
      const args = ['replay', log, '--follow', '--target', server.url, '--rejects', name];
      const { code, stderr } = await reprise(args, { cwd });
      expect(code).toBe(2);
      expect(stderr).toContain(`error: --rejects would write over ${join(cwd, name)}, which is read\n`);
    }
    expect(existsSync(join(cwd, 'new.log'))).toBe(false);
    expectUntouched();
  });
});

describe('a rule file in a folder', () => {
  it.each([
    ['replay', '--rejects', 'rules/a.yaml'],
    ['replay', '--junit', 'rules/a.yaml'],
    ['replay', '--html', 'rules/a.cases.yaml'],
    ['plan', '--rejects', 'rules/a.yaml'],
    ['decode', '--rejects', 'rules/a.yaml'],
  ])('is not written over by %s %s %s', async (command, flag, name) => {
    expect(await reprise([command, 'access.log', ...ofRules(), flag, name], { cwd })).toMatchObject(
      refusal(flag, name),
    );
    expectUntouched();
  });
});

it('a file of the name stdin may be written while standard input is read', async () => {
  const args = ['decode', '-', '--rejects', 'stdin'];
  expect(await reprise(args, { cwd, stdin: 'not json\n' })).toMatchObject({ code: 0 });
  expect(text('stdin')).toContain('"source":"stdin"');
});

it('the file of the kill switch is not written over', async () => {
  const args = ['replay', 'access.log', ...target(), '--switch', 'switch'];
  for (const flag of ['--rejects', '--markdown'])
    expect(await reprise([...args, flag, 'switch'], { cwd })).toMatchObject(refusal(flag, 'switch'));
  expectUntouched();
});

describe('report', () => {
  beforeEach(async () => {
    await reprise(['replay', 'access.log', ...target(), '--out', 'out'], { cwd });
  });

  it.each([
    ['--json', 'rules/a.yaml'],
    ['--html', 'out/hard.ndjson'],
    ['--markdown', 'out/report.json'],
    ['--json', 'base/report.json'],
  ])('does not write over what it reads by %s %s', async (flag, name) => {
    mkdirSync(join(cwd, 'base'));
    writeFileSync(join(cwd, 'base/report.json'), text('out/report.json'));
    linkSync(join(cwd, 'out/results.ndjson'), join(cwd, 'out/hard.ndjson'));
    const before = text(name);
    const args = ['report', 'out', ...ofRules(), '--baseline', 'base', flag, name];
    expect(await reprise(args, { cwd })).toMatchObject(refusal(flag, name));
    expect(text(name)).toBe(before);
  });

  it('judges anew in the place of its report.json', async () => {
    const args = ['report', 'out', '--gate', 'failed < 1%', '--json', 'out/report.json'];
    expect(await reprise(args, { cwd })).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(text('out/report.json'))).toMatchObject({ verdict: { outcome: 'held' } });
  });
});

describe('two files in one place', () => {
  const refused = (first: string, second: string, name: string) => ({
    code: 2,
    stdout: '',
    stderr: `error: ${first} and ${second} would both write ${join(cwd, name)}\nhint: give each a file of its own\n`,
  });

  it('are refused where a link leads to what is not there yet', async () => {
    symlinkSync('out/results.ndjson', join(cwd, 'link'));
    const args = ['replay', 'access.log', ...target(), '--out', 'out', '--rejects', 'link'];
    expect(await reprise(args, { cwd })).toMatchObject(refused('--out', '--rejects', 'link'));
    expect(existsSync(join(cwd, 'out'))).toBe(false);
  });

  it('are refused where a link leads to their folder', async () => {
    mkdirSync(join(cwd, 'real'));
    symlinkSync('real', join(cwd, 'link'));
    const args = ['replay', 'access.log', ...target(), '--html', 'real/x', '--junit', 'link/x'];
    expect(await reprise(args, { cwd })).toMatchObject(refused('--junit', '--html', 'real/x'));
  });

  it('are refused where both are names of one file', async () => {
    writeFileSync(join(cwd, 'x'), '');
    linkSync(join(cwd, 'x'), join(cwd, 'y'));
    const args = ['replay', 'access.log', ...target(), '--rejects', 'x', '--markdown', 'y'];
    expect(await reprise(args, { cwd })).toMatchObject(refused('--rejects', '--markdown', 'y'));
  });

  it('are none where they are a device', async () => {
    symlinkSync('/dev/null', join(cwd, 'null'));
    const args = ['replay', 'access.log', ...target(), '--html', 'null', '--junit', '/dev/null'];
    expect(await reprise(args, { cwd })).toMatchObject({ code: 0, stderr: '' });
  });
});
