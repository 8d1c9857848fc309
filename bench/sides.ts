/** Runs the sides of a comparison in turns, each in a process of its own. */

import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { type CommandLine, onOneCore } from './one-core.ts';
import type { WorkAnswer } from './worker.ts';
import { type Figures, sumFigures, type WorkOrder } from './workloads/workload.ts';

const WORKER = join(import.meta.dirname, 'worker.ts');

/** One side of a comparison. */
export interface Side {
  /** Does one turn of a run, the `turn`-th of them. */
  run(turn: number): Promise<Figures>;
  close(): void;
}

const runIn = (child: ChildProcess, order: WorkOrder): Promise<Figures> =>
  new Promise((resolve, reject) => {
    const onExit = (code: number | null): void =>
      reject(new Error(`the worker of ${order.workload} ended with ${code}`));
    child.once('exit', onExit);
    child.once('message', (answer: WorkAnswer) => {
      child.off('exit', onExit);
      if ('figures' in answer) resolve(answer.figures);
      else reject(new Error(answer.error));
    });
    child.send(order);
  });

const sideIn = (command: CommandLine, orders: readonly WorkOrder[]): Side => {
  const [execPath, ...execArgv] = command;
  // What it prints is for people: our own standard output holds the rows alone.
  const child = fork(WORKER, { stdio: ['ignore', 2, 2, 'ipc'], execPath, execArgv });
  return {
    run: (turn) => {
      const order = orders[turn % orders.length];
      return order === undefined ? Promise.reject(new Error('no order')) : runIn(child, order);
    },
    close: () => {
      // One that has ended by itself has nothing to be told.
      if (child.connected) child.disconnect();
    },
  };
};

const NODE: CommandLine = [process.execPath, '--expose-gc'];

/** A side that works in one process of its own: one order for each turn of a run. */
export const workerSide = (...orders: readonly WorkOrder[]): Side => sideIn(NODE, orders);

/** The same with all its threads on one core. */
export const oneCoreSide = (...orders: readonly WorkOrder[]): Side => sideIn(onOneCore(NODE), orders);

export interface InterleaveOptions {
  readonly runs: number;
  /** Turns of each run: what slows the machine for longer than a turn slows all sides alike. Default 1. */
  readonly turns?: number;
  readonly progress: (text: string) => void;
}

/** The sides do one turn each, then the next, and so on. */
const runOnce = async <S extends string>(
  sides: readonly (readonly [S, Side])[],
  turns: number,
): Promise<ReadonlyMap<S, readonly Figures[]>> => {
  const found = new Map<S, Figures[]>(sides.map(([name]) => [name, []]));
  for (let turn = 0; turn < turns; turn += 1)
    for (const [name, side] of sides) found.get(name)?.push(await side.run(turn));
  return found;
};

/**
 * Warms each side up by one run, then runs them in turns.
 *
 * @returns the figures of each side, in the order of the runs
 */
export const interleave = async <S extends string>(
  sides: Readonly<Record<S, Side>>,
  { runs, turns = 1, progress }: InterleaveOptions,
): Promise<Readonly<Record<S, readonly Figures[]>>> => {
  const entries = Object.entries(sides) as [S, Side][];
  const figures = Object.fromEntries(entries.map(([name]) => [name, []])) as unknown as Record<S, Figures[]>;
  try {
    progress('warming up');
    await runOnce(entries, turns);
    for (let run = 1; run <= runs; run += 1) {
      progress(`run ${run} of ${runs}`);
      for (const [name, found] of await runOnce(entries, turns)) figures[name].push(sumFigures(found));
    }
  } finally {
    for (const [, side] of entries) side.close();
  }
  return figures;
};
