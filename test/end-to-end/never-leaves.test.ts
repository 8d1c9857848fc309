import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Ended, runChild, tempFolders } from '../support/cli.ts';
import { LOG_START_MS } from '../support/logs.ts';
import { expectAccounted } from '../support/outcome.ts';
import { startWorld } from '../support/planner-world.ts';
import { type RecordingServer, startRecordingServer } from '../support/recording-server.ts';
import { ruleSetOf } from '../support/rules.ts';
import { startSenderWorld } from '../support/sender-setup.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

/** Stands in every value that must not leave. */
const LEAK = 'LEAKED';

const CREDENTIALS = ['Authorization', 'Proxy-Authorization', 'Cookie', 'X-Api-Key', 'X-Amz-Security-Token'];
const FORWARDED = [
  'Forwarded',
  'X-Forwarded-For',
  'X-Forwarded-Host',
  'X-Forwarded-Proto',
  'X-Forwarded-Client-Cert',
  'X-Real-Ip',
  'Via',
];
const HOP_BY_HOP = [
  'Keep-Alive',
  'TE',
  'Trailer',
  'Transfer-Encoding',
  'Upgrade',
  'Proxy-Connection',
  'Proxy-Authenticate',
  'HTTP2-Settings',
  'Expect',
  'Content-Length',
  'Host',
  // Named by the Connection header.
  'X-Of-The-Connection',
];
const REDACTED: Readonly<Record<string, string>> = {
  'X-Redacted': 'REDACTED',
  'X-Stars': '***',
  'X-Bracketed': '[redacted]',
};
/** No client sends these: they are left out, and counted. */
const UNSENDABLE: Readonly<Record<string, string>> = {
  'X-Break': `a\r\nX-Injected: ${LEAK}`,
  'X-Newline': `${LEAK}\n`,
  'X-Nul': `${LEAK}\0`,
  'X-Delete': `${LEAK}\u007f`,
  'X-Lost': `${LEAK}\ufffd`,
};
const NEVER = [...CREDENTIALS, ...FORWARDED, ...HOP_BY_HOP, 'Connection'];

const leakOf = (name: string): string => `${LEAK}-${name.toLowerCase()}`;

const headers: Readonly<Record<string, string>> = {
  'User-Agent': 'Mozilla/5.0',
  Accept: 'text/html',
  'X-Plain': 'sent',
  Connection: 'close, X-Of-The-Connection',
  ...Object.fromEntries([...CREDENTIALS, ...FORWARDED, ...HOP_BY_HOP].map((name) => [name, leakOf(name)])),
  ...REDACTED,
  ...UNSENDABLE,
};

/** Only headers can have been redacted by what logged them; a query is the client's own, and goes as it came. */
const PATH = '/a?x=REDACTED&y=***&token=abc';

const traefik = (path: string, own: Readonly<Record<string, string>>): string =>
  JSON.stringify({
    ClientHost: '192.0.2.7',
    DownstreamStatus: 200,
    Duration: 1e6,
    RequestAddr: 'shop.example.com',
    RequestMethod: 'GET',
    RequestPath: path,
    RequestProtocol: 'HTTP/1.1',
    StartUTC: new Date(LOG_START_MS).toISOString(),
    ...Object.fromEntries(Object.entries(own).map(([name, value]) => [`request_${name}`, value])),
  });

const nginx = (path: string, own: Readonly<Record<string, string>>): string =>
  JSON.stringify({
    ...Object.fromEntries(
      Object.entries(own).map(([name, value]) => [`http_${name.toLowerCase().replaceAll('-', '_')}`, value]),
    ),
    msec: ((LOG_START_MS + 20) / 1_000).toFixed(3),
    request_time: '0.001',
    remote_addr: '192.0.2.7',
    http_host: 'shop.example.com',
    request: `GET ${path} HTTP/1.1`,
    status: '200',
    content_length: '',
  });

const LINES = [
  traefik(PATH, headers),
  nginx(PATH, headers),
  // Our own: whoever sends one of these headers is us, and is never replayed.
  traefik('/own', { 'User-Agent': 'x', 'X-Reprise-Id': LEAK }),
  nginx('/own', { 'User-Agent': 'x', 'X-Reprise-Run': LEAK }),
  traefik('/own', { 'User-Agent': 'curl/8 reprise' }),
  // As an absolute target a proxy may log user and password.
  traefik(`http://user:${LEAK}@shop.example.com/b`, { 'User-Agent': 'x' }),
];
const LOG = `${LINES.join('\n')}\n`;

const FROM_ENV = 'VALUE-FROM-ENV';
const KEPT = 'rule-that-keeps';
const rulesFor = (url: string): string => `version: 1
targets: { t: { url: "${url}" } }
rules:
  - { name: plain, target: t }
  - name: ${KEPT}
    target: t
    match: { path: /a }
    host: recorded
    headers: { keep: [authorization, "x-forwarded-*", via, connection, x-reprise-id], set: { x-env: { fromEnv: TOKEN } } }
`;

interface RawServer {
  readonly server: RecordingServer;
  /** All bytes that came, of each connection. */
  readonly raw: () => string;
}

const startRawServer = async (): Promise<RawServer> => {
  const chunks: Buffer[] = [];
  const server = await startRecordingServer({
    onConnection: (socket) => void socket.on('data', (chunk: Buffer) => chunks.push(chunk)),
  });
  return { server, raw: () => Buffer.concat(chunks).toString('latin1') };
};

/** The requests as they stood on the wire, one text each, without what differs from run to run. */
const requestsIn = (raw: string, port: number): readonly string[] =>
  raw
    .split('\r\n\r\n')
    .filter((head) => head !== '')
    .map((head) => head.replaceAll(`:${port}`, ':PORT').replace(/(?<=\r\nx-reprise-run: ).*/, 'RUN'))
    .sort();

let target: RawServer;
let cwd = '';
beforeEach(async () => {
  target = await startRawServer();
  cwd = folders.make();
  writeFileSync(join(cwd, 'a.log'), LOG);
  writeFileSync(join(cwd, 'rules.yaml'), rulesFor(target.server.url));
});
afterEach(() => target.server.close());

const reprise = (...args: readonly string[]): Promise<Ended> =>
  runChild(args, { cwd, env: { TOKEN: FROM_ENV } });
const RULES = ['--rules', 'rules.yaml'] as const;

const replay = async (): Promise<Ended> => {
  const ended = await reprise('replay', 'a.log', ...RULES, '--out', 'out', '--rejects', 'rejects.ndjson');
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  return ended;
};

const isKept = (request: string): boolean => request.includes(`.${KEPT}.`);
const namesIn = (request: string): readonly string[] =>
  request
    .split('\r\n')
    .slice(1)
    .map((line) => line.slice(0, line.indexOf(':')).toLowerCase());

const requests = (): readonly string[] => requestsIn(target.raw(), target.server.port);

describe('what a replay puts on the wire', () => {
  it('holds nothing that must not leave, of Traefik’s lines or of nginx’s', async () => {
    await replay();
    const plain = requests().filter((request) => !isKept(request));
    expect(plain).toHaveLength(3);
    expect(plain.join('\r\n')).not.toContain(LEAK);
    const never = [...NEVER, ...Object.keys(REDACTED), ...Object.keys(UNSENDABLE), 'X-Injected'].map((name) =>
      name.toLowerCase(),
    );
    for (const request of plain) {
      const names = namesIn(request);
      // The two that we make ourselves.
      expect(names.slice(0, 2)).toEqual(['host', 'connection']);
      expect(names.slice(2).filter((name) => never.includes(name))).toEqual([]);
    }
  });

  it('holds all the rest, byte for byte, and the mark', async () => {
    await replay();
    const lines = requests()
      .filter((request) => !isKept(request) && request.includes('/a?'))
      .map((request) => request.replace(/(?<=x-reprise-id: )[0-9a-f]{16}/, 'ID').split('\r\n'));
    const own = ['x-reprise-run: RUN', 'x-reprise-id: ID.plain.0'];
    const first = [`GET ${PATH} HTTP/1.1`, 'host: 127.0.0.1:PORT', 'connection: keep-alive'];
    expect(lines).toEqual([
      [...first, 'User-Agent: Mozilla/5.0 reprise', 'Accept: text/html', 'X-Plain: sent', ...own],
      [...first, 'user-agent: Mozilla/5.0 reprise', 'accept: text/html', 'x-plain: sent', ...own],
    ]);
  });

  it('holds of what headers.keep names the credentials, and never what belongs to a connection or a proxy', async () => {
    await replay();
    const kept = requests().filter(isKept);
    expect(kept).toHaveLength(2);
    for (const request of kept) {
      const leaks = request.split('\r\n').filter((line) => line.includes(LEAK));
      expect(leaks.map((line) => line.toLowerCase())).toEqual([
        `authorization: ${leakOf('authorization')}`.toLowerCase(),
      ]);
      expect(request).toContain('\r\nhost: shop.example.com\r\nconnection: keep-alive\r\n');
    }
  });

  it('counts what no client can send', async () => {
    await replay();
    const { report } = expectAccounted(join(cwd, 'out'));
    expect(report.accounting.allRules.headersDropped).toBe(4 * Object.keys(UNSENDABLE).length);
    expect(report.accounting).toMatchObject({ lines: 6, parsed: 6, ownTraffic: 3 });
  });
});

const writtenIn = (folder: string): string =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');

describe('a value from the environment', () => {
  it('reaches the wire, and nothing else: no result, report, reject or output', async () => {
    writeFileSync(join(cwd, 'a.log'), `${LOG}not a line\n`);
    const { stdout, stderr } = await replay();
    expect(requests().filter((request) => request.includes(`\r\nx-env: ${FROM_ENV}`))).toHaveLength(2);
    const outputs = await Promise.all([
      reprise('plan', 'a.log', ...RULES),
      reprise('plan', 'a.log', ...RULES, '--json'),
      reprise('rules', 'explain', 'a.log:1', ...RULES),
      reprise('rules', 'explain', 'a.log:1', ...RULES, '--json'),
      reprise('rules', 'check', 'rules.yaml'),
      reprise('replay', 'a.log', ...RULES, '--json'),
    ]);
    for (const { code } of outputs) expect(code).toBe(0);
    const said = outputs.map((ended) => ended.stdout + ended.stderr).join('\n');
    expect(`${stdout}${stderr}${said}${writtenIn(cwd)}`).not.toContain(FROM_ENV);
  });

  it('stands in no message where it cannot be sent', async () => {
    const ended = await runChild(['replay', 'a.log', ...RULES], { cwd, env: { TOKEN: `${FROM_ENV}\nx` } });
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('the environment variable TOKEN holds control bytes');
    expect(ended.stdout + ended.stderr).not.toContain(FROM_ENV);
    expect(target.server.connections).toBe(0);
  });

  it('is not taken from the environment of whoever only plans', async () => {
    const ended = await runChild(['plan', 'a.log', ...RULES], { cwd, env: {} });
    expect(ended).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('what a replay writes', () => {
  it('holds none of the recorded credentials', async () => {
    const { stdout } = await replay();
    const written = writtenIn(join(cwd, 'out'));
    expect(written).not.toContain(LEAK);
    expect(stdout).not.toContain(LEAK);
  });
});

describe('what senders on AWS put on the wire', () => {
  it('is to the byte what a replay on one machine does', async () => {
    await replay();
    const aws = await startRawServer();
    const ruleSet = ruleSetOf(rulesFor(aws.server.url));
    const planner = await startWorld({ ruleSet });
    const sender = await startSenderWorld({
      secretNames: ['TOKEN'],
      settings: { secrets: { TOKEN: '/reprise/token' } },
      secrets: { '/reprise/token': FROM_ENV },
      targetChanges: { origin: aws.server.url },
    });
    try {
      await planner.invoke(planner.putLog(LOG));
      const slices = planner.slices();
      expect(slices.length).toBeGreaterThan(0);
      await sender.mirror('on');
      for (const slice of slices) {
        const startAtMs = Date.now() + 200;
        const ended = await sender.send({ ...slice, startAtMs, notAfterMs: startAtMs + 10_000 });
        expect(ended.kind).toBe('sent');
      }
      expect(requestsIn(aws.raw(), aws.server.port)).toEqual(requests());
      const told = JSON.stringify([
        planner.lines,
        planner.ledgers(),
        slices,
        sender.records(),
        sender.written(),
      ]);
      expect(told).not.toContain(FROM_ENV);
      expect(told.replaceAll(leakOf('authorization'), '')).not.toContain(LEAK);
    } finally {
      await Promise.all([planner.close(), sender.close(), aws.server.close()]);
    }
  });
});
