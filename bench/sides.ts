/** Runs the sides of a comparison in turns, each in a process of its own. */

import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import type { WorkAnswer } from './worker.ts';
import type { Figures, WorkOrder } from './workloads/workload.ts';

const WORKER = join(import.meta.dirname, 'worker.ts');

/** One side: a run of it. */
export interface Side {
  run(): Promise<Figures>;
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

/** A side that runs the same order again and again in one process. */
export const workerSide = (order: WorkOrder): Side => {
  // What it prints is for people: our own standard output holds the rows alone.
  const child = fork(WORKER, { stdio: ['ignore', 2, 2, 'ipc'] });
  return {
    run: () => runIn(child, order),
    close: () => {
      // One that has ended by itself has nothing to be told.
      if (child.connected) child.disconnect();
    },
  };
};

/**
 * Warms each side up once, then runs them in turns.
 *
 * @returns the figures of each side, in the order of the runs
 */
export const interleave = async <S extends string>(
  sides: Readonly<Record<S, Side>>,
  runs: number,
  progress: (text: string) => void,
): Promise<Readonly<Record<S, readonly Figures[]>>> => {
  const entries = Object.entries(sides) as [S, Side][];
  const figures = Object.fromEntries(entries.map(([name]) => [name, []])) as unknown as Record<S, Figures[]>;
  try {
    for (let run = 0; run <= runs; run += 1) {
      progress(run === 0 ? 'warming up' : `run ${run} of ${runs}`);
      for (const [name, side] of entries) {
        const found = await side.run();
        if (run > 0) figures[name].push(found);
      }
    }
  } finally {
    for (const [, side] of entries) side.close();
  }
  return figures;
};
