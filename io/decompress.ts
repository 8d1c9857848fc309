import { createGunzip, createZstdDecompress, type Gunzip, type ZstdDecompress } from 'node:zlib';
import type { ByteSource } from './byte-source.ts';
import { createZstdFrames, isZstdMagic } from './zstd-frames.ts';

export type Compression = 'gzip' | 'zstd';

/** What is wrong with compressed bytes. */
export interface Damage {
  readonly kind: 'truncated' | 'corrupt';
  readonly detail: string;
  /** Compressed bytes that were surely good: the call that failed began behind them. */
  readonly goodBytes: number;
}

export interface DecompressOptions {
  /** Called before the error is thrown; not called for errors of the input itself. */
  readonly onDamage: (damage: Damage) => void;
  /** From this byte on input goes in piece by piece, so that damage costs no good byte before it. */
  readonly carefulFromByte: number;
}

const UNEXPECTED_END = 'unexpected end of file';

/** Bytes by which `compressionOf` tells. */
export const MAGIC_BYTES = 4;

// Node's default of 16 KiB halves the throughput; larger than 256 KiB gains nothing.
const CHUNK_BYTES = 256 * 1024;

// A decoder drops what it has decoded in the call that fails, so a call must not hold much beside the fault.
const CAREFUL_PIECE_BYTES: Readonly<Record<Compression, number>> = { gzip: 1, zstd: 64 };

/** What the first bytes say that they are: gzip, zstd or neither. */
export const compressionOf = (head: Uint8Array): Compression | undefined => {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  return isZstdMagic(head) ? 'zstd' : undefined;
};

type Decoder = Gunzip | ZstdDecompress;

const createDecoder = (compression: Compression): Decoder => {
  // With a mark of 1 a write is answered only once its output was taken, so an error finds no decoded bytes waiting to be dropped.
  const options = { chunkSize: CHUNK_BYTES, readableHighWaterMark: 1 };
  return compression === 'gzip' ? createGunzip(options) : createZstdDecompress(options);
};

/** Reads `input`, cut into small pieces where care is due. */
const readPieces =
  (input: ByteSource, pieceBytes: number, carefulFromByte: number) =>
  async (): Promise<Uint8Array | undefined> => {
    const chunk = await input.read();
    if (chunk === undefined) return undefined;
    const untilCareBytes = carefulFromByte - (input.position() - chunk.length);
    const keepBytes = untilCareBytes > 0 ? untilCareBytes : pieceBytes;
    if (chunk.length <= keepBytes) return chunk;
    input.unread(chunk.subarray(keepBytes));
    return chunk.subarray(0, keepBytes);
  };

type Read = () => Promise<Uint8Array | undefined>;

/** Reads to the end of the last zstd frame, never beyond the end of a frame at once. */
const readFrames = (input: ByteSource, read: Read, onCut: () => void): Read => {
  const frames = createZstdFrames();
  return async () => {
    if (frames.atBoundary() && !isZstdMagic(await input.peek(MAGIC_BYTES))) return undefined;
    const chunk = await read();
    if (chunk === undefined) {
      onCut();
      throw new Error(UNEXPECTED_END);
    }
    const frameBytes = frames.scan(chunk);
    input.unread(chunk.subarray(frameBytes));
    return chunk.subarray(0, frameBytes);
  };
};

const write = (decoder: Decoder, chunk: Uint8Array): Promise<void> =>
  new Promise((resolve) => {
    // The error itself arrives as the decoder's 'error' event.
    decoder.write(chunk, () => resolve());
  });

/** Feeds `decoder` until the input ends, or its compressed part as far as that can be told by `read` or by the decoder. */
const feed = async (decoder: Decoder, read: Read, unusedBytes: () => number): Promise<void> => {
  while (!decoder.destroyed) {
    const chunk = await read();
    if (decoder.destroyed) return;
    if (chunk === undefined) {
      decoder.end();
      return;
    }
    await write(decoder, chunk);
    // Node's gunzip goes on to the next member by itself, and ends where a zero byte follows one.
    if (unusedBytes() > 0) return;
  }
};

/** Yields what `decoder` puts out until it ends, or throws the first error of decoder and feeding once nothing is left to take. */
async function* drain(decoder: Decoder, feeding: Promise<void>): AsyncGenerator<Uint8Array> {
  let failure: { readonly error: unknown } | undefined;
  let wake = (): void => undefined;
  const fail = (error: unknown): void => {
    failure ??= { error };
    wake();
  };
  decoder.on('readable', () => wake()).on('end', () => wake());
  decoder.on('error', fail);
  feeding.catch(fail);
  try {
    for (;;) {
      const chunk: Uint8Array | null = decoder.read();
      if (chunk !== null) yield chunk;
      else if (failure !== undefined) throw failure.error;
      else if (decoder.readableEnded) return;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  } finally {
    decoder.destroy();
  }
}

/** Decompresses one run of members or frames of one kind and leaves what follows in `input`. */
async function* decompressRun(
  compression: Compression,
  input: ByteSource,
  options: DecompressOptions,
): AsyncGenerator<Uint8Array> {
  const decoder = createDecoder(compression);
  const startByte = input.position();
  const goodBytes = (): number => startByte + decoder.bytesWritten;
  const damage = (kind: Damage['kind'], detail: string): void =>
    options.onDamage({ kind, detail, goodBytes: goodBytes() });
  decoder.on('error', (error) => {
    damage('code' in error && error.code === 'Z_BUF_ERROR' ? 'truncated' : 'corrupt', error.message);
  });
  let fed: Uint8Array = new Uint8Array(0);
  const pieces = readPieces(input, CAREFUL_PIECE_BYTES[compression], options.carefulFromByte);
  const frames = readFrames(input, pieces, () => damage('truncated', UNEXPECTED_END));
  const read = async (): Promise<Uint8Array | undefined> => {
    const chunk = await (compression === 'zstd' ? frames() : pieces());
    fed = chunk ?? fed.subarray(fed.length);
    return chunk;
  };
  const unusedBytes = (): number => input.position() - goodBytes();
  yield* drain(decoder, feed(decoder, read, unusedBytes));
  input.unread(fed.subarray(fed.length - unusedBytes()));
}

/** Takes the zero bytes that come next. */
const skipZeros = async (input: ByteSource): Promise<void> => {
  for (;;) {
    const chunk = await input.read();
    if (chunk === undefined) return;
    const start = chunk.findIndex((byte) => byte !== 0);
    if (start === -1) continue;
    input.unread(chunk.subarray(start));
    return;
  }
};

/**
 * Decompresses `input`, which begins with gzip or zstd: members or frames, one behind the other, with zero bytes between or after
 * them. All that could be decoded comes out before an error is thrown.
 */
export async function* decompress(input: ByteSource, options: DecompressOptions): AsyncGenerator<Uint8Array> {
  for (;;) {
    const compression = compressionOf(await input.peek(MAGIC_BYTES));
    if (compression !== undefined) {
      yield* decompressRun(compression, input, options);
      continue;
    }
    const before = input.position();
    await skipZeros(input);
    const next = await input.peek(MAGIC_BYTES);
    if (next.length === 0) {
      // Throws what kept `peek` from seeing more.
      await input.read();
      return;
    }
    if (compressionOf(next) === undefined) {
      const detail = 'something else follows the compressed data';
      options.onDamage({ kind: 'corrupt', detail, goodBytes: before });
      throw new Error(detail);
    }
  }
}
