import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import { LOOK_AHEAD_MS } from '../../core/send/replayer.ts';
import { startInProcess, tempFolders } from '../support/cli.ts';
import { LOG_START_MS, steadyLog } from '../support/logs.ts';
import { expectAccounted } from '../support/outcome.ts';
import { httpAnswer, startRecordingServer } from '../support/recording-server.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

/** Replays to a target that answers its first `answers` requests and none after them, and has 20 s for it. */
const hang = async (flags: readonly string[], log: string, answers = 0) => {
  let n = 0;
  const server = await startRecordingServer({
    answer: () => {
      n += 1;
      return n <= answers ? httpAnswer(200) : undefined;
    },
  });
  const cwd = folders.make();
  writeFileSync(
    join(cwd, 'rules.yaml'),
    `version: 1
targets: { t: { url: "${server.url}", timeout: 20s, maxInFlight: 900 } }
rules: [{ name: r, target: t, backoff: off }]
`,
  );
  const stdin = new PassThrough();
  stdin.write(log);
  if (!flags.includes('--follow')) stdin.end();
  const args = ['replay', '-', '--rules', join(cwd, 'rules.yaml'), '--out', 'out', ...flags];
  const { code, stderr } = await startInProcess(args, { cwd, stdin }).ended;
  await server.close();
  const { report, results } = expectAccounted(join(cwd, 'out'));
  const sentDueMs = results.flatMap(({ sentMs, dueMs }) => (sentMs === undefined ? [] : dueMs));
  return { code, stderr, lastDueMs: Math.max(...sentDueMs), ...report.run, ...report.accounting.allRules };
};

/** The hard end, 2 s after it, and what a busy machine needs: far below the 20 s. */
const LATEST_MS = 6_500;

describe.concurrent('--for and a target that hangs', () => {
  it('stops sending, and cuts off what is in flight 2 s later', async () => {
    const run = await hang(['--for', '1s'], steadyLog(400, 10), 10);
    expect(run).toMatchObject({ code: 0, stderr: '', endedBy: 'limit' });
    expect(run.durationMs).toBeGreaterThanOrEqual(3_000);
    expect(run.durationMs).toBeLessThan(LATEST_MS);
    // However late the machine looks at its clock.
    expect(run.lastDueMs).toBeLessThanOrEqual(1_000 + LOOK_AHEAD_MS);
    expect(run.failed.by).toEqual({ aborted: run.sent - 10 });
    expect(run.heldBack.by).toEqual({ stopped: 400 - run.sent });
  });

  it('ends as well where all was sent before', async () => {
    const run = await hang(['--for', '1s'], steadyLog(20, 1));
    expect(run).toMatchObject({ code: 0, stderr: '', endedBy: 'limit', sent: 20 });
    expect(run.durationMs).toBeLessThan(LATEST_MS);
    expect(run.failed.by).toEqual({ aborted: 20 });
  });

  it('ends a live run', async () => {
    const fromMs = Date.now() - LOG_START_MS - 4_000;
    const log = steadyLog(100, 10, (i) => ({ atMs: fromMs + i * 10 }));
    const run = await hang(['--follow', '--for', '2s'], log);
    expect(run).toMatchObject({ code: 0, stderr: '', endedBy: 'limit' });
    expect(run.durationMs).toBeLessThan(LATEST_MS);
    expect(run.failed.by).toEqual({ aborted: run.sent });
    expect(run.sent).toBeGreaterThan(0);
  });
});
