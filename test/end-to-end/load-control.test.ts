import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import { reprise, startInProcess, tempFolders } from '../support/cli.ts';
import { LOG_START_MS, type LoggedRequest, steadyLog } from '../support/logs.ts';
import { expectAccounted, type ResultLine } from '../support/outcome.ts';
import { type Answer, httpAnswer, startRecordingServer } from '../support/recording-server.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

interface Scene {
  /** Of the n-th request, counted from 1. */
  readonly answer?: (n: number, path: string) => Answer | Promise<Answer>;
  /** Keys of the target and of the only rule, in flow style. */
  readonly target?: string;
  readonly rule?: string;
  /** Rules in place of the only one, each in flow style. */
  readonly rules?: readonly string[];
  readonly count: number;
  readonly everyMs: number;
  readonly logged?: (index: number) => Partial<LoggedRequest>;
  readonly flags?: readonly string[];
}

/** Replays a steady log to a server of its own; whatever happens, all of it is accounted for. */
const replay = async (scene: Scene) => {
  const {
    answer = () => httpAnswer(200),
    target = '',
    rule = '',
    rules = [`name: r, ${rule}`],
    flags = [],
  } = scene;
  let n = 0;
  const server = await startRecordingServer({
    answer: ({ requestLine }) => {
      n += 1;
      return answer(n, requestLine);
    },
  });
  const cwd = folders.make();
  writeFileSync(join(cwd, 'access.log'), steadyLog(scene.count, scene.everyMs, scene.logged));
  // Where the limit is not what is tested, a machine that stands still for a while does not fill it.
  const limit = target.includes('maxInFlight') ? '' : 'maxInFlight: 900, ';
  const given = rules.map((keys) => `  - { target: t, ${keys} }\n`).join('');
  const text = `version: 1\ntargets: { t: { url: "${server.url}", ${limit}${target} } }\nrules:\n${given}`;
  writeFileSync(join(cwd, 'rules.yaml'), text);
  const args = ['replay', 'access.log', '--rules', join(cwd, 'rules.yaml'), '--out', 'out', ...flags];
  const ended = await reprise(args, { cwd });
  await server.close();
  const { report, results } = expectAccounted(join(cwd, 'out'));
  const { allRules, rules: ofRules } = report.accounting;
  return { ...ended, server, report, results, allRules, ofRules, load: report.targets[0] };
};

const sentOf = (results: readonly ResultLine[]) =>
  results.flatMap(({ sentMs, ...rest }) => (sentMs === undefined ? [] : [{ ...rest, sentMs }]));

// One after the other: what is tested here is a matter of time.
describe('a target that fails', () => {
  it('is sent less and less, and more again once it answers', async () => {
    let downUntilMs: number | undefined;
    const { code, allRules, load, report, stdout } = await replay({
      answer: () => {
        downUntilMs ??= performance.now() + 3_200;
        return httpAnswer(performance.now() < downUntilMs ? 500 : 200);
      },
      rule: 'backoff: { latency: 5s, errors: 20%, window: 1s }',
      count: 2_000,
      everyMs: 5,
    });
    expect(code).toBe(0);
    // Up to the first cut all that is due, 200 a second; then half of it, then a quarter.
    expect(allRules.answered.by['500']).toBeLessThan(620);
    expect(allRules.answered.by['200']).toBeGreaterThan(50);
    expect(allRules.heldBack.by.backoff).toBeGreaterThan(500);
    expect(load?.cuts).toBeGreaterThanOrEqual(2);
    expect(load?.overWindows).toBeGreaterThanOrEqual(2);
    expect(load?.windows).toBeGreaterThan(load?.overWindows ?? 0);
    expect(load?.lowestLevel).toBeLessThanOrEqual(0.3);
    expect(load?.level).toBeGreaterThan(load?.lowestLevel ?? 1);
    const levels = report.timeline.map(({ backoffLevel }) => backoffLevel);
    expect(levels[0]).toBeNull();
    expect(Math.min(...levels.map((level) => level ?? 1))).toBe(load?.lowestLevel);
    expect(stdout).toMatch(/held back as backoff: too many errors\s+\(t,\s+down\s+to\s+\d+ %\)/);
  });

  it('is probed once a second where nothing else is sent', async () => {
    const { allRules, load, results } = await replay({
      answer: () => httpAnswer(500),
      // One client is one session: from the first cut on all of it is held back.
      rule: 'sampleBy: client, backoff: { latency: 5s, errors: 20%, window: 1s }',
      logged: () => ({ client: '192.0.2.3' }),
      count: 350,
      everyMs: 20,
    });
    expect(load?.cuts).toBe(1);
    expect(load?.probes).toBeGreaterThanOrEqual(3);
    expect(allRules.heldBack.by.backoff).toBeGreaterThan(100);
    const sent = sentOf(results).map(({ sentMs }) => sentMs);
    const gaps = sent.slice(-3).map((ms, i) => ms - (sent.at(i - 4) ?? 0));
    for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(990);
  });

  it('is left alone for as long as it asks', async () => {
    const { allRules, results, stdout, load } = await replay({
      answer: (n) => (n === 20 ? httpAnswer(429, '', ['retry-after: 2']) : httpAnswer(200)),
      rule: 'backoff: { latency: 5s, window: 1s }',
      count: 250,
      everyMs: 20,
    });
    const sent = sentOf(results);
    const asked = sent.find(({ status }) => status === 429);
    const answeredMs = (asked?.dueMs ?? 0) + (asked?.fromDueMs ?? 0);
    const during = sent.filter(({ sentMs }) => sentMs > answeredMs + 50 && sentMs < answeredMs + 1_990);
    expect(during).toEqual([]);
    const after = sent.filter(({ sentMs }) => sentMs >= answeredMs + 1_990);
    expect(after.length).toBeGreaterThan(80);
    expect(allRules.heldBack.by.backoff).toBeGreaterThan(80);
    expect(load).toMatchObject({ level: 1, cuts: 0 });
    expect(stdout).toMatch(/held back as backoff: t asked to be left alone\s+\(Retry-After\)\n/);
  });

  it('is left alone from the head of an answer on whose body never ends', async () => {
    const { allRules, results } = await replay({
      answer: () => 'HTTP/1.1 503 x\r\nretry-after: 60\r\ncontent-length: 100\r\n\r\nx',
      target: 'timeout: 3s',
      rule: 'backoff: { latency: 5s, window: 1s }',
      count: 100,
      everyMs: 50,
    });
    expect(sentOf(results).length).toBeLessThan(20);
    expect(allRules.heldBack.by.backoff).toBeGreaterThan(80);
  });

  it('is sent all the same where backoff is off', async () => {
    const { allRules, load } = await replay({
      answer: () => httpAnswer(503, '', ['retry-after: 60']),
      rule: 'backoff: off',
      count: 150,
      everyMs: 20,
    });
    expect(allRules).toMatchObject({ sent: 150, answered: { by: { 503: 150 } } });
    expect(load).toMatchObject({ level: 1, windows: 0, probes: 0 });
  });
});

describe.concurrent('a rule that gives up', () => {
  it('ends the run with 3, its rest held back, and says why', async () => {
    const { code, stderr, stdout, allRules, report } = await replay({
      answer: () => httpAnswer(500),
      rule: 'backoff: off, abort: { when: "errors > 50% for 1s" }',
      count: 3_000,
      everyMs: 10,
    });
    expect(code).toBe(3);
    expect(report.run.endedBy).toBe('aborted');
    expect(report.run.durationMs).toBeLessThan(8_000);
    expect(stderr).toBe(
      'error: rule "r" was given up: 100 % errors for 1 s (limit 50 %)\nhint: its `abort` asks for that; the summary says what went wrong, and percent or maxRate ask for less\n',
    );
    expect(stdout).toMatch(/planned requests sent in [\d.]+ s, given up, all accounted\s+for\n/);
    expect(allRules.heldBack).toEqual({
      total: 3_000 - allRules.sent,
      by: { stopped: 3_000 - allRules.sent },
    });
  });

  it('goes on while enough is answered', async () => {
    const { code, report } = await replay({
      answer: (n) => httpAnswer(n % 3 === 0 ? 500 : 200),
      rule: 'backoff: off, abort: { when: "errors > 50% for 1s" }',
      count: 300,
      everyMs: 10,
    });
    expect({ code, endedBy: report.run.endedBy }).toEqual({ code: 0, endedBy: 'end' });
  });
});

describe.concurrent('budgets', () => {
  it('of requests are kept exactly, of target and rule', async () => {
    const { code, stdout, server, report, ofRules, load } = await replay({
      target: 'budget: { requests: 70 }',
      rules: ['name: a, budget: { requests: 30 }', 'name: b'],
      count: 100,
      everyMs: 4,
    });
    expect(code).toBe(0);
    expect(server.requests).toHaveLength(70);
    expect(ofRules).toMatchObject([
      { name: 'a', sent: 30, heldBack: { by: { budget: 70 } } },
      { name: 'b', sent: 40, heldBack: { by: { budget: 60 } } },
    ]);
    expect(load?.budget).toEqual({ requests: { used: 70, limit: 70 } });
    expect(report.rules.map(({ budget }) => budget)).toEqual([{ requests: { used: 30, limit: 30 } }, null]);
    expect(stdout).toContain('130 held back as budget: ');
  });

  it('of bytes are gone beyond by what is in flight at most', async () => {
    const { allRules, load } = await replay({
      answer: () => httpAnswer(200, 'x'.repeat(1_000)),
      target: 'budget: { bytes: 50kB }, maxInFlight: 5',
      count: 400,
      everyMs: 10,
    });
    const used = load?.budget?.bytes?.used ?? 0;
    expect(used).toBe(allRules.sent * 1_000);
    expect(used).toBeGreaterThanOrEqual(50_000);
    expect(used).toBeLessThanOrEqual(55_000);
    expect(allRules.heldBack.by.budget).toBeGreaterThan(100);
  });

  it('of time end at that due instant', async () => {
    const { results, load } = await replay({
      target: 'budget: { duration: 500ms }',
      count: 100,
      everyMs: 10,
    });
    for (const { dueMs, heldBack } of results) expect(heldBack).toBe(dueMs < 500 ? undefined : 'budget');
    expect(load?.budget?.durationMs).toMatchObject({ limit: 500 });
  });
});

describe.concurrent('limits of a rule', () => {
  it('hold for it, and not for the rule beside it', async () => {
    const { ofRules } = await replay({
      answer: (_, path) => (path.includes('/slow') ? undefined : httpAnswer(200)),
      target: 'timeout: 5s',
      rules: [
        'name: slow, match: { path: /slow/** }, maxInFlight: 3, timeout: 300ms, backoff: off',
        'name: fast, match: { path: /fast/** }, maxRate: 20/s, backoff: off',
      ],
      logged: (i) => ({ path: i % 2 === 0 ? `/slow/${i}` : `/fast/${i}` }),
      count: 300,
      everyMs: 10,
    });
    const [slow, fast] = ofRules;
    expect(slow?.heldBack.by.in_flight).toBe(150 - (slow?.sent ?? 0));
    expect(slow?.failed.by.timeout).toBe(slow?.sent);
    // Three places, each free again after 300 ms, for three seconds.
    expect(slow?.sent).toBeGreaterThanOrEqual(6);
    expect(slow?.sent).toBeLessThanOrEqual(33);
    expect(fast).toMatchObject({ sent: 60, heldBack: { by: { max_rate: 90 } } });
  });
});

describe.concurrent('--for', () => {
  it('ends a run in good order after that time, with 0', async () => {
    const { code, stdout, stderr, report, allRules } = await replay({
      count: 1_000,
      everyMs: 10,
      rule: 'backoff: off',
      flags: ['--for', '2s'],
    });
    expect({ code, stderr, endedBy: report.run.endedBy }).toEqual({ code: 0, stderr: '', endedBy: 'limit' });
    expect(stdout).toMatch(/planned requests sent in [\d.]+ s, ended by --for, all accounted\s+for\n/);
    expect(report.run.durationMs).toBeLessThan(5_000);
    expect(allRules.sent).toBeGreaterThan(50);
    expect(allRules.heldBack.by).toEqual({ stopped: 1_000 - allRules.sent });
  });

  it('changes nothing where the log ends before', async () => {
    const { report, allRules } = await replay({ count: 20, everyMs: 10, flags: ['--for', '10m'] });
    expect(report.run.endedBy).toBe('end');
    expect(allRules.sent).toBe(20);
  });

  it('changes nothing where only answers are still to come', async () => {
    const { report, allRules } = await replay({
      answer: () => new Promise((resolve) => setTimeout(() => resolve(httpAnswer(200)), 2_500)),
      count: 20,
      everyMs: 1,
      flags: ['--for', '2s'],
    });
    expect(report.run.endedBy).toBe('end');
    expect(allRules.answered.total).toBe(20);
  });

  it('ends a run that waits for a pipe, whether nothing has come or nothing comes any more', async () => {
    const cwd = folders.make();
    const endsOf = async (text: string, out: string) => {
      const server = await startRecordingServer();
      const stdin = new PassThrough();
      stdin.write(text);
      const args = ['replay', '-', '--target', server.url, '--out', out, '--for', '1s'];
      const { code } = await reprise(args, { cwd, stdin });
      await server.close();
      const { report } = expectAccounted(join(cwd, out));
      const { sent } = report.accounting.allRules;
      return { code, endedBy: report.run.endedBy, hasSent: sent > 0 };
    };
    // What is less than 30 s of log time behind the last line waits for what may still come before it.
    const [none, some] = await Promise.all([endsOf('\n', 'none'), endsOf(steadyLog(40, 1_000), 'some')]);
    expect(none).toEqual({ code: 0, endedBy: 'limit', hasSent: false });
    expect(some).toEqual({ code: 0, endedBy: 'limit', hasSent: true });
  });
});

describe.concurrent('--follow', () => {
  it('has backoff, budgets and a hard end, too', async () => {
    const server = await startRecordingServer({ answer: () => httpAnswer(500) });
    const cwd = folders.make();
    const rules = join(cwd, 'rules.yaml');
    writeFileSync(
      rules,
      `version: 1
targets: { t: { url: "${server.url}", budget: { requests: 250 } } }
rules: [{ name: r, target: t, backoff: { latency: 5s, errors: 10%, window: 1s } }]
`,
    );
    const stdin = new PassThrough();
    const args = ['replay', '-', '--follow', '--rules', rules, '--out', 'out', '--for', '7s'];
    const { ended } = startInProcess(args, { cwd, stdin });
    const fromMs = Date.now() - LOG_START_MS - 4_000;
    // They are due 5 s after they were logged, so within a second from now on, for 4 s.
    stdin.write(steadyLog(400, 10, (i) => ({ atMs: fromMs + i * 10 })));
    const { code, stderr } = await ended;
    await server.close();
    const { report } = expectAccounted(join(cwd, 'out'));
    expect({ code, stderr, endedBy: report.run.endedBy }).toEqual({ code: 0, stderr: '', endedBy: 'limit' });
    const { heldBack, sent } = report.accounting.allRules;
    expect(heldBack.by.backoff).toBeGreaterThan(40);
    expect(sent).toBeLessThanOrEqual(250);
    expect(report.targets[0]?.cuts).toBeGreaterThanOrEqual(1);
  });
});
