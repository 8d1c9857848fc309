/** Whether one group of requests keeps inside a limit, and how sure that is. */

import type { Gate, GateOp } from '../rules/gates.ts';
import { keeps, limitOf } from './limits.ts';
import type { Quantity } from './quantity.ts';
import { chanceWords, type RelativeLimit, testRelative } from './relative.ts';
import type { Estimate } from './statistics/estimate.ts';
import { quantileInterval } from './statistics/quantile-interval.ts';
import { sharedConfidence } from './statistics/shared-confidence.ts';
import { shareInterval } from './statistics/shares.ts';
import type { Trial } from './trial.ts';
import type { GateInterval, GateMeasured } from './verdict.ts';

/** Chance (0–1) that a verdict errs: that one of its relative gates fails though its limit is kept, or that one interval of a gate misses. */
const ERROR = 0.05;
/** What is beyond a limit is so on one side: each end of an interval has the whole of that chance, both together twice as much. */
const RELATIVE_CONFIDENCE = 1 - 2 * ERROR;
/** Most logs tell latencies in whole milliseconds: what differs by less has not been seen to differ. */
const LOG_RESOLUTION_MS = 1;

/** How sure intervals must be. `tests` of the whole verdict share its chance of error, `routes` of one gate that of what is shown. */
export interface Certainty {
  readonly tests: number;
  readonly routes: number;
  /** Point estimates only. */
  readonly isQuick: boolean;
}

/** Nine decimals. */
const shown = (value: number): number => Math.round(value * 1e9) / 1e9 + 0;

const intervalOf = (estimate: Estimate | undefined, confidence: number): GateInterval | null =>
  estimate === undefined || !Number.isFinite(estimate.low) || !Number.isFinite(estimate.high)
    ? null
    : { low: shown(estimate.low), high: shown(estimate.high), confidence };

/** What a report keeps of a number that has no histogram: three decimals. */
const kept = (quantity: Quantity | undefined): number => {
  const amount = quantity?.amount ?? 0;
  return quantity?.kind === 'plain' ? Math.round(amount * 1000) / 1000 : amount;
};

const evaluateRelative = (
  trial: Trial,
  { op, limit }: { op: GateOp; limit: RelativeLimit },
  { tests, isQuick }: Certainty,
): GateMeasured => {
  const { now, before } = trial;
  const value = kept(now);
  const reference = kept(before);
  const isOver = !keeps(value, op, limit.factor * reference);
  const isSeen =
    now.kind !== 'time' ||
    limit.to === 'baseline' ||
    Math.abs(value - limit.factor * reference) > LOG_RESOLUTION_MS;
  const relative = isQuick
    ? undefined
    : testRelative(trial, { op, limit, isOver }, sharedConfidence(RELATIVE_CONFIDENCE, tests));
  const isFailed = isOver && isSeen && relative?.isCertain !== false;
  const unseen = 'beyond the limit by less than the millisecond in which logs tell latencies';
  const chance = isSeen ? chanceWords(op, now.count, relative?.interval) : unseen;
  return {
    count: now.count,
    measured: reference > 0 ? shown(value / reference) : null,
    interval: intervalOf(relative?.interval, RELATIVE_CONFIDENCE),
    value: shown(value),
    reference: shown(reference),
    outcome: isFailed ? 'failed' : 'held',
    note: isFailed ? (relative?.note ?? null) : isOver ? chance : null,
  };
};

const absoluteInterval = (now: Quantity, confidence: number): Estimate | undefined => {
  if (now.kind === 'share') return shareInterval(now.hits, now.of, confidence);
  return now.kind === 'time' ? quantileInterval(now.histogram(), now.q, confidence) : undefined;
};

/** Judges one group of requests. */
export const evaluate = (trial: Trial, { op, limit }: Gate, certainty: Certainty): GateMeasured => {
  if (limit.kind === 'relative') return evaluateRelative(trial, { op, limit }, certainty);
  const { now } = trial;
  const value = now.amount ?? 0;
  const confidence = sharedConfidence(1 - ERROR, certainty.routes);
  return {
    count: now.count,
    measured: shown(value),
    interval: certainty.isQuick ? null : intervalOf(absoluteInterval(now, confidence), 1 - ERROR),
    value: shown(value),
    reference: null,
    outcome: keeps(value, op, limitOf(limit)) ? 'held' : 'failed',
    note: null,
  };
};
