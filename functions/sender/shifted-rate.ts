/**
 * The rate of a target when a slice is sent later than planned: its planner has taken room in the seconds in which it was due, and
 * others may have filled those in which it leaves.
 */

import { byDueSecond, inOrderOfShare } from '../../core/pace/due-seconds.ts';
import type { PlacedRequest } from '../../core/pace/slice-line.ts';
import { errorText, type WriteLog } from '../log.ts';

/** Asks for `count` requests in one second of due time; resolves with how many of them may be sent. May throw: none, then. */
export type TakeRate = (ask: {
  readonly target: string;
  readonly dueSecond: number;
  readonly count: number;
  readonly maxPerSecond: number;
}) => Promise<number>;

export interface ShiftedRateOptions {
  readonly target: string;
  readonly maxRatePerSecond: number;
  /** Epoch instant that due times count from. */
  readonly startAtMs: number;
  readonly shiftMs: number;
  readonly takeRate: TakeRate;
  readonly log: WriteLog;
}

/** By so much more such a slice is moved: the answers come meanwhile, and the spacing is kept. */
export const TAKE_LEAD_MS = 50;
/** An answer that takes longer is worth nothing: the slice is late as it is. */
export const TAKE_WITHIN_MS = 200;

const inTime = async (work: Promise<number>): Promise<number> => {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${TAKE_WITHIN_MS} ms`)), TAKE_WITHIN_MS);
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timer);
  }
};

/** What stays when only `count` may go: the same that a lower percentage would have kept, as at the planner. */
const lastOf = (requests: readonly PlacedRequest[], count: number): readonly PlacedRequest[] =>
  inOrderOfShare(requests).slice(Math.max(0, count));

/**
 * Takes room for requests in the seconds to which they are moved. What was taken there for requests of the same slice serves again: they
 * have moved on, too.
 *
 * @param requests - those that are to be sent
 * @param planned - all that room was taken for
 * @returns those of them that would exceed the target's rate; where nobody can say, what was not taken before
 */
export const overRate = async (
  requests: readonly PlacedRequest[],
  planned: readonly PlacedRequest[],
  { target, maxRatePerSecond: maxPerSecond, startAtMs, shiftMs, takeRate, log }: ShiftedRateOptions,
): Promise<ReadonlySet<PlacedRequest>> => {
  const own = byDueSecond(planned, startAtMs);
  const over = [...byDueSecond(requests, startAtMs + shiftMs)].map(async ([dueSecond, asked]) => {
    const taken = own.get(dueSecond)?.length ?? 0;
    const count = asked.length - taken;
    if (count <= 0) return [];
    try {
      return lastOf(asked, taken + (await inTime(takeRate({ target, dueSecond, count, maxPerSecond }))));
    } catch (error) {
      log({ level: 'WARN', code: 'RATE_UNKNOWN', message: errorText(error), target });
      return lastOf(asked, taken);
    }
  });
  return new Set((await Promise.all(over)).flat());
};
