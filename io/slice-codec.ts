/** The lines of a slice as the text that crosses to a sender: base64 of gzip of NDJSON. */

import { gunzipSync, gzipSync } from 'node:zlib';
import { RepriseError } from '../core/errors.ts';

/** Most bytes that a slice may unpack to: a thousand requests of the largest size are far more than any planner cuts. */
export const MAX_UNPACKED_BYTES = 32 * 1024 * 1024;

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Packs lines that hold no newline. The same lines give the same text. */
export const encodeSliceData = (lines: readonly string[]): string =>
  gzipSync(lines.join('\n'), { level: 6 }).toString('base64');

const unpack = (data: string, maxBytes: number): string => {
  if (data.length % 4 !== 0 || !BASE64.test(data)) {
    throw new RepriseError(
      'SLICE_INVALID',
      'data of a slice must be base64, got other characters or a cut text',
    );
  }
  try {
    const bytes = gunzipSync(Buffer.from(data, 'base64'), { maxOutputLength: maxBytes });
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    const message = `data of a slice must be gzip of at most ${maxBytes} bytes of UTF-8, got ${String(cause)}`;
    throw new RepriseError('SLICE_INVALID', message, { cause });
  }
};

/**
 * Unpacks what `encodeSliceData` packed.
 *
 * @throws RepriseError `SLICE_INVALID` for what is no base64, no gzip or no UTF-8, and for what unpacks to more than `maxBytes`
 */
export const decodeSliceData = (
  data: string,
  { maxBytes = MAX_UNPACKED_BYTES }: { readonly maxBytes?: number } = {},
): readonly string[] => {
  const text = unpack(data, maxBytes);
  return text === '' ? [] : text.split('\n');
};
