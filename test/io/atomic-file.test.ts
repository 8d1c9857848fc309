import { execFileSync } from 'node:child_process';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isWrittenThrough, prepareOutDir, removeEarlier, writeFileAtomic } from '../../io/atomic-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reprise-out-'));
});
afterEach(async () => {
  await chmod(folder, 0o755);
  await rm(folder, { recursive: true, force: true });
});

describe('a place that is written through', () => {
  it('is a pipe, a device or an open file, and no other', async () => {
    const [pipe, link, file] = [join(folder, 'pipe'), join(folder, 'link'), join(folder, 'file')];
    execFileSync('mkfifo', [pipe]);
    await symlink('/dev/fd/1', link);
    await writeFile(file, '');
    const places = [pipe, link, '/dev/null', '/dev/stdout', file, folder, join(folder, 'none')];
    const through = [true, true, true, true, false, false, false];
    expect(await Promise.all(places.map(isWrittenThrough))).toEqual(through);
  });
});

describe('a file written at once', () => {
  it('holds the new text, and nothing else is left', async () => {
    const path = join(folder, 'report.json');
    await writeFileAtomic(path, '{"version":1}\n');
    await writeFileAtomic(path, '{"version":1,"city":"Köln"}\n');
    expect(await readFile(path, 'utf8')).toBe('{"version":1,"city":"Köln"}\n');
    expect(await readdir(folder)).toEqual(['report.json']);
  });

  it('is never seen half written', async () => {
    const path = join(folder, 'report.json');
    const texts = ['a'.repeat(200_000), 'b'.repeat(300_000)];
    await writeFileAtomic(path, 'a'.repeat(200_000));
    const writing = Promise.all(
      Array.from({ length: 10 }, (_, i) => writeFileAtomic(path, texts[i % 2] ?? '')),
    );
    for (let i = 0; i < 20; i++) expect(texts).toContain(await readFile(path, 'utf8'));
    await writing;
    expect(await readdir(folder)).toEqual(['report.json']);
  });

  it('leaves nothing behind when a folder is in the way', async () => {
    const path = join(folder, 'report.json');
    await mkdir(path);
    await expect(writeFileAtomic(path, 'text')).rejects.toMatchObject({
      code: 'OUT_WRITE_FAILED',
      exitCode: 3,
      message: `cannot write ${path}: illegal operation on a directory`,
      hint: 'free space there, or choose another place',
    });
    expect(await readdir(folder)).toEqual(['report.json']);
  });

  it('goes into a pipe, which stays one', async () => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const reading = readFile(path, 'utf8');
    await writeFileAtomic(path, 'text');
    expect(await reading).toBe('text');
    expect((await stat(path)).isFIFO()).toBe(true);
    expect(await readdir(folder)).toEqual(['pipe']);
  });

  it.each(['/dev/fd/', '/proc/self/fd/'])(
    'goes to where an open file stands that %s and a link name, and neither file nor link is replaced',
    async (place) => {
      const [path, link] = [join(folder, 'output.txt'), join(folder, 'stdout')];
      const file = await open(path, 'w');
      try {
        await file.write('before\n');
        await symlink(`${place}${file.fd}`, link);
        await writeFileAtomic(link, 'text\n');
        await writeFileAtomic(`${place}${file.fd}`, 'more\n');
        await file.write('after\n');
      } finally {
        await file.close();
      }
      expect(await readFile(path, 'utf8')).toBe('before\ntext\nmore\nafter\n');
      expect((await lstat(link)).isSymbolicLink()).toBe(true);
      expect(await readdir(folder)).toEqual(['output.txt', 'stdout']);
    },
  );

  it('fails where there is no folder for it', async () => {
    const path = join(folder, 'gone', 'report.json');
    await expect(writeFileAtomic(path, 'text')).rejects.toMatchObject({
      message: `cannot write ${path}: no such file or directory`,
    });
  });
});

describe('a file of an earlier time', () => {
  it('is removed; of a link, the link', async () => {
    const [file, kept, link] = [join(folder, 'file'), join(folder, 'kept'), join(folder, 'link')];
    for (const path of [file, kept]) await writeFile(path, 'text');
    await symlink('kept', link);
    for (const path of [file, link, join(folder, 'none')]) await removeEarlier(path);
    expect(await readdir(folder)).toEqual(['kept']);
    expect(await readFile(kept, 'utf8')).toBe('text');
  });

  it('is told of where it cannot be looked at', async () => {
    const path = join(folder, 'loop.json');
    await symlink(path, path);
    await expect(removeEarlier(path)).rejects.toMatchObject({
      code: 'OUT_FILE_UNUSABLE',
      message: `cannot replace ${path}: too many symbolic links encountered`,
      hint: 'remove it, or give another file',
    });
  });

  it('stays where it is a folder, a pipe, a device or a link to one', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    await mkdir(join(folder, 'inner'));
    await symlink('/dev/null', join(folder, 'null'));
    await symlink('inner', join(folder, 'to-inner'));
    const names = ['inner', 'null', 'pipe', 'to-inner'];
    for (const name of names) await removeEarlier(join(folder, name));
    await removeEarlier('/dev/null');
    expect(await readdir(folder)).toEqual(names);
    expect((await stat('/dev/null')).isCharacterDevice()).toBe(true);
  });

  it('stays where it is what the process has open, under whatever link', async () => {
    const path = join(folder, 'output.txt');
    const file = await open(path, 'w');
    try {
      await symlink(`/dev/fd/${file.fd}`, join(folder, 'stdout'));
      await removeEarlier(join(folder, 'stdout'));
      await removeEarlier(`/dev/fd/${file.fd}`);
    } finally {
      await file.close();
    }
    expect(await readdir(folder)).toEqual(['output.txt', 'stdout']);
  });
});

describe('a folder for results', () => {
  it('is made with those above it, and may be there already', async () => {
    const path = join(folder, 'a', 'b');
    await prepareOutDir(path);
    await writeFile(join(path, 'kept'), '');
    await prepareOutDir(path);
    expect((await stat(join(path, 'kept'))).isFile()).toBe(true);
  });

  it.each([
    ['is a file', 'taken'],
    ['is below a file', 'taken/out'],
  ])('is refused where it %s', async (_, name) => {
    await writeFile(join(folder, 'taken'), '');
    await expect(prepareOutDir(join(folder, name))).rejects.toMatchObject({
      code: 'OUT_DIR_UNUSABLE',
      exitCode: 2,
      message: `cannot write into the folder ${join(folder, name)}: a file is in the way`,
      hint: 'give a folder that can be written to, or one that does not exist yet',
    });
  });
});
