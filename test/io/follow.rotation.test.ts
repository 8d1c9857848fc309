import {
  appendFile,
  mkdtemp,
  open,
  rename,
  rm,
  symlink,
  truncate,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { followText, pause, stopAll } from '../support/follow-text.ts';

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

describe('a rotated file', () => {
  it('is read to its end, then the new one from its start', async () => {
    await writeFile(path, 'a\n');
    const log = followText(path);
    await log.seen('a\n');
    await appendFile(path, 'b\n');
    await rename(path, `${path}.1`);
    await writeFile(path, 'c\n');
    await log.seen('a\nb\nc\n');
    expect(log.rotations).toEqual(['rotated']);
  });

  it('is read on while the proxy has not reopened it', async () => {
    await writeFile(path, 'a\n');
    const old = await open(path, 'a');
    const log = followText(path);
    await log.seen('a\n');
    await rename(path, `${path}.1`);
    await writeFile(path, '');
    await pause(200);
    await old.write('b\n');
    await log.seen('a\nb\n');
    await appendFile(path, 'c\n');
    await log.seen('a\nb\nc\n');
    await old.write('d\n');
    await log.seen('a\nb\nc\nd\n');
    await old.close();
  });

  it('tears no line of the old file by one of the new', async () => {
    await writeFile(path, 'a\nhal');
    const old = await open(path, 'a');
    const log = followText(path);
    await log.seen('a\nhal');
    await rename(path, `${path}.1`);
    await writeFile(path, 'c\n');
    await pause(20);
    await old.write('f\n');
    await log.seen('a\nhalf\nc\n');
    await old.close();
  });

  it('has its last line closed when it is never completed', async () => {
    await writeFile(path, 'a\nhal');
    const log = followText(path);
    await log.seen('a\nhal');
    await rename(path, `${path}.1`);
    await writeFile(path, 'c\n');
    await log.seen('a\nhal\nc\n');
  });

  it('is told from a new one of the same size', async () => {
    await writeFile(path, 'a\n');
    const log = followText(path);
    await log.seen('a\n');
    await unlink(path);
    await writeFile(path, 'b\n');
    await log.seen('a\nb\n');
  });

  it('may be rotated by turning a link', async () => {
    await writeFile(join(folder, '1.log'), 'a\n');
    await writeFile(join(folder, '2.log'), 'b\n');
    await symlink('1.log', path);
    const log = followText(path);
    await log.seen('a\n');
    await symlink('2.log', `${path}.new`);
    await rename(`${path}.new`, path);
    await log.seen('a\nb\n');
  });

  it('loses nothing and doubles nothing over many rotations under steady writing', async () => {
    await writeFile(path, '');
    const log = followText(path);
    const lines: string[] = [];
    for (let rotation = 0; rotation < 12; rotation++) {
      const file = await open(path, 'a');
      for (let i = 0; i < 30; i++) {
        const line = `${rotation}-${i}\n`;
        await file.write(line);
        lines.push(line);
        if (i % 10 === 0) await pause(1);
      }
      await rename(path, `${path}.${rotation}`);
      const late = `${rotation}-late\n`;
      await file.write(late);
      lines.push(late);
      await file.close();
      await writeFile(path, '');
      while (log.rotations.length === rotation) await pause(1);
    }
    const all = (await log.stop()).split('\n');
    expect(all.sort()).toEqual([...lines.map((line) => line.trimEnd()), ''].sort());
  });
});

describe('a file that is emptied in place', () => {
  it('is read from its start again', async () => {
    await writeFile(path, 'first\nsecond\n');
    const log = followText(path);
    await log.seen('first\nsecond\n');
    await truncate(path);
    await appendFile(path, 'c\n');
    await log.seen('first\nsecond\nc\n');
    expect(log.rotations).toContain('truncated');
  });

  it.each([
    ['as long as before', 'x\ny\n'],
    ['longer than before', 'x\ny\nz\n'],
  ])('and refilled between two looks is noticed when it is %s', async (_, text) => {
    await writeFile(path, 'a\nb\n');
    const log = followText(path);
    await log.seen('a\nb\n');
    await writeFile(path, text);
    await log.seen(`a\nb\n${text}`);
    expect(log.rotations).toEqual(['truncated']);
  });

  it('by a writer that goes on where it was is read without the hole', async () => {
    const file = await open(path, 'w');
    await file.write('a'.repeat(300_000));
    await file.write('\n');
    const log = followText(path);
    await log.seen(`${'a'.repeat(300_000)}\n`);
    await truncate(path);
    await file.write('b\n');
    await log.seen(`${'a'.repeat(300_000)}\nb\n`);
    await file.close();
  });

  it('within a line has that line closed', async () => {
    await writeFile(path, 'a\nhal');
    const log = followText(path);
    await log.seen('a\nhal');
    await truncate(path);
    await pause(20);
    await appendFile(path, 'c\n');
    await log.seen('a\nhal\nc\n');
  });

  it('that is only touched is not read again', async () => {
    await writeFile(path, 'a\n');
    const log = followText(path);
    await log.seen('a\n');
    const file = await open(path, 'a');
    await file.utimes(1, 1);
    await file.close();
    await pause(20);
    expect(await log.stop()).toBe('a\n');
    expect(log.rotations).toEqual([]);
  });
});
