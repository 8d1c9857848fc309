/** Whether what was measured is certainly beyond a multiple of what the log, or a baseline, holds. */

import { quantileMs } from '../measure/histogram.ts';
import { formatCount } from '../report/format.ts';
import type { GateLimit, GateOp } from '../rules/gates.ts';
import { isBeyond, isUpper } from './limits.ts';
import type { Quantity } from './quantity.ts';
import { shareExcess, shareRatio } from './share-ratio.ts';
import type { Estimate } from './statistics/estimate.ts';
import { pairedShift } from './statistics/paired-shift.ts';
import { quantileRatio } from './statistics/quantile-ratio.ts';
import { shiftBetween } from './statistics/shift-between.ts';
import type { Trial } from './trial.ts';

/** Below this median that rounding makes up a good part of each request's ratio, and of the shift of all of them. */
const LEAST_PAIRED_MS = 10;

export type RelativeLimit = Extract<GateLimit, { kind: 'relative' }>;

const times = (factor: number): string => `${Number(factor.toPrecision(3))}x`;

/** What both sides of a relative limit came to, and how sure that is. */
export interface Relative {
  readonly interval: Estimate | undefined;
  /** Whether chance can be ruled out. */
  readonly isCertain: boolean;
  readonly note: string | null;
}

const judgeShares = (
  now: Extract<Quantity, { kind: 'share' }>,
  before: Extract<Quantity, { kind: 'share' }>,
  { op, factor, confidence }: { op: GateOp; factor: number; confidence: number },
): Relative => ({
  interval: shareRatio(now, before, confidence),
  isCertain: isBeyond(shareExcess(now, before, factor, confidence), op, 0),
  note: null,
});

const judgeTimes = (
  now: Extract<Quantity, { kind: 'time' }>,
  before: Extract<Quantity, { kind: 'time' }>,
  { paired, op, factor, confidence, isRecorded, isOver }: TimesTest,
): Relative => {
  const interval =
    now.q < 1 ? quantileRatio(now.histogram(), before.histogram(), now.q, confidence) : undefined;
  if (isBeyond(interval, op, factor)) return { interval, isCertain: true, note: null };
  if (!isOver) return { interval, isCertain: false, note: null };
  const isCoarse = isRecorded && (quantileMs(before.histogram(), 0.5) ?? 0) < LEAST_PAIRED_MS;
  const pairs = paired && !isCoarse ? pairedShift(paired.histogram(), confidence) : undefined;
  const shift = isRecorded ? pairs : shiftBetween(before.histogram(), now.histogram(), confidence);
  if (shift === undefined || !isBeyond(shift, op, factor)) return { interval, isCertain: false, note: null };
  const words = isRecorded ? 'each request against its own recording' : 'all latencies against the baseline';
  const note = `${words}: ${times(shift.estimate)}, from ${times(shift.low)} to ${times(shift.high)}`;
  return { interval, isCertain: true, note };
};

interface TimesTest {
  readonly paired: Trial['paired'];
  readonly op: GateOp;
  readonly factor: number;
  readonly confidence: number;
  readonly isRecorded: boolean;
  /** Where the limit is kept, nothing needs to be proved. */
  readonly isOver: boolean;
}

/** How many intervals it takes to judge a trial against a multiple: each has its share in the chance of error. */
export const testsOf = ({ now, before, paired }: Trial, limit: GateLimit): number => {
  if (limit.kind !== 'relative' || before === undefined || now.kind === 'plain') return 0;
  if (now.kind === 'share') return 1;
  const hasShift = limit.to === 'baseline' || paired !== undefined;
  return (now.q < 1 ? 1 : 0) + (hasShift ? 1 : 0);
};

/** Why what is beyond a limit is let pass. */
export const chanceWords = (op: GateOp, count: number, interval: Estimate | undefined): string => {
  const [side, end, word] = isUpper(op)
    ? ['over', interval?.low ?? 0, 'little']
    : ['below', interval?.high ?? Number.POSITIVE_INFINITY, 'much'];
  const few = `${formatCount(count)} ${count === 1 ? 'request is' : 'requests are'} too few to tell`;
  const reach = end > 0 && Number.isFinite(end) ? `it may be as ${word} as ${times(end)}` : few;
  return `${side} the limit, but not beyond chance: ${reach}`;
};

/** Reckons how sure it is that a trial is beyond a limit that is a multiple. */
export const testRelative = (
  { now, before, paired }: Trial,
  { op, limit, isOver }: { op: GateOp; limit: RelativeLimit; isOver: boolean },
  confidence: number,
): Relative => {
  const { factor } = limit;
  const isRecorded = limit.to === 'recorded';
  if (now.kind === 'share' && before?.kind === 'share')
    return judgeShares(now, before, { op, factor, confidence });
  if (now.kind === 'time' && before?.kind === 'time')
    return judgeTimes(now, before, { paired, op, factor, confidence, isRecorded, isOver });
  // Rates and kept quantiles have no spread to reckon with.
  return { interval: undefined, isCertain: true, note: null };
};
