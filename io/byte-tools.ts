/** What Node does faster with bytes than `core/` can by itself, as the functions that `core/` asks for. */

import { Buffer } from 'node:buffer';
import type { ByteText, FindByte } from '../core/ports.ts';

/** A Buffer over the same memory; the last one is kept, since a chunk is asked for many times. */
let lastBytes: Uint8Array = new Uint8Array(0);
let lastBuffer: Buffer = Buffer.alloc(0);

const asBuffer = (bytes: Uint8Array): Buffer => {
  if (bytes !== lastBytes) {
    lastBytes = bytes;
    lastBuffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  return lastBuffer;
};

export const byteText: ByteText = (bytes, start, end) => asBuffer(bytes).toString('latin1', start, end);

export const findByte: FindByte = (bytes, byte, from) => asBuffer(bytes).indexOf(byte, from);
