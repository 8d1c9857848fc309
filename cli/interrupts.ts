/** What Ctrl-C, a polite kill and a terminal that is closed mean to a run. */

import type { CliContext } from './context.ts';

export interface Interrupts {
  /** Aborted by the first: stop, and let what is under way end. */
  readonly stop: AbortSignal;
  /** Aborted by the second: end at once. */
  readonly abort: AbortSignal;
  /** From now on an interrupt ends the process as it does any other. */
  release(): void;
}

/** Watches for interrupts from now on. A third one is not waited for: it ends the process, whatever still hangs. */
export const watchInterrupts = (onInterrupt: CliContext['onInterrupt']): Interrupts => {
  const stop = new AbortController();
  const abort = new AbortController();
  const release = onInterrupt(() => {
    if (stop.signal.aborted) {
      abort.abort();
      release();
    }
    stop.abort();
  });
  return { stop: stop.signal, abort: abort.signal, release };
};
