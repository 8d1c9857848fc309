/** How many errors of a target are too many: what its alarms go by, which call the breaker. */

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
/** Stands for every target, whatever its rules say. */
export const DEFAULT_LIMIT: ErrorLimit = {
  percent: 50,
  orEqual: false,
  datapointsToAlarm: 2,
  evaluationPeriods: 3,
};
const MINUTE_MS = 60_000;

const limitOf = ({ errorShare, orEqual, forMs }: AbortCondition): ErrorLimit => {
  const minutes = Math.max(1, Math.ceil(forMs / MINUTE_MS));
  // Twelve digits: 0.07 × 100 is 7.000000000000001.
  const percent = Number((errorShare * 100).toPrecision(12));
  return { percent, orEqual, datapointsToAlarm: minutes, evaluationPeriods: minutes };
};

/** Whether, of minutes that all have to be above it, `limit` cannot be exceeded before `other` is. */
const isImplied = (limit: ErrorLimit, other: ErrorLimit): boolean => {
  const isAsHigh =
    limit.percent > other.percent || (limit.percent === other.percent && (other.orEqual || !limit.orEqual));
  return isAsHigh && limit.datapointsToAlarm >= other.datapointsToAlarm;
};

/**
 * What the `abort`s of a target's rules add to the default limit, in whole minutes, each of which must be above it. None that another
 * limit includes: it would ring when that has rung already.
 */
export const abortLimitsOf = (target: string, rules: RuleSet['rules']): readonly ErrorLimit[] => {
  const limits = rules.flatMap((rule) => (rule.target === target && rule.abort ? [limitOf(rule.abort)] : []));
  return limits.filter((limit, i) => {
    const isInOther = limits.some(
      (other, j) => isImplied(limit, other) && (j < i || !isImplied(other, limit)),
    );
    return !isInOther && !isImplied(limit, DEFAULT_LIMIT);
  });
};

const limitWords = ({ percent, orEqual }: ErrorLimit): string =>
  orEqual ? `${percent} % or more` : `more than ${percent} %`;

/** An alarm on the errors of a target. */
export interface ErrorAlarm {
  /** Of the construct. */
  readonly id: string;
  readonly limit: ErrorLimit;
  readonly description: string;
}

/** The alarms on the errors of a target: the one that each has, and those that aborts add. */
export const errorAlarmsOf = (target: string, rules: RuleSet['rules']): readonly ErrorAlarm[] => {
  const describe = (limit: ErrorLimit): string =>
    `${target} fails or answers 5xx to ${limitWords(limit)} of what is replayed`;
  const ofAborts = abortLimitsOf(target, rules).map((limit) => {
    const { percent, orEqual, evaluationPeriods } = limit;
    return {
      id: `Abort-${target}-${orEqual ? 'from' : 'above'}${percent}for${evaluationPeriods}m`,
      limit,
      description: `${describe(limit)}, ${evaluationPeriods} min long: an abort of its rules`,
    };
  });
  return [
    { id: `ErrorShare-${target}`, limit: DEFAULT_LIMIT, description: describe(DEFAULT_LIMIT) },
    ...ofAborts,
  ];
};
