import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readReport, reprise, runChild, startChild, startInProcess, tempFolders } from '../support/cli.ts';
import { steadyLog, traefikLine } from '../support/logs.ts';
import { expectAccounted } from '../support/outcome.ts';
import { httpAnswer, type RecordingServer, startRecordingServer } from '../support/recording-server.ts';
import { reportFaults } from '../support/report-schema.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
// Recorded, and faster by more than a busy machine takes; and so slow that no other work of the machine can look like it.
const RECORDED_MS = 250;
const SAME_MS = 40;
const SLOWER_MS = 2_500;

const log = (count: number): string => steadyLog(count, 8, () => ({ durationMs: RECORDED_MS }));

let answerAfterMs = SAME_MS;
let statusOf = (_path: string): number => 200;
let server: RecordingServer;
let cwd = '';
beforeEach(async () => {
  answerAfterMs = SAME_MS;
  statusOf = () => 200;
  server = await startRecordingServer({
    answer: async ({ requestLine }) => {
      await pause(answerAfterMs);
      return httpAnswer(statusOf(requestLine.split(' ')[1] ?? ''));
    },
  });
  cwd = folders.make();
  writeFileSync(join(cwd, 'access.log'), log(100));
});
afterEach(() => server.close());

const argsOf = (...flags: string[]) => ['replay', 'access.log', '--target', server.url, ...flags];
const replay = (...flags: string[]) => reprise(argsOf(...flags), { cwd });
const NOT_SLOWER = ['--gate', 'each route p95 <= 4x recorded'];

describe('a replay with a gate, as a process', () => {
  it('ends with 0 on a target that is no slower than recorded', async () => {
    const { code, stdout, stderr } = await runChild(argsOf(...NOT_SLOWER, '--out', 'out'), { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^ {2}100 of 100 planned .*\n\n {2}verdict: held, the gate held\n {2}✓ each route p95 <= 4x recorded {2}1 route, at worst GET \/item\/\{id\} \d\.\d\dx/,
    );
    expect(expectAccounted(join(cwd, 'out')).report.verdict.outcome).toBe('held');
  });

  it('ends with 1 on a target made slower, and names the route', async () => {
    answerAfterMs = SLOWER_MS;
    const { code, stdout, stderr } = await runChild(argsOf(...NOT_SLOWER, '--out', 'out'), { cwd });
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toMatch(
      /\n {2}verdict: failed, the gate failed\n {2}✗ each route p95 <= 4x recorded {2}GET \/item\/\{id\} \d+\.\d+x .*1 of 1/,
    );
    expect(expectAccounted(join(cwd, 'out')).report.verdict).toMatchObject({
      outcome: 'failed',
      gates: [{ outcome: 'failed', unit: 'factor', limit: 4, routes: { judged: 1, failed: 1 } }],
    });
  });

  it('is judged on what was sent when it is stopped, and ends with 3', async () => {
    answerAfterMs = SLOWER_MS;
    writeFileSync(join(cwd, 'access.log'), log(2_000));
    const { child, ended } = startChild(argsOf(...NOT_SLOWER, '--out', 'out'), { cwd });
    while (server.requests.length < 150 && child.exitCode === null) await pause(5);
    child.kill('SIGINT');
    const { code, stdout } = await ended;
    expect(code).toBe(3);
    expect(stdout).toMatch(
      /, stopped early, all accounted for\n\n {2}verdict so far: failed, the gate failed\n {2}✗ /,
    );
    const { report } = expectAccounted(join(cwd, 'out'));
    expect(report.run.endedBy).toBe('stopped');
    expect(report.verdict.gates[0]?.count).toBeLessThan(2_000);
  });

  it('says what could not be judged for want of a request, when it is stopped at once', async () => {
    answerAfterMs = 60_000;
    const { child, ended } = startChild(argsOf('--gate', 'p95 <= 1s', '--out', 'out'), { cwd });
    while (server.requests.length === 0 && child.exitCode === null) await pause(2);
    child.kill('SIGINT');
    await pause(100);
    child.kill('SIGINT');
    const { code, stdout } = await ended;
    expect(code).toBe(3);
    expect(stdout).toMatch(
      /\n {2}verdict so far: failed, the gate could not be judged\n {2}\? p95 <= 1s {2}missed: /,
    );
  });
});

describe('a gate that cannot be judged', () => {
  const BASELINE = 'each route p95 <= 1.2x recorded';
  beforeEach(() => {
    const lines = Array.from({ length: 60 }, (_, n) => traefikLine({ atMs: n * 3, path: '/a' }));
    const withoutTimes = lines.map((line) => line.replace(/"(?:Origin)?Duration":\d+,/g, ''));
    writeFileSync(join(cwd, 'access.log'), `${withoutTimes.join('\n')}\n`);
  });

  it('is missed, and fails the verdict', async () => {
    const { code, stdout } = await replay('--gate', BASELINE);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /\? each route p95 <= 1\.2x recorded {2}missed: nothing can be said of the only route: the log has no\n +latency/,
    );
  });

  it('fails nothing where it is optional', async () => {
    const { code, stdout } = await replay('--gate', `${BASELINE} optional`, '--gate', 'failed <= 0%');
    expect(code).toBe(0);
    expect(stdout).toContain(
      '  verdict: held, 1 of 2 gates held, 1 could not be judged, which is optional\n',
    );
  });
});

describe('the smallest runs', () => {
  it('without a line is judged: nothing was there to judge it by', async () => {
    writeFileSync(join(cwd, 'access.log'), '');
    const { code, stdout } = await replay('--gate', 'p95 <= 1s', '--gate', 'rejected <= 1% optional');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^ {2}nothing sent: no line was read, all accounted for\n\n {2}verdict: failed, /);
  });

  it('of one request is judged, too', async () => {
    writeFileSync(join(cwd, 'access.log'), log(1));
    const { code, stdout } = await replay('--gate', 'max <= 10s', '--gate', 'statusMatch >= 100%');
    expect(code).toBe(0);
    expect(stdout).toContain('  verdict: held, both gates held\n');
  });

  it('of which nothing was answered fails by its failures', async () => {
    await server.close();
    const { code, stdout } = await replay('--gate', 'failed < 1%', '--gate', 'p95 <= 1s optional');
    expect(code).toBe(1);
    expect(stdout).toMatch(/\n {2}✗ failed < 1% {9}measured 100 %/);
  });
});

describe('gates of rules', () => {
  const withRules = (gatesOfA: string, gatesOfB: string) => {
    const rules = join(cwd, 'rules.yaml');
    writeFileSync(
      rules,
      `version: 1
targets: { t: { url: "${server.url}", maxInFlight: 900 } }
rules:
  - { name: a, target: t, match: { path: /a }, gates: ${gatesOfA} }
  - { name: b, target: t, match: { path: /b }, gates: ${gatesOfB}, statusMap: { 200: 503 } }
`,
    );
    const lines = Array.from({ length: 120 }, (_, n) =>
      traefikLine({ atMs: n * 3, path: n % 2 ? '/b' : '/a' }),
    );
    writeFileSync(join(cwd, 'access.log'), `${lines.join('\n')}\n`);
    return reprise(['replay', 'access.log', '--rules', rules, '--gate', 'status5xx <= 60%', '--out', 'out'], {
      cwd,
    });
  };

  it('are each about their rule', async () => {
    statusOf = (path) => (path === '/b' ? 503 : 200);
    const { code, stdout } = await withRules(
      '["status5xx <= 0%"]',
      '["status5xx <= 0%", "statusMatch >= 99%"]',
    );
    expect(code).toBe(1);
    expect(readReport(join(cwd, 'out')).verdict.gates).toMatchObject([
      { rule: 'a', gate: 'status5xx <= 0%', outcome: 'held', measured: 0, count: 60 },
      { rule: 'b', gate: 'status5xx <= 0%', outcome: 'failed', measured: 1 },
      { rule: 'b', gate: 'statusMatch >= 99%', outcome: 'held', measured: 1 },
      { rule: null, gate: 'status5xx <= 60%', outcome: 'held', measured: 0.5 },
    ]);
    expect(stdout).toMatch(
      /\n {2}verdict: failed, 1 of 4 gates failed\n {2}✗ rule:b status5xx <= 0% +measured 100 %.*\n {2}✓ rule:a status5xx <= 0% +measured 0 %/,
    );
  });

  it('name a cause that most routes have in common, also where there is no gate on it', async () => {
    statusOf = () => 401;
    const { stdout } = await withRules('[]', '[]');
    expect(stdout).toMatch(/\n {2}likely cause: .*401/);
  });
});

describe('--baseline', () => {
  // Far apart, since what else the machine has to do changes from one run to the next.
  const record = async (ms: number): Promise<void> => {
    answerAfterMs = ms;
    expect((await replay('--out', 'before')).code).toBe(0);
  };
  const AGAINST = ['--baseline', 'before/report.json'];

  it('of a run that was no faster ends with 0, and says what was compared', async () => {
    await record(SLOWER_MS);
    answerAfterMs = SAME_MS;
    const { code, stdout } = await replay(...AGAINST, '--gate', 'p50 <= +10% baseline');
    expect(code).toBe(0);
    expect(stdout).toMatch(/✓ p50 <= \+10% baseline +measured 0\.\d\dx/);
    expect(stdout).toContain('\nsince the baseline\n✓ no regression: 1 route compared');
  });

  it('of a run that was faster ends with 1, with a gate against it and without', async () => {
    await record(SAME_MS);
    answerAfterMs = SLOWER_MS;
    const gated = await replay(...AGAINST, '--gate', 'p50 <= +100% baseline');
    expect(gated.code).toBe(1);
    expect(gated.stdout).toMatch(/✗ p50 <= \+100% baseline +measured \d+\.\d+x/);
    const { code, stdout } = await replay(...AGAINST);
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /\nsince the baseline\n✗ \d regressions?: slower: GET \S+\/item\/\{id\}, all requests together/,
    );
  });

  it('is a gate of the verdict, so that every form of the report tells of it', async () => {
    await record(SAME_MS);
    answerAfterMs = SLOWER_MS;
    const { code, stdout } = await replay(...AGAINST, '--quiet', '--junit', 'j.xml', '--out', 'after');
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ no regression since the baseline/);
    expect(readFileSync(join(cwd, 'j.xml'), 'utf8')).toMatch(
      /<testcase name="no regression since the baseline" classname="reprise">\n\s+<failure message="1 of 1 routes failed/,
    );
    const { verdict } = readReport(join(cwd, 'after'));
    expect(verdict.gates.at(-1)).toMatchObject({
      gate: 'no regression since the baseline',
      outcome: 'failed',
    });
    expect(reportFaults(readReport(join(cwd, 'after')))).toEqual([]);
  });

  it('is not written over by the run that is held against it', async () => {
    await record(SLOWER_MS);
    const { code, stderr } = await replay('--baseline', 'before/report.json', '--out', 'before');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: --out .*before\/report\.json/);
  });

  it('of too few requests says so, and ends with 1: nothing was found to be well', async () => {
    writeFileSync(join(cwd, 'access.log'), log(20));
    await record(SAME_MS);
    const { code, stdout } = await replay(...AGAINST);
    expect(code).toBe(1);
    expect(stdout).toContain(
      '\nsince the baseline\n✗ nothing can be compared: 20 requests sent before, 20 after',
    );
  });
});

describe('the terminal', () => {
  const draw = async (stderrColumns: number, ...flags: string[]) => {
    const { ended, stderr } = startInProcess(argsOf(...flags), {
      cwd,
      stderrColumns,
      env: { NO_COLOR: '1' },
    });
    const { code } = await ended;
    return { code, drawn: stderr() };
  };

  it('shows the gates while the run goes', async () => {
    const { code, drawn } = await draw(100, '--gate', 'failed < 0.1%', '--gate', 'statusMatch < 50%');
    expect(code).toBe(1);
    expect(drawn).toContain('gates ');
    expect(drawn).toMatch(/[✓✗?] failed < 0\.1%/);
  });

  it('shows them on 40 columns, too', async () => {
    const { drawn } = await draw(40, '--gate', 'failed < 0.1%', '--gate', 'each route p95 <= 3x recorded');
    expect(drawn).toMatch(/gates [✓✗?] [12]/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape byte is what moves the cursor
    for (const line of drawn.split(/\n|\u001b\[\S*?[A-Za-z]/)) expect(line.length, line).toBeLessThan(40);
  });

  it('is left alone with --quiet, and has no line for gates without any', async () => {
    expect((await draw(100, '--quiet', '--gate', 'failed < 1%')).drawn).toBe('');
    expect((await draw(100)).drawn).not.toContain('gates');
  });
});
