/** A real nginx writes the log: what was sent through it must be what the replay sends, byte for byte. `npm run test:nginx`. */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT, readProjectFile } from '../support/project-files.ts';
import { httpAnswer, type RecordingServer, startRecordingServer } from '../support/recording-server.ts';

const execute = promisify(execFile);

/** The headers that the documented log_format holds, in its order, as a client might send them. */
const HEADERS = [
  [
    'user-agent',
    ['curl/8.14.1', 'Mozilla/5.0 (X11; "quoted"; \\ backslash)', 'Agent/1 Žluťoučký', undefined],
  ],
  ['accept', ['*/*', 'text/html,application/xhtml+xml;q=0.9', undefined]],
  ['accept-language', ['cs, en;q=0.8', undefined]],
  ['accept-encoding', ['gzip, br, zstd', undefined]],
  ['referer', ['https://shop.example.com/a?b="c"', undefined]],
  ['if-none-match', ['W/"5d8c72a5edda8"', undefined]],
  ['if-modified-since', ['Sat, 21 Nov 2026 10:00:00 GMT', undefined]],
  ['content-type', [undefined, 'application/json']],
] as const;

const TARGETS = [
  '/',
  '/catalog/42?color=blue&size=%2FXL',
  '/search?q=caf%C3%A9+au+lait%25',
  '//double//slash/../up/./here',
  '/semi;colon=1/pipe|/tilde~/[brackets]{braces}',
  '/quote"and\\backslash?x=<y>',
  '/?',
  '/empty?&&a=&=b',
  '/percent%25/a/%2E%2e/%7e?%zz%00%',
  '/bytes/\u00c5\u00e9\u00ff?raw=\u00a0',
  `/long/${'x'.repeat(2_000)}`,
];

interface Sent {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** The n-th of a list, so that all pairs of choices come up in time. */
const pick = <T>(list: readonly T[], n: number): T => list[n % list.length] as T;

const COUNT = 600;
const requests: readonly Sent[] = Array.from({ length: COUNT }, (_, n) => ({
  method: pick(['GET', 'GET', 'HEAD', 'GET', 'OPTIONS', 'GET', 'DELETE'], n),
  target: pick(TARGETS, n * 5 + Math.floor(n / TARGETS.length)),
  headers: HEADERS.flatMap(([name, values], i) => {
    const value = pick<string | undefined>(values, Math.floor(n / (i + 1)) + i);
    return value === undefined ? [] : [[name, value] as const];
  }),
}));

/** A byte outside visible ASCII goes out as `%XX`, the one form in which it can be sent. */
const asSent = (target: string): string =>
  target.replace(/[^!-~]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase()}`);

/** The text of a value as latin1 characters of its UTF-8 bytes: what stands on the wire. */
const onWire = (value: string): string => Buffer.from(value, 'utf8').toString('latin1');

const expectedOf = ({ method, target, headers }: Sent, host: string): string => {
  const agent = headers.find(([name]) => name === 'user-agent')?.[1];
  const others = headers
    .filter(([name]) => name !== 'user-agent')
    .map(([name, value]) => `${name}: ${value}`);
  const marked = agent === undefined ? [] : [`user-agent: ${onWire(agent)} reprise`];
  const added = agent === undefined ? ['user-agent: reprise'] : [];
  return [`${method} ${asSent(target)} HTTP/1.1`, `host: ${host}`, ...marked, ...others, ...added].join('\n');
};

/** Sends one request on its own connection, as raw bytes, and waits for the whole answer. */
const sendRaw = (port: number, { method, target, headers }: Sent): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const head = [
      `${method} ${target} HTTP/1.1`,
      'Host: shop.example.com',
      'Connection: close',
      ...headers.map(([name, value]) => `${name}: ${onWire(value)}`),
    ];
    socket.on('connect', () => socket.write(`${head.join('\r\n')}\r\n\r\n`, 'latin1'));
    socket.on('error', reject).on('close', () => resolve());
    socket.resume();
  });

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

/** The log_format of docs/logs.md, to the letter. */
const documentedFormat = (): string =>
  /^```nginx\n(log_format replay [\s\S]*?;)\naccess_log/m.exec(readProjectFile('docs/logs.md'))?.[1] ?? '';

const configOf = (folder: string, port: number, origin: string): string => `
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 256; }
http {
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/tmp-${name};`).join(' ')}
  ${documentedFormat()}
  access_log ${folder}/access.json replay;
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass ${origin}; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }
}
`;

/**
 * At a constant rate, since all of the log was written within a moment. All of it is sent: a machine that stands still for a while fills
 * no limit, and is not taken for a slow target.
 */
const rulesOf = (url: string): string => `
version: 1
targets: { recorder: { url: "${url}", maxInFlight: 900 } }
rules: [{ name: all, target: recorder, pacing: { mode: constant, rate: 400/s }, backoff: off }]
`;

const NGINX = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/usr/local/bin/nginx', '/opt/homebrew/bin/nginx'];

describe('the log of a real nginx', () => {
  let folder = '';
  let nginx: ChildProcess | undefined;
  let origin: RecordingServer;
  let target: RecordingServer;

  const untilListening = async (port: number): Promise<void> => {
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const answered = await sendRaw(port, { method: 'GET', target: '/ready', headers: [] }).then(
        () => true,
        () => false,
      );
      if (answered) return;
      await sleep(50);
    }
    throw new Error(`nginx did not start: ${await readFile(join(folder, 'error.log'), 'utf8')}`);
  };

  const stop = (child: ChildProcess): Promise<void> =>
    new Promise((resolve) => {
      child.once('exit', () => resolve());
      // SIGQUIT: it ends when what it serves is served and logged.
      if (child.exitCode === null) child.kill('SIGQUIT');
      else resolve();
    });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'reprise-nginx-'));
    await chmod(folder, 0o755);
    origin = await startRecordingServer({ answer: () => httpAnswer(200, 'hello') });
    target = await startRecordingServer();
    await writeFile(join(folder, 'rules.yaml'), rulesOf(target.url));
    const port = await freePort();
    await writeFile(join(folder, 'nginx.conf'), configOf(folder, port, origin.url));
    const program = NGINX.find((path) => existsSync(path)) ?? 'nginx';
    nginx = spawn(program, ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'inherit' });
    await untilListening(port);
    for (let i = 0; i < requests.length; i += 20) {
      await Promise.all(requests.slice(i, i + 20).map((request) => sendRaw(port, request)));
    }
    await stop(nginx);
  }, 60_000);

  afterAll(async () => {
    if (nginx !== undefined) await stop(nginx);
    await origin.close();
    await target.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('is written in the documented format, a line a request', async () => {
    const lines = (await readFile(join(folder, 'access.json'), 'latin1')).trimEnd().split('\n');
    const ready = lines.filter((line) => line.includes('"request_uri":"/ready"'));
    expect(lines.length - ready.length).toBe(COUNT);
    expect(origin.requests.length).toBeGreaterThan(COUNT / 2);
  });

  it('is replayed as the requests that were sent', async () => {
    const { stdout } = await execute(
      process.execPath,
      [
        join(ROOT, 'bin/reprise.js'),
        'replay',
        join(folder, 'access.json'),
        ...['--rules', join(folder, 'rules.yaml'), '--json'],
      ],
      { maxBuffer: 64 * 1024 * 1024, timeout: 60_000 },
    );
    const report = JSON.parse(stdout) as {
      balanced: boolean;
      accounting: { allRules: { planned: number; sent: number; notReplayable: unknown } };
    };
    const replayed = requests.filter(({ method }) => method !== 'DELETE');
    const host = `127.0.0.1:${target.port}`;
    const ready = expectedOf({ method: 'GET', target: '/ready', headers: [] }, host);
    const received = target.requests.map(({ requestLine, rawHeaders }) =>
      [
        requestLine,
        ...rawHeaders
          .filter(([name]) => !['connection', 'x-reprise-run', 'x-reprise-id'].includes(name))
          .map(([name, value]) => `${name}: ${value}`),
      ].join('\n'),
    );
    expect(report.balanced).toBe(true);
    expect(report.accounting.allRules.notReplayable).toEqual({
      total: COUNT - replayed.length,
      by: { unsafe_method: COUNT - replayed.length },
    });
    expect(report.accounting.allRules.sent).toBe(report.accounting.allRules.planned);
    expect(target.requests.length).toBe(report.accounting.allRules.sent);
    expect(received.filter((text) => text !== ready).sort()).toEqual(
      replayed.map((request) => expectedOf(request, host)).sort(),
    );
  }, 90_000);

  it('gives each replayed request an id of its own', () => {
    const ids = target.requests.map(
      ({ rawHeaders }) => rawHeaders.find(([name]) => name === 'x-reprise-id')?.[1],
    );
    expect(ids).not.toContain(undefined);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
