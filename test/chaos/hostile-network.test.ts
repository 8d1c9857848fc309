import { readFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { expectCut, expectHeldBack, expectRecovered, expectSound } from '../support/chaos/expect-sound.ts';
import { idsOf } from '../support/chaos/hostile-answers.ts';
import { seededRandom } from '../support/chaos/random.ts';
import { startReplay, whileRunning } from '../support/chaos/replay-process.ts';
import { startTargetProcess, type TargetProcess } from '../support/chaos/target-process.ts';
import { tempFolders } from '../support/cli.ts';
import { ROOT } from '../support/project-files.ts';
import { startRecordingServer } from '../support/recording-server.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const LOG = { requests: 1_500, everyMs: 2 };
/** Long enough to suffer in, and to recover. */
const LONG_LOG = { requests: 5_000, everyMs: 2.5 };

const startTarget = async (cwd: string): Promise<TargetProcess> => {
  const target = await startTargetProcess(join(cwd, 'received'));
  closers.push(target.kill);
  return target;
};

describe('a target that is a process', () => {
  // Proves that one that dies and comes back costs what was sent meanwhile, is let off while it is away, and is sent to again.
  it('killed and started again in the middle of a run is let off, and sent to again', async () => {
    const cwd = folders.make();
    const target = await startTarget(cwd);
    const replay = startReplay({ cwd, log: LONG_LOG, url: target.url });
    await whileRunning(replay, () => target.received().length > 300);
    await target.kill();
    const before = target.received().length;
    await pause(2_000);
    await target.restart();
    const { counts, report } = expectSound(await replay.ended, {
      received: target.received(),
      onlyTo: [`127.0.0.1:${target.port}`],
    });
    expect(target.received().length).toBeGreaterThan(before + 100);
    expect(Object.keys(counts.failed.by).sort().join()).toMatch(
      /^(?:refused)?,?(?:reset)?,?(?:reset_reused)?$/,
    );
    expect(counts.failed.by.refused).toBeGreaterThan(0);
    expectRecovered(report);
  });

  // Proves that connections which are open on one side only run into the time limit, and take nothing else with them.
  it('frozen with its sockets open, and thawed later, gets nothing twice', async () => {
    const cwd = folders.make();
    const target = await startTarget(cwd);
    const replay = startReplay({ cwd, log: LONG_LOG, url: target.url });
    await whileRunning(replay, () => target.received().length > 300);
    target.freeze();
    await pause(2_000);
    target.thaw();
    const { counts, report } = expectSound(await replay.ended, {
      received: target.received(),
      onlyTo: [`127.0.0.1:${target.port}`],
    });
    expect(counts.failed.by.timeout).toBeGreaterThan(0);
    expect(counts.answered.total).toBeGreaterThan(500);
    expectRecovered(report);
  });

  // Proves that a run ends in time beside a target whose kernel still accepts for it, and does no more.
  it('frozen for good keeps no run from its end', async () => {
    const cwd = folders.make();
    const target = await startTarget(cwd);
    const replay = startReplay({ cwd, log: LOG, url: target.url });
    await whileRunning(replay, () => target.received().length > 300);
    target.freeze();
    const end = await replay.ended;
    const received = target.received();
    const { counts, report } = expectSound(end, { received, onlyTo: [`127.0.0.1:${target.port}`] });
    expect(Object.keys(counts.failed.by)).toEqual(['timeout']);
    expectHeldBack(report);
  });
});

const tlsFile = (name: string): string => join(ROOT, 'test/fixtures/tls', name);
const CERTIFICATE = tlsFile('loopback.cert.pem');
const tls = {
  key: readFileSync(tlsFile('loopback.key.pem'), 'utf8'),
  cert: readFileSync(CERTIFICATE, 'utf8'),
};
const TRUSTING = { NODE_EXTRA_CA_CERTS: CERTIFICATE };

/** Nothing of this depends on a time limit. */
const PATIENT = { timeoutMs: 5_000 };

const startTls = async (host = '127.0.0.1') => {
  const server = await startRecordingServer({ tls, host });
  closers.push(server.close);
  return server;
};

/** Stands between, and cuts each connection after so many bytes of what the target says, between none and `mostBytes`. */
const startCutter = async (toPort: number, mostBytes: number, seed: number): Promise<number> => {
  const random = seededRandom(seed);
  const sockets = new Set<Socket>();
  const server: Server = createServer((client) => {
    const target = connect(toPort, '127.0.0.1');
    let left = Math.floor(random() * mostBytes);
    const end = (): void => {
      client.destroy();
      target.destroy();
    };
    for (const socket of [client, target]) sockets.add(socket.on('error', end).on('close', end));
    client.pipe(target);
    target.on('data', (chunk: Buffer) => {
      const passed = chunk.subarray(0, left);
      left -= passed.length;
      client.write(passed, () => left === 0 && end());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
};

describe('TLS', () => {
  // Proves that what is asked below fails for its own reason alone.
  it('of a target that is trusted works', async () => {
    const server = await startTls();
    const cwd = folders.make();
    const end = await startReplay({ cwd, log: LOG, url: server.url, env: TRUSTING, ...PATIENT }).ended;
    const { counts } = expectSound(end, { received: idsOf(server), onlyTo: [`127.0.0.1:${server.port}`] });
    expect(counts.answered.by).toEqual({ 200: counts.sent });
  });

  // Proves that no request leaves for a target that nobody vouches for.
  it('of a target that signed for itself fails before anything is sent', async () => {
    const server = await startTls();
    const end = await startReplay({ cwd: folders.make(), log: LOG, url: server.url, ...PATIENT }).ended;
    const { counts, report } = expectSound(end, { onlyTo: [`127.0.0.1:${server.port}`] });
    expect(server.requests).toEqual([]);
    expect(counts.failed.by).toEqual({ tls: counts.sent });
    expectHeldBack(report);
  });

  // Proves that no request leaves for a target that shows the certificate of another.
  it('of a target with the certificate of another host fails before anything is sent', async () => {
    const server = await startTls('127.0.0.2');
    const end = await startReplay({
      cwd: folders.make(),
      log: LOG,
      url: server.url,
      env: TRUSTING,
      ...PATIENT,
    }).ended;
    const { counts, report } = expectSound(end, { onlyTo: [`127.0.0.2:${server.port}`] });
    expect(server.requests).toEqual([]);
    expect(counts.failed.by).toEqual({ tls: counts.sent });
    expectHeldBack(report);
  });

  // Proves that a handshake that breaks off anywhere is a failed request, and nothing worse.
  it('whose handshake breaks off half way fails request by request', async () => {
    const server = await startTls();
    const port = await startCutter(server.port, 700, 5);
    const url = `https://127.0.0.1:${port}`;
    const end = await startReplay({ cwd: folders.make(), log: LOG, url, env: TRUSTING, ...PATIENT }).ended;
    const { counts, report } = expectSound(end, { onlyTo: [`127.0.0.1:${port}`] });
    expect(server.requests).toEqual([]);
    expect(Object.keys(counts.failed.by).filter((code) => !['tls', 'reset'].includes(code))).toEqual([]);
    expect(counts.failed.total).toBe(counts.sent);
    expectHeldBack(report);
  });
});

describe('a name', () => {
  // Proves that a target that cannot be found is a failure a request, in time, and that this is seen.
  it('that does not resolve fails request by request', async () => {
    const url = 'http://target.invalid';
    const { ended } = startReplay({ cwd: folders.make(), log: LOG, url, timeoutMs: 1_000 });
    const { counts, report } = expectSound(await ended, { onlyTo: ['target.invalid:80', 'target.invalid:'] });
    expect(counts.answered.total).toBe(0);
    expect(counts.failed.by.dns).toBeGreaterThan(0);
    // Name servers are slow to say no to many at once: what asks them fills the limit of what is in flight.
    expect(Object.keys(counts.failed.by).filter((code) => !['dns', 'timeout'].includes(code))).toEqual([]);
    expectCut(report);
  });
});
