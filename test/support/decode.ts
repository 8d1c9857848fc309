/** Runs the decoder over bytes, in whatever chunks, and keeps all that comes of it. */

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { type LineCounts, newLineCounts, sumOf } from '../../core/measure/accounting.ts';
import { createDecoder } from '../../core/parse/decode.ts';
import type { LogOptions } from '../../core/rules/rule-set.ts';
import type { RecordedRequest, Rejected } from '../../core/types.ts';
import { byteText, findByte } from '../../io/byte-tools.ts';

export interface Decoded {
  readonly requests: readonly RecordedRequest[];
  readonly rejected: readonly Rejected[];
  readonly counts: LineCounts;
}

export interface DecodeInput {
  readonly name?: string;
  readonly logs?: Partial<LogOptions>;
  /** Bytes of a chunk, or the length of each in turn, over and over; the whole in one when left out. */
  readonly chunkBytes?: number | readonly number[];
}

const encoder = new TextEncoder();

export const bytesOf = (given: Uint8Array | string): Uint8Array =>
  typeof given === 'string' ? encoder.encode(given) : given;

/** Cuts bytes into chunks whose memory is overwritten once they have been pushed, as a pool of buffers would do. */
const pushAll = (bytes: Uint8Array, lengths: readonly number[], push: (chunk: Uint8Array) => void): void => {
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const length = Math.max(1, lengths[i % lengths.length] ?? bytes.length);
    const chunk = bytes.slice(at, at + length);
    push(chunk);
    chunk.fill(0x7d);
    at += length;
  }
};

export const decodeBytes = (
  given: Uint8Array | string,
  { name = 'log', logs = {}, chunkBytes }: DecodeInput = {},
): Decoded => {
  const bytes = bytesOf(given);
  const requests: RecordedRequest[] = [];
  const rejected: Rejected[] = [];
  const counts = newLineCounts();
  const decoder = createDecoder({
    name,
    logs: { format: 'auto', fields: {}, ...logs },
    byteText,
    findByte,
    counts,
    onRequest: (request) => requests.push(request),
    onRejected: (reject) => rejected.push(reject),
  });
  const lengths = typeof chunkBytes === 'number' ? [chunkBytes] : (chunkBytes ?? [bytes.length]);
  pushAll(bytes, lengths, decoder.push);
  decoder.end();
  return { requests, rejected, counts };
};

/** Decodes one line, given as text or as the object that it holds. */
export const decodeLine = (
  line: string | Readonly<Record<string, unknown>>,
  logs: Partial<LogOptions> = {},
): RecordedRequest | string => {
  const text = typeof line === 'string' ? line : JSON.stringify(line);
  const { requests, rejected } = decodeBytes(`${text}\n`, { logs });
  const [request] = requests;
  return request ?? rejected[0]?.reason ?? 'nothing';
};

/** The request that a line must give. */
export const requestOf = (
  line: string | Readonly<Record<string, unknown>>,
  logs: Partial<LogOptions> = {},
): RecordedRequest => {
  const request = decodeLine(line, logs);
  if (typeof request === 'string') throw new Error(`rejected: ${request}`);
  return request;
};

/** Whether each line is counted once. */
export const balances = ({ counts, requests, rejected }: Decoded): boolean =>
  counts.lines === counts.parsed + sumOf(counts.rejected) &&
  counts.parsed === requests.length &&
  sumOf(counts.rejected) === rejected.length;

/** Bytes of a fixture, unzipped. */
export const fixtureBytes = (path: string): Uint8Array => {
  const bytes = readFileSync(new URL(`../fixtures/${path}`, import.meta.url));
  return new Uint8Array(path.endsWith('.gz') ? gunzipSync(bytes) : bytes);
};

/** Lines of a fixture. */
export const fixtureLines = (path: string): readonly string[] =>
  Buffer.from(fixtureBytes(path))
    .toString('latin1')
    .split('\n')
    .filter((line) => line !== '');
