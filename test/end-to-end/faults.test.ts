import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reprise, startInProcess, tempFolders } from '../support/cli.ts';
import { steadyLog } from '../support/logs.ts';
import { expectAccounted } from '../support/outcome.ts';
import { httpAnswer, type RecordingServer, startRecordingServer } from '../support/recording-server.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

let server: RecordingServer;
let cwd = '';
let out = '';
beforeEach(async () => {
  server = await startRecordingServer({
    answer: async () => {
      await pause(100);
      return httpAnswer(200);
    },
  });
  cwd = folders.make();
  out = join(cwd, 'out');
  writeFileSync(join(cwd, 'access.log'), steadyLog(300, 3));
});
afterEach(() => server.close());

const flags = (): readonly string[] => ['replay', 'access.log', '--target', server.url, '--out', 'out'];

describe('an interrupt', () => {
  // Before the clock starts, while it counts down, while requests are sent, while the last answers are waited for, after the end.
  it.each([0, 5, 40, 150, 240, 270, 300, 420, 555, 700, 850, 1_000, 1_060, 1_120, 1_200, 1_500])(
    'after %d ms leaves everything accounted for',
    async (afterMs) => {
      const { ended, interrupt } = startInProcess(flags(), { cwd });
      await pause(afterMs);
      interrupt();
      const { code, stdout, stderr } = await ended;
      const { report, results } = expectAccounted(out);
      expect(stderr).toBe('');
      expect(stdout).toMatch(/planned requests sent|nothing sent/);
      expect(code).toBe(report.run.endedBy === 'stopped' ? 3 : 0);
      const { heldBack, answered, sent } = report.accounting.allRules;
      // What was in flight was let end.
      expect(answered.total).toBe(sent);
      // A busy machine may fill the in-flight limit.
      const { stopped = 0, in_flight = 0 } = heldBack.by;
      expect(stopped + in_flight).toBe(heldBack.total);
      expect(results.filter(({ sentMs }) => sentMs !== undefined)).toHaveLength(server.requests.length);
    },
  );

  it('ends a run whose standard input never says more', async () => {
    const { PassThrough } = await import('node:stream');
    const stdin = new PassThrough();
    const args = ['replay', '-', '--target', server.url, '--out', 'out'];
    const { ended, interrupt } = startInProcess(args, { cwd, stdin });
    stdin.write(`${steadyLog(10, 2)}{"half a li`);
    while (stdin.readableLength > 0) await pause(5);
    await pause(100);
    interrupt();
    expect(await ended).toMatchObject({ code: 3, stderr: '' });
    const { report } = expectAccounted(out);
    // Half a line that was still coming is no line.
    expect(report.accounting).toMatchObject({ lines: 10, parsed: 10, rejected: { total: 0 } });
    expect(report.accounting.allRules).toMatchObject({
      planned: 10,
      sent: 0,
      heldBack: { by: { stopped: 10 } },
    });
  });

  it('ends a run that reads a log much longer than what it has sent', async () => {
    writeFileSync(join(cwd, 'access.log'), steadyLog(30_000, 30));
    const { ended, interrupt } = startInProcess(flags(), { cwd });
    while (server.requests.length < 10) await pause(5);
    interrupt();
    expect(await ended).toMatchObject({ code: 3, stderr: '' });
    const { report } = expectAccounted(out);
    expect(report.accounting.lines).toBeLessThan(30_000);
  });
});

describe('a target', () => {
  it('that is restarted in the middle of a run costs what was sent meanwhile, and nothing else', async () => {
    const { port, url } = server;
    // Long enough to go on after the restart, and nothing but the target to be tested.
    writeFileSync(join(cwd, 'access.log'), steadyLog(900, 4));
    const rules = join(cwd, 'rules.yaml');
    writeFileSync(
      rules,
      `version: 1\ntargets: { t: { url: "${url}" } }\nrules: [{ name: a, target: t, backoff: off }]\n`,
    );
    const args = ['replay', 'access.log', '--rules', rules, '--out', 'out'];
    const { ended } = startInProcess(args, { cwd });
    while (server.requests.length < 100) await pause(5);
    await server.close();
    await pause(150);
    server = await startRecordingServer({ port });
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
    const { report } = expectAccounted(out);
    const { planned, sent, heldBack, answered, failed } = report.accounting.allRules;
    expect(planned).toBe(900);
    expect(sent + (heldBack.by.in_flight ?? 0)).toBe(900);
    expect(answered.total).toBeGreaterThan(100);
    expect(Object.keys(failed.by).sort().join()).toMatch(/^(?:refused)?,?(?:reset)?,?(?:reset_reused)?$/);
    expect(failed.total).toBeGreaterThan(0);
  });

  it('that refuses every connection is counted, request by request', async () => {
    await server.close();
    const { code, stdout } = await reprise(flags(), { cwd });
    expect(code).toBe(0);
    const { report } = expectAccounted(out);
    const { sent, failed } = report.accounting.allRules;
    expect(failed).toEqual({ total: sent, by: { refused: sent } });
    expect(sent).toBeGreaterThan(200);
    expect(stdout).toContain('refused');
  });

  it('that cuts every connection in the middle of its answer is counted, request by request', async () => {
    await server.close();
    server = await startRecordingServer({
      answer: (_, socket) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf');
        setTimeout(() => socket.destroy(), 2);
        return undefined;
      },
    });
    const { code } = await reprise(flags(), { cwd });
    expect(code).toBe(0);
    const { sent, failed } = expectAccounted(out).report.accounting.allRules;
    expect(failed).toEqual({ total: sent, by: { reset: sent } });
  });
});

describe.runIf(process.platform === 'linux')('a full disk', () => {
  it.each(['results.ndjson', 'rejects.ndjson'])(
    'at %s stops the run, which still sums up what it did',
    async (name) => {
      mkdirSync(out);
      symlinkSync('/dev/full', join(out, name));
      writeFileSync(join(cwd, 'access.log'), `no json\n${steadyLog(4_000, 1)}`);
      const { code, stdout, stderr } = await reprise([...flags(), '--json'], { cwd });
      expect(code).toBe(3);
      expect(stderr).toBe(
        `error: cannot write ${join(out, name)}: no space left on device\nhint: free space there, or choose another place\n`,
      );
      const report = JSON.parse(stdout);
      expect(report).toMatchObject({ balanced: true, run: { endedBy: 'error' } });
      expect(report.accounting.allRules.heldBack.by.stopped).toBeGreaterThan(0);
      expect(existsSync(join(out, 'report.json'))).toBe(true);
    },
  );
});
