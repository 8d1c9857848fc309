/** When a slice has to end, whether its requests have or not. */

/** Left for the last results, and for what a slow Firehose repeats, when sending stops. */
export const FLUSH_MARGIN_MS = 5_000;
/** Left for metrics and the answer when putting results stops. */
const LAST_MARGIN_MS = 1_000;

export interface Deadline {
  /** Aborted when nothing more may be sent. */
  readonly stop: AbortSignal;
  /** Aborted when nothing more may be put. */
  readonly giveUp: AbortSignal;
  /** Takes the timers back. */
  clear(): void;
}

/**
 * Sets the deadlines of an invocation.
 *
 * @param remainingMs - what the function has left
 * @param stop - aborted when the process is to end
 */
export const startDeadline = (remainingMs: number, stop: AbortSignal): Deadline => {
  const stopping = new AbortController();
  const givingUp = new AbortController();
  const timers = [
    setTimeout(() => stopping.abort(), Math.max(0, remainingMs - FLUSH_MARGIN_MS)),
    setTimeout(() => givingUp.abort(), Math.max(0, remainingMs - LAST_MARGIN_MS)),
  ];
  return {
    stop: AbortSignal.any([stopping.signal, stop]),
    giveUp: givingUp.signal,
    clear: () => timers.forEach(clearTimeout),
  };
};

/** Resolves once `work` has ended, however it ended, or `signal` aborts. */
export const unlessAborted = async (work: Promise<unknown>, signal: AbortSignal): Promise<void> => {
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  const onAbort = (): void => resolve();
  if (signal.aborted) return;
  signal.addEventListener('abort', onAbort, { once: true });
  await Promise.race([work.catch(() => undefined), aborted]);
  signal.removeEventListener('abort', onAbort);
};
