/** Several passes over the same logs as one: each goes through them at its own pace. */

import type { PlannedRequest } from '../core/types.ts';

/** Requests of one pass over the logs, for rules of one pace. */
export interface Pass {
  /** The next request in due order, or undefined at the end. */
  take(): Promise<PlannedRequest | undefined>;
  takeAtOnce(): PlannedRequest | undefined;
}

/** Merges passes by due time. A single pass may be taken from at once, where what is read already tells. */
export const mergePasses = (passes: readonly Pass[]) => {
  const entries = passes.map((pass) => ({
    pass,
    head: undefined as PlannedRequest | undefined,
    isEnded: false,
  }));
  const only = entries.length === 1 ? entries[0] : undefined;
  return {
    take: async (): Promise<PlannedRequest | undefined> => {
      let best: (typeof entries)[number] | undefined;
      for (const entry of entries) {
        if (entry.isEnded) continue;
        entry.head ??= entry.pass.takeAtOnce() ?? (await entry.pass.take());
        entry.isEnded = entry.head === undefined;
        if (entry.head === undefined) continue;
        if (best?.head === undefined || entry.head.dueMs < best.head.dueMs) best = entry;
      }
      const request = best?.head;
      if (best !== undefined) best.head = undefined;
      return request;
    },
    takeAtOnce: (): PlannedRequest | undefined => only?.pass.takeAtOnce(),
    isSingle: only !== undefined,
  };
};
