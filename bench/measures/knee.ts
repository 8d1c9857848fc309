/** How well a replay at three times a target's capacity keeps within its latency limit, and how much of the capacity it uses. */

import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'undici';
import { newRow, quantile, type Row } from '../rows.ts';
import type { BenchContext, Measure } from './measure.ts';

const NAMES = ['knee-within-limit', 'knee-throughput'] as const;
const SERVER = join(import.meta.dirname, '../knee-server.ts');
const PROGRAM = join(import.meta.dirname, '../../bin/reprise.js');

const WINDOW_MS = 2_000;
const LIMIT_MS = 250;
const OVERLOAD = 3;
const RUN_MS = 120_000;
const STEP_MS = 1_000;
/** Until backoff must have found the target's capacity. */
const SETTLE_MS = 3 * WINDOW_MS;
const PROBED_MS = 4_000;
const CLIENTS = 32;

interface Sent {
  readonly sentMs: number;
  readonly serviceMs?: number;
  readonly status?: number;
}

/** Requests a second that the server answers when it always has some to answer. */
const capacityOf = async (origin: string): Promise<number> => {
  const pool = new Pool(origin, { connections: CLIENTS });
  const until = performance.now() + PROBED_MS;
  let answered = 0;
  const startedMs = performance.now();
  const client = async (): Promise<void> => {
    while (performance.now() < until) {
      const { body } = await pool.request({ method: 'GET', path: '/' });
      await body.dump();
      answered += 1;
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  const perSecond = (answered * 1_000) / (performance.now() - startedMs);
  await pool.destroy();
  return perSecond;
};

const rulesFor = (origin: string): string => `version: 1
targets: { knee: { url: "${origin}" } }
rules:
  - name: all
    target: knee
    backoff: { latency: ${LIMIT_MS}ms, errors: 10%, window: ${WINDOW_MS / 1_000}s }
`;

const replay = async (context: BenchContext, origin: string, log: string): Promise<readonly Sent[]> => {
  const folder = join(context.folder, 'knee-run');
  await mkdir(folder, { recursive: true });
  const rules = join(folder, 'rules.yaml');
  await writeFile(rules, rulesFor(origin));
  const out = join(folder, `out-${process.hrtime.bigint()}`);
  const child = spawn(PROGRAM, ['replay', log, '--rules', rules, '--out', out], {
    stdio: ['ignore', 'ignore', 2],
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`reprise replay ended with ${code}`);
  const lines = (await readFile(join(out, 'results.ndjson'), 'utf8')).trimEnd().split('\n');
  const results = lines.map((line) => JSON.parse(line) as Partial<Sent>);
  return results.filter((result): result is Sent => result.sentMs !== undefined);
};

/** Share of the time, by the second, in which p95 is within the limit; a request that is not answered at all is beyond it. */
const shareWithin = (sent: readonly Sent[]): number => {
  const steps = new Map<number, number[]>();
  for (const { sentMs, serviceMs, status } of sent) {
    const at = Math.floor(sentMs / STEP_MS);
    const times = steps.get(at) ?? [];
    steps.set(at, times);
    times.push(status === undefined ? Number.POSITIVE_INFINITY : (serviceMs ?? 0));
  }
  const within = [...steps.values()].filter(
    (times) =>
      quantile(
        times.toSorted((a, b) => a - b),
        0.95,
      ) <= LIMIT_MS,
  );
  return within.length / steps.size;
};

const measureKnee = async (context: BenchContext): Promise<readonly Row[]> => {
  const server: ChildProcess = fork(SERVER, { stdio: ['ignore', 2, 2, 'ipc'] });
  try {
    const [port] = await once(server, 'message');
    const origin = `http://127.0.0.1:${port}`;
    context.progress('knee: measuring the capacity of the server');
    const capacity = await capacityOf(origin);
    const ratePerSecond = Math.round(OVERLOAD * capacity);
    const lines = (ratePerSecond * RUN_MS) / 1_000;
    const log = await context.log('knee', { lines, format: 'nginx', ratePerSecond });
    await sleep(PROBED_MS / 4);
    context.progress(`knee: replaying ${ratePerSecond} requests/s against ${Math.round(capacity)}`);
    const sent = await replay(context, origin, log.file);
    const settled = sent.filter(({ sentMs }) => sentMs >= SETTLE_MS && sentMs < RUN_MS);
    const late = settled.filter(({ sentMs, status }) => sentMs >= RUN_MS / 2 && status !== undefined);
    const perSecond = (late.length * 1_000) / (RUN_MS / 2);
    return [
      newRow({
        name: NAMES[0],
        value: shareWithin(settled) * 100,
        unit: '% of the time',
        ratio: null,
        against: `p95 ≤ ${LIMIT_MS} ms, at ${OVERLOAD} × the capacity`,
        goal: { of: 'value', atLeast: 90 },
      }),
      newRow({
        name: NAMES[1],
        value: perSecond,
        unit: 'answers / s',
        ratio: perSecond / capacity,
        against: `the capacity, ${Math.round(capacity)} / s`,
        goal: { of: 'ratio', atLeast: 0.7 },
      }),
    ].filter(({ name }) => context.wants(name));
  } finally {
    server.disconnect();
  }
};

export const knee: Measure = { names: [...NAMES], run: measureKnee };
