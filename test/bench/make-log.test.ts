import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { type LogOrder, makeLog } from '../../bench/make-log.ts';
import { newLineCounts } from '../../core/measure/accounting.ts';
import { createDecoder } from '../../core/parse/decode.ts';
import type { RecordedRequest } from '../../core/types.ts';
import { byteText, findByte } from '../../io/byte-tools.ts';

const folder = mkdtempSync(join(tmpdir(), 'reprise-made-log-'));
afterAll(() => rmSync(folder, { recursive: true }));

const bytesOf = async (order: LogOrder): Promise<Buffer> => {
  const { file, lines, rawBytes } = await makeLog(join(folder, 'log'), order);
  const stored = readFileSync(file);
  const text = order.compression === 'zstd' ? zstdDecompressSync(stored) : gunzipSync(stored);
  expect([lines, rawBytes]).toEqual([order.lines, text.length]);
  return text;
};

const requestsOf = (bytes: Buffer): readonly RecordedRequest[] => {
  const requests: RecordedRequest[] = [];
  const decoder = createDecoder({
    name: 'made',
    logs: { format: 'auto', fields: {} },
    byteText,
    findByte,
    counts: newLineCounts(),
    onRequest: (request) => requests.push(request),
    onRejected: (rejected) => expect.fail(JSON.stringify(rejected)),
  });
  decoder.push(bytes);
  decoder.end();
  return requests;
};

describe('a made log', () => {
  it.each(['traefik', 'nginx'] as const)('of %s is the same at every call, and decodes', async (format) => {
    const bytes = await bytesOf({ lines: 1_200, format });
    expect((await bytesOf({ lines: 1_200, format })).equals(bytes)).toBe(true);
    const requests = requestsOf(bytes);
    expect(requests.length).toBe(1_200);
    expect(new Set(requests.map(({ source }) => source.format))).toEqual(new Set([format]));
  });

  it('of Traefik logs twelve request headers a line', async () => {
    const lines = (await bytesOf({ lines: 100, format: 'traefik' })).toString().trimEnd().split('\n');
    const counts = lines.map(
      (line) => Object.keys(JSON.parse(line)).filter((key) => key.startsWith('request_')).length,
    );
    expect(new Set(counts)).toEqual(new Set([12]));
  });

  it('has the same lines in one gzip member, in several, and as zstd', async () => {
    const order = { lines: 1_001, format: 'traefik' } as const;
    const bytes = await bytesOf(order);
    expect((await bytesOf({ ...order, members: 3 })).equals(bytes)).toBe(true);
    expect((await bytesOf({ ...order, compression: 'zstd' })).equals(bytes)).toBe(true);
  });

  it('that goes on from an earlier part goes on in time', async () => {
    const first = requestsOf(await bytesOf({ lines: 500, format: 'traefik' }));
    const second = requestsOf(await bytesOf({ lines: 500, firstLine: 500, format: 'traefik' }));
    expect((second[0]?.atMs ?? 0) - (first[0]?.atMs ?? 0)).toBeCloseTo(500, -1);
  });
});
