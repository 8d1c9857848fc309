/** Measures the engine beside its peers: `npm run bench`; see docs/bench.md. */

import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type LogOrder, type MadeLog, makeLog } from './make-log.ts';
import { importing } from './measures/importing.ts';
import { knee } from './measures/knee.ts';
import type { BenchContext, Measure } from './measures/measure.ts';
import { memory } from './measures/memory.ts';
import { pacingAt } from './measures/pacing.ts';
import { nginxReading, traefikReading } from './measures/reading.ts';
import { sending } from './measures/sending.ts';
import { isMissed, type Row } from './rows.ts';
import { formatTable } from './table.ts';

const MEASURES: readonly Measure[] = [
  traefikReading,
  nginxReading,
  memory,
  sending,
  pacingAt(2_000),
  pacingAt(5_000),
  importing,
  knee,
];
const NAMES = MEASURES.flatMap(({ names }) => names);
const LEAST_RUNS = 5;
const EXIT = { met: 0, missed: 1, wrongArguments: 2, notMeasured: 3 } as const;

const HELP = `Usage: npm run bench -- [--json] [--only NAME[,NAME…]] [--runs N]

  --json       print the rows as JSON on standard output, and nothing else there
  --only NAME  measure these rows only; may be given more than once
  --runs N     runs of each side (default ${LEAST_RUNS}, and the least from which goals should be judged)

Rows: ${NAMES.join(', ')}
Ends with 1 where a goal is missed, 0 otherwise.
`;

interface Arguments {
  readonly json: boolean;
  readonly only: readonly string[];
  readonly runs: number;
}

/** What was asked for, or what is wrong with it. */
const readArguments = (args: readonly string[]): Arguments | string => {
  let values: { json?: boolean; only?: string[]; runs?: string; help?: boolean };
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        json: { type: 'boolean' },
        only: { type: 'string', multiple: true },
        runs: { type: 'string' },
        help: { type: 'boolean' },
      },
    }));
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  if (values.help) return HELP;
  const only = (values.only ?? []).flatMap((names) => names.split(','));
  const unknown = only.find((name) => !NAMES.includes(name));
  if (unknown !== undefined) return `there is no row ${unknown}; rows are ${NAMES.join(', ')}`;
  const runs = Number(values.runs ?? LEAST_RUNS);
  if (!Number.isSafeInteger(runs) || runs < 1)
    return `--runs must be a whole number above 0, got ${values.runs}`;
  return { json: values.json ?? false, only, runs };
};

const progress = (text: string): void => {
  // A bar would be drawn over by the next line: on a terminal one line is enough, elsewhere each is kept.
  process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${text}` : `${text}\n`);
};

const createContext = ({ only, runs }: Arguments, folder: string): BenchContext => {
  const logs = new Map<string, Promise<MadeLog>>();
  return {
    runs,
    folder,
    wants: (name) => only.length === 0 || only.includes(name),
    progress,
    log: (name: string, order: LogOrder) => {
      const known = logs.get(name) ?? makeLog(join(folder, name), order);
      logs.set(name, known);
      return known;
    },
  };
};

const measureAll = async (given: Arguments): Promise<readonly Row[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'reprise-bench-'));
  try {
    const context = createContext(given, folder);
    const rows: Row[] = [];
    for (const measure of MEASURES) {
      if (measure.names.some(context.wants)) rows.push(...(await measure.run(context)));
    }
    return rows;
  } finally {
    await rm(folder, { recursive: true, force: true });
    progress(process.stderr.isTTY ? '' : 'done');
  }
};

const describeMachine = (): string => {
  const [first] = cpus();
  return `Node ${process.versions.node} on ${process.platform}-${process.arch}, ${cpus().length} × ${first?.model ?? 'unknown'}`;
};

const main = async (): Promise<number> => {
  const given = readArguments(process.argv.slice(2));
  if (typeof given === 'string') {
    (given === HELP ? process.stdout : process.stderr).write(given === HELP ? given : `${given}\n`);
    return given === HELP ? EXIT.met : EXIT.wrongArguments;
  }
  try {
    const rows = await measureAll(given);
    const text = given.json ? JSON.stringify(rows, null, 2) : `${describeMachine()}\n\n${formatTable(rows)}`;
    process.stdout.write(`${text}\n`);
    return isMissed(rows) ? EXIT.missed : EXIT.met;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return EXIT.notMeasured;
  }
};

process.exitCode = await main();
