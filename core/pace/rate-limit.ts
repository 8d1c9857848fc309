/** Holds the number of requests due in one second to a rate: what is above it is held back, never delayed. */

/**
 * Makes a limiter. Requests must be offered in due order; each call counts one.
 *
 * @param ratePerSecond - how many may be due in a second; a fraction is carried over to the next
 * @returns whether a request due at `dueMs` may be sent
 */
export const createRateLimit = (ratePerSecond: number): ((dueMs: number) => boolean) => {
  let second = Number.NEGATIVE_INFINITY;
  let used = 0;
  return (dueMs) => {
    const own = Math.floor(dueMs / 1_000);
    if (own !== second) {
      second = own;
      used = 0;
    }
    // 0.5/s lets one through every other second: what seconds 0 … n may hold in sum, less what 0 … n − 1 may.
    const allowed = Math.floor((own + 1) * ratePerSecond) - Math.floor(own * ratePerSecond);
    if (used >= allowed) return false;
    used += 1;
    return true;
  };
};
