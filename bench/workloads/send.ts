/** Sending as fast as 50 connections let us: each answer starts the next request. */

import { rm } from 'node:fs/promises';
import { startClock } from '../../io/clock.ts';
import { createBareSender } from './bare-dispatch.ts';
import { freshRequests } from './plan-file.ts';
import { readBenchRules } from './read-log.ts';
import { createWholeSender } from './whole-sender.ts';
import { type Figures, measured, needed, type Workload, type WorkOrder } from './workload.ts';

const CONNECTIONS = 50;
const SENDS = 15_000;

/** Keeps 50 sends under way until all are done. `send` is given the number of the request. */
const closedLoop = (send: (index: number) => void) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let started = 0;
  let ended = 0;
  const next = (): void => {
    if (started === SENDS) return;
    started += 1;
    send(started - 1);
  };
  return {
    /** Resolves when the last send has ended. */
    run: async (): Promise<number> => {
      for (let i = 0; i < CONNECTIONS; i += 1) next();
      await promise;
      return ended;
    },
    done: (): void => {
      ended += 1;
      if (ended === SENDS) resolve();
      else next();
    },
  };
};

/** `Pool.dispatch` alone, of requests that were made ready beforehand. */
export const sendBare: Workload = async (order) => {
  const requests = await freshRequests(needed(order, 'file'), SENDS);
  const sender = createBareSender(needed(order, 'origin'), CONNECTIONS, requests);
  const loop = closedLoop((index) => sender.send(index, loop.done));
  const figures = await measured(loop.run);
  await sender.close();
  return figures;
};

const sendThrough = async (order: WorkOrder, isRecorded: boolean): Promise<Figures> => {
  const file = needed(order, 'file');
  const requests = await freshRequests(file, SENDS);
  const resultsFile = `${file}.results`;
  const whole = createWholeSender({
    rules: (await readBenchRules()).rules,
    origin: needed(order, 'origin'),
    maxInFlight: CONNECTIONS,
    clock: startClock(),
    ...(isRecorded ? { resultsFile } : {}),
    onEnd: ({ heldBack }) => {
      if (heldBack !== undefined) throw new Error(`held back: ${heldBack}`);
      loop.done();
    },
  });
  const loop = closedLoop((index) => {
    const request = requests[index];
    if (request !== undefined) whole.offer(request);
    whole.replayer.tick();
  });
  const figures = await measured(loop.run);
  await whole.close();
  if (isRecorded) await rm(resultsFile);
  return figures;
};

/** The whole sender, from the planned request to its result: due times, limits, headers, time limits, failure codes. */
export const sendWhole: Workload = (order) => sendThrough(order, false);

/** The same with all that is recorded of each result, and its line in results.ndjson. */
export const sendRecorded: Workload = (order) => sendThrough(order, true);
