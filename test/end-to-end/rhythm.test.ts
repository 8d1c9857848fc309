import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { reprise, tempFolders } from '../support/cli.ts';
import { nginxLine, traefikLine } from '../support/logs.ts';
import { expectAccounted } from '../support/outcome.ts';
import { type RecordingServer, startRecordingServer } from '../support/recording-server.ts';

const folders = tempFolders();
afterAll(folders.removeAll);

let server: RecordingServer;
let cwd = '';
let rules = '';
beforeEach(async () => {
  server = await startRecordingServer();
  cwd = folders.make();
  rules = join(cwd, 'rules.yaml');
  // Nothing is held back: a machine that stands still for a while fills no limit, and is not taken for a slow target.
  writeFileSync(
    rules,
    `version: 1\ntargets: { t: { url: "${server.url}", maxInFlight: 900 } }\nrules: [{ name: a, target: t, backoff: off }]\n`,
  );
});
afterEach(() => server.close());

const replay = async (log: string, ...flags: string[]) => {
  writeFileSync(join(cwd, 'access.log'), log);
  const args = ['replay', 'access.log', '--rules', rules, '--out', 'out', ...flags];
  expect(await reprise(args, { cwd })).toMatchObject({ code: 0, stderr: '' });
  return expectAccounted(join(cwd, 'out'));
};

/** A quiet second, a burst of a tenth of one, a quiet second. */
const burstyLog = (): string => {
  const atMs = [
    ...Array.from({ length: 20 }, (_, i) => i * 50),
    ...Array.from({ length: 80 }, (_, i) => 1_000 + i),
    ...Array.from({ length: 20 }, (_, i) => 1_100 + i * 50),
  ];
  return atMs.map((ms, i) => `${traefikLine({ atMs: Math.floor(ms), path: `/${i}` })}\n`).join('');
};

/** How busy a test machine may be before a test of its rhythm says nothing. */
const GENEROUS_LAG_MS = 500;

/** The least of what up to three replays were late by: what else the machine has to do is not theirs. */
const leastLateMs = async (replayOnce: () => Promise<number>): Promise<number> => {
  let leastMs = Number.POSITIVE_INFINITY;
  for (let n = 0; n < 3 && leastMs >= GENEROUS_LAG_MS; n += 1)
    leastMs = Math.min(leastMs, await replayOnce());
  return leastMs;
};

describe('the rhythm', () => {
  it('is that of the log: nothing early, nothing much late, bursts and quiet where they were', async () => {
    const lagMs = await leastLateMs(async () => {
      const { report, results } = await replay(burstyLog());
      for (const { dueMs, sentMs = 0 } of results) expect(sentMs - dueMs).toBeGreaterThanOrEqual(-0.5);
      const dueIn = (fromMs: number, toMs: number): number =>
        results.filter(({ dueMs }) => dueMs >= fromMs && dueMs < toMs).length;
      expect([dueIn(0, 1_000), dueIn(1_000, 1_100), dueIn(1_100, 2_100)]).toEqual([20, 80, 20]);
      expect(report.run.durationMs).toBeGreaterThan(2_000);
      return report.totals.pacing.lagMs.max ?? Number.NaN;
    });
    expect(lagMs).toBeLessThan(GENEROUS_LAG_MS);
  });

  it('reaches the target: requests arrive in the order and at the distance in which they are due', async () => {
    const spreadMs = await leastLateMs(async () => {
      const before = server.requests.length;
      const { results } = await replay(burstyLog());
      const dueByPath = new Map(results.map(({ id, dueMs }) => [id, dueMs]));
      const offsets = server.requests.slice(before).map(({ rawHeaders, receivedAtMs }) => {
        const id = rawHeaders.find(([name]) => name === 'x-reprise-id')?.[1] ?? '';
        return receivedAtMs - (dueByPath.get(id) ?? Number.NaN);
      });
      return Math.max(...offsets) - Math.min(...offsets);
    });
    expect(spreadMs).toBeLessThan(GENEROUS_LAG_MS);
  });

  it('is ten times as fast at --speed 10 --ramp 0s', async () => {
    const { results } = await replay(burstyLog(), '--speed', '10', '--ramp', '0s');
    expect(Math.max(...results.map(({ dueMs }) => dueMs))).toBeCloseTo(205, 0);
  });

  it('is even within a second where the clock of the log knows seconds only', async () => {
    const log = Array.from(
      { length: 600 },
      (_, i) => `${nginxLine({ atMs: Math.floor(i / 200) * 1_000, path: `/${i}`, msec: false })}\n`,
    ).join('');
    const { results } = await replay(log);
    const perTenth = new Map<number, number>();
    const firstMs = Math.min(...results.map(({ dueMs }) => dueMs));
    for (const { dueMs } of results) {
      const tenth = Math.floor((dueMs - firstMs) / 100);
      perTenth.set(tenth, (perTenth.get(tenth) ?? 0) + 1);
    }
    expect(Math.max(...perTenth.values())).toBeLessThan(50);
    expect(perTenth.size).toBeGreaterThanOrEqual(29);
  });
});
