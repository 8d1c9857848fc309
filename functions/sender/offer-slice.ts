/** When the requests of a slice leave, and which of them are too late for that. */

import type { PlacedRequest } from '../../core/pace/slice-line.ts';
import type { Target } from '../../core/rules/rule-set.ts';
import type { HeldBackReason, PlannedRequest } from '../../core/types.ts';
import type { WriteLog } from '../log.ts';
import type { OpenSlice } from './open-slice.ts';
import type { RuleBook } from './rule-book.ts';
import { overRate, TAKE_LEAD_MS, type TakeRate } from './shifted-rate.ts';

export interface OfferOptions {
  readonly slice: OpenSlice;
  readonly target: Target;
  readonly book: RuleBook;
  /** Ms since the start of the slice. */
  readonly now: () => number;
  readonly takeRate: TakeRate;
  readonly log: WriteLog;
  /** Takes what is to be sent, in due order: `request` is the placed one with its due time as it is now. */
  readonly offer: (placed: PlacedRequest, request: PlannedRequest) => void;
  /** Takes what is not to be sent. */
  readonly holdBack: (placed: PlacedRequest, reason: HeldBackReason) => void;
}

/** What is held to a rate, as the planners name it. */
interface Rated {
  readonly name: string;
  readonly maxRatePerSecond: number;
  readonly isOf: (placed: PlacedRequest) => boolean;
}

/** Those of rules, asked for at once, then that of the target, inside which they sit: what they hold back takes no room there. */
const ratesOf = ({ slice, target, book }: OfferOptions): readonly (readonly Rated[])[] => {
  const rules = [...new Set(slice.requests.map(({ request }) => request.rule))];
  const ofRules = rules.map((rule) => ({
    name: `rule:${rule}`,
    maxRatePerSecond: book.ruleOf(rule)?.maxRatePerSecond,
    isOf: ({ request }: PlacedRequest) => request.rule === rule,
  }));
  const ofTarget = { name: target.name, maxRatePerSecond: target.maxRatePerSecond, isOf: () => true };
  return [ofRules, [ofTarget]]
    .map((round) =>
      round.flatMap(({ maxRatePerSecond, ...rated }) =>
        maxRatePerSecond === undefined ? [] : [{ ...rated, maxRatePerSecond }],
      ),
    )
    .filter((round) => round.length > 0);
};

/** By how much a slice that begins late is moved, in whole µs, as results have them. */
const shiftOf = (options: OfferOptions): number => {
  const { slice, now } = options;
  const lateMs = now() - (slice.requests[0]?.request.dueMs ?? 0);
  if (lateMs <= 0) return 0;
  const leadMs = ratesOf(options).length * TAKE_LEAD_MS;
  return Math.round((lateMs + leadMs) * 1_000) / 1_000;
};

/** Those for which there is no room in the seconds to which they are moved. */
const overRates = async (
  options: OfferOptions,
  requests: readonly PlacedRequest[],
  shiftMs: number,
): Promise<ReadonlySet<PlacedRequest>> => {
  const { slice, takeRate, log } = options;
  const { startAtMs } = slice.event;
  const over = new Set<PlacedRequest>();
  if (shiftMs === 0) return over;
  const ask = ({ name, maxRatePerSecond, isOf }: Rated): Promise<ReadonlySet<PlacedRequest>> => {
    const asked = requests.filter((placed) => isOf(placed) && !over.has(placed));
    const rate = { target: name, maxRatePerSecond, startAtMs, shiftMs, takeRate, log };
    return overRate(asked, slice.requests.filter(isOf), rate);
  };
  for (const round of ratesOf(options)) {
    for (const found of await Promise.all(round.map(ask))) for (const placed of found) over.add(placed);
  }
  return over;
};

/**
 * Offers the requests of a slice. One that begins late moves every due instant by as much, so that the spacing is kept; what would then
 * leave too late, or exceed the rate of its rule or of the target, is held back.
 *
 * @returns that shift in ms
 */
export const offerSlice = async (options: OfferOptions): Promise<number> => {
  const { slice, offer, holdBack } = options;
  const { startAtMs, notAfterMs } = slice.event;
  const shiftMs = shiftOf(options);
  const isInTime = ({ request }: PlacedRequest): boolean => startAtMs + request.dueMs + shiftMs <= notAfterMs;
  const over = await overRates(options, slice.requests.filter(isInTime), shiftMs);
  for (const placed of slice.requests) {
    const { request } = placed;
    // What would be late when its time comes need not wait for that.
    if (!isInTime(placed)) holdBack(placed, 'late');
    else if (over.has(placed)) holdBack(placed, 'max_rate');
    else offer(placed, shiftMs === 0 ? request : { ...request, dueMs: request.dueMs + shiftMs });
  }
  return shiftMs;
};
