import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reprise, runChild, startInProcess, tempFolders } from '../support/cli.ts';
import { steadyLog } from '../support/logs.ts';
import { expectAccounted } from '../support/outcome.ts';
import { type RecordingServer, startRecordingServer } from '../support/recording-server.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

const MAX_IN_FLIGHT = 20;

let server: RecordingServer;
let cwd = '';
beforeEach(async () => {
  server = await startRecordingServer({ answer: () => undefined, keep: false });
  cwd = folders.make();
});
afterEach(() => server.close());

const writeRules = (timeout: string): string => {
  const path = join(cwd, 'rules.yaml');
  writeFileSync(
    path,
    `version: 1\ntargets: { t: { url: "${server.url}", maxInFlight: ${MAX_IN_FLIGHT}, timeout: ${timeout} } }\nrules: [{ name: a, target: t }]\n`,
  );
  return path;
};

describe('a target that accepts and never answers', () => {
  it('has no more in flight than is allowed, and the run ends on time with everything accounted for', async () => {
    writeFileSync(join(cwd, 'access.log'), steadyLog(2_000, 0.5));
    let mostOpen = 0;
    const watch = setInterval(() => {
      mostOpen = Math.max(mostOpen, server.open);
    }, 5);
    const args = ['replay', 'access.log', '--rules', writeRules('400ms'), '--out', 'out'];
    const { code } = await reprise(args, { cwd });
    clearInterval(watch);
    expect(code).toBe(0);
    const { report, results } = expectAccounted(join(cwd, 'out'));
    const { planned, sent, heldBack, failed } = report.accounting.allRules;
    expect(planned).toBe(2_000);
    expect(failed).toEqual({ total: sent, by: { timeout: sent } });
    expect(heldBack).toEqual({ total: planned - sent, by: { in_flight: planned - sent } });
    expect(mostOpen).toBeLessThanOrEqual(MAX_IN_FLIGHT);
    // The last is due after a second; its 400 ms follow, and what a busy machine needs.
    const lastDueMs = Math.max(...results.map(({ dueMs }) => dueMs));
    expect(report.run.durationMs).toBeLessThan(lastDueMs + 400 + 2_000);
  });

  it('costs no memory, however much is planned', async () => {
    writeFileSync(join(cwd, 'access.log'), steadyLog(40_000, 0.05));
    const { code, stderr } = await runChild(
      ['replay', 'access.log', '--rules', writeRules('300ms'), '--out', 'out'],
      { cwd, env: { NODE_OPTIONS: '--max-old-space-size=200' } },
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(expectAccounted(join(cwd, 'out')).report.accounting.allRules.planned).toBe(40_000);
  });

  it('is let go at once by a second interrupt', async () => {
    writeFileSync(join(cwd, 'access.log'), steadyLog(200, 1));
    const args = ['replay', 'access.log', '--rules', writeRules('60s'), '--out', 'out'];
    const { ended, interrupt } = startInProcess(args, { cwd });
    while (server.open === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    interrupt();
    await new Promise((resolve) => setTimeout(resolve, 50));
    interrupt();
    expect(await ended).toMatchObject({ code: 3 });
    const { report } = expectAccounted(join(cwd, 'out'));
    expect(report.run.endedBy).toBe('stopped');
    const { failed, sent } = report.accounting.allRules;
    expect(failed).toEqual({ total: sent, by: { aborted: sent } });
    expect(sent).toBeGreaterThan(0);
  });
});
