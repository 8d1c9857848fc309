import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { readLines, reprise, tempFolders } from '../support/cli.ts';
import { LOG_START_MS, nginxLine, steadyLog, traefikLine } from '../support/logs.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

/** A folder that holds these files. */
const folderOf = (files: Readonly<Record<string, string | Buffer>>): string => {
  const folder = folders.make();
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
};

interface Shown {
  readonly target: string;
  readonly source: { readonly name: string; readonly line: number; readonly format: string };
}
const shownIn = (stdout: string): readonly Shown[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Shown);

const LINE = traefikLine({ atMs: 250, path: '/cart?id=7', durationMs: 12.5 });

describe('decode', () => {
  it('prints each recorded request as one line of JSON, without what only the engine needs', async () => {
    const { code, stdout, stderr } = await reprise(['decode', '-'], { stdin: `${LINE}\n` });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '1 line: 1 decoded, 0 rejected\n' });
    const request = JSON.parse(stdout) as Record<string, unknown>;
    expect(request).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{16}$/),
      atMs: LOG_START_MS + 250,
      method: 'GET',
      scheme: 'https',
      host: 'shop.example.com',
      target: '/cart?id=7',
      protocol: 'HTTP/1.1',
      headers: [['User-Agent', 'Mozilla/5.0']],
      client: '192.0.2.7',
      recorded: { status: 200, durationMs: 12.5, originStatus: 200, originMs: 12.5 },
      source: { name: 'stdin', line: 1, format: 'traefik' },
    });
    expect(stdout.split('\n')).toHaveLength(2);
  });

  it('counts what it rejects and mends, by reason, and keeps rejected lines on demand', async () => {
    const cwd = folderOf({
      'a.log': `${LINE}\nnot json\n\n{"a":1}\n${nginxLine({ atMs: 5 }).replace('Mozilla', '\\x22Mozilla')}\nnor this\n`,
    });
    const args = ['decode', 'a.log', '--rejects', 'rejects.ndjson'];
    const { code, stdout, stderr } = await reprise(args, { cwd });
    expect(code).toBe(0);
    expect(shownIn(stdout)).toHaveLength(2);
    expect(stderr).toBe(
      '5 lines: 2 decoded, 1 of them mended, 3 rejected (not_json ×2, not_access_log ×1)\n',
    );
    expect(readLines(cwd, 'rejects.ndjson')).toEqual([
      { source: 'a.log', line: 2, reason: 'not_json', text: 'not json' },
      { source: 'a.log', line: 4, reason: 'not_access_log', text: '{"a":1}' },
      { source: 'a.log', line: 6, reason: 'not_json', text: 'nor this' },
    ]);
  });

  it.each([
    ['gzip', gzipSync],
    ['zstd', zstdCompressSync],
    ['gzip in gzip', (text: string) => gzipSync(gzipSync(text))],
  ])('reads %s on standard input', async (_, compress) => {
    const { stdout } = await reprise(['decode', '-'], { stdin: compress(steadyLog(50, 10)) });
    expect(shownIn(stdout).map(({ target }) => target)).toEqual(
      Array.from({ length: 50 }, (_, i) => `/item/${i}`),
    );
  });

  it('counts in JSON as well on demand', async () => {
    const { code, stderr } = await reprise(['decode', '-', '--json'], { stdin: `${LINE}\nnonsense\n` });
    const counts = JSON.parse(stderr) as { lines: number; parsed: number; rejected: Record<string, number> };
    expect({ code, lines: counts.lines, parsed: counts.parsed, notJson: counts.rejected.not_json }).toEqual({
      code: 0,
      lines: 2,
      parsed: 1,
      notJson: 1,
    });
  });

  it('reads every file of a folder and of a glob, each line in its own format', async () => {
    const cwd = folderOf({
      'traefik.log': `${LINE}\n`,
      'nginx.log.gz': gzipSync(`${nginxLine({ atMs: 1, path: '/n' })}\n`),
      'rules.yaml': 'version: 1\n',
    });
    const names = async (log: string): Promise<readonly string[]> =>
      shownIn((await reprise(['decode', log], { cwd })).stdout).map(
        ({ source }) => `${source.name} ${source.format}`,
      );
    expect(await names('.')).toEqual(['nginx.log.gz nginx', 'traefik.log traefik']);
    expect(await names('*.log')).toEqual(['traefik.log traefik']);
  });

  it('reads rotated logs oldest first', async () => {
    const part = (path: string): string => `${traefikLine({ atMs: 0, path })}\n`;
    const cwd = folderOf({
      'access.log': part('/newest'),
      'access.log.1': part('/middle'),
      'access.log.2.gz': gzipSync(part('/oldest')),
    });
    const { stdout } = await reprise(['decode', '.'], { cwd });
    expect(shownIn(stdout).map(({ target }) => target)).toEqual(['/oldest', '/middle', '/newest']);
  });

  it('takes own names of fields from the rule file', async () => {
    const cwd = folderOf({
      'own.log': '{"when":"2026-11-21T11:00:00Z","verb":"GET","where":"/x","code":200}\n',
      'own.yaml':
        'version: 1\nlogs: { fields: { at: when, method: verb, uri: where, status: code } }\ntargets: { t: { url: "http://127.0.0.1:1" } }\nrules: [{ name: a, target: t }]\n',
    });
    const { stdout, stderr } = await reprise(['decode', 'own.log', '--rules', join(cwd, 'own.yaml')], {
      cwd,
    });
    expect(stderr).toBe('1 line: 1 decoded, 0 rejected\n');
    expect(shownIn(stdout)).toMatchObject([{ target: '/x', recorded: { status: 200 } }]);
  });
});

describe('an input that is not as it should be', () => {
  it('is used up to where it is damaged, and named with what to do', async () => {
    const whole = gzipSync(steadyLog(5_000, 1));
    const cwd = folderOf({
      'cut.log.gz': whole.subarray(0, whole.length - 2_000),
      'bad.log.gz': Buffer.from(whole).fill(0xff, whole.length - 3_000, whole.length - 2_900),
    });
    const cut = await reprise(['decode', 'cut.log.gz'], { cwd });
    expect(cut.code).toBe(2);
    expect(shownIn(cut.stdout).length).toBeGreaterThan(3_000);
    expect(cut.stderr).toMatch(
      /error: cut\.log\.gz ends in the middle of its gzip data, after \d+ bytes\nhint: it was cut short or is still being written; the \d+ bytes of text before that are used\n$/,
    );
    const bad = await reprise(['decode', 'bad.log.gz'], { cwd });
    expect(bad.code).toBe(2);
    expect(shownIn(bad.stdout).length).toBeGreaterThan(2_000);
    expect(bad.stderr).toMatch(
      /error: bad\.log\.gz holds damaged gzip data within its first \d+ bytes: .+\nhint: fetch the file again; the \d+ bytes of text before that are used\n$/,
    );
  });

  it('does not keep the next one from being read', async () => {
    const whole = gzipSync(steadyLog(500, 1));
    const cwd = folderOf({ 'a.log.gz': whole.subarray(0, 100), 'b.log': `${LINE}\n` });
    const { code, stdout } = await reprise(['decode', 'a.log.gz', 'b.log'], { cwd });
    expect(code).toBe(2);
    expect(shownIn(stdout).at(-1)).toMatchObject({ source: { name: 'b.log' } });
  });

  it('that is empty has no lines', async () => {
    const cwd = folderOf({ 'empty.log': '' });
    expect(await reprise(['decode', 'empty.log'], { cwd })).toMatchObject({
      code: 0,
      stdout: '',
      stderr: '0 lines: 0 decoded, 0 rejected\n',
    });
  });

  it('that is garbage is rejected line by line', async () => {
    const garbage = Buffer.from(Array.from({ length: 5_000 }, (_, i) => (i * 7919) % 251));
    const cwd = folderOf({ 'image.bin': garbage });
    const { code, stdout, stderr } = await reprise(['decode', 'image.bin'], { cwd });
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toMatch(/^\d+ lines: 0 decoded, \d+ rejected \(.*not_json/);
  });

  it.each([
    ['missing.log', 'no such file or folder: "missing.log"'],
    ['*.none', 'no file matches the glob "*.none"'],
    ['empty', 'no log in the folder "empty": it holds no file that is neither hidden nor YAML'],
  ])('%s is not there', async (log, message) => {
    const cwd = folders.make();
    mkdirSync(join(cwd, 'empty'));
    expect(await reprise(['decode', log], { cwd })).toMatchObject({
      code: 2,
      stdout: '',
      stderr: `error: ${message}\nhint: give a file, a glob in quotes, a folder, s3://bucket/prefix, or - for standard input\n`,
    });
  });
});

describe('--rejects', () => {
  it('names a file that can be written, or nothing is read', async () => {
    const cwd = folderOf({ 'a.log': `${LINE}\n` });
    const { code, stdout, stderr } = await reprise(['decode', 'a.log', '--rejects', 'no/such/x'], { cwd });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toBe(
      `error: cannot write ${join(cwd, 'no/such/x')}: no such file or directory\nhint: give a file that can be written to, in a folder that exists\n`,
    );
    expect(await reprise(['decode', 'a.log', '--rejects', '.'], { cwd })).toMatchObject({
      code: 2,
      stderr: `error: cannot write ${cwd}: a folder is in the way\nhint: give a file that can be written to, in a folder that exists\n`,
    });
  });
});
