/** What has to be there before the first request of a slice. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Deadline } from './deadline.ts';
import type { OpenSlice } from './open-slice.ts';
import type { SliceBooks } from './slice-books.ts';
import type { SliceLoad } from './slice-load.ts';

export interface PrepareOptions {
  readonly slice: OpenSlice;
  readonly books: SliceBooks;
  readonly deadline: Deadline;
  readonly load: Pick<SliceLoad, 'first' | 'isOpen'>;
  /** Epoch ms. */
  readonly wallClock: () => number;
  /** Has the sender's header values ready. Never throws. */
  readonly loadSecrets: () => Promise<void>;
  /** Opens connections, up to as many as the slice needs; may be called again. */
  readonly warm: () => void;
}

/** So long a slice that begins late may still be kept waiting by the first look at the switch and the first reading of secrets. */
const PREPARE_WITHIN_MS = 2_000;
/** Left between the end of waiting and the first due instant. */
const BEFORE_FIRST_MS = 50;
/** Timers take no more; the deadline of the invocation comes long before. */
const MAX_TIMER_MS = 2 ** 31 - 1;

const needsSecrets = ({ requests }: OpenSlice): boolean =>
  requests.some(({ request }) => request.headers.some(([, value]) => typeof value !== 'string'));

/** How long switch and secrets may take: up to the first due instant they keep nothing waiting. */
const patienceMs = ({ event, requests }: OpenSlice, nowMs: number): number => {
  const firstDueMs = event.startAtMs + (requests[0]?.request.dueMs ?? 0);
  return Math.min(Math.max(PREPARE_WITHIN_MS, firstDueMs - BEFORE_FIRST_MS - nowMs), MAX_TIMER_MS);
};

/**
 * Puts the header, has switch and secrets read, and opens connections, all as soon as it can be done. Connections are opened where the
 * slice is announced and the target is open to it: off is off, not even a connection is opened.
 *
 * @returns whether the header is there for sure; only then anything may be sent
 */
export const prepareSlice = async (options: PrepareOptions): Promise<boolean> => {
  const { slice, books, deadline, load, wallClock, loadSecrets, warm } = options;
  const nowMs = wallClock();
  const usefulMs = Math.ceil(slice.event.notAfterMs - nowMs);
  const useless = AbortSignal.timeout(Math.min(Math.max(1, usefulMs), MAX_TIMER_MS));
  const isOver = new AbortController();
  const signal = AbortSignal.any([isOver.signal, deadline.stop]);
  const atLatest = sleep(patienceMs(slice, nowMs), undefined, { signal }).catch(() => undefined);

  const announced = books.announce(AbortSignal.any([deadline.stop, useless]));
  const warmUp = (isAnnounced: boolean): void => {
    if (isAnnounced && !signal.aborted && load.isOpen()) warm();
  };
  const opened = Promise.all([announced, load.first]).then(([isAnnounced]) => warmUp(isAnnounced));
  const secrets = loadSecrets();
  const ready = Promise.all([opened, needsSecrets(slice) ? secrets : undefined]);
  const [isAnnounced] = await Promise.all([announced, Promise.race([ready, atLatest])]);
  // The header may have come after all else.
  warmUp(isAnnounced);
  isOver.abort();
  return isAnnounced;
};
