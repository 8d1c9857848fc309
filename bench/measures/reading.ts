/** How fast logs are read: CPU time, since wall time on a shared machine tells more of the others. */

import type { LogOrder, MadeLog } from '../make-log.ts';
import { median, medianRatio, newRow, type Row, type RowFigures } from '../rows.ts';
import { interleave, type Side, workerSide } from '../sides.ts';
import { type BenchContext, cpuMsOf, type Measure, TRAEFIK_LOG } from './measure.ts';
import { pythonSide, pythonVersion } from './python.ts';

const NGINX_LOG: LogOrder = { lines: 400_000, format: 'nginx' };
const UNIT = 'MB of log / CPU s';
const PARSE_ONLY = 'gunzip + split + JSON.parse';
const TRAEFIK_ROWS = ['decode', 'plan', 'decode-python', 'decode-zstd'];

const sideOf = (workload: string, { file, lines }: MadeLog): Side => workerSide({ workload, file, lines });

/** A row of throughput: a ratio above 1 is faster than the peer. */
const speedRow = (
  name: string,
  log: MadeLog,
  cpu: { readonly ours: readonly number[]; readonly peer: readonly number[] },
  rest: Pick<RowFigures, 'against' | 'goal'>,
): Row =>
  newRow({
    name,
    value: log.rawBytes / 1e3 / median(cpu.ours),
    unit: UNIT,
    ratio: medianRatio(cpu.peer, cpu.ours),
    ...rest,
  });

const notMeasured = (name: string, against: string, goal: RowFigures['goal']): Row =>
  newRow({ name, value: null, unit: UNIT, ratio: null, against, ...(goal && { goal }) });

const PYTHON_GOAL = { of: 'ratio', atLeast: 2 } as const;

const readTraefik = async (context: BenchContext): Promise<readonly Row[]> => {
  const { wants } = context;
  const log = await context.log('traefik', TRAEFIK_LOG);
  const python = wants('decode-python') ? await pythonVersion() : undefined;
  const sides: Record<string, Side> = { parse: sideOf('parseJson', log), decode: sideOf('decodeLog', log) };
  if (wants('plan')) sides.plan = sideOf('planLog', log);
  if (python !== undefined) sides.python = pythonSide(log.file);
  if (wants('decode-zstd')) {
    const order = { ...TRAEFIK_LOG, compression: 'zstd' } as const;
    sides.zstd = sideOf('decodeLog', await context.log('traefik-zstd', order));
  }
  const figures = await interleave(sides, context.runs, (text) => context.progress(`reading: ${text}`));
  const cpu = (side: string): readonly number[] => cpuMsOf(figures[side] ?? []);
  const rowOf = (name: string): Row => {
    switch (name) {
      case 'decode':
        return speedRow(
          name,
          log,
          { ours: cpu('decode'), peer: cpu('parse') },
          { against: PARSE_ONLY, goal: { of: 'ratio', atLeast: 0.95 } },
        );
      case 'plan':
        return speedRow(
          name,
          log,
          { ours: cpu('plan'), peer: cpu('parse') },
          { against: PARSE_ONLY, goal: { of: 'ratio', atLeast: 0.8 } },
        );
      case 'decode-zstd':
        return speedRow(name, log, { ours: cpu('zstd'), peer: cpu('decode') }, { against: 'decode of gzip' });
      default: {
        const against = `Python ${python}: gzip + json.loads`;
        if (python === undefined)
          return notMeasured(name, 'not measured: there is no python3 here', PYTHON_GOAL);
        return speedRow(
          name,
          log,
          { ours: cpu('decode'), peer: cpu('python') },
          { against, goal: PYTHON_GOAL },
        );
      }
    }
  };
  return TRAEFIK_ROWS.filter(wants).map(rowOf);
};

const readNginx = async (context: BenchContext): Promise<readonly Row[]> => {
  const log = await context.log('nginx', NGINX_LOG);
  const sides = { parse: sideOf('parseJson', log), decode: sideOf('decodeLog', log) };
  const figures = await interleave(sides, context.runs, (text) => context.progress(`reading nginx: ${text}`));
  const cpu = { ours: cpuMsOf(figures.decode), peer: cpuMsOf(figures.parse) };
  return [speedRow('decode-nginx', log, cpu, { against: PARSE_ONLY })];
};

export const traefikReading: Measure = { names: TRAEFIK_ROWS, run: readTraefik };
export const nginxReading: Measure = { names: ['decode-nginx'], run: readNginx };
