/** What was recorded of the latency of one target's rules, as relative limits are held against it. */

import { recordedMs } from '../measure/recorded-ms.ts';
import { createRecordedWindow } from '../measure/recorded-window.ts';
import type { PlannedRequest } from '../types.ts';

export interface RecordedLatency {
  /** A request has fallen due, whether it is sent or not. */
  note(request: PlannedRequest): void;
  /** Works out anew what `p95Ms` says: it is asked far more often than it changes. */
  refresh(): void;
  /** p95 of a rule over the last minute of log time, as of the last `refresh`; undefined where nothing was recorded. */
  p95Ms(rule: string): number | undefined;
}

/** Makes an empty record of these rules. */
export const createRecordedLatency = (rules: readonly string[]): RecordedLatency => {
  const recorded = createRecordedWindow();
  const p95s = new Map<string, number | undefined>();
  let latestMs = Number.NEGATIVE_INFINITY;
  return {
    note: ({ rule, logAtMs, recorded: answer }) => {
      if (logAtMs > latestMs) latestMs = logAtMs;
      const ms = recordedMs(answer);
      if (ms !== undefined) recorded.add(rule, logAtMs, ms);
    },
    refresh: () => {
      for (const rule of rules) p95s.set(rule, recorded.p95(rule, latestMs));
    },
    p95Ms: (rule) => p95s.get(rule),
  };
};
