import type { Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

const READ_BYTES = 256 * 1024;
const NEWLINE = 10;

// Enough of a log's last lines to tell, by their times, whether the file still is what was read.
const TAIL_BYTES = 256;

// A longer line is rejected anyway.
const MAX_LINE_BYTES = 1024 * 1024;

/** A file that is held open while it is followed, whatever name it gets meanwhile. */
export interface FollowedFile {
  readonly key: string;
  /**
   * Looks for what changed since it was last looked at. `restarted`: it was emptied or written anew in place, and is read from its
   * beginning again.
   */
  look(): Promise<'same' | 'grown' | 'restarted'>;
  /** What there was to read when it was last looked at. */
  read(): AsyncGenerator<Buffer>;
  /** As last looked at. */
  sizeBytes(): number;
  close(): Promise<void>;
}

/** Names a file whatever its path; the number may be given anew once the file is removed and no longer held open. */
export const fileKey = (stats: Stats): string => `${stats.dev}:${stats.ino}`;

const readAt = async (handle: FileHandle, position: number, byteCount: number): Promise<Buffer> => {
  const buffer = Buffer.allocUnsafe(byteCount);
  const { bytesRead } = await handle.read(buffer, 0, byteCount, position);
  return buffer.subarray(0, bytesRead);
};

/** Where the line starts that a file ends within, so that a half-written line is read whole; the end where that is too far away. */
const lastLineStart = async (handle: FileHandle, sizeBytes: number): Promise<number> => {
  const from = Math.max(0, sizeBytes - MAX_LINE_BYTES);
  const newline = (await readAt(handle, from, sizeBytes - from)).lastIndexOf(NEWLINE);
  if (newline !== -1) return from + newline + 1;
  return from === 0 ? 0 : sizeBytes;
};

const lastBytes = (tail: Buffer, chunk: Buffer): Buffer =>
  // Copied, so that 256 bytes do not keep a whole chunk alive.
  chunk.length >= TAIL_BYTES
    ? Buffer.from(chunk.subarray(-TAIL_BYTES))
    : Buffer.concat([tail, chunk]).subarray(-TAIL_BYTES);

/** Follows an open file from its start, or from the start of the line it ends with. */
export const followFile = async (handle: FileHandle, fromStart: boolean): Promise<FollowedFile> => {
  const opened = await handle.stat();
  let seen: { size: number; mtimeMs: number } = { size: 0, mtimeMs: 0 };
  let offset = fromStart ? 0 : await lastLineStart(handle, opened.size);
  let tail = await readAt(handle, Math.max(0, offset - TAIL_BYTES), Math.min(offset, TAIL_BYTES));
  let isAfterRestart = false;

  const isAnotherText = async (): Promise<boolean> =>
    tail.length > 0 && !tail.equals(await readAt(handle, offset - tail.length, tail.length));

  return {
    key: fileKey(opened),
    sizeBytes: () => seen.size,
    look: async () => {
      const { size, mtimeMs } = await handle.stat();
      const isTouched = size !== seen.size || mtimeMs !== seen.mtimeMs;
      seen = { size, mtimeMs };
      // Emptied and refilled between two looks, it may be as long as before, or longer.
      if (size < offset || (isTouched && (await isAnotherText()))) {
        offset = 0;
        tail = Buffer.alloc(0);
        isAfterRestart = true;
        return 'restarted';
      }
      return size > offset ? 'grown' : 'same';
    },
    read: async function* () {
      while (offset < seen.size) {
        const chunk = await readAt(handle, offset, Math.min(READ_BYTES, seen.size - offset));
        if (chunk.length === 0) return;
        offset += chunk.length;
        tail = lastBytes(tail, chunk);
        // A writer that does not append goes on where it was, and leaves a hole before it that reads as zeros.
        const start = isAfterRestart ? chunk.findIndex((byte) => byte !== 0) : 0;
        if (start === -1) continue;
        isAfterRestart = false;
        yield chunk.subarray(start);
      }
    },
    close: () => handle.close(),
  };
};

/** Opens what stands at `path` to follow it; a file that is replaced meanwhile does no harm, since `key` is that of what was opened. */
export const openFollowed = async (path: string, fromStart: boolean): Promise<FollowedFile> => {
  const handle = await open(path, 'r');
  try {
    return await followFile(handle, fromStart);
  } catch (error) {
    await handle.close();
    throw error;
  }
};
