import { link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findLogs, type LogInput } from '../../io/log-files.ts';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'reprise-logs-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

const put = async (...paths: string[]): Promise<void> => {
  for (const path of paths) {
    await mkdir(join(cwd, path, '..'), { recursive: true });
    await writeFile(join(cwd, path), `${path}\n`);
  }
};
const namesOf = async (...patterns: string[]): Promise<string[]> =>
  (await findLogs(patterns, { cwd })).map(({ name }) => name);

const readAll = async (input: LogInput): Promise<string> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of input.open()) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};
const only = async (pattern: string): Promise<LogInput> => {
  const inputs = await findLogs([pattern], { cwd });
  const [input] = inputs;
  if (input === undefined || inputs.length > 1) throw new Error(`${inputs.length} inputs`);
  return input;
};
const faultOf = async (...patterns: string[]): Promise<unknown> =>
  findLogs(patterns, { cwd }).then(
    () => undefined,
    ({ code, message, hint }) => ({ code, message, hint }),
  );
const HINT = 'give a file, a glob in quotes, a folder, s3://bucket/prefix, or - for standard input';

describe('a file', () => {
  it('is read under the name it was given', async () => {
    await put('logs/a.log');
    const input = await only('./logs/a.log');
    expect({ ...input, open: undefined }).toEqual({
      name: './logs/a.log',
      path: join(cwd, 'logs/a.log'),
      bytes: 11,
      rereadable: true,
      open: undefined,
    });
    expect(await readAll(input)).toBe('logs/a.log\n');
    expect(await readAll(input)).toBe('logs/a.log\n');
  });

  it('is decompressed by content, not by name', async () => {
    await writeFile(join(cwd, 'a.log'), gzipSync('{"a":1}\n'));
    await put('b.gz');
    expect(await readAll(await only('a.log'))).toBe('{"a":1}\n');
    expect(await readAll(await only('b.gz'))).toBe('b.gz\n');
  });

  it('with the characters of a glob in its name is taken literally', async () => {
    await put('a[1]*.log', 'a1.log');
    expect(await namesOf('a[1]*.log')).toEqual(['a[1]*.log']);
  });

  it('is given by its absolute path as well', async () => {
    await put('a.log');
    expect(await namesOf(join(cwd, 'a.log'))).toEqual([join(cwd, 'a.log')]);
    expect(await namesOf(join(cwd, '*.log'))).toEqual([join(cwd, 'a.log')]);
  });

  it('that is removed before it is read is an unreadable input', async () => {
    await put('a.log');
    const input = await only('a.log');
    await rm(join(cwd, 'a.log'));
    await expect(readAll(input)).rejects.toMatchObject({
      code: 'INPUT_UNREADABLE',
      message: 'cannot read a.log: no such file or directory',
    });
  });

  it('named twice, also through a link or a folder, is read once', async () => {
    await put('logs/a.log', 'logs/b.log');
    await symlink(join(cwd, 'logs/a.log'), join(cwd, 'current.log'));
    expect(await namesOf('logs/a.log', './logs/a.log', 'current.log', 'logs', 'logs/*')).toEqual([
      'logs/a.log',
      'logs/b.log',
    ]);
  });
});

describe('a folder', () => {
  it('is read with all below it, sorted, without hidden files and YAML', async () => {
    await put('logs/b.log', 'logs/a/z.log', 'logs/a.log', 'logs/.hidden', 'logs/.git/x.log');
    await put('logs/rules.yaml', 'logs/rules.cases.yaml', 'logs/b.yml');
    expect(await namesOf('logs')).toEqual(['logs/a/z.log', 'logs/a.log', 'logs/b.log']);
    expect(await namesOf('logs/', './logs')).toEqual(['logs/a/z.log', 'logs/a.log', 'logs/b.log']);
  });

  it('is read with links to files, but not with those that lead nowhere or to folders', async () => {
    await put('real/pod.log', 'logs/a.log');
    await symlink('../real/pod.log', join(cwd, 'logs/pod.log'));
    await symlink('nowhere', join(cwd, 'logs/dangling.log'));
    await symlink('..', join(cwd, 'logs/up'));
    await link(join(cwd, 'real/pod.log'), join(cwd, 'logs/hard.log'));
    expect(await namesOf('logs')).toEqual(['logs/a.log', 'logs/hard.log', 'logs/pod.log']);
  });

  it('without a log is an error', async () => {
    await put('logs/rules.yaml');
    expect(await faultOf('logs')).toEqual({
      code: 'INPUT_NOT_FOUND',
      message: 'no log in the folder "logs": it holds no file that is neither hidden nor YAML',
      hint: HINT,
    });
  });
});

describe('a glob', () => {
  it('gives its matches sorted, folders with all below them', async () => {
    await put('logs/b.log', 'logs/a.log', 'logs/old/c.log', 'logs/.hidden.log', 'other.txt');
    await symlink('nowhere', join(cwd, 'logs/dangling.log'));
    expect(await namesOf('logs/*')).toEqual(['logs/a.log', 'logs/b.log', 'logs/old/c.log']);
    expect(await namesOf('**/*.log')).toEqual(['logs/a.log', 'logs/b.log', 'logs/old/c.log']);
    expect(await namesOf('logs/{b,a}.log')).toEqual(['logs/a.log', 'logs/b.log']);
  });

  it('that matches nothing is an error', async () => {
    expect(await faultOf('logs/*.gz')).toEqual({
      code: 'INPUT_NOT_FOUND',
      message: 'no file matches the glob "logs/*.gz"',
      hint: HINT,
    });
  });
});

it('patterns keep their order, and the parts of a rotated log come oldest first', async () => {
  await put('z.log', 'access.log', 'access.log.1', 'access.log.2.gz');
  expect(await namesOf('z.log', 'access*')).toEqual([
    'z.log',
    'access.log.2.gz',
    'access.log.1',
    'access.log',
  ]);
});

describe('what is not there', () => {
  it.each(['nope.log', 'a.log/b.log', ''])('is an error: "%s"', async (pattern) => {
    await put('a.log');
    expect(await faultOf('a.log', pattern)).toEqual({
      code: 'INPUT_NOT_FOUND',
      message: `no such file or folder: "${pattern}"`,
      hint: HINT,
    });
  });

  it('is an error when nothing is given at all', async () => {
    expect(await faultOf()).toEqual({ code: 'INPUT_NOT_FOUND', message: 'no log is given', hint: HINT });
  });

  it('may be there but not readable', async () => {
    await symlink('loop.log', join(cwd, 'loop.log'));
    expect(await faultOf('loop.log')).toEqual({
      code: 'INPUT_UNREADABLE',
      message: 'cannot read loop.log: too many symbolic links encountered',
      hint: undefined,
    });
  });
});
