/** Sending on schedule: how late, or early, each request leaves. */

import { rm } from 'node:fs/promises';
import { startClock, startTicker } from '../../io/clock.ts';
import { randomNumbers } from '../make-log.ts';
import { quantile } from '../rows.ts';
import { createBareSender } from './bare-dispatch.ts';
import { freshRequests } from './plan-file.ts';
import { readBenchRules } from './read-log.ts';
import { createWholeSender } from './whole-sender.ts';
import { type Figures, measured, needed, type Workload, type WorkOrder } from './workload.ts';

/** Ample, so that neither side has to wait for a connection. */
const CONNECTIONS = 500;
/** From the start of the clock to the first due instant. */
const LEAD_MS = 100;
/** The first second is the worst, since the code is not compiled yet: it is sent, and left out of the figures. */
const WARM_UP_MS = 1_000;
const MEASURED_MS = 3_000;

/** Due instants of a Poisson process, the same at each call. */
const dueTimes = (ratePerSecond: number): Float64Array => {
  const random = randomNumbers(ratePerSecond);
  const times: number[] = [];
  for (let atMs = LEAD_MS; atMs < LEAD_MS + WARM_UP_MS + MEASURED_MS; ) {
    times.push(atMs);
    const share = (random(1_000_000) + 0.5) / 1_000_000;
    atMs += (-Math.log(share) * 1_000) / ratePerSecond;
  }
  return Float64Array.from(times);
};

const lagFigures = (figures: Figures, dueMs: Float64Array, lagMs: Float64Array): Figures => {
  const lags = lagMs.filter((_, i) => (dueMs[i] ?? 0) >= LEAD_MS + WARM_UP_MS).sort();
  return {
    ...figures,
    lagP50Ms: quantile(lags, 0.5),
    lagP99Ms: quantile(lags, 0.99),
    // Early is early, also in the first second.
    lagMinMs: lagMs.toSorted()[0] ?? Number.NaN,
  };
};

const prepare = async (order: WorkOrder) => {
  const dueMs = dueTimes(needed(order, 'ratePerSecond'));
  const file = needed(order, 'file');
  const requests = await freshRequests(file, dueMs.length);
  return { dueMs, lagMs: new Float64Array(dueMs.length), requests, file, origin: needed(order, 'origin') };
};

/** A bare tick of 1 ms that sends by `Pool.dispatch` what is due. */
export const paceBare: Workload = async (order) => {
  const { dueMs, lagMs, requests, origin } = await prepare(order);
  const sender = createBareSender(origin, CONNECTIONS, requests);
  const { promise, resolve } = Promise.withResolvers<void>();
  let next = 0;
  let ended = 0;
  const done = (): void => {
    ended += 1;
    if (ended === dueMs.length) resolve();
  };
  const figures = await measured(async () => {
    const clock = startClock();
    const timer = setInterval(() => {
      const nowMs = clock();
      for (let due = dueMs[next]; due !== undefined && due <= nowMs; due = dueMs[next]) {
        lagMs[next] = clock() - due;
        sender.send(next, done);
        next += 1;
      }
    }, 1);
    await promise;
    clearInterval(timer);
    return ended;
  });
  await sender.close();
  return lagFigures(figures, dueMs, lagMs);
};

/** The replayer and all behind it. */
export const paceWhole: Workload = async (order) => {
  const { dueMs, lagMs, requests, file, origin } = await prepare(order);
  const resultsFile = `${file}.results`;
  const { promise, resolve } = Promise.withResolvers<void>();
  let clock = startClock();
  let ended = 0;
  const whole = createWholeSender({
    rules: (await readBenchRules()).rules,
    origin,
    maxInFlight: CONNECTIONS,
    clock: () => clock(),
    resultsFile,
    onEnd: ({ request, sentMs }) => {
      // What is held back has no instant of dispatch; it counts as late as it is now, so that it cannot flatter.
      lagMs[Number(request.id)] = (sentMs ?? clock()) - request.dueMs;
      ended += 1;
      if (ended === dueMs.length) resolve();
    },
  });
  dueMs.forEach((due, i) => {
    const request = requests[i % requests.length];
    if (request !== undefined) whole.offer({ ...request, id: String(i), dueMs: due });
  });
  const figures = await measured(async () => {
    clock = startClock();
    const ticker = startTicker(() => whole.replayer.tick());
    await promise;
    ticker.stop();
    return ended;
  });
  await whole.close();
  await rm(resultsFile);
  return lagFigures(figures, dueMs, lagMs);
};
