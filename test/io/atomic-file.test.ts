import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { prepareOutDir, writeFileAtomic } from '../../io/atomic-file.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reprise-out-'));
});
afterEach(async () => {
  await chmod(folder, 0o755);
  await rm(folder, { recursive: true, force: true });
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

  it('fails where there is no folder for it', async () => {
    const path = join(folder, 'gone', 'report.json');
    await expect(writeFileAtomic(path, 'text')).rejects.toMatchObject({
      message: `cannot write ${path}: no such file or directory`,
    });
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
