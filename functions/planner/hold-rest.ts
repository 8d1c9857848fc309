/** Reads an object through without waiting, and holds back all of it. */

import type { HeldBackReason } from '../../core/types.ts';
import { leaseLost } from './lease.ts';
import { stopInTime } from './stop-in-time.ts';
import type { Visit } from './visit.ts';

/** Requests taken at once. */
const BATCH = 1_000;

/** Holds back everything that the object's plan still gives. */
export const holdRest = async (visit: Visit, reason: HeldBackReason): Promise<void> => {
  const { stream, progress, metrics, lease, claimed } = visit;
  for (;;) {
    stopInTime(visit);
    const requests = await stream.next(BATCH);
    if (requests.length === 0) return;
    if (lease.lost.aborted) throw leaseLost(claimed.run);
    progress.holdBack(requests, reason);
    metrics.decided(requests, reason);
  }
};
