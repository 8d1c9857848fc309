/** Does the same piece of work over and over, while something else goes on. */

export interface Polling {
  /** Begins no more work; resolves when what is under way has ended. */
  stop(): Promise<void>;
}

/**
 * Begins `work` every `everyMs`, for the first time after `afterMs`. Work that takes longer is followed by the next at once, never by two
 * at a time.
 *
 * @param work - must not throw
 */
export const startPolling = (work: () => Promise<void>, everyMs: number, afterMs = everyMs): Polling => {
  let underWay: Promise<void> = Promise.resolve();
  let isStopped = false;

  const begin = (): void => {
    const startedMs = performance.now();
    underWay = work().finally(() => {
      if (isStopped) return;
      timer = setTimeout(begin, Math.max(0, startedMs + everyMs - performance.now()));
    });
  };

  let timer = setTimeout(begin, afterMs);
  return {
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
      return underWay;
    },
  };
};
