import type { WritableFile } from '../../io/line-writer.ts';

/** A disk of `sizeBytes` that takes at most `writeBytes` at once. */
export const createDisk = (sizeBytes: number, writeBytes = Number.POSITIVE_INFINITY) => {
  let content = Buffer.alloc(0);
  const calls: number[] = [];
  let isOpen = true;
  const file: WritableFile = {
    write: async (bytes) => {
      calls.push(bytes.length);
      const bytesWritten = Math.min(bytes.length, writeBytes, sizeBytes - content.length);
      if (bytesWritten === 0)
        throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', errno: -28, syscall: 'write' });
      content = Buffer.concat([content, bytes.subarray(0, bytesWritten)]);
      return { bytesWritten };
    },
    truncate: async (byteCount) => {
      content = content.subarray(0, byteCount);
    },
    close: async () => {
      isOpen = false;
    },
  };
  return { openFile: async () => file, text: () => content.toString(), calls, isOpen: () => isOpen };
};
