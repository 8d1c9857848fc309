/**
 * Finds where zstd frames end, by hopping from block header to block header (no content is looked at). Needed since Node's
 * decompressor ignores whatever follows a frame within a chunk and, before Node 24, takes a cut frame for a whole one.
 * Format: https://www.rfc-editor.org/rfc/rfc8878#section-3.1
 */
export interface ZstdFrames {
  /** Whether a frame ended with the last byte seen, or none was begun. */
  atBoundary(): boolean;
  /** How many bytes of `chunk` belong to the frame that is being read; all of them where it does not end in this chunk. */
  scan(chunk: Uint8Array): number;
}

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
const BLOCK_RLE = 1;

const littleEndian = (bytes: Uint8Array, count: number): number => {
  let value = 0;
  for (let i = count - 1; i >= 0; i--) value = value * 256 + (bytes[i] ?? 0);
  return value;
};

/** Whether four little-endian bytes begin a zstd frame, skippable ones among them. */
export const isZstdMagic = (head: Uint8Array): boolean => {
  if (head.length < 4) return false;
  const magic = littleEndian(head, 4);
  return magic === FRAME_MAGIC || (magic & ~0xf) >>> 0 === SKIPPABLE_MAGIC;
};

/** Bytes of a frame header after its descriptor byte: window, dictionary id and content size. */
const headerBytes = (descriptor: number): number => {
  const singleSegment = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >>> 6;
  const contentSizeBytes = sizeFlag === 0 ? (singleSegment ? 1 : 0) : 1 << sizeFlag;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  return (singleSegment ? 0 : 1) + dictionaryBytes + contentSizeBytes;
};

type Field = 'magic' | 'skipBytes' | 'descriptor' | 'block';
const FIELD_BYTES: Readonly<Record<Field, number>> = { magic: 4, skipBytes: 4, descriptor: 1, block: 3 };

/** Starts before a frame's first byte; goes from frame to frame as `scan` is called. */
export const createZstdFrames = (): ZstdFrames => {
  const held = new Uint8Array(4);
  let heldBytes = 0;
  let field: Field = 'magic';
  let checksumBytes = 0;
  /** Bytes to hop over before the next field. */
  let hopBytes = 0;
  /** Whether the frame ends once they are hopped over. */
  let last = false;

  const takeField = (): void => {
    const value = littleEndian(held, FIELD_BYTES[field]);
    if (field === 'magic') {
      field = value === FRAME_MAGIC ? 'descriptor' : 'skipBytes';
    } else if (field === 'skipBytes') {
      hopBytes = value;
      last = true;
    } else if (field === 'descriptor') {
      checksumBytes = (value & 4) === 0 ? 0 : 4;
      hopBytes = headerBytes(value);
      field = 'block';
    } else {
      last = (value & 1) === 1;
      const isRle = ((value >>> 1) & 3) === BLOCK_RLE;
      hopBytes = (isRle ? 1 : value >>> 3) + (last ? checksumBytes : 0);
    }
  };

  return {
    atBoundary: () => field === 'magic' && heldBytes === 0,
    scan: (chunk) => {
      let at = 0;
      while (at < chunk.length) {
        const hop = Math.min(hopBytes, chunk.length - at);
        hopBytes -= hop;
        at += hop;
        while (!last && hopBytes === 0 && heldBytes < FIELD_BYTES[field] && at < chunk.length) {
          held[heldBytes++] = chunk[at++] ?? 0;
        }
        if (heldBytes === FIELD_BYTES[field]) {
          heldBytes = 0;
          takeField();
        }
        if (last && hopBytes === 0) {
          last = false;
          field = 'magic';
          return at;
        }
      }
      return at;
    },
  };
};
