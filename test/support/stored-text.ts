import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { RepriseError } from '../../core/errors.ts';
import { openText, type TextOptions, type TextSource } from '../../io/text-stream.ts';

export const lines = (count: number, salt = 1): Buffer =>
  Buffer.from(
    Array.from({ length: count }, (_, i) =>
      JSON.stringify({
        i,
        path: `/p/${(i * 7919 * salt) % 1000}`,
        id: ((i * salt * 2654435761) >>> 0).toString(36),
      }),
    ).join('\n'),
  );

export const TEXT = lines(20_000);
export const GZIP = gzipSync(TEXT);
export const ZSTD = zstdCompressSync(TEXT);
export const TWICE = Buffer.concat([TEXT, TEXT]);
export const OPTIONS: TextOptions = { name: 'access.log.gz' };

export const cut = (bytes: Uint8Array, chunkBytes: number): Uint8Array[] =>
  Array.from({ length: Math.ceil(bytes.length / chunkBytes) }, (_, i) =>
    bytes.subarray(i * chunkBytes, (i + 1) * chunkBytes),
  );

export async function* stream(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

export const readAll = async (
  source: TextSource,
  options = OPTIONS,
): Promise<{ text: Buffer; error?: RepriseError }> => {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of openText(source, options)) chunks.push(chunk);
    return { text: Buffer.concat(chunks) };
  } catch (error) {
    return { text: Buffer.concat(chunks), error: error as RepriseError };
  }
};

export const textOf = async (...chunks: Uint8Array[]): Promise<Buffer> => {
  const { text, error } = await readAll(stream(chunks));
  if (error !== undefined) throw error;
  return text;
};

export const skippable = (content: string): Buffer => {
  const header = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]);
  header.writeUInt32LE(content.length, 4);
  return Buffer.concat([header, Buffer.from(content)]);
};

/** Fifty bytes from `at` on are overwritten. */
export const damaged = (bytes: Buffer, at: number): Buffer => Buffer.from(bytes).fill(0xff, at, at + 50);
