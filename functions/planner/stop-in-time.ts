/** The end of reading where the function's own end is near. */

import type { Visit } from './visit.ts';

/** Time that is kept free for writing the ledger. */
const RESERVE_MS = 15_000;

/** Reads no further once there is only time left for the accounts: what was read until then counts. */
export const stopInTime = ({ deps, limits, stream, progress, claimed }: Visit): void => {
  if (deps.clock.now() < limits.endsAtMs - RESERVE_MS) return;
  stream.stop();
  progress.error({
    code: 'NOT_READ_WHOLE',
    message: `${claimed.input.name} was not read to its end: the time of the function was over`,
  });
};
