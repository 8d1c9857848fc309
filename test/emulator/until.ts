/** Waits for what other processes do. */

const POLL_MS = 100;

/**
 * Asks until there is an answer.
 *
 * @param what - words for what is waited for
 * @throws Error once `timeoutMs` are over
 */
export const until = async <T>(
  what: string,
  timeoutMs: number,
  probe: () => T | undefined | Promise<T | undefined>,
): Promise<T> => {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (performance.now() > deadlineMs) throw new Error(`${what} was not there after ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
};
