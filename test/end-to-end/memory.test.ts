import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeLog } from '../../bench/make-log.ts';
import type { PlanReport } from '../../core/measure/plan-summary.ts';
import { startChild, tempFolders } from '../support/cli.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

/** Most memory that a process ever had, in bytes; undefined once it is gone. */
const peakBytes = (pid: number | undefined): number | undefined => {
  try {
    const found = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return found === null ? undefined : Number(found[1]) * 1_024;
  } catch {
    return undefined;
  }
};

const MIB = 1_024 ** 2;

describe.runIf(process.platform === 'linux')('a log of 200 MB', () => {
  it('is planned in bounded memory', async () => {
    const file = join(folders.make(), 'access.log.gz');
    const { rawBytes } = await makeLog(file, { lines: 150_000, format: 'traefik', gzipLevel: 1 });
    expect(rawBytes).toBeGreaterThan(190 * MIB);
    const args = ['plan', file, '--rules', 'bench/rules.yaml', '--json'];
    const { child, ended } = startChild(args, { timeoutMs: 50_000 });
    let peak = 0;
    const watch = setInterval(() => {
      peak = Math.max(peak, peakBytes(child.pid) ?? 0);
    }, 20);
    const { code, stdout } = await ended;
    clearInterval(watch);
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as PlanReport).accounting.lines).toBe(150_000);
    expect(peak).toBeGreaterThan(0);
    expect(peak).toBeLessThan(320 * MIB);
  }, 90_000);
});
