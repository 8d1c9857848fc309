import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { PlanReport } from '../../core/measure/plan-summary.ts';
import { reprise, tempFolders } from '../support/cli.ts';
import { steadyLog, traefikLine } from '../support/logs.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

let cwd = '';
beforeEach(() => {
  cwd = folders.make();
});

const YEAR_MS = 365 * 86_400_000;

/** What `plan` makes of the files written to `cwd`. */
const plan = async (files: Readonly<Record<string, string | Buffer>>): Promise<PlanReport> => {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(cwd, name), content);
  const args = ['plan', '.', '--target', 'http://127.0.0.1:1', '--json'];
  const { code, stdout, stderr } = await reprise(args, { cwd });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as PlanReport;
};

describe('what is planned of logs', () => {
  it('that overlap, ten of them, is one stream in the rhythm of all', async () => {
    const { rules } = await plan(
      Object.fromEntries(
        Array.from({ length: 10 }, (_, proxy) => {
          const log = steadyLog(300, 100, (i) => ({ atMs: i * 100 + proxy * 10, path: `/p${proxy}/${i}` }));
          return [`proxy-${proxy}.log${proxy % 2 === 0 ? '.gz' : ''}`, proxy % 2 === 0 ? gzipSync(log) : log];
        }),
      ),
    );
    expect(rules[0]).toMatchObject({ planned: 3_000, lastDueMs: 29_990, peakRatePerSecond: 100 });
  });

  it.each([
    ['first', 0],
    ['in the middle', 150],
    ['last', 299],
  ])('is not held up by a line years in the future that stands %s', async (_, at) => {
    const log = (path: string): string =>
      steadyLog(300, 100, (i) => ({ path: `${path}/${i}`, atMs: i * 100 + (i === at ? 10 * YEAR_MS : 0) }));
    const { rules, accounting } = await plan({ 'a.log': log('/a'), 'b.log': steadyLog(300, 100) });
    expect(rules[0]?.planned).toBe(600);
    expect(rules[0]?.lastDueMs).toBeLessThan(31_000);
    expect(rules[0]?.peakRatePerSecond).toBeLessThanOrEqual(22);
    expect(accounting.allRules.reordered).toBeLessThanOrEqual(1);
  });

  it('that is not sorted at all is put in order as far as the window reaches', async () => {
    const shuffled = Array.from({ length: 500 }, (_, i) => (i * 263) % 500);
    const { rules, accounting } = await plan({
      'a.log': shuffled.map((n) => `${traefikLine({ atMs: n * 50, path: `/${n}` })}\n`).join(''),
    });
    expect(rules[0]).toMatchObject({ planned: 500, lastDueMs: 24_950, peakRatePerSecond: 20 });
    expect(accounting.allRules.reordered).toBe(0);
  });

  it('is all there, too, where the order is lost beyond the window', async () => {
    const blocks = [2, 0, 1].map((hour) =>
      steadyLog(100, 1_000, (i) => ({ atMs: hour * 3_600_000 + i * 1_000, path: `/${hour}/${i}` })),
    );
    const { rules, accounting } = await plan({ 'a.log': blocks.join('') });
    expect(rules[0]?.planned).toBe(300);
    expect(accounting.allRules.reordered).toBeGreaterThan(100);
    expect(accounting.allRules.reordered).toBeLessThanOrEqual(300);
  });

  it('of which one is empty and one is garbage is that of the others', async () => {
    const { rules, accounting } = await plan({
      'a.log': '',
      'b.log': Buffer.from(Array.from({ length: 4_000 }, (_, i) => (i * 7919) % 251)),
      'c.log': steadyLog(100, 10),
    });
    expect(rules[0]).toMatchObject({ planned: 100, lastDueMs: 990 });
    expect(accounting.parsed).toBe(100);
  });
});
