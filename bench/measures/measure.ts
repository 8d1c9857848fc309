/** What one comparison needs of the bench, and gives. */

import type { LogOrder, MadeLog } from '../make-log.ts';
import type { Row } from '../rows.ts';
import type { Figures } from '../workloads/workload.ts';

export interface BenchContext {
  /** Runs of each side, besides the one that warms it up. */
  readonly runs: number;
  /** Whether the row is asked for. */
  wants(name: string): boolean;
  /** Tells a person what is going on. */
  progress(text: string): void;
  /** Folder for what the measurement needs; emptied at the end. */
  readonly folder: string;
  /** The log of this name, made when first asked for. */
  log(name: string, order: LogOrder): Promise<MadeLog>;
}

export interface Measure {
  /** Rows that it can give. */
  readonly names: readonly string[];
  /** Measures what is wanted of them. */
  run(context: BenchContext): Promise<readonly Row[]>;
}

export const cpuMsOf = (runs: readonly Figures[]): readonly number[] => runs.map(({ cpuMs }) => cpuMs);

/** CPU time of one thing of a run, in µs. */
export const cpuMicrosEach = (runs: readonly Figures[]): readonly number[] =>
  runs.map(({ cpuMs, count }) => (cpuMs * 1_000) / count);

/** A log as rotation leaves it: parts of some 100 ms of work each, which the sides of a comparison read by turns. */
export const rotatedLog = async (
  context: BenchContext,
  name: string,
  { lines, ...order }: LogOrder,
): Promise<readonly MadeLog[]> => {
  const parts: MadeLog[] = [];
  for (let part = 0; part < PARTS; part += 1) {
    const partLines = lines / PARTS;
    const partOrder = { ...order, lines: partLines, firstLine: part * partLines };
    parts.push(await context.log(`${name}.${part}`, partOrder));
  }
  return parts;
};

export const PARTS = 8;

export const TRAEFIK_LOG: LogOrder = { lines: 200_000, format: 'traefik' };
