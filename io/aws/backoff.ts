/** Waiting between tries. */

import { setTimeout as sleep } from 'node:timers/promises';

/** Waits; ends early, without an error, when `signal` aborts. */
export type Wait = (ms: number, signal?: AbortSignal) => Promise<void>;

/** Waits in real time. */
export const waitFor: Wait = async (ms, signal) => {
  try {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  }
};

export interface Backoff {
  readonly baseMs: number;
  readonly capMs: number;
}

/**
 * How long to wait before try number `attempt` + 1, in ms: a random part of a span that doubles with each try up to the cap, so that
 * many callers that failed together do not come back together ("full jitter",
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 *
 * @param attempt - tries made so far, from 1
 */
export const backoffMs = (attempt: number, { baseMs, capMs }: Backoff): number =>
  Math.random() * Math.min(capMs, baseMs * 2 ** (attempt - 1));
