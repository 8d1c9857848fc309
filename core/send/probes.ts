/** When a target may be sent a probe: a request that backoff would hold back, to see whether the target has recovered. */

import type { PlannedRequest } from '../types.ts';

/** A target that has been sent nothing for so long gets one. */
const PROBE_EVERY_MS = 1_000;

export interface Probes {
  /** Whether this request may go as a probe. It may be held back by another limit still, and then it is none. */
  isDue(request: PlannedRequest, nowMs: number): boolean;
  /** A request whose rule has backoff is being sent. Others tell backoff nothing of the target, so that they take no probe's place. */
  sent(request: PlannedRequest, nowMs: number): void;
  /** Probes that were sent. */
  count(): number;
}

/** Makes the probes of a target that nothing was sent to. */
export const createProbes = (): Probes => {
  let lastSentMs = Number.NEGATIVE_INFINITY;
  let offered: PlannedRequest | undefined;
  let count = 0;
  return {
    isDue: (request, nowMs) => {
      if (nowMs - lastSentMs < PROBE_EVERY_MS) return false;
      offered = request;
      return true;
    },
    sent: (request, nowMs) => {
      lastSentMs = nowMs;
      if (request === offered) count += 1;
      offered = undefined;
    },
    count: () => count,
  };
};
