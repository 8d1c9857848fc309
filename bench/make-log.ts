/**
 * Makes logs for the measurements: Traefik lines as `headers: keep` writes them (about thirty fields, twelve of them request headers)
 * and nginx JSON lines. Invented, and the same at every call with the same numbers.
 */

import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGzip, createZstdCompress } from 'node:zlib';

const AGENTS = [
  'Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36',
  'okhttp/4.12.0',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1',
];
const PATHS = [
  '/api/products',
  '/api/cart/items',
  '/static/app.9f8e7d.js',
  '/search',
  '/api/users/profile',
  '/',
];
/** Mostly plain; one in 64 has text outside ASCII, one in 64 escapes. */
const REFERERS = Array.from({ length: 64 }, (_, i) => {
  if (i === 0) return 'https://shop.example.com/検索/商品';
  return `https://shop.example.com/catalog${i === 1 ? '?q="red shoes"' : ''}`;
});
/** As Go writes a `url.URL`. */
const SERVICE_URL = {
  Scheme: 'http',
  Opaque: '',
  User: null,
  Host: '10.0.0.7:8080',
  Path: '',
  RawPath: '',
  ForceQuery: false,
  RawQuery: '',
  Fragment: '',
};
const METHODS = ['GET', 'GET', 'GET', 'GET', 'GET', 'HEAD', 'POST', 'GET'];
const FIRST_MS = Date.UTC(2026, 10, 21, 11, 0, 0);

/** A small linear congruential generator (Numerical Recipes): the same numbers everywhere. */
export const randomNumbers = (seed: number) => {
  let state = seed >>> 0;
  return (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 0x1_0000_0000) * below);
  };
};

const pick = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;

/** One line of Traefik's access log, about 1.2 KB, without its newline. */
export const traefikLine = (
  index: number,
  random: (below: number) => number,
  ratePerSecond: number,
): string => {
  const start = new Date(FIRST_MS + Math.floor((index * 1000) / ratePerSecond));
  const nanos = String(random(1_000_000)).padStart(6, '0');
  const utc = `${start.toISOString().slice(0, 23)}${nanos}Z`;
  const durationNanos = 2_000_000 + random(90_000_000);
  const path = `${pick(PATHS, random(97))}/${random(50_000)}${random(3) === 0 ? `?page=${random(40)}&q=term${random(900)}` : ''}`;
  const client = `203.0.113.${random(254)}`;
  const status = pick([200, 200, 200, 200, 304, 404, 200, 503], random(64));
  const host = pick(['shop.example.com', 'api.example.com'], random(2));
  return JSON.stringify({
    ClientAddr: `${client}:${30_000 + random(30_000)}`,
    ClientHost: client,
    ClientPort: '41156',
    ClientUsername: '-',
    DownstreamContentSize: random(40_000),
    DownstreamStatus: status,
    Duration: durationNanos,
    OriginContentSize: random(40_000),
    OriginDuration: durationNanos - 20_000,
    OriginStatus: status,
    Overhead: 20_000,
    RequestAddr: host,
    RequestContentSize: 0,
    RequestCount: index + 1,
    RequestHost: host,
    RequestMethod: pick(METHODS, random(64)),
    RequestPath: path,
    RequestPort: '-',
    RequestProtocol: 'HTTP/1.1',
    RequestScheme: 'https',
    RetryAttempts: 0,
    RouterName: 'web@docker',
    ServiceAddr: '10.0.0.7:8080',
    ServiceName: 'app@docker',
    // Traefik writes a struct or a text, depending on its version.
    ServiceURL: index % 5 === 0 ? SERVICE_URL : 'http://10.0.0.7:8080',
    StartLocal: utc,
    StartUTC: utc,
    entryPointName: 'websecure',
    level: 'info',
    msg: '',
    request_Accept: '*/*',
    'request_Accept-Encoding': 'gzip, deflate, br',
    'request_Accept-Language': 'en-GB,en;q=0.9,de;q=0.7',
    'request_Cache-Control': 'no-cache',
    request_Cookie: 'REDACTED',
    request_Dnt: '1',
    request_Referer: pick(REFERERS, random(256)),
    'request_Sec-Fetch-Mode': random(9) === 0 ? 'navigate' : 'cors',
    'request_User-Agent': pick(AGENTS, random(64)),
    'request_X-Forwarded-Host': host,
    'request_X-Forwarded-Proto': 'https',
    'request_X-Internal-Trace': `t-${random(1_000_000)}`,
    time: `${utc.slice(0, 19)}Z`,
  });
};

/** One line of an nginx access log with the usual names, about 350 bytes. */
export const nginxLine = (
  index: number,
  random: (below: number) => number,
  ratePerSecond: number,
): string => {
  const atMs = FIRST_MS + Math.floor((index * 1000) / ratePerSecond);
  return JSON.stringify({
    time: new Date(atMs).toISOString(),
    msec: (atMs / 1000).toFixed(3),
    remote_addr: `203.0.113.${random(254)}`,
    request_method: pick(METHODS, random(64)),
    request_uri: `${pick(PATHS, random(97))}/${random(50_000)}`,
    host: 'shop.example.com',
    status: '200',
    body_bytes_sent: String(random(40_000)),
    request_time: (random(200) / 1000).toFixed(3),
    upstream_response_time: (random(190) / 1000).toFixed(3),
    http_referer: '',
    http_user_agent: pick(AGENTS, random(64)),
  });
};

export interface MadeLog {
  readonly file: string;
  readonly lines: number;
  readonly rawBytes: number;
}

export interface LogOrder {
  readonly lines: number;
  /** Number of the first line, which gives it its time; default 0. */
  readonly firstLine?: number;
  readonly format: 'traefik' | 'nginx';
  readonly ratePerSecond?: number;
  /** Default: gzip. */
  readonly compression?: 'gzip' | 'zstd';
  readonly gzipLevel?: number;
  /** Gzip members that the log is cut into, as rotation and shippers leave them. */
  readonly members?: number;
}

const LINES_AT_ONCE = 500;

/** Text of lines `from` to `to`. */
const textOf = (
  { format, ratePerSecond = 1_000 }: LogOrder,
  [from, to]: readonly [number, number],
  random: (below: number) => number,
): string => {
  const makeLine = format === 'traefik' ? traefikLine : nginxLine;
  let text = '';
  for (let index = from; index < to; index += 1) text += `${makeLine(index, random, ratePerSecond)}\n`;
  return text;
};

const compressorFor = ({ compression, gzipLevel = 6 }: LogOrder) =>
  compression === 'zstd' ? createZstdCompress() : createGzip({ level: gzipLevel, chunkSize: 256 * 1024 });

/** Writes a compressed log of `lines` lines to `file`. */
export const makeLog = async (file: string, order: LogOrder): Promise<MadeLog> => {
  const { lines, firstLine = 0, members = 1 } = order;
  const random = randomNumbers(7 + firstLine);
  let rawBytes = 0;
  for (let member = 0; member < members; member += 1) {
    const first = firstLine + Math.floor((member * lines) / members);
    const end = firstLine + Math.floor(((member + 1) * lines) / members);
    const pieces = function* (): Generator<Buffer> {
      for (let at = first; at < end; at += LINES_AT_ONCE) {
        const bytes = Buffer.from(textOf(order, [at, Math.min(at + LINES_AT_ONCE, end)], random));
        rawBytes += bytes.length;
        yield bytes;
      }
    };
    await pipeline(
      pieces(),
      compressorFor(order),
      createWriteStream(file, { flags: member === 0 ? 'w' : 'a' }),
    );
  }
  return { file, lines, rawBytes };
};
