/** The value of a measure for a group of requests, and why there is none. */

import type { Histogram } from '../measure/histogram.ts';
import { formatCount } from '../report/format.ts';
import type { Gate, GateMeasure } from '../rules/gates.ts';
import type { Latencies, Sample, Share } from './sample.ts';

interface Amount {
  /** Requests, or lines, that it was measured on. */
  readonly count: number;
  /** Share, ms, or requests a second; `null` where nothing was measured. */
  readonly amount: number | null;
}

/** What a measure came to. */
export type Quantity =
  | (Amount & Share & { readonly kind: 'share' })
  /** `q`: which quantile, from 0 to 1. */
  | (Amount & { readonly kind: 'time'; readonly histogram: () => Histogram; readonly q: number })
  | (Amount & { readonly kind: 'plain' });

/** Lines of the log, and how many of them were rejected. */
export interface JudgedLines {
  readonly lines: number;
  readonly rejected: number;
}

const QUANTILES: Readonly<Record<string, number>> = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99, max: 1 };

const share = (hits: number, of: number): Quantity => ({
  ...{ kind: 'share', count: of, hits, of },
  amount: of === 0 ? null : hits / of,
});

const time = ({ count, quantile, histogram }: Latencies, name: string): Quantity => {
  const q = QUANTILES[name] ?? 1;
  return { kind: 'time', count, histogram, q, amount: quantile(q) };
};

const plain = (count: number, amount: number | null): Quantity => ({
  ...{ kind: 'plain', count },
  amount: count === 0 ? null : amount,
});

const lagOf = (sample: Sample): Quantity => {
  const lag = sample.lag();
  return lag === undefined ? plain(sample.sent, sample.lagP99Ms) : time(lag, 'p99');
};

const rateOf = (sample: Sample, isOfAsked: boolean): Quantity => {
  const { asked, achieved } = sample.rates();
  const amount = isOfAsked && achieved !== null ? asked && achieved / asked : achieved;
  return plain(sample.planned, amount);
};

/** The value of a gate's measure for a sample of this run or of a baseline. */
export const quantityOf = (
  { measure, limit }: Pick<Gate, 'measure' | 'limit'>,
  sample: Sample,
  { lines, rejected }: JudgedLines,
): Quantity => {
  switch (measure) {
    case 'statusMatch':
      return share(sample.match().same, sample.match().known);
    case 'statusClassMatch':
      return share(sample.match().sameClass, sample.match().known);
    case 'sizeMatch':
      return share(sample.sizes.same, sample.sizes.known);
    case 'status5xx':
      return share(sample.serverErrors().answered, sample.sent);
    case 'failed':
      return share(sample.failed, sample.sent);
    case 'heldBack':
      return share(sample.heldBack, sample.planned);
    case 'rejected':
      return share(rejected, lines);
    case 'achievedRate':
      return rateOf(sample, limit.kind === 'share');
    case 'lag.p99':
      return lagOf(sample);
    default:
      return measure.startsWith('fromDue.')
        ? time(sample.latencies('fromDue'), measure.slice('fromDue.'.length))
        : time(sample.latencies('service'), measure);
  }
};

/** What the log holds of the same requests: their latency, or the share of 5xx among the recorded statuses. */
export const recordedQuantity = (measure: GateMeasure, sample: Sample): Quantity => {
  if (measure === 'status5xx') {
    const { hits, of } = sample.serverErrors().recorded;
    return share(hits, of);
  }
  return time(sample.latencies('recorded'), measure.replace('fromDue.', ''));
};

const NOT_RECORDED: Readonly<Partial<Record<GateMeasure, string>>> = {
  statusMatch: 'status',
  statusClassMatch: 'status',
  sizeMatch: 'size to compare with',
};

/** Why a measure has no value for a sample, in words. */
export const whyNothing = (measure: GateMeasure, { planned, sent, answered }: Sample): string => {
  if (measure === 'rejected') return 'the log has no lines';
  if (planned === 0) return 'no request was planned';
  if (measure === 'achievedRate') return 'a rate takes at least two requests, at different times';
  if (sent === 0) return `none of ${formatCount(planned)} planned requests was sent`;
  const recorded = NOT_RECORDED[measure];
  if (recorded === 'status') return 'the log has no status of these requests';
  if (answered === 0) return `none of ${formatCount(sent)} requests sent was answered`;
  if (recorded !== undefined)
    return `of ${formatCount(answered)} answers none has the recorded status and a size in the log`;
  return `nothing was measured of ${formatCount(answered)} answers`;
};
