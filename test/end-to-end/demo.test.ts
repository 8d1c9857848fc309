import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runChild, tempFolders } from '../support/cli.ts';
import { expectAccounted } from '../support/outcome.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

describe('demo', () => {
  it('replays the sample log to a server of its own, and leaves a report', async () => {
    const cwd = folders.make();
    const { code, stdout, stderr } = await runChild(['demo', '--speed', '100'], { cwd });
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^Replaying demo\/access\.log\.gz, five minutes of nginx, at 100x\nagainst a demo server on http:\/\/127\.0\.0\.1:\d+\n\n/,
    );
    expect(stderr).toContain(
      'The report is in reprise-demo/report.json. With your own log:\n  npx reprise replay ',
    );
    expect(stdout).toMatch(/^ {2}[\d,]+ of 2,911 planned requests sent in \d\.\d s, all accounted for\n/);
    const { report } = expectAccounted(join(cwd, 'reprise-demo'));
    expect(report.accounting).toMatchObject({ lines: 3_249, ownTraffic: 61, rejected: { total: 18 } });
    expect(report.accounting.allRules.planned).toBe(2_911);
    expect(report.totals.counts.failed).toBe(0);
  });
});
