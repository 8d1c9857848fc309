import {
  appendFileSync,
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import { reprise, startInProcess, tempFolders } from '../support/cli.ts';
import { LOG_START_MS, traefikLine } from '../support/logs.ts';
import { expectAccounted } from '../support/outcome.ts';
import { startRecordingServer } from '../support/recording-server.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

const DELAY_MS = 5_000;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A line of a request that started `agoMs` ago. */
const lineOf = (path: string, agoMs = 20): string =>
  `${traefikLine({ atMs: Date.now() - LOG_START_MS - agoMs, path, durationMs: 10 })}\n`;

/** Lines that are no requests, and how many of them were read. They stand in no count but `rejected`. */
const PROBE = 'probe\n';
const probesRead = (cwd: string): number => {
  const rejects = join(cwd, 'out/rejects.ndjson');
  return existsSync(rejects) ? readFileSync(rejects, 'utf8').split('\n').length - 1 : 0;
};

/** Writes probes until one of them was read: from then on the log is followed. */
const untilFollowed = async (cwd: string, log: string): Promise<void> => {
  while (probesRead(cwd) === 0) {
    appendFileSync(log, PROBE);
    await pause(100);
  }
};

/** Waits until all that stands in the log was read, by a probe behind it. */
const untilRead = async (cwd: string, log: string): Promise<void> => {
  // Those of `untilFollowed` may still be on their way.
  await pause(600);
  const before = probesRead(cwd);
  appendFileSync(log, PROBE);
  while (probesRead(cwd) === before) await pause(20);
};

/** A run that follows `access.log`, which exists already and holds a line that is not for it. */
const follow = async (options: { stdin?: PassThrough; logs?: readonly string[]; rules?: string } = {}) => {
  const server = await startRecordingServer();
  const cwd = folders.make();
  const log = join(cwd, 'access.log');
  writeFileSync(log, lineOf('/before'));
  const { stdin, logs = ['access.log'], rules } = options;
  writeFileSync(join(cwd, 'rules.yaml'), (rules ?? '').replace('URL', server.url));
  const where = rules === undefined ? ['--target', server.url] : ['--rules', join(cwd, 'rules.yaml')];
  const args = ['replay', ...logs, '--follow', ...where, '--out', 'out'];
  const run = startInProcess(args, { cwd, ...(stdin === undefined ? {} : { stdin }) });
  if (stdin === undefined) await untilFollowed(cwd, log);
  return {
    ...run,
    cwd,
    log,
    paths: () => server.requests.map(({ requestLine }) => requestLine.split(' ')[1]),
    /** Interrupts once so many requests have come, or too much time has passed. */
    end: async (count: number) => {
      for (let waitedMs = 0; server.requests.length < count && waitedMs < 20_000; waitedMs += 20)
        await pause(20);
      run.interrupt();
      const ended = await run.ended;
      await server.close();
      return { ...ended, ...expectAccounted(join(cwd, 'out')) };
    },
  };
};

describe('--follow', () => {
  it.concurrent('replays what is logged from now on, 5 s behind, through both kinds of rotation', async () => {
    const { cwd, log, end, paths } = await follow();
    const startedAtMs = Date.now();
    const expected: string[] = [];
    for (let i = 0; i < 60; i += 1) {
      // A half-written line must wait for its rest.
      const line = lineOf(`/${i}`);
      appendFileSync(log, line.slice(0, 40));
      await pause(15);
      appendFileSync(log, line.slice(40));
      await pause(15);
      expected.push(`/${i}`);
      if (i === 20) {
        renameSync(log, `${log}.1`);
        // The proxy writes to the file that it has open until it is told of the rotation.
        appendFileSync(`${log}.1`, lineOf('/straggler'));
        expected.push('/straggler');
        writeFileSync(log, '');
      }
      if (i === 40) {
        await untilRead(cwd, log);
        copyFileSync(log, `${log}.2`);
        truncateSync(log, 0);
      }
    }
    const { code, stderr, report, results } = await end(expected.length);
    expect({ code, stderr }).toEqual({ code: 3, stderr: '' });
    expect(paths().toSorted()).toEqual(expected.toSorted());
    expect(report.accounting).toMatchObject({ parsed: 61, allRules: { planned: 61, sent: 61 } });
    // One mapping for all: an instant of the log is due at one instant of the run, whatever file it came from.
    const offsets = results.map(
      ({ dueMs, ...line }) => (line as unknown as { recordedAtMs: number }).recordedAtMs - dueMs,
    );
    expect(Math.max(...offsets) - Math.min(...offsets)).toBeLessThan(1);
    for (const { dueMs, sentMs = 0 } of results) expect(sentMs - dueMs).toBeGreaterThanOrEqual(-0.5);
    expect(Date.now() - startedAtMs).toBeGreaterThan(DELAY_MS);
  });

  it.concurrent('holds back what is late, and at its end what is not due yet', async () => {
    const { log, end } = await follow();
    appendFileSync(log, Array.from({ length: 7 }, (_, i) => lineOf(`/late/${i}`, 30_000)).join(''));
    appendFileSync(log, Array.from({ length: 3 }, (_, i) => lineOf(`/ahead/${i}`, -3_600_000)).join(''));
    appendFileSync(log, lineOf('/now'));
    appendFileSync(log, lineOf('/half').slice(0, 50));
    const { code, report } = await end(1);
    expect(code).toBe(3);
    expect(report.accounting).toMatchObject({
      parsed: 11,
      rejected: { by: { not_json: expect.any(Number) } },
    });
    const { sent, heldBack } = report.accounting.allRules;
    expect({ sent, heldBack }).toEqual({ sent: 1, heldBack: { total: 10, by: { late: 7, stopped: 3 } } });
  });

  it.concurrent('reads standard input live, and is ended by an interrupt though it stays open', async () => {
    const stdin = new PassThrough();
    const { end, paths } = await follow({ stdin, logs: ['-'] });
    for (let i = 0; i < 5; i += 1) stdin.write(lineOf(`/${i}`, 520 - i * 100));
    const { code, report } = await end(5);
    expect(code).toBe(3);
    expect(paths()).toEqual(['/0', '/1', '/2', '/3', '/4']);
    expect(report.run.inputs).toEqual([{ name: 'stdin' }]);
  });

  it.concurrent('ends by itself when standard input ends, once all of it is sent', async () => {
    const stdin = new PassThrough();
    const { ended, cwd } = await follow({ stdin, logs: ['-'] });
    stdin.end(lineOf('/only').trimEnd());
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
    expect(expectAccounted(join(cwd, 'out')).report.accounting.allRules.sent).toBe(1);
  });

  it.concurrent('follows several files, one of which is not there yet', async () => {
    const { cwd, log, end, paths, stderr } = await follow({ logs: ['*.log', 'later.log'] });
    expect(stderr()).toBe('waiting for later.log, which is not there yet\n');
    appendFileSync(log, lineOf('/a'));
    writeFileSync(join(cwd, 'later.log'), lineOf('/b'));
    const { report } = await end(2);
    expect(paths().toSorted()).toEqual(['/a', '/b']);
    expect(report.run.inputs).toEqual([{ name: 'access.log' }, { name: 'later.log' }]);
  });

  it.concurrent('spreads a stretch of 10 s evenly, one stretch later', async () => {
    const rules =
      'version: 1\ntargets: { t: { url: "URL" } }\nrules: [{ name: a, target: t, pacing: { mode: even } }]\n';
    const { log, end } = await follow({ rules });
    // Well inside a stretch of log time, so that all stand in one.
    const placeMs = 7_000;
    await pause((10_000 + placeMs - (Date.now() % 10_000)) % 10_000);
    appendFileSync(log, Array.from({ length: 5 }, (_, i) => lineOf(`/${i}`)).join(''));
    const { code, results } = await end(5);
    expect(code).toBe(3);
    const dueMs = results.map((line) => line.dueMs).sort((a, b) => a - b);
    const gaps = dueMs.slice(1).map((ms, i) => Math.round(ms - (dueMs[i] ?? 0)));
    expect(gaps).toEqual([2_000, 2_000, 2_000, 2_000]);
    expect(results.every(({ status }) => status === 200)).toBe(true);
  }, 60_000);
});

describe('a pace that live traffic cannot have', () => {
  const RULES = (pacing: string): string =>
    `version: 1\ntargets: { t: { url: "http://127.0.0.1:1" } }\nrules: [{ name: a, target: t, pacing: ${pacing} }]\n`;

  it.each([
    ['{ mode: constant, rate: 5/s }', 'constant'],
    ['{ mode: recorded, speed: 2 }', 'recorded at speed 2'],
    ['{ mode: even, speed: 0.5 }', 'even at speed 0.5'],
  ])('is refused: %s', async (pacing, words) => {
    const cwd = folders.make();
    writeFileSync(join(cwd, 'rules.yaml'), RULES(pacing));
    const args = ['replay', 'a.log', '--follow', '--rules', join(cwd, 'rules.yaml')];
    const { code, stdout, stderr } = await reprise(args, { cwd });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(
      `error: rule "a" has the pacing ${words}, which live traffic cannot have\nhint: with --follow, pacing is recorded or even, at speed 1\n`,
    );
  });

  it('is refused where --speed asks for it', async () => {
    const args = ['replay', 'a.log', '--follow', '--target', 'http://127.0.0.1:1', '--speed', '2'];
    expect((await reprise(args)).stderr).toContain('rule "all" has the pacing recorded at speed 2');
  });
});
