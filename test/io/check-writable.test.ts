import { execFileSync } from 'node:child_process';
import { closeSync, linkSync, mkdirSync, openSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { checkNotRead, type FileRead, identitiesOf } from '../../io/check-writable.ts';
import { tempFolders } from '../support/cli.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

let cwd = '';
const at = (...parts: string[]): string => join(cwd, ...parts);
beforeEach(() => {
  cwd = folders.make();
  mkdirSync(at('real'));
  writeFileSync(at('real/a.log'), 'a\n');
  writeFileSync(at('real/b.log'), 'a\n');
  symlinkSync('real', at('folder'));
  symlinkSync('real/a.log', at('soft.log'));
  linkSync(at('real/a.log'), at('hard.log'));
  symlinkSync('hard.log', at('soft-of-hard.log'));
  symlinkSync('folder/new.log', at('dangling.log'));
  symlinkSync('../new.log', at('real/up.log'));
  symlinkSync('loop', at('loop'));
  execFileSync('mkfifo', [at('pipe')]);
});

const isOne = async (first: FileRead, second: FileRead): Promise<boolean> => {
  const names = new Set(await identitiesOf(first));
  return (await identitiesOf(second)).some((name) => names.has(name));
};

describe('two names', () => {
  it.each([
    ['a link', 'soft.log', 'real/a.log'],
    ['a hard link', 'hard.log', 'real/a.log'],
    ['a link to a hard link', 'soft-of-hard.log', 'soft.log'],
    ['a link to the folder', 'folder/a.log', 'real/a.log'],
    ['a link to the folder of what is not there', 'folder/new.log', 'real/new.log'],
    ['a link to what is not there', 'dangling.log', 'real/new.log'],
    ['a link upwards out of a linked folder', 'folder/up.log', 'new.log'],
    ['folders that are not there', 'folder/x/y/new.log', 'real/x/./y/new.log'],
    ['a link in a circle', 'loop', './loop'],
  ])('are one file by %s', async (_, first, second) => {
    expect(await isOne(at(first), at(second))).toBe(true);
  });

  it.each([
    ['of two files with the same text', 'real/a.log', 'real/b.log'],
    ['of two files that are not there', 'real/new.log', 'new.log'],
    ['of a file and what is not there', 'real/a.log', 'a.log'],
  ])('%s are two', async (_, first, second) => {
    expect(await isOne(at(first), at(second))).toBe(false);
  });

  it.each(['pipe', 'real', '/dev/null'])('of %s, which is no file, are no matter', async (name) => {
    const path = name.startsWith('/') ? name : at(name);
    expect(await identitiesOf(path)).toEqual([]);
  });
});

describe('what is open already', () => {
  it('is known as a file, whatever the name it was opened by', async () => {
    const fd = openSync(at('hard.log'), 'r');
    try {
      expect(await isOne(fd, at('soft.log'))).toBe(true);
      expect(await isOne(fd, at('real/b.log'))).toBe(false);
      await expect(checkNotRead('--rejects', at('real/a.log'), [fd])).rejects.toMatchObject({
        code: 'ARGUMENT_INVALID',
        message: `--rejects would write over ${at('real/a.log')}, which is read`,
        hint: 'give another file',
      });
      await checkNotRead('--rejects', at('real/b.log'), [fd]);
    } finally {
      closeSync(fd);
    }
  });

  it('is no matter where it is a device, or not open any more', async () => {
    const fd = openSync('/dev/null', 'r');
    expect(await identitiesOf(fd)).toEqual([]);
    closeSync(fd);
    expect(await identitiesOf(2 ** 30)).toEqual([]);
  });
});
