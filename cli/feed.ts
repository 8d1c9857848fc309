/** Where the planned requests of a run come from: logs that have an end, or logs that are followed as they grow. */

import type { RepriseError } from '../core/errors.ts';
import { sumOf } from '../core/measure/accounting.ts';
import type { LiveFigures } from '../core/measure/live.ts';
import type { RuleSet } from '../core/rules/rule-set.ts';
import type { PlannedRequest } from '../core/types.ts';
import type { LogInput } from '../io/log-files.ts';
import { openPlannedStream } from '../io/planned-stream.ts';
import type { FeedContext } from './run.ts';

export interface RunFeed {
  /** Up to `most` planned requests; none when there are no more. */
  next(most: number): Promise<readonly PlannedRequest[]>;
  /** Reads no further; what is planned already still comes. */
  stop(): void;
  fault(): RepriseError | undefined;
  /** Share of the logs that is done, from 0 to 1, where it can be known. */
  doneShare(figures: LiveFigures): number | undefined;
  /** Whether the clock starts before anything is planned. */
  readonly startsAtOnce: boolean;
  /** Told how far off the start instant of the run's clock is. */
  onStart?(inMs: number): void;
}

export interface LogFeedOptions {
  readonly inputs: readonly LogInput[];
  readonly ruleSet: RuleSet;
  readonly seed: string;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
}

/** A feed from logs that are read to their end. */
export const openLogFeed = (options: LogFeedOptions, context: FeedContext): RunFeed => {
  const { inputs, ruleSet } = options;
  const sizes = inputs.map(({ bytes }) => bytes);
  const totalBytes = sizes.includes(undefined)
    ? undefined
    : sizes.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0);
  const pacing = ruleSet.rules[0]?.pacing;
  const speed = pacing === undefined || pacing.mode === 'constant' ? 1 : pacing.speed;
  let bytesRead = 0;
  let firstAtMs: number | undefined;
  let isEnded = false;
  const stream = openPlannedStream({
    ...options,
    runId: context.runId,
    accounting: context.accounting,
    onRejected: context.onRejected,
    onInputError: context.onInputError,
    onBytes: (count) => {
      bytesRead += count;
    },
    onRecorded: ({ atMs }) => {
      firstAtMs ??= atMs;
      context.onRecorded(Math.max(0, (atMs - firstAtMs) / speed));
    },
  });
  return {
    startsAtOnce: false,
    next: async (most) => {
      const batch = await stream.next(most);
      isEnded = batch.length === 0;
      return batch;
    },
    stop: stream.stop,
    fault: stream.fault,
    doneShare: ({ sent, heldBack }) => {
      const planned = Object.values(context.accounting.rules).reduce((sum, rule) => sum + rule.planned, 0);
      const readShare =
        isEnded || totalBytes === 0 ? 1 : totalBytes === undefined ? undefined : bytesRead / totalBytes;
      if (readShare === undefined || planned === 0) return undefined;
      // What the part that was read has planned, scaled up to the whole.
      return Math.min(1, ((sent + sumOf(heldBack)) / planned) * Math.min(1, readShare));
    },
  };
};
