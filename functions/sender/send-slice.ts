/** Sends the requests of one slice, from its header to its trailer. */

import type { SliceCounts } from '../../core/measure/slice-tally.ts';
import type { PlacedRequest } from '../../core/pace/slice-line.ts';
import type { Target } from '../../core/rules/rule-set.ts';
import type { PlannedRequest, Result } from '../../core/types.ts';
import { startTicker } from '../../io/clock.ts';
import type { HttpSender } from '../../io/http-sender.ts';
import type { Deadline } from './deadline.ts';
import { offerSlice } from './offer-slice.ts';
import type { OpenSlice } from './open-slice.ts';
import { startPolling } from './polling.ts';
import { prepareSlice } from './prepare-slice.ts';
import { FLUSH_EVERY_MS } from './results-writer.ts';
import type { TakeRate } from './shifted-rate.ts';
import type { SliceBooks } from './slice-books.ts';
import { openSliceLoad, type SliceLoad, type SliceLoadDeps } from './slice-load.ts';
import { createSliceReplayer, type SliceReplayer } from './slice-replayer.ts';
import { warmCountOf } from './warm-count.ts';

/** The clock is that of `sender`. */
export interface SendSliceDeps extends SliceLoadDeps {
  readonly takeRate: TakeRate;
  readonly sender: HttpSender;
  /** Has the sender's header values ready. Never throws. */
  readonly loadSecrets: () => Promise<void>;
  /** From now on `listen` is told of each `Retry-After`, at the head of its answer. */
  readonly hearRetryAfter: (listen: SliceLoad['askedToWait']) => void;
}

export interface SliceToSend {
  readonly slice: OpenSlice;
  readonly target: Target;
  readonly books: SliceBooks;
  readonly deadline: Deadline;
  /** Whether a budget that the request would use is used up. */
  readonly isSpent: (request: PlannedRequest) => boolean;
}

export interface SliceEnd {
  /** Whether it could be announced; if not, nothing was sent. */
  readonly isAnnounced: boolean;
  readonly counts: SliceCounts;
}

/** All that is under way for one slice. */
interface Run extends SliceToSend {
  readonly deps: SendSliceDeps;
  readonly replayer: SliceReplayer;
  readonly load: SliceLoad;
  /** Requests as they were offered → as they came. */
  readonly offered: Map<PlannedRequest, PlacedRequest>;
  readonly ended: Promise<void>;
  now(): number;
  enter(placed: PlacedRequest, result: Result): void;
}

const onAbort = (signal: AbortSignal, callback: () => void): void => {
  if (signal.aborted) callback();
  else signal.addEventListener('abort', callback, { once: true });
};

const openRun = (toSend: SliceToSend, deps: SendSliceDeps): Run => {
  const { slice, target, books, isSpent } = toSend;
  const { event, requests } = slice;
  const { clock, wallClock, book } = deps;
  // The offset of the two clocks is taken anew for each slice: a frozen process lets them drift apart.
  const zeroMs = clock() + event.startAtMs - wallClock();
  const offered = new Map<PlannedRequest, PlacedRequest>();
  const ended = Promise.withResolvers<void>();
  let left = requests.length;

  const enter = (placed: PlacedRequest, result: Result): void => {
    books.enter(placed, result);
    if (result.sentMs !== undefined) load.ended(result, result.sentMs - placed.request.dueMs);
    left -= 1;
    if (left === 0) ended.resolve();
  };
  /** Results count from the due instant as planned: a shift of the slice is part of the lag. */
  const onResult = (result: Result): void => {
    const placed = offered.get(result.request);
    if (placed === undefined) return;
    const { fromDueMs } = result;
    const shiftMs = result.request.dueMs - placed.request.dueMs;
    const moved = fromDueMs === undefined ? {} : { fromDueMs: fromDueMs + shiftMs };
    enter(placed, { ...result, ...moved, request: placed.request });
  };
  const replayer = createSliceReplayer({
    ...{ slice, target, book, sender: deps.sender, clock, zeroMs, isSpent, onResult },
    load: () => load,
  });
  const { inFlight, inFlightOf } = replayer;
  const load = openSliceLoad({ slice, target, zeroMs, inFlight, inFlightOf }, deps);
  deps.hearRetryAfter(load.askedToWait);
  const now = (): number => clock() - zeroMs;
  return { ...toSend, deps, replayer, load, offered, ended: ended.promise, now, enter };
};

/** Hands all that may be sent to the replayer; gives back by how much it was moved. */
const offerAll = (run: Run): Promise<number> => {
  const { slice, target, replayer, offered, enter, now, deps } = run;
  const { book, takeRate, log } = deps;
  return offerSlice({
    ...{ slice, target, book, now, takeRate, log },
    offer: (placed, request) => {
      offered.set(request, placed);
      replayer.offer(request);
    },
    holdBack: (placed, heldBack) => enter(placed, { request: placed.request, heldBack }),
  });
};

const sendAll = async (run: Run): Promise<number> => {
  const { books, deadline, replayer, deps } = run;
  const shiftMs = await offerAll(run);
  onAbort(deadline.stop, () => {
    replayer.stop('stopped');
    deps.sender.abortAll();
  });
  const ticker = startTicker(() => replayer.tick());
  const flushing = startPolling(books.flush, FLUSH_EVERY_MS);
  await run.ended;
  ticker.stop();
  void flushing.stop();
  return shiftMs;
};

/** Sends if it may be sent, and closes the books. */
const carryOut = async (run: Run): Promise<SliceEnd> => {
  const { slice, target, books, deadline, replayer, load, deps } = run;
  const warm = (): void => deps.sender.warm(target.name, warmCountOf(slice, target.maxInFlight));
  const { wallClock, loadSecrets } = deps;
  const isAnnounced = await prepareSlice({ slice, books, deadline, load, wallClock, loadSecrets, warm });
  let shiftMs = 0;
  if (isAnnounced) shiftMs = await sendAll(run);
  else books.holdAllBack(deadline.stop.aborted ? 'stopped' : 'undelivered');
  const started = isAnnounced ? { SlicesStarted: 1 } : { SlicesFailed: 1 };
  const state = { InFlight: replayer.mostInFlight(), BackoffLevel: load.level() };
  return { isAnnounced, counts: await books.close(shiftMs, { ...started, ...state }) };
};

/**
 * Sends a claimed slice: puts its header, waits for the due times, and accounts for every request. Where the header cannot be put,
 * nothing is sent, since nobody would know of it.
 */
export const sendSlice = async (toSend: SliceToSend, deps: SendSliceDeps): Promise<SliceEnd> => {
  const run = openRun(toSend, deps);
  try {
    return await carryOut(run);
  } finally {
    // A table that hangs must not cost the invocation its end.
    const inTime = new Promise<void>((resolve) => onAbort(toSend.deadline.giveUp, resolve));
    await Promise.race([run.load.end(), inTime]);
  }
};
