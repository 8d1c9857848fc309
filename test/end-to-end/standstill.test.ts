import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { startChild, tempFolders } from '../support/cli.ts';
import { LOG_START_MS, steadyLog, traefikLine } from '../support/logs.ts';
import { expectAccounted, type ResultLine } from '../support/outcome.ts';
import { type RecordingServer, startRecordingServer } from '../support/recording-server.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const EVERY_MS = 10;
const TOLD = /^stood still for \d+\.\d s: the rest is sent that much later$/m;

/** A run of `count` requests 10 ms apart, of which some have arrived; `stop` and `wake` make the process stand still and go on. */
const begin = async (count: number, target = '', args: readonly string[] = []) => {
  const server = await startRecordingServer();
  const cwd = folders.make();
  const rules = `version: 1\ntargets: { t: { url: "${server.url}", maxInFlight: 900${target} } }\nrules: [{ name: a, target: t, backoff: off }]\n`;
  writeFileSync(join(cwd, 'rules.yaml'), rules);
  writeFileSync(join(cwd, 'access.log'), steadyLog(count, EVERY_MS));
  const set = (text: string): void => {
    writeFileSync(join(cwd, 'switch.new'), text);
    renameSync(join(cwd, 'switch.new'), join(cwd, 'switch'));
  };
  set('on');
  const { child, ended } = startChild(
    ['replay', 'access.log', '--rules', 'rules.yaml', '--out', 'out', ...args],
    { cwd },
  );
  while (server.requests.length < 30 && child.exitCode === null) await pause(5);
  const stop = async (ms: number): Promise<void> => {
    child.kill('SIGSTOP');
    await pause(ms);
  };
  /** Lets it go on to its end; says what it came to, and how many had arrived before. */
  const wake = async () => {
    const before = server.requests.length;
    child.kill('SIGCONT');
    const end = await ended;
    await server.close();
    const { report, results } = expectAccounted(join(cwd, 'out'));
    return { ...end, before, report, results, allRules: report.accounting.allRules };
  };
  return { server, child, set, stop, wake };
};

/** What was said besides: a machine that is slow may have stood still of itself. */
const otherwiseTold = (stderr: string): readonly string[] =>
  stderr.split('\n').filter((line) => line !== '' && !TOLD.test(line));

/**
 * Asserts that nothing was sent after a standstill of 3 s or more. What was handed to a connection before it may arrive after it, so that
 * instants are asked rather than the server: what was sent after it would be so much later than all that was sent before.
 */
const expectNoneSentAfter = (results: readonly ResultLine[]): void => {
  const sentMs = results.flatMap((result) => result.sentMs ?? []).toSorted((a, b) => a - b);
  expect(sentMs.length).toBeGreaterThan(0);
  expect(sentMs.filter((ms, n) => ms - (sentMs[n - 1] ?? ms) > 2_500)).toEqual([]);
};

/** Most requests that arrived within any second. */
const mostInASecond = ({ requests }: RecordingServer): number =>
  Math.max(
    ...requests.map(
      ({ receivedAtMs: fromMs }, first) =>
        requests.slice(first).filter(({ receivedAtMs }) => receivedAtMs < fromMs + 1_000).length,
    ),
  );

describe('a process that stood still', () => {
  it.concurrent('sends all that is left, in order and at the spacing of the log, and says so', async () => {
    const { server, stop, wake } = await begin(500);
    await stop(3_000);
    const { code, stderr, before, results, allRules } = await wake();
    expect(code).toBe(0);
    expect(allRules.sent).toBe(500);
    expect(stderr).toMatch(TOLD);
    expect(otherwiseTold(stderr)).toEqual([]);
    const paths = server.requests.map(({ requestLine }) => requestLine.split(' ')[1]);
    expect(new Set(paths).size).toBe(500);
    const order = results.toSorted((a, b) => (a.sentMs ?? 0) - (b.sentMs ?? 0)).map(({ dueMs }) => dueMs);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    // On a machine that is slow besides, up to a second of it may leave at once. All at once, it would have been 3 s less.
    const arrivedMs = server.requests.slice(before).map(({ receivedAtMs }) => receivedAtMs);
    const spanMs = (arrivedMs.at(-1) ?? 0) - (arrivedMs[0] ?? 0);
    expect(spanMs).toBeGreaterThan((500 - before) * EVERY_MS - 1_500);
    // The time that was lost is lag, and counts from the due instants that were planned.
    const last = results.reduce((a, b) => (b.dueMs > a.dueMs ? b : a));
    expect((last.sentMs ?? 0) - last.dueMs).toBeGreaterThan(2_900);
    expect(last.fromDueMs).toBeGreaterThan(2_900);
  });

  it.concurrent('sends nothing before it has read the switch anew', async () => {
    const { set, stop, wake } = await begin(500, '', ['--switch', 'switch']);
    await stop(200);
    set('off');
    await pause(3_000);
    const { code, stderr, results, allRules } = await wake();
    expectNoneSentAfter(results);
    expect(code).toBe(0);
    expect(stderr).toContain('the switch is off: what falls due is held back\n');
    expect(allRules.heldBack.by).toEqual({ kill_switch: 500 - allRules.sent });
  });

  it.concurrent.each(['SIGINT', 'SIGTERM'] as const)(
    'sends nothing where %s has come meanwhile',
    async (signal) => {
      const { child, stop, wake } = await begin(500);
      await stop(3_000);
      child.kill(signal);
      const { code, stderr, report, results, allRules } = await wake();
      expectNoneSentAfter(results);
      expect([code, otherwiseTold(stderr), report.run.endedBy]).toEqual([3, [], 'stopped']);
      expect(allRules.heldBack.by).toEqual({ stopped: 500 - allRules.sent });
    },
  );

  it.concurrent('sends nothing after the time of --for', async () => {
    const { stop, wake } = await begin(500, '', ['--for', '3s']);
    await stop(4_000);
    const { code, report, results, allRules } = await wake();
    expectNoneSentAfter(results);
    expect([code, report.run.endedBy]).toEqual([0, 'limit']);
    expect(allRules.heldBack.by).toEqual({ stopped: 500 - allRules.sent });
  });

  it.concurrent('is held to its rate', async () => {
    const { server, stop, wake } = await begin(700, ', maxRate: 50/s');
    await stop(4_000);
    const { code, allRules } = await wake();
    expect(code).toBe(0);
    expect(allRules.heldBack.by).toEqual({ max_rate: 700 - allRules.sent });
    // 200 would have been due; on a machine that is slow besides, those of two seconds may come within one.
    expect(mostInASecond(server)).toBeLessThanOrEqual(110);
  });

  it.concurrent('holds back what is late where it follows a log', async () => {
    const server = await startRecordingServer();
    const cwd = folders.make();
    const log = join(cwd, 'access.log');
    writeFileSync(log, '');
    const args = ['replay', 'access.log', '--follow', '--target', server.url, '--out', 'out'];
    const { child, ended } = startChild(args, { cwd });
    let told = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      told += chunk.toString();
    });
    // Lines that are no requests, until one of them was read: from then on the log is followed.
    const rejects = join(cwd, 'out/rejects.ndjson');
    while (!existsSync(rejects) || readFileSync(rejects, 'utf8') === '') {
      appendFileSync(log, 'probe\n');
      await pause(100);
    }
    const fromMs = Date.now() - LOG_START_MS;
    const lines = Array.from({ length: 100 }, (_, n) =>
      traefikLine({ atMs: fromMs + n * 10, path: `/${n}` }),
    );
    appendFileSync(log, `${lines.join('\n')}\n`);
    while (server.requests.length < 10 && child.exitCode === null) await pause(5);
    child.kill('SIGSTOP');
    await pause(6_500);
    child.kill('SIGCONT');
    // Until it has told what became of those that were due meanwhile.
    const toldBefore = told;
    while (told === toldBefore && child.exitCode === null) await pause(20);
    await pause(200);
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 3 });
    await server.close();
    expect(told).toMatch(/^stood still for \d+\.\d s: what is more than 5 s late is held back$/m);
    const { report, results } = expectAccounted(join(cwd, 'out'));
    expectNoneSentAfter(results);
    const { allRules } = report.accounting;
    expect([allRules.planned, allRules.heldBack.by]).toEqual([100, { late: 100 - allRules.sent }]);
  });
});
