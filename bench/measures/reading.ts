/** How fast logs are read: CPU time, since wall time on a shared machine tells more of the others. */

import type { LogOrder, MadeLog } from '../make-log.ts';
import { type Goal, median, medianRatio, newRow, type Row } from '../rows.ts';
import { interleave, oneCoreSide, type Side } from '../sides.ts';
import type { Figures } from '../workloads/workload.ts';
import { type BenchContext, cpuMsOf, type Measure, PARTS, rotatedLog, TRAEFIK_LOG } from './measure.ts';
import { pythonSide, pythonVersion } from './python.ts';

const NGINX_LOG: LogOrder = { lines: 400_000, format: 'nginx' };
const PARSE_ONLY = 'gunzip + split + JSON.parse';

/** One row: whose speed it is, and to whose it is compared. */
interface Comparison {
  readonly name: string;
  readonly ours: string;
  readonly peer: string;
  readonly against: string;
  readonly goal?: Goal;
}

const sideOf = (workload: string, parts: readonly MadeLog[]): Side =>
  oneCoreSide(...parts.map(({ file, lines }) => ({ workload, file, lines })));

/** A row of throughput: a ratio above 1 is faster than the peer. */
const speedRow = (
  { name, ours, peer, ...rest }: Comparison,
  rawBytes: number,
  figures: Readonly<Record<string, readonly Figures[]>>,
): Row => {
  const [oursMs, peerMs] = [cpuMsOf(figures[ours] ?? []), cpuMsOf(figures[peer] ?? [])];
  const unit = 'MB of log / CPU s';
  if (oursMs.length === 0 || peerMs.length === 0)
    return newRow({ name, value: null, unit, ratio: null, ...rest });
  const value = rawBytes / 1e3 / median(oursMs);
  return newRow({ name, value, unit, ratio: medianRatio(peerMs, oursMs), ...rest });
};

const compare = async (
  context: BenchContext,
  log: readonly MadeLog[],
  sides: Readonly<Record<string, Side>>,
  comparisons: readonly Comparison[],
): Promise<readonly Row[]> => {
  const figures = await interleave(sides, {
    runs: context.runs,
    turns: PARTS,
    progress: (text) => context.progress(`reading: ${text}`),
  });
  const rawBytes = log.reduce((sum, part) => sum + part.rawBytes, 0);
  return comparisons
    .filter(({ name }) => context.wants(name))
    .map((comparison) => speedRow(comparison, rawBytes, figures));
};

const traefikComparisons = (python: string | undefined): readonly Comparison[] => [
  {
    name: 'decode',
    ours: 'decode',
    peer: 'parse',
    against: PARSE_ONLY,
    goal: { of: 'ratio', atLeast: 0.95 },
  },
  { name: 'plan', ours: 'plan', peer: 'parse', against: PARSE_ONLY, goal: { of: 'ratio', atLeast: 0.8 } },
  {
    name: 'decode-python',
    ours: 'decode',
    peer: 'python',
    against:
      python === undefined ? 'not measured: there is no python3 here' : `Python ${python}: gzip + json.loads`,
    goal: { of: 'ratio', atLeast: 2 },
  },
  { name: 'decode-zstd', ours: 'zstd', peer: 'decode', against: 'decode of gzip' },
];

const readTraefik = async (context: BenchContext): Promise<readonly Row[]> => {
  const log = await rotatedLog(context, 'traefik', TRAEFIK_LOG);
  const python = context.wants('decode-python') ? await pythonVersion() : undefined;
  const sides: Record<string, Side> = { parse: sideOf('parseJson', log), decode: sideOf('decodeLog', log) };
  if (context.wants('plan')) sides.plan = sideOf('planLog', log);
  if (python !== undefined) sides.python = pythonSide(log.map(({ file }) => file));
  if (context.wants('decode-zstd')) {
    const order = { ...TRAEFIK_LOG, compression: 'zstd' } as const;
    sides.zstd = sideOf('decodeLog', await rotatedLog(context, 'traefik-zstd', order));
  }
  return compare(context, log, sides, traefikComparisons(python));
};

const readNginx = async (context: BenchContext): Promise<readonly Row[]> => {
  const log = await rotatedLog(context, 'nginx', NGINX_LOG);
  const sides = { parse: sideOf('parseJson', log), decode: sideOf('decodeLog', log) };
  return compare(context, log, sides, [
    { name: 'decode-nginx', ours: 'decode', peer: 'parse', against: PARSE_ONLY },
  ]);
};

export const traefikReading: Measure = {
  names: traefikComparisons(undefined).map(({ name }) => name),
  run: readTraefik,
};
export const nginxReading: Measure = { names: ['decode-nginx'], run: readNginx };
