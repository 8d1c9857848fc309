/** How many errors of a target are too many: what its alarm goes by, which calls the breaker. */

import type { AbortCondition, RuleSet } from '../core/rules/rule-set.ts';

export interface ErrorLimit {
  /** Percent of what was sent. */
  readonly percent: number;
  /** As many as that are too many already. */
  readonly orEqual: boolean;
  /** Minutes above the limit, of minutes looked at. */
  readonly datapointsToAlarm: number;
  readonly evaluationPeriods: number;
}

/** A share of fewer requests in a minute says nothing. */
export const MIN_REQUESTS = 20;
/** Where no rule of a target says when to give up. */
const DEFAULT: ErrorLimit = { percent: 50, orEqual: false, datapointsToAlarm: 2, evaluationPeriods: 3 };
const MINUTE_MS = 60_000;

const byStrictness = (a: AbortCondition, b: AbortCondition): number =>
  a.errorShare - b.errorShare || Number(b.orEqual) - Number(a.orEqual) || a.forMs - b.forMs;

/** The limit of a target: the strictest `abort` of its rules, in whole minutes, each of which must be above it. */
export const errorLimitOf = (target: string, rules: RuleSet['rules']): ErrorLimit => {
  const aborts = rules.flatMap((rule) => (rule.target === target && rule.abort ? [rule.abort] : []));
  const [strictest] = aborts.toSorted(byStrictness);
  if (strictest === undefined) return DEFAULT;
  const { errorShare, orEqual, forMs } = strictest;
  const minutes = Math.max(1, Math.ceil(forMs / MINUTE_MS));
  // Twelve digits: 0.07 × 100 is 7.000000000000001.
  const percent = Number((errorShare * 100).toPrecision(12));
  return { percent, orEqual, datapointsToAlarm: minutes, evaluationPeriods: minutes };
};

/** The limit as people say it: `more than 50 %`. */
export const limitWords = ({ percent, orEqual }: ErrorLimit): string =>
  orEqual ? `${percent} % or more` : `more than ${percent} %`;
