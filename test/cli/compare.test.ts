import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Comparison } from '../../core/judge/comparison.ts';
import type { Report } from '../../core/report/report-json.ts';
import { reprise, tempFolders } from '../support/cli.ts';
import { comparedReport, type RouteRun } from '../support/compared-report.ts';
import { createDraws } from '../support/random-latency.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

const draws = createDraws(13);
const latencies = (count: number, medianMs: number): number[] =>
  Array.from({ length: count }, () => draws.lognormalMs(medianMs, 0.5));

const BEFORE: readonly RouteRun[] = [
  { route: 'GET shop.example.com/cart/{id}', serviceMs: latencies(400, 20) },
  { route: 'GET shop.example.com/search', serviceMs: latencies(400, 60) },
];
const slower = (factor: number): readonly RouteRun[] =>
  BEFORE.map((run) => ({ ...run, serviceMs: run.serviceMs.map((ms) => ms * factor) }));

const later = (routes: readonly RouteRun[]): Report => comparedReport(routes, { id: '7a70000000000000' });

/** A folder with before.json and after.json. */
const folderOf = (files: Readonly<Record<string, unknown>>): string => {
  const folder = folders.make();
  for (const [name, content] of Object.entries({ 'before.json': comparedReport(BEFORE), ...files }))
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  return folder;
};

const compare = (cwd: string, ...args: readonly string[]) =>
  reprise(['compare', 'before.json', 'after.json', ...args], { cwd });

describe('compare', () => {
  it('ends with 0 where nothing became worse', async () => {
    const { code, stdout, stderr } = await compare(folderOf({ 'after.json': later(BEFORE) }));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')[0]).toBe('✓ no regression: 2 routes compared');
  });

  it('ends with 1 on a regression, and names it in its first line', async () => {
    const { code, stdout, stderr } = await compare(folderOf({ 'after.json': later(slower(1.5)) }));
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout.split('\n').slice(0, 2).join(' ')).toBe(
      '✗ 3 regressions: slower: GET shop.example.com/search, GET shop.example.com/cart/{id}, all requests together',
    );
  });

  it('takes as much growth as --tolerance allows', async () => {
    const cwd = folderOf({ 'after.json': later(slower(1.5)) });
    expect((await compare(cwd, '--tolerance', '60%')).code).toBe(0);
    expect((await compare(cwd, '--tolerance', '40%')).code).toBe(1);
  });

  it.each(['60', '-5%', 'much', '1001%', '5.%'])('refuses a tolerance of %s', async (given) => {
    const cwd = folderOf({ 'after.json': later(BEFORE) });
    expect(await compare(cwd, `--tolerance=${given}`)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: `error: --tolerance must be a percentage from 0% to 1000%, such as 5%, got "${given}"\n`,
    });
  });

  it('ends with 1 where there is nothing to compare', async () => {
    const { code, stdout } = await compare(folderOf({ 'after.json': later([]) }));
    expect(code).toBe(1);
    expect(stdout.split('\n')[0]).toBe(
      '✗ nothing can be compared: 800 requests sent before, 0 after, and it takes 50 in each',
    );
  });

  it('warns of another log, and goes on', async () => {
    const other = comparedReport(BEFORE, { id: '77', inputs: [{ name: 'other.log' }] });
    const { code, stdout } = await compare(folderOf({ 'after.json': other }));
    expect(code).toBe(0);
    expect(stdout).toContain(
      '  warning: the logs differ: access.log with 800 lines before, other.log with 800 lines after\n',
    );
  });

  it('prints the comparison as JSON', async () => {
    const { code, stdout } = await compare(folderOf({ 'after.json': later(slower(2)) }), '--json');
    expect(code).toBe(1);
    const comparison = JSON.parse(stdout) as Comparison;
    expect(comparison).toMatchObject({ regressions: 3, isJudged: true, tests: 3, toleranceShare: 0.05 });
    expect(comparison.routes.map(({ latency }) => latency.outcome)).toEqual(['worse', 'worse']);
  });

  it('writes a table for a pull request, relative to where it runs', async () => {
    const cwd = folderOf({ 'after.json': later(slower(1.5)) });
    const { code, stdout } = await compare(cwd, '--markdown', 'pr.md');
    expect(code).toBe(1);
    expect(stdout).toContain('3 regressions');
    expect(readFileSync(join(cwd, 'pr.md'), 'utf8')).toMatch(/^## ❌ 3 regressions: slower: `GET shop/);
  });

  it('says so before it reads anything where that table cannot be written', async () => {
    const cwd = folderOf({});
    const inTheWay = await compare(cwd, '--markdown', 'before.json/pr.md');
    expect(inTheWay).toMatchObject({ code: 2, stdout: '' });
    expect(inTheWay.stderr).toMatch(/^error: cannot write into the folder .*: a file is in the way\nhint: /);
    const text = readFileSync(join(cwd, 'before.json'), 'utf8');
    const over = await compare(cwd, '--markdown', 'before.json');
    expect(over).toMatchObject({ code: 2, stdout: '' });
    expect(over.stderr).toMatch(
      /^error: --markdown would write over .*, which is read\nhint: give another file\n/,
    );
    expect(readFileSync(join(cwd, 'before.json'), 'utf8')).toBe(text);
  });

  it('makes the folder of that table', async () => {
    const cwd = folderOf({ 'after.json': later(slower(1.5)) });
    await compare(cwd, '--markdown', 'no/folder/pr.md');
    expect(readFileSync(join(cwd, 'no/folder/pr.md'), 'utf8')).toMatch(/^## ❌ 3 regressions/);
  });

  it('takes the folders of two runs', async () => {
    const cwd = folderOf({});
    for (const [name, report] of [
      ['a', comparedReport(BEFORE)],
      ['b', later(BEFORE)],
    ] as const) {
      mkdirSync(join(cwd, name));
      writeFileSync(join(cwd, name, 'report.json'), JSON.stringify(report));
    }
    expect((await reprise(['compare', 'a', 'b'], { cwd })).code).toBe(0);
  });
});

describe('a file that is no report', () => {
  const report = later(BEFORE);
  const badHistogram = {
    ...report,
    totals: {
      ...report.totals,
      histograms: {
        ...report.totals.histograms,
        service: { minMs: 1, maxMs: 2, low: 0, buckets: [99_999, 1] },
      },
    },
  };
  const hint =
    'hint: give the report.json that --out of reprise replay wrote, or the folder that it stands in\n';
  const otherVersion =
    'hint: was it written by another version of reprise? run the replay again with this one\n';

  it.each([
    ['that is not JSON', 'results\n', `it is not JSON\n${hint}`],
    ['of another shape', [1], `it must be an object, got a list\n${otherVersion}`],
    ['of another version', { ...report, version: 2 }, `version must be 1, got 2\n${otherVersion}`],
    [
      'with a word that is none of those allowed',
      { ...report, run: { ...report.run, endedBy: 'x'.repeat(100) } },
      `run.endedBy must be "end", "limit", "stopped", "aborted" or "error", got "${'x'.repeat(60)}…"\n${otherVersion}`,
    ],
    [
      'with too small a number',
      { ...report, run: { ...report.run, durationMs: -1 } },
      `run.durationMs must be at least 0, got -1\n${otherVersion}`,
    ],
    [
      'with a text that is no time',
      { ...report, run: { ...report.run, startedAt: 'today' } },
      `run.startedAt must be a text that matches ^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$, got "today"\n${otherVersion}`,
    ],
    [
      'with nothing where a number may be, or null',
      { ...report, timeline: report.timeline.map((step) => ({ ...step, p95Ms: {} })) },
      `timeline.0.p95Ms must be a number or null, got an empty object\n${otherVersion}`,
    ],
    [
      'with more entries than it may have',
      { ...report, routes: Array.from({ length: 52 }, () => report.routes[0]) },
      `routes has 52 entries, 51 are allowed\n${otherVersion}`,
    ],
    [
      'with the same route twice',
      { ...report, routes: [...report.routes, report.routes[0]] },
      `routes.2 is "GET shop.example.com/cart/{id}", as routes.0 is\n${hint}`,
    ],
    ['without a field', { ...report, totals: undefined }, `it has no "totals"\n${otherVersion}`],
    [
      'with a field of another kind',
      { ...report, totals: { ...report.totals, counts: { ...report.totals.counts, sent: 'all' } } },
      `totals.counts.sent must be a whole number, got "all"\n${otherVersion}`,
    ],
    [
      'with a field more',
      { ...report, extra: 1 },
      `it has "extra", which is none of its fields\n${otherVersion}`,
    ],
    [
      'with buckets that no histogram has',
      badHistogram,
      `totals.histograms.service: a histogram's buckets must be pairs of a bucket number below 5504 and a count, got 99999, 1\n${hint}`,
    ],
  ])('%s ends with 2, names it and what is wrong', async (_, content, why) => {
    const cwd = folderOf({ 'after.json': content });
    expect(await compare(cwd)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: `error: ${join(cwd, 'after.json')} is no report.json of reprise: ${why}`,
    });
  });

  it('is not read where it is far too large to be one', async () => {
    const cwd = folderOf({ 'after.json': '' });
    truncateSync(join(cwd, 'after.json'), 5 * 1024 ** 3);
    expect((await compare(cwd)).stderr).toBe(
      `error: ${join(cwd, 'after.json')} is no report.json of reprise: it has 5,120 MiB, a report 64 at most\n${hint}`,
    );
  });

  it.skipIf(process.platform === 'win32')('is not read on where there is no end of it', async () => {
    const cwd = folderOf({});
    expect(await reprise(['compare', '/dev/zero', 'before.json'], { cwd })).toMatchObject({
      code: 2,
      stderr: `error: /dev/zero is no report.json of reprise: it has more than 64 MiB, a report 64 at most\n${hint}`,
    });
  });

  it('is named where it is not there', async () => {
    const cwd = folderOf({});
    expect(await compare(cwd)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: `error: cannot read ${join(cwd, 'after.json')}: no such file or directory\n${hint}`,
    });
  });
});
