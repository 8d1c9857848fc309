import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RepriseError } from '../../core/errors.ts';
import { createLineWriter, type LineWriter, type WritableFile } from '../../io/line-writer.ts';
import { createDisk } from '../support/small-disk.ts';

let folder: string;
let path: string;
let errors: RepriseError[];
const onError = (error: RepriseError): void => void errors.push(error);
beforeEach(async () => {
  errors = [];
  folder = await mkdtemp(join(tmpdir(), 'reprise-lines-'));
  path = join(folder, 'results.ndjson');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const writeAll = (writer: LineWriter, lines: readonly string[]): void => {
  for (const line of lines) writer.write(line);
};

describe('lines', () => {
  it('are all in the file once it is closed, in their order', async () => {
    const lines = Array.from({ length: 20_000 }, (_, i) => `{"i":${i},"city":"Köln"}`);
    const writer = createLineWriter(path, { onError });
    writeAll(writer, lines);
    await writer.close();
    expect(await readFile(path, 'utf8')).toBe(`${lines.join('\n')}\n`);
    expect(errors).toEqual([]);
  });

  it('are in the file once flushed, and more may follow', async () => {
    const writer = createLineWriter(path, { onError });
    writer.write('a');
    await writer.flush();
    expect(await readFile(path, 'utf8')).toBe('a\n');
    writer.write('b');
    await writer.close();
    expect(await readFile(path, 'utf8')).toBe('a\nb\n');
  });

  it('replace what the file held, and none make an empty file', async () => {
    await writeFile(path, 'old');
    await createLineWriter(path, { onError }).close();
    expect(await readFile(path, 'utf8')).toBe('');
  });

  it('go to the disk in batches', async () => {
    const disk = createDisk(1e9);
    const writer = createLineWriter(path, { onError, openFile: disk.openFile });
    writeAll(writer, Array(10_000).fill('x'.repeat(99)));
    await writer.close();
    expect(disk.text()).toHaveLength(1_000_000);
    expect(disk.calls.length).toBeLessThanOrEqual(16);
    expect(disk.isOpen()).toBe(false);
  });

  it('arrive whole on a disk that takes a few bytes at a time', async () => {
    const disk = createDisk(1e9, 7);
    const writer = createLineWriter(path, { onError, openFile: disk.openFile });
    writeAll(writer, ['first line', 'second line', 'third']);
    await writer.close();
    expect(disk.text()).toBe('first line\nsecond line\nthird\n');
  });

  it('do not wait for their batch to fill for longer than a second', async () => {
    vi.useFakeTimers();
    try {
      const disk = createDisk(1e9);
      const writer = createLineWriter(path, { onError, openFile: disk.openFile });
      writer.write('a');
      await vi.advanceTimersByTimeAsync(999);
      expect(disk.text()).toBe('');
      await vi.advanceTimersByTimeAsync(1);
      expect(disk.text()).toBe('a\n');
    } finally {
      vi.useRealTimers();
    }
  });

  it('that come after the end are a bug, not a loss', async () => {
    const writer = createLineWriter(path, { onError });
    await writer.close();
    expect(() => writer.write('a')).toThrow(`a line for ${path} came after it was closed`);
    await writer.close();
  });
});

describe('a full disk', () => {
  it('is told once, and leaves whole lines, wherever it fills up', async () => {
    const disks = fc.record({
      sizeBytes: fc.nat(700),
      writeBytes: fc.integer({ min: 1, max: 200 }),
      widths: fc.array(fc.nat(60), { minLength: 1, maxLength: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(disks, async ({ sizeBytes, writeBytes, widths }) => {
        errors = [];
        const disk = createDisk(sizeBytes, writeBytes);
        const writer = createLineWriter(path, { onError, openFile: disk.openFile });
        const lines = widths.map((width) => 'é'.repeat(width));
        for (const line of lines) {
          writer.write(line);
          await writer.flush();
        }
        await writer.close();
        const whole = `${lines.join('\n')}\n`;
        const hasRoom = Buffer.byteLength(whole) <= sizeBytes;
        expect(whole.startsWith(disk.text())).toBe(true);
        expect(disk.text() === '' || disk.text().endsWith('\n')).toBe(true);
        expect(errors.map(({ message }) => message)).toEqual(
          hasRoom ? [] : [`cannot write ${path}: no space left on device`],
        );
        if (hasRoom) expect(disk.text()).toBe(whole);
      }),
    );
  });

  it.skipIf(process.platform !== 'linux')('of the system is told with its code and a way out', async () => {
    await symlink('/dev/full', path);
    const writer = createLineWriter(path, { onError });
    writeAll(writer, Array(5000).fill('x'.repeat(100)));
    await writer.flush();
    writer.write('dropped');
    await writer.close();
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({
      code: 'OUT_WRITE_FAILED',
      exitCode: 3,
      message: `cannot write ${path}: no space left on device`,
      hint: 'free space there, or choose another place',
    });
  });
});

describe('a file that cannot be written', () => {
  it('since a folder is in the way is told without a line being written', async () => {
    await mkdir(path);
    const writer = createLineWriter(path, { onError });
    await writer.close();
    expect(errors.map(({ code, message }) => [code, message])).toEqual([
      ['OUT_WRITE_FAILED', `cannot write ${path}: illegal operation on a directory`],
    ]);
  });

  it('since its folder is gone is told once, whatever is written', async () => {
    const writer = createLineWriter(join(folder, 'gone', 'a.ndjson'), { onError });
    writeAll(writer, Array(5000).fill('x'.repeat(100)));
    await writer.flush();
    writer.write('more');
    await writer.close();
    expect(errors.map(({ message }) => message)).toEqual([
      `cannot write ${join(folder, 'gone', 'a.ndjson')}: no such file or directory`,
    ]);
  });

  it('since it fails when it is closed is told too', async () => {
    const file = await createDisk(1e9).openFile();
    const close = (): Promise<void> =>
      Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO', errno: -5, syscall: 'close' }));
    const writer = createLineWriter(path, { onError, openFile: async () => ({ ...file, close }) });
    writer.write('a');
    await writer.close();
    expect(errors.map(({ message }) => message)).toEqual([`cannot write ${path}: i/o error`]);
  });

  it('since the disk never answers fails at its limit, and is not waited for', async () => {
    const file = await createDisk(1e9).openFile();
    const write = (): Promise<{ bytesWritten: number }> => new Promise(() => undefined);
    const openFile = async (): Promise<WritableFile> => ({ ...file, write });
    const writer = createLineWriter(path, { onError, openFile, maxWaitingBytes: 1_000_000 });
    writeAll(writer, Array(20_000).fill('x'.repeat(99)));
    await writer.flush();
    await writer.close();
    expect(errors.map(({ message }) => message)).toEqual([
      `cannot write ${path}: the disk does not keep up, 1049600 bytes wait to be written`,
    ]);
  });
});

describe('a file that is removed while it is written', () => {
  it('is told at the end, since what was written is gone', async () => {
    const writer = createLineWriter(path, { onError });
    writer.write('a');
    await writer.flush();
    await rm(path);
    writer.write('b');
    await writer.close();
    expect(errors.map(({ message }) => message)).toEqual([
      `cannot write ${path}: it was removed while it was written`,
    ]);
  });

  it('is well where it has another name by then', async () => {
    const writer = createLineWriter(path, { onError });
    writer.write('a');
    await writer.flush();
    await rename(path, `${path}.1`);
    writer.write('b');
    await writer.close();
    expect(errors).toEqual([]);
    expect(await readFile(`${path}.1`, 'utf8')).toBe('a\nb\n');
  });
});

describe('waiting for lines to be written', () => {
  it('leaves nothing behind, however often it is done', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const writer = createLineWriter(path, { onError });
    const refs: WeakRef<Promise<void>>[] = [];
    const flush = (): Promise<void> => {
      writer.write('a');
      const flushed = writer.flush();
      refs.push(new WeakRef(flushed));
      return flushed;
    };
    for (let i = 0; i < 100; i += 1) await flush();
    await new Promise((resolve) => setTimeout(resolve, 10));
    collect();
    expect(refs.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(10);
    await writer.close();
  });
});
