import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Report } from '../../core/report/report-json.ts';
import { reprise, tempFolders } from '../support/cli.ts';
import { steadyLog } from '../support/logs.ts';
import { type RecordingServer, startRecordingServer } from '../support/recording-server.ts';

const folders = tempFolders();
let server: RecordingServer;
let cwd = '';
beforeAll(async () => {
  server = await startRecordingServer();
});
afterAll(async () => {
  folders.removeAll();
  await server.close();
});
beforeEach(() => {
  cwd = folders.make();
  writeFileSync(join(cwd, 'access.log'), steadyLog(3, 5));
});

/** Must not come to sending anything. */
const refused = async (...flags: string[]): Promise<string> => {
  const before = server.requests.length;
  const end = await reprise(['replay', 'access.log', '--target', server.url, ...flags], { cwd });
  expect(end).toMatchObject({ code: 2, stdout: '' });
  expect(server.requests).toHaveLength(before);
  return end.stderr;
};

describe('--gate', () => {
  it('shows every fault of all of them at once, each with its place', async () => {
    const gates = [
      'p95 << 300ms',
      'p59 <= 1ms',
      'failed < 0.1%',
      'rule:catalog p95 <= 1ms',
      'p95 <= +5% baseline',
    ];
    expect(await refused(...gates.flatMap((gate) => ['--gate', gate]))).toBe(`error: --gate has 4 faults
--gate  p95 << 300ms
            ^
  column 5: after p95 comes one of <=, <, >=, >, got "<<"
--gate  p59 <= 1ms
        ^
  column 1: a gate begins with a measure, got "p59"
  hint: did you mean "p50"?
--gate  rule:catalog p95 <= 1ms
             ^
  column 6: there is no rule named "catalog"
  hint: rules are all
--gate  p95 <= +5% baseline
                   ^
  column 12: there is no --baseline to hold it against
  hint: --baseline names the report.json of an earlier run
`);
  });

  it('shows the faults of a baseline along with them', async () => {
    const stderr = await refused('--gate', 'p95 300ms', '--baseline', 'gone.json');
    expect(stderr).toMatch(/^error: --gate and --baseline have 2 faults\n--gate {2}p95 300ms\n {12}\^\n/);
    expect(stderr).toMatch(/\n--baseline {2}.*gone\.json/);
  });

  it('marks the place in a text that is long, wide or not for terminals', async () => {
    const stderr = await refused('--gate', `${' '.repeat(60)}p95 <=\n\u001b[2J💥 ${'9'.repeat(200)}`);
    const [, shown = '', mark = ''] = stderr.split('\n');
    expect(shown.startsWith(`--gate  …${' '.repeat(33)}p95 <=??[2J`)).toBe(true);
    expect(shown.endsWith('…')).toBe(true);
    expect(shown.length).toBeLessThan(110);
    expect(mark.indexOf('^')).toBe(shown.indexOf('?[2J'));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the very characters that must not be there
    expect(stderr).not.toMatch(/[\u0000-\u0009\u001b]/);
  });

  it('of nothing is a fault', async () => {
    expect(await refused('--gate', '')).toMatch(
      /^error: --gate has 1 fault\n--gate {2}\n {8}\^\n {2}column 1: /,
    );
  });

  it('of the rules is refused as every fault of theirs, with its place', async () => {
    writeFileSync(
      join(cwd, 'r.yaml'),
      `version: 1\ntargets: { t: { url: "${server.url}" } }\nrules:\n  - name: a\n    target: t\n    gates: ["p95 <> 1ms"]\n`,
    );
    const args = ['replay', 'access.log', '--rules', join(cwd, 'r.yaml')];
    const { code, stderr } = await reprise(args, { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain('r.yaml:6:18  GATE_SYNTAX  after p95 comes one of <=, <, >=, >, got "<>"');
  });
});

describe('a gate that keeps a run from being good', () => {
  it('is warned of before the run, which goes on', async () => {
    const args = ['replay', 'access.log', '--target', server.url, '--gate', 'failed >= 1% optional'];
    expect(await reprise(args, { cwd })).toMatchObject({
      code: 1,
      stderr:
        'warning: the gate "failed >= 1% optional" holds when failed is high, and fails when it is low: did you mean <=?\n',
    });
    expect((await reprise([...args, '--quiet'], { cwd })).stderr).toBe('');
  });
});

describe('--tolerance', () => {
  it('is how much a run may grow since its baseline', async () => {
    const args = ['replay', 'access.log', '--target', server.url];
    await reprise([...args, '--out', 'base'], { cwd });
    const limits = async (...flags: string[]): Promise<readonly number[]> => {
      const { stdout } = await reprise([...args, '--baseline', 'base/report.json', '--json', ...flags], {
        cwd,
      });
      return (JSON.parse(stdout) as Report).verdict.gates.map(({ limit }) => limit);
    };
    expect(await limits()).toEqual([1.05]);
    expect(await limits('--tolerance', '12.5%')).toEqual([1.125]);
  });

  it('goes with a baseline alone, and is a percentage', async () => {
    expect(await refused('--tolerance', '7%')).toBe(
      'error: --tolerance 7% is of --baseline, and none is given\n' +
        'hint: --baseline names the report.json of an earlier run; gates have limits of their own\n',
    );
    expect(await refused('--tolerance', '7')).toBe(
      'error: --tolerance must be a percentage from 0% to 1000%, such as 5%, got "7"\n',
    );
  });
});

describe('--baseline', () => {
  it.each([
    ['is not there', () => undefined],
    ['is a folder', (path: string) => mkdirSync(path)],
    ['is no JSON', (path: string) => writeFileSync(path, 'not json')],
    ['is no report', (path: string) => writeFileSync(path, '{"version":1}')],
  ])('that %s is refused before the run', async (_, make) => {
    make(join(cwd, 'base.json'));
    expect(await refused('--baseline', 'base.json')).toMatch(/^error: .*base\.json/);
  });

  it('that is missing is told of beforehand, where gates of the rules need one', async () => {
    const rules = join(cwd, 'r.yaml');
    const gates = '["p95 <= +10% baseline", "p99 <= +10% baseline", "p50 <= +10% baseline optional"]';
    const text = `version: 1\ntargets: { t: { url: "${server.url}" } }\nrules: [{ name: a, target: t, gates: ${gates} }]\n`;
    writeFileSync(rules, text);
    const args = ['replay', 'access.log', '--rules', rules];
    const warned = await reprise(args, { cwd });
    expect(warned).toMatchObject({
      code: 1,
      stderr:
        'warning: 2 gates of the rules are held against a baseline, and no --baseline is given: the verdict will fail\n',
    });
    expect((await reprise([...args, '--quiet'], { cwd })).stderr).toBe('');
    expect(readFileSync(rules, 'utf8')).toBe(text);
  });
});
