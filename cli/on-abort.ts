/** Waits for an abort signal. */

/** Calls back once the signal is aborted; at once where it is. */
export const onAbort = (signal: AbortSignal, callback: () => void): void => {
  if (signal.aborted) callback();
  else signal.addEventListener('abort', callback, { once: true });
};
