/** A feed from logs that are read to their end. */

import { sumOf } from '../core/measure/accounting.ts';
import { type Course, courseOf } from '../core/pace/course.ts';
import { pacingGroups } from '../core/pace/pacer.ts';
import { tickOffsetMs } from '../core/plan/sample.ts';
import type { RuleSet } from '../core/rules/rule-set.ts';
import type { LogInput } from '../io/log-files.ts';
import { openPlannedStream } from '../io/planned-stream.ts';
import type { FeedContext, RunFeed } from './feed.ts';

export interface LogFeedOptions {
  readonly inputs: readonly LogInput[];
  readonly ruleSet: RuleSet;
  readonly seed: string;
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
}

/** Bytes of all inputs as stored; undefined where one of them has no size. */
const storedBytes = (inputs: readonly LogInput[]): number | undefined =>
  inputs.reduce<number | undefined>(
    (sum, { bytes }) => (sum === undefined || bytes === undefined ? undefined : sum + bytes),
    0,
  );

/** Log time against run time, where one course says it: that of the first rule. */
const firstCourse = ({ rules }: RuleSet): Course => {
  const [first] = pacingGroups(rules);
  return first === undefined ? (logMs) => logMs : courseOf(first);
};

/**
 * Opens the feed.
 *
 * @throws RepriseError PACING_NEEDS_FILE
 */
export const openLogFeed = (options: LogFeedOptions, context: FeedContext): RunFeed => {
  const totalBytes = storedBytes(options.inputs);
  const dueAfter = firstCourse(options.ruleSet);
  let bytesRead = 0;
  let firstAtMs: number | undefined;
  let isEnded = false;
  const stream = openPlannedStream({
    ...options,
    ...context,
    onBytes: (count) => {
      bytesRead += count;
    },
    onRecorded: (request) => {
      // Placed inside the tick of a coarse clock as the plan places it, so that the two stand one above the other.
      const atMs = request.atMs + tickOffsetMs(request);
      firstAtMs ??= atMs;
      context.onRecorded(Math.max(0, dueAfter(atMs - firstAtMs)));
    },
  });

  const readShare = (): number | undefined => {
    if (isEnded || totalBytes === 0) return 1;
    return totalBytes === undefined ? undefined : Math.min(1, bytesRead / totalBytes);
  };

  return {
    startsAtOnce: false,
    next: async (most) => {
      const batch = await stream.next(most);
      isEnded = batch.length === 0;
      return batch;
    },
    stop: stream.stop,
    fault: stream.fault,
    doneShare: ({ planned, sent, heldBack }) => {
      const share = readShare();
      if (share === undefined || planned === 0) return undefined;
      const { stopped: _cutOff, ...others } = heldBack;
      // What the part that was read has planned, scaled up to the whole. What an interrupt cuts off is not done.
      return Math.min(1, ((sent + sumOf(others)) / planned) * share);
    },
  };
};
