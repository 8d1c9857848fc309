import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Report } from '../../core/report/report-json.ts';
import { readLines, readReport, reprise, tempFolders } from '../support/cli.ts';
import { steadyLog } from '../support/logs.ts';
import { type RecordingServer, startRecordingServer } from '../support/recording-server.ts';
import { reportFaults } from '../support/report-schema.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

let server: RecordingServer;
let cwd = '';
beforeEach(async () => {
  server = await startRecordingServer();
  cwd = folders.make();
  writeFileSync(join(cwd, 'access.log'), `${steadyLog(40, 25)}not json\n`);
});
afterEach(() => server.close());

const replay = (...flags: string[]) =>
  reprise(['replay', 'access.log', '--target', server.url, '--speed', '10', '--ramp', '0s', ...flags], {
    cwd,
  });

describe('replay', () => {
  it('sends what was logged, shows a summary and ends with 0', async () => {
    const { code, stdout, stderr } = await replay();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(server.requests).toHaveLength(40);
    expect(stdout).toMatch(/^ {2}40 of 40 planned requests sent in (?:\d+ ms|[\d.]+ s), all accounted for\n/);
    expect(stdout).toMatch(/├─ rejected +1 {3}not_json ×1\n/);
    expect(stdout).not.toContain('\u001b');
  });

  it('keeps to the terminal: its width, and colour unless NO_COLOR is set', async () => {
    const args = ['replay', 'access.log', '--target', server.url, '--speed', '10', '--ramp', '0s'];
    const coloured = await reprise(args, { cwd, columns: 80 });
    expect(coloured.stdout).toContain('\u001b[');
    const plain = await reprise(args, { cwd, columns: 80, env: { NO_COLOR: '1' } });
    expect(plain.stdout).not.toContain('\u001b');
    for (const line of plain.stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  });

  it('writes report, results and rejects to --out, and the report to stdout with --json', async () => {
    const { code, stdout } = await replay('--out', 'made/out', '--json');
    expect(code).toBe(0);
    const out = join(cwd, 'made/out');
    const report = readReport(out);
    expect(JSON.parse(stdout)).toEqual(report);
    expect(reportFaults(report)).toEqual([]);
    expect(report).toMatchObject({
      version: 1,
      balanced: true,
      run: { endedBy: 'end', seed: 'reprise', inputs: [{ name: 'access.log' }] },
      accounting: { lines: 41, parsed: 40, matched: 40, allRules: { planned: 40, sent: 40 } },
    });
    const results = readLines<{ id: string; status: number; route: string }>(out, 'results.ndjson');
    expect(results).toHaveLength(40);
    expect(new Set(results.map(({ id }) => id)).size).toBe(40);
    expect(results[0]).toMatchObject({ status: 200, route: 'GET shop.example.com/item/{id}' });
    expect(readLines(out, 'rejects.ndjson')).toEqual([
      { source: 'access.log', line: 41, reason: 'not_json', text: 'not json' },
    ]);
  });

  it('puts rejected lines where --rejects says, also beside --out', async () => {
    await replay('--out', 'out', '--rejects', 'r.ndjson');
    expect(readLines(cwd, 'r.ndjson')).toHaveLength(1);
    expect(existsSync(join(cwd, 'out/rejects.ndjson'))).toBe(false);
  });

  it('holds back what --max-rate does not allow', async () => {
    const { stdout } = await replay('--max-rate', '5/s', '--json');
    const { allRules } = (JSON.parse(stdout) as Report).accounting;
    expect(allRules).toMatchObject({ planned: 40, sent: 5, heldBack: { total: 35, by: { max_rate: 35 } } });
    expect(server.requests).toHaveLength(5);
  });

  it('sends to the URL that --target gives to a target of the rules', async () => {
    const rules = join(cwd, 'rules.yaml');
    writeFileSync(
      rules,
      'version: 1\ntargets: { a: { url: "http://127.0.0.1:1" }, b: { url: "http://127.0.0.1:1" } }\nrules: [{ name: r, target: b }]\n',
    );
    const flags = ['--rules', rules, '--target', `b=${server.url}`, '--speed', '10', '--ramp', '0s'];
    const { code } = await reprise(['replay', 'access.log', ...flags], { cwd });
    expect(code).toBe(0);
    expect(server.requests).toHaveLength(40);
  });

  it('sends at several paces at once', async () => {
    const rules = join(cwd, 'rules.yaml');
    writeFileSync(
      rules,
      `version: 1
targets: { t: { url: "${server.url}" } }
rules:
  - { name: fast, target: t, pacing: { mode: recorded, speed: 20, ramp: 0s } }
  - { name: slow, target: t, pacing: { mode: even, speed: 5, ramp: 0s } }
  - { name: steady, target: t, pacing: { mode: constant, rate: 100/s } }
`,
    );
    const { code, stdout } = await reprise(['replay', 'access.log', '--rules', rules, '--json'], { cwd });
    expect(code).toBe(0);
    const report = JSON.parse(stdout) as Report;
    expect(report.accounting).toMatchObject({
      lines: 41,
      matched: 40,
      allRules: { planned: 120, sent: 120 },
    });
    expect(report.balanced).toBe(true);
    expect(server.requests).toHaveLength(120);
  });

  it('counts what a target refuses, and ends with 0: the run itself went well', async () => {
    await server.close();
    const { code, stdout } = await replay('--json');
    expect(code).toBe(0);
    const { allRules } = (JSON.parse(stdout) as Report).accounting;
    expect(allRules).toMatchObject({ sent: 40, failed: { total: 40, by: { refused: 40 } } });
  });

  it('ends with 0 where there is nothing to send', async () => {
    writeFileSync(join(cwd, 'access.log'), '');
    const { code, stdout } = await replay();
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ {2}nothing sent: no line was read/);
  });

  it('ends with 2 where no line can be read as a request, and says why', async () => {
    writeFileSync(join(cwd, 'access.log'), 'GET / 200\n{"a":1}\nGET /b 200\n');
    const { code, stdout, stderr } = await replay();
    expect(code).toBe(2);
    expect(stdout).toMatch(/^ {2}nothing sent: no line could be read as a request/);
    expect(stderr).toMatch(
      /^error: none of the 3 lines can be read as a request \(not_json ×2, not_access_log ×1\)\nhint: is it an access log of /,
    );
  });

  it('replays what can be read of a damaged log, and ends with 2', async () => {
    const { gzipSync } = await import('node:zlib');
    const whole = gzipSync(steadyLog(3_000, 0.1));
    writeFileSync(join(cwd, 'access.log'), whole.subarray(0, whole.length - 1_000));
    const { code, stdout, stderr } = await replay('--json');
    expect(code).toBe(2);
    const report = JSON.parse(stdout) as Report;
    expect(report.balanced).toBe(true);
    expect(report.run.endedBy).toBe('end');
    expect(report.accounting.allRules.planned).toBeGreaterThan(1_000);
    expect(stderr).toContain('error: access.log ends in the middle of its gzip data');
  });
});

describe('a run that cannot begin', () => {
  const nothingSent = async (flags: readonly string[], stderr: string): Promise<void> => {
    expect(await replay(...flags)).toMatchObject({ code: 2, stdout: '', stderr });
    expect(server.requests).toEqual([]);
  };

  it('names an output folder that is a file', async () => {
    const path = join(cwd, 'access.log');
    await nothingSent(
      ['--out', 'access.log'],
      `error: cannot write into the folder ${path}: a file is in the way\nhint: give a folder that can be written to, or one that does not exist yet\n`,
    );
    expect(readFileSync(path, 'utf8')).toContain('not json');
  });

  it('names an output folder that cannot be made', async () => {
    await nothingSent(
      ['--out', 'access.log/below'],
      `error: cannot write into the folder ${join(cwd, 'access.log/below')}: a file is in the way\nhint: give a folder that can be written to, or one that does not exist yet\n`,
    );
  });

  it.each(['results.ndjson', 'rejects.ndjson', 'report.json'])(
    'names an output file that is a folder: %s',
    async (name) => {
      mkdirSync(join(cwd, 'out', name), { recursive: true });
      await nothingSent(
        ['--out', 'out'],
        `error: cannot write ${join(cwd, 'out', name)}: a folder is in the way\nhint: give a file that can be written to, in a folder that exists\n`,
      );
    },
  );

  it('leaves the files of an earlier run as they are', async () => {
    await replay('--out', 'out');
    const before = readFileSync(join(cwd, 'out/results.ndjson'), 'utf8');
    const rules = join(cwd, 'rules.yaml');
    writeFileSync(
      rules,
      `version: 1
targets: { t: { url: "${server.url}" } }
rules:
  - { name: a, target: t }
  - { name: b, target: t, pacing: { mode: recorded, speed: 2 } }
`,
    );
    const { code } = await reprise(['replay', '-', '--rules', rules, '--out', 'out'], { cwd });
    expect(code).toBe(2);
    expect(readFileSync(join(cwd, 'out/results.ndjson'), 'utf8')).toBe(before);
  });

  it('names every variable that a header needs and that is not set', async () => {
    const rules = join(cwd, 'rules.yaml');
    const text = `version: 1\ntargets: { t: { url: "${server.url}" } }\nrules: [{ name: a, target: t, headers: { set: { authorization: { fromEnv: SOME_TOKEN } } } }]\n`;
    writeFileSync(rules, text);
    const args = ['replay', 'access.log', '--rules', rules, '--speed', '10', '--ramp', '0s'];
    const without = await reprise(args, { cwd });
    expect(without).toMatchObject({ code: 2, stdout: '' });
    expect(without.stderr).toContain('SOME_TOKEN');
    const { code } = await reprise(args, { cwd, env: { SOME_TOKEN: 'Bearer x' } });
    expect(code).toBe(0);
    expect(server.requests[0]?.rawHeaders).toContainEqual(['authorization', 'Bearer x']);
  });
});

describe('a log of the very host that is sent to', () => {
  it('has nothing sent, whatever else is in it, and every line that was read is accounted for', async () => {
    // A name that is not loopback, and that nothing may be sent to.
    const flags = ['--target', 'http://shop.example.com:9', '--out', 'out', '--speed', '100'];
    const { code, stderr } = await reprise(['replay', 'access.log', ...flags], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain(
      'error: rule "all" sends to shop.example.com, which is also the recorded host of access.log:1\n',
    );
    const report = readReport(join(cwd, 'out'));
    expect(report).toMatchObject({ balanced: true, run: { endedBy: 'error' } });
    const { planned, sent, heldBack } = report.accounting.allRules;
    expect(sent).toBe(0);
    expect(heldBack.by).toEqual({ stopped: planned });
    expect(readLines(cwd, 'out/results.ndjson')).toHaveLength(planned);
  });
});
