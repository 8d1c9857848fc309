import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openText } from '../../io/text-stream.ts';
import { cut, GZIP, OPTIONS, readAll, stream, TEXT } from '../support/stored-text.ts';

describe('a source', () => {
  async function* failing(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
    yield bytes;
    throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', errno: -5, syscall: 'read' });
  }

  it.each([
    ['plain', TEXT, TEXT.length],
    ['gzip', GZIP.subarray(0, 100_000), 300_000],
    ['gzip, within its magic', GZIP.subarray(0, 1), 1],
  ])('that fails in %s yields what came before', async (_, bytes, leastBytes) => {
    const { text, error } = await readAll(failing(bytes));
    expect(error?.code).toBe('INPUT_UNREADABLE');
    expect(error?.message).toBe(
      `cannot read access.log.gz beyond its first ${bytes.length} bytes: i/o error`,
    );
    expect(text.length).toBeGreaterThanOrEqual(leastBytes);
  });

  it('is counted as it is read', async () => {
    const seen: number[] = [];
    const onBytes = (storedBytes: number): void => void seen.push(storedBytes);
    await readAll(stream(cut(GZIP, 65_536)), { ...OPTIONS, onBytes });
    expect(seen).toEqual([65_536, 131_072, 196_608, GZIP.length]);
  });

  it('is closed when its reader leaves early', async () => {
    const source = Readable.from(cut(GZIP, 10_000));
    for await (const _ of openText(source, OPTIONS)) break;
    expect(source.destroyed).toBe(true);
  });

  it('is not read ahead of a reader that is slow, so that a bomb stays small in memory', async () => {
    let takenBytes = 0;
    async function* bombs(): AsyncGenerator<Uint8Array> {
      const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
      for (;;) {
        takenBytes += bomb.length;
        yield bomb;
      }
    }
    let textBytes = 0;
    for await (const chunk of openText(bombs(), OPTIONS)) {
      textBytes += chunk.length;
      expect(chunk.length).toBeLessThanOrEqual(512 * 1024);
      if (textBytes > 100 * 1024 * 1024) break;
    }
    expect(takenBytes).toBeLessThan(3 * 80_000);
  });

  it('that has nothing to say is left when the signal says so', async () => {
    const silent = new Readable({ read: () => undefined });
    silent.push(GZIP.subarray(0, 50_000));
    const stop = new AbortController();
    const chunks: Uint8Array[] = [];
    for await (const chunk of openText(silent, { ...OPTIONS, signal: stop.signal })) {
      chunks.push(chunk);
      stop.abort();
    }
    expect(silent.destroyed).toBe(true);
    expect(TEXT.subarray(0, 100_000).equals(Buffer.concat(chunks).subarray(0, 100_000))).toBe(true);
  });
});
