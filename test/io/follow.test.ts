import { appendFile, mkdir, mkdtemp, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { followText, pause, stopAll } from '../support/follow-text.ts';

/** For the first look at the file, of which nothing tells: it takes less than 1 ms where the machine has the time. */
const FIRST_LOOK_MS = 300;

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'reprise-follow-'));
  path = join(folder, 'access.log');
});
afterEach(async () => {
  stopAll();
  await rm(folder, { recursive: true, force: true });
});

describe('a growing file', () => {
  it('is read from its start as it grows', async () => {
    await writeFile(path, 'a\n');
    const log = followText(path);
    await log.seen('a\n');
    await appendFile(path, 'b\nc');
    await log.seen('a\nb\nc');
    await appendFile(path, 'd\n');
    await log.seen('a\nb\ncd\n');
    expect(await log.stop()).toBe('a\nb\ncd\n');
    expect(log.rotations).toEqual([]);
  });

  it('is read from the line it ends within when its start is not wanted', async () => {
    await writeFile(path, 'a\nb\nhal');
    const log = followText(path, false);
    await log.seen('hal');
    await appendFile(path, 'f\n');
    await log.seen('half\n');
  });

  it('is read from its end when its start is not wanted and its last line is whole', async () => {
    await writeFile(path, 'a\nb\n');
    const log = followText(path, false);
    await pause(FIRST_LOOK_MS);
    await appendFile(path, 'c\n');
    await log.seen('c\n');
  });

  it('is read whole when it is large', async () => {
    const large = `${'x'.repeat(99)}\n`.repeat(20_000);
    await writeFile(path, large);
    const log = followText(path);
    await log.seen(large);
    await appendFile(path, 'end\n');
    expect((await log.stop()).length).toBe(large.length + 4);
  });

  it('gives what was written until the stop', async () => {
    await writeFile(path, 'a\n');
    const log = followText(path, true, { pollMs: 60_000 });
    await log.seen('a\n');
    await appendFile(path, 'b\n');
    expect(await log.stop()).toBe('a\nb\n');
  });
});

describe('a file that is not there', () => {
  it('is waited for, and read from its start', async () => {
    const log = followText(path, false);
    await pause(FIRST_LOOK_MS);
    await writeFile(path, 'a\n');
    await log.seen('a\n');
    expect(log.rotations).toEqual([]);
  });

  it('is no reason not to stop', async () => {
    expect(await followText(path).stop()).toBe('');
  });

  it('may come back after it was removed', async () => {
    await writeFile(path, 'a\n');
    const log = followText(path);
    await log.seen('a\n');
    await unlink(path);
    await pause(20);
    await writeFile(path, 'b\n');
    await log.seen('a\nb\n');
    expect(log.rotations).toEqual(['rotated']);
  });
});

describe('what cannot be followed', () => {
  it('is a folder', async () => {
    await mkdir(path);
    await expect(followText(path).ended).rejects.toMatchObject({
      code: 'INPUT_NOT_A_FILE',
      message: `cannot follow ${path}: it is not a regular file`,
      hint: 'a pipe needs no following: give it without --follow',
    });
  });

  it('is a link that leads round', async () => {
    await symlink('access.log', path);
    await expect(followText(path).ended).rejects.toMatchObject({
      code: 'INPUT_UNREADABLE',
      message: `cannot follow ${path}: too many symbolic links encountered`,
    });
  });
});
