import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Report } from '../../core/report/report-json.ts';
import { expectIdentities } from '../support/chaos/expect-sound.ts';
import { idsOf } from '../support/chaos/hostile-answers.ts';
import { type ReplayEnd, startReplay, whileRunning } from '../support/chaos/replay-process.ts';
import { tempFolders } from '../support/cli.ts';
import { type RecordingServer, startRecordingServer } from '../support/recording-server.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

const LOG = { requests: 2_000, everyMs: 2 };
/** Some 300 of the 2,000 lines of results. */
const KIB = 64;

let server: RecordingServer;
let cwd = '';
let out = '';
beforeEach(async () => {
  server = await startRecordingServer();
  cwd = folders.make();
  out = join(cwd, 'out');
});
afterEach(() => server.close());

/** Nothing but what is tested holds back: a machine that stands still for a while fills no limit, and is not taken for a slow target. */
const ALL = { maxInFlight: 900, backoff: 'off' };

const replay = (shell?: string) =>
  startReplay({ cwd, log: LOG, url: server.url, ...ALL, ...(shell !== undefined && { shell }) });

/** The report as it was printed, since there may be no place for it in a file. */
const expectStopped = ({ code, signal, stdout, stderr }: ReplayEnd, words: string): Report => {
  expect({ code, signal }).toEqual({ code: 3, signal: null });
  expect(stderr).toContain(`error: cannot write ${join(out, 'results.ndjson')}: ${words}\n`);
  const report = JSON.parse(stdout) as Report;
  expect(report).toMatchObject({ balanced: true, imbalances: [], run: { endedBy: 'error' } });
  expectIdentities(report);
  expect(report.accounting.allRules.sent).toBe(server.requests.length);
  const ids = idsOf(server);
  expect(new Set(ids).size).toBe(ids.length);
  return report;
};

/** Lines that are there, each of them whole. */
const expectWholeLines = (path: string): void => {
  const text = readFileSync(path, 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  const ids = text
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { readonly id: string }).id);
  expect(new Set(ids).size).toBe(ids.length);
};

interface Limit {
  readonly name: string;
  readonly words: string;
  /** Runs what follows it under the limit; the results are in `kept` in the end. */
  readonly shell: () => string;
}

const FILE_LIMIT: Limit = {
  name: 'since a file may not grow further',
  words: 'file too large',
  shell: () => `ulimit -f ${KIB}; "$@"; code=$?; cp out/results.ndjson kept; exit $code`,
};
/** A disk of its own, which nobody else sees: what is on it is taken out at the end. Not even the report finds room there. */
const SMALL_DISK: Limit = {
  name: 'since the disk is full',
  words: 'no space left on device',
  shell: () => {
    const mount = `mount -t tmpfs -o size=${KIB}k none out`;
    return `mkdir out; exec unshare -rm bash -c '${mount}; "$@"; code=$?; cp out/results.ndjson kept; exit $code' bash "$@"`;
  },
};
const canMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0;

describe('results that find no room', () => {
  // Proves that a limit met in the middle of a run ends it in good order: nothing more is sent, all is counted, and lines are whole.
  it.each(canMount ? [FILE_LIMIT, SMALL_DISK] : [FILE_LIMIT])(
    '$name stop the run',
    async ({ words, shell }) => {
      const report = expectStopped(await replay(shell()).ended, words);
      expect(report.accounting.allRules.heldBack.by.stopped).toBeGreaterThan(0);
      expectWholeLines(join(cwd, 'kept'));
    },
  );
});

describe('results that are taken away', () => {
  // Proves that a run does not say that all went well where what it wrote is gone.
  it('while they are written are told at the end', async () => {
    const started = replay();
    await whileRunning(started, () => server.requests.length > 300);
    rmSync(join(out, 'results.ndjson'));
    const report = expectStopped(await started.ended, 'it was removed while it was written');
    expect(report.accounting.allRules.sent).toBe(LOG.requests);
    expect(existsSync(join(out, 'report.json'))).toBe(true);
  });

  // Proves the same where the whole folder goes.
  it('with their folder are told at the end', async () => {
    const started = replay();
    await whileRunning(started, () => server.requests.length > 300);
    rmSync(out, { recursive: true });
    const end = await started.ended;
    expectStopped(end, 'it was removed while it was written');
    expect(end.stderr).toContain(`error: cannot write ${join(out, 'report.json')}: `);
  });
});
