/**
 * Makes logs for the measurements: Traefik lines as `headers: keep` writes them (about thirty fields, twelve of them request headers)
 * and nginx JSON lines. Invented, and the same at every call with the same numbers.
 */

import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

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
const METHODS = ['GET', 'GET', 'GET', 'GET', 'GET', 'HEAD', 'POST', 'GET'];
const FIRST_MS = Date.UTC(2026, 10, 21, 11, 0, 0);

/** A small linear congruential generator (Numerical Recipes): the same numbers everywhere. */
const randomNumbers = (seed: number) => {
  let state = seed >>> 0;
  return (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 0x1_0000_0000) * below);
  };
};

const pick = <T>(list: readonly T[], index: number): T => list[index % list.length] as T;

/** One line of Traefik's access log, about 1.3 KB, without its newline. */
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
    ServiceURL: 'http://10.0.0.7:8080',
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
    request_Referer: 'https://shop.example.com/catalog',
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

/** Writes a gzip'd log of `lines` lines in the given format to `file`. */
export const makeLog = async (
  file: string,
  options: { lines: number; format: 'traefik' | 'nginx'; ratePerSecond?: number; gzipLevel?: number },
): Promise<MadeLog> => {
  const random = randomNumbers(7);
  const makeLine = options.format === 'traefik' ? traefikLine : nginxLine;
  const gzip = createGzip({ level: options.gzipLevel ?? 6, chunkSize: 256 * 1024 });
  const out = createWriteStream(file);
  gzip.pipe(out);
  let rawBytes = 0;
  for (let index = 0; index < options.lines; ) {
    let text = '';
    for (const stop = Math.min(index + 500, options.lines); index < stop; index += 1) {
      text += `${makeLine(index, random, options.ratePerSecond ?? 1_000)}\n`;
    }
    rawBytes += text.length;
    if (!gzip.write(text)) await new Promise((resolve) => gzip.once('drain', resolve));
  }
  gzip.end();
  await finished(out);
  return { file, lines: options.lines, rawBytes };
};
