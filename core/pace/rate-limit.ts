/** Holds the number of requests due within a second to a rate: what is above it is held back, never delayed. */

import type { Rule, Target } from '../rules/rule-set.ts';
import type { PlannedRequest } from '../types.ts';

/** What is lost when binary fractions are added up. */
const ROUNDING_MS = 1e-6;

/** A rate that can be asked before it is used up. */
export interface RateLimit {
  /**
   * Whether a request due at `dueMs` may be sent. To be asked in due order; one that comes out of order counts as due with the latest
   * before it.
   */
  isOpen(dueMs: number): boolean;
  /** Counts the request that was asked for last. */
  count(): void;
}

/**
 * Makes a limit.
 *
 * @param ratePerSecond - how many may be due within any second, wherever it begins; 30/m lets one through every other second
 */
export const openRateLimit = (ratePerSecond: number): RateLimit => {
  const most = Math.ceil(ratePerSecond);
  const windowMs = (most * 1_000) / ratePerSecond;
  /** Due instants of the last `most` that passed, the oldest at `next`. */
  const passedMs = new Float64Array(most).fill(Number.NEGATIVE_INFINITY);
  let next = 0;
  let latestMs = Number.NEGATIVE_INFINITY;

  return {
    isOpen: (dueMs) => {
      latestMs = Math.max(latestMs, dueMs);
      return latestMs - (passedMs[next] as number) >= windowMs - ROUNDING_MS;
    },
    count: () => {
      passedMs[next] = latestMs;
      next = (next + 1) % most;
    },
  };
};

/** All rates that a run is held to. */
export interface RunRates {
  /** Whether a request may be sent: each of its rates has room. To be asked in due order; uses up nothing. */
  areOpen(request: PlannedRequest): boolean;
  /** Counts the request that was asked for last. */
  count(request: PlannedRequest): void;
}

/** Limits of rules by their names. */
type RateOfRules = Readonly<Record<string, Pick<Rule, 'maxRatePerSecond'>>>;

type Rates = Readonly<Record<string, { readonly maxRatePerSecond?: number | undefined }>>;

const openAll = (all: Rates): ReadonlyMap<string, RateLimit> =>
  new Map(
    Object.entries(all).flatMap(([name, { maxRatePerSecond: own }]) =>
      own === undefined ? [] : [[name, openRateLimit(own)] as const],
    ),
  );

/** Opens the rates of a run: each target's own, each rule's own, and one over all of them (`--max-rate`). */
export const openRunRates = (
  targets: Readonly<Record<string, Target>>,
  maxRatePerSecond: number | undefined,
  rules: RateOfRules = {},
): RunRates => {
  const ofTargets = openAll(targets);
  const ofRules = openAll(rules);
  const ofAll = maxRatePerSecond === undefined ? undefined : openRateLimit(maxRatePerSecond);
  if (ofTargets.size + ofRules.size === 0 && ofAll === undefined)
    return { areOpen: () => true, count: () => undefined };
  return {
    areOpen: ({ target, rule, dueMs }) =>
      (ofRules.get(rule)?.isOpen(dueMs) ?? true) &&
      (ofTargets.get(target)?.isOpen(dueMs) ?? true) &&
      (ofAll?.isOpen(dueMs) ?? true),
    count: ({ target, rule }) => {
      ofRules.get(rule)?.count();
      ofTargets.get(target)?.count();
      ofAll?.count();
    },
  };
};
