import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startChild, tempFolders } from '../support/cli.ts';
import { steadyLog } from '../support/logs.ts';
import { expectAccounted } from '../support/outcome.ts';
import { httpAnswer, type RecordingServer, startRecordingServer } from '../support/recording-server.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const NEVER_MS = 60_000;

let answerAfterMs = 0;
let server: RecordingServer;
let cwd = '';
beforeEach(async () => {
  answerAfterMs = 150;
  server = await startRecordingServer({
    answer: async () => {
      await pause(answerAfterMs);
      return httpAnswer(200);
    },
  });
  cwd = folders.make();
  writeFileSync(join(cwd, 'access.log'), steadyLog(300, 2));
});
afterEach(() => server.close());

const start = () => {
  const args = ['replay', 'access.log', '--target', server.url, '--out', 'out'];
  return startChild(args, { cwd, timeoutMs: 50_000 });
};

/** The run has begun: from here on a signal is its own to handle. */
const begun = async ({ child }: ReturnType<typeof start>): Promise<void> => {
  while (!existsSync(join(cwd, 'out/results.ndjson')) && child.exitCode === null) await pause(2);
};

describe('SIGINT, SIGTERM and SIGHUP', () => {
  // The run lasts about a second from where it begins.
  it.each([
    ['SIGINT', 0],
    ['SIGTERM', 30],
    ['SIGINT', 120],
    ['SIGTERM', 260],
    ['SIGINT', 400],
    ['SIGTERM', 560],
    ['SIGINT', 700],
    ['SIGTERM', 900],
    ['SIGHUP', 200],
  ] as const)('%s, %d ms after a run has begun, ends it with a balanced summary', async (signal, afterMs) => {
    const started = start();
    const { child, ended } = started;
    await begun(started);
    await pause(afterMs);
    child.kill(signal);
    const { code, stdout, stderr, signal: endedBySignal } = await ended;
    const { report } = expectAccounted(join(cwd, 'out'));
    expect(stderr).toBe('');
    // Once a run is over and all of it is told, the process is on its way out, and ends by a signal as any other.
    if (endedBySignal !== null) expect([endedBySignal, report.run.endedBy]).toEqual([signal, 'end']);
    else expect(code).toBe(report.run.endedBy === 'stopped' ? 3 : 0);
    expect(stdout).toMatch(/, stopped early, all accounted for|planned requests sent|nothing sent/);
  });

  it.each([
    ['SIGINT', 50],
    ['SIGTERM', 250],
    ['SIGINT', 450],
    ['SIGTERM', 650],
  ] as const)('%s, %d ms after the process was started, ends it in good order', async (signal, afterMs) => {
    const { child, ended } = start();
    await pause(afterMs);
    child.kill(signal);
    const end = await ended;
    // Before the run begins there is nothing to sum up, and the process ends as any other; nor once all of it is told.
    if (end.signal !== null && end.stdout === '') {
      expect(end).toMatchObject({ signal, stdout: '', stderr: '' });
      expect(server.requests).toEqual([]);
      return;
    }
    const { report } = expectAccounted(join(cwd, 'out'));
    if (end.signal !== null) expect([end.signal, report.run.endedBy]).toEqual([signal, 'end']);
    else expect(end.code).toBe(report.run.endedBy === 'stopped' ? 3 : 0);
  });

  it('of one terminal that is closed may come twice: what is in flight still ends', async () => {
    answerAfterMs = 1_000;
    const { child, ended } = start();
    while (server.requests.length === 0 && child.exitCode === null) await pause(2);
    child.kill('SIGHUP');
    await pause(50);
    child.kill('SIGHUP');
    expect(await ended).toMatchObject({ code: 3, signal: null, stderr: '' });
    const { answered, sent } = expectAccounted(join(cwd, 'out')).report.accounting.allRules;
    expect(sent).toBeGreaterThan(0);
    expect(answered).toMatchObject({ total: sent });
  });

  it('twice end a run at once, whatever the target does', async () => {
    answerAfterMs = NEVER_MS;
    const { child, ended } = start();
    while (server.requests.length === 0 && child.exitCode === null) await pause(2);
    child.kill('SIGINT');
    await pause(100);
    expect(child.exitCode).toBeNull();
    child.kill('SIGTERM');
    const startedAtMs = performance.now();
    expect(await ended).toMatchObject({ code: 3, signal: null, stderr: '' });
    // Far below the 10 s that a request may take.
    expect(performance.now() - startedAtMs).toBeLessThan(5_000);
    const { failed, sent } = expectAccounted(join(cwd, 'out')).report.accounting.allRules;
    expect(failed).toEqual({ total: sent, by: { aborted: sent } });
  });
});
