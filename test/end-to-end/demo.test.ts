import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Report } from '../../core/report/report-json.ts';
import { runChild, tempFolders } from '../support/cli.ts';
import { expectAccounted } from '../support/outcome.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

/** Fast, and still slow enough for a machine with other work to be as fast as was recorded. */
const SPEED = '15';

describe('demo', () => {
  it('replays the sample log to a server of its own, and leaves a report', async () => {
    const cwd = folders.make();
    const { code, stdout, stderr } = await runChild(['demo', '--speed', SPEED], { cwd, timeoutMs: 80_000 });
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^Replaying demo\/access\.log\.gz, five minutes of nginx, at 15x\nagainst a demo server on http:\/\/127\.0\.0\.1:\d+\n\n/,
    );
    expect(stderr).toMatch(
      /Every figure is in reprise-demo\/report\.json, and the report, as a page to open, in\n {2}reprise-demo\/report\.html\n$/,
    );
    expect(readFileSync(join(cwd, 'reprise-demo/report.html'), 'utf8')).toMatch(/^<!doctype html>/i);
    expect(stdout).toMatch(/^ {2}[\d,]+ of 2,911 planned requests sent in \d+\.\d s, all accounted for\n/);
    const { report } = expectAccounted(join(cwd, 'reprise-demo'));
    expect(report.accounting).toMatchObject({ lines: 3_249, ownTraffic: 61, rejected: { total: 18 } });
    expect(report.accounting.allRules.planned).toBe(2_911);
    expect(report.totals.counts.failed).toBe(0);
    expect(stdout).toMatch(/\n {2}verdict: held, all 4 gates held\n {2}✓ statusMatch >= 98% /);
    expect(report.verdict.gates.map(({ rule, outcome }) => [rule, outcome])).toEqual(
      Array.from({ length: 4 }, () => ['all', 'held']),
    );
  }, 90_000);

  it('prints with --quiet and --json the report alone', async () => {
    const { code, stdout, stderr } = await runChild(['demo', '--speed', '15', '--quiet', '--json'], {
      cwd: folders.make(),
      timeoutMs: 80_000,
    });
    expect(stderr).toBe('');
    expect([code, (JSON.parse(stdout) as Report).verdict.outcome]).toEqual([0, 'held']);
  }, 90_000);
});
