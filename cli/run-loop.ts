/** The course of a run: plan ahead, start the clock, hand over in time, wait for the last answers. */

import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../core/ports.ts';
import type { Replayer } from '../core/send/replayer.ts';
import type { PlannedRequest } from '../core/types.ts';
import { startSleeplessClock, startTicker } from '../io/clock.ts';
import type { RunFeed } from './feed.ts';
import { type StandstillOptions, watchStandstill } from './standstill.ts';

/** Requests planned ahead of their due time. */
const PLANNED_AHEAD = 20_000;
const BATCH = 256;
/** So many are planned before the clock starts, so that reading does not make the first of them late … */
const HEAD_START = 1_000;
/** … but no longer than this once there is one: a pipe may be slow, or hold still. */
const HEAD_START_MS = 2_000;
/** Between the end of the head start and the first due instant: time for the process to warm up. */
const LEAD_MS = 250;
const NAP_MS = 4;
/** Once all is sent, and the time of the last request is over, this long is waited before what is left is cut off. */
const GRACE_MS = 2_000;

export interface CourseOptions extends Pick<StandstillOptions, 'wake' | 'onAwake'> {
  readonly feed: RunFeed;
  readonly replayer: Replayer;
  /** The replayer's clock. */
  readonly now: Clock;
  /** Told of each request before it is handed to the replayer. */
  readonly onPlanned: (request: PlannedRequest) => void;
  /** The feed has met a fault: to stop the run. */
  readonly onFault: () => void;
  readonly isStopping: () => boolean;
  /** Told about once a millisecond, from the start of the clock to the end of the run; `isAllSent`: nothing is left that could be sent. */
  readonly onTick: (isAllSent: boolean) => void;
  /** The clock is to be at 0 in so many ms. */
  readonly onStart: (inMs: number) => void;
  /** Lines of the logs read so far. */
  readonly linesRead: () => number;
  /** With a hard end: while there is nothing to send yet, a log that is silent for so long is waited for no more. */
  readonly patienceMs: number;
  readonly onSilence: () => void;
  /** Longest time that a request may take. */
  readonly timeoutMs: number;
  /** Cuts off what is in flight. */
  readonly abort: () => void;
}

/** Plans ahead and hands over, until the logs end or the run is stopped. Resolves when everything has been offered. */
const feedReplayer = async (course: CourseOptions): Promise<void> => {
  const { feed, replayer, isStopping } = course;
  for (;;) {
    while (replayer.waiting() >= PLANNED_AHEAD && !isStopping()) await sleep(NAP_MS);
    const batch = await feed.next(BATCH);
    if (feed.fault() !== undefined) course.onFault();
    if (batch.length === 0) return;
    for (const request of batch) {
      course.onPlanned(request);
      replayer.offer(request);
    }
    // What is planned without waiting for a file would keep what is due waiting.
    await nextTurn();
  }
};

/** Whether no line has come for as long as that; to be asked again and again. */
const createSilence = ({ linesRead, patienceMs }: CourseOptions): (() => boolean) => {
  let lines = linesRead();
  let sinceMs = performance.now();
  return () => {
    if (linesRead() !== lines) {
      lines = linesRead();
      sinceMs = performance.now();
    }
    return performance.now() - sinceMs > patienceMs;
  };
};

const untilReady = async (course: CourseOptions, isFed: () => boolean): Promise<void> => {
  const { replayer } = course;
  const isSilent = createSilence(course);
  let firstAtMs: number | undefined;
  while (!isFed() && replayer.waiting() < HEAD_START) {
    if (firstAtMs === undefined && isSilent()) return course.onSilence();
    if (replayer.waiting() > 0) firstAtMs ??= performance.now();
    if (firstAtMs !== undefined && performance.now() - firstAtMs > HEAD_START_MS) return;
    await sleep(NAP_MS);
  }
};

/** Waits until all that was sent has ended. Senders keep to their timeouts; one that does not is cut off. */
const drain = async ({ replayer, timeoutMs, abort }: CourseOptions): Promise<void> => {
  let quietSinceMs: number | undefined;
  while (replayer.waiting() > 0 || replayer.inFlight() > 0) {
    if (replayer.waiting() === 0) quietSinceMs ??= performance.now();
    if (quietSinceMs !== undefined && performance.now() - quietSinceMs > timeoutMs + GRACE_MS) abort();
    await sleep(NAP_MS);
  }
};

/**
 * Runs to the end. Resolves when every planned request has its result. A run that stood still sends nothing until `wake` has resolved; its
 * ticks go on meanwhile.
 */
export const runCourse = async (course: CourseOptions): Promise<void> => {
  const { feed, replayer } = course;
  let isFed = false;
  const fed = feedReplayer(course).finally(() => {
    isFed = true;
  });
  // It is awaited below, after the ticker runs; until then its failure must not go unheard.
  fed.catch(() => undefined);
  if (!feed.startsAtOnce) await untilReady(course, () => isFed);
  course.onStart(feed.startsAtOnce ? 0 : LEAD_MS);
  feed.onStart?.();
  const isAwake = watchStandstill(course.now(), { ...course, clock: startSleeplessClock() });
  const ticker = startTicker(() => {
    // Taken before it is asked whether time stood still: what fell due in between is not sent.
    const nowMs = course.now();
    if (isAwake(nowMs)) replayer.tick(nowMs);
    course.onTick(isFed && replayer.waiting() === 0);
  });
  try {
    await fed;
    await drain(course);
  } finally {
    ticker.stop();
  }
};
