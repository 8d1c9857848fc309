/** The end of the process: what is being sent comes to an orderly end first. */

/** After the last slice the runtime still has to tell Lambda that its invocation has ended. */
const ANSWER_MS = 200;

export interface Shutdown {
  /** Aborted once the process is to end. */
  readonly signal: AbortSignal;
  /** Has the process wait for `work`. */
  track<T>(work: Promise<T>): Promise<T>;
  /** Stops what is being sent, waits for it, and exits. */
  begin(): Promise<void>;
}

/** Makes the end of a process that `exit` ends. */
export const createShutdown = (exit: () => void): Shutdown => {
  const stop = new AbortController();
  const underWay = new Set<Promise<unknown>>();
  return {
    signal: stop.signal,
    track: (work) => {
      underWay.add(work);
      const forget = (): void => void underWay.delete(work);
      work.then(forget, forget);
      return work;
    },
    begin: async () => {
      stop.abort();
      const isIdle = underWay.size === 0;
      await Promise.allSettled(underWay);
      if (!isIdle) await new Promise((resolve) => setTimeout(resolve, ANSWER_MS));
      exit();
    },
  };
};
