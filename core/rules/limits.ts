/** Limits of targets and rules as they are written, turned into numbers: rates, budgets, backoff, the condition of an abort. */

import { parseBytes, parseDurationMs, parseRatePerSecond } from '../units.ts';
import { defined } from './defined.ts';
import type { RawBackoff, RawLimits } from './raw-rules.ts';
import {
  type AbortCondition,
  type Backoff,
  type Budget,
  DEFAULT_BACKOFF,
  type LatencyLimit,
  type Rule,
} from './rule-set.ts';

/** The limits that are given; the schema has accepted them. */
export const limitsOf = ({
  maxRate,
  maxInFlight,
  timeout,
  budget,
}: RawLimits): Pick<Rule, 'maxRatePerSecond' | 'maxInFlight' | 'timeoutMs' | 'budget'> =>
  defined({
    maxRatePerSecond: maxRate === undefined ? undefined : parseRatePerSecond(maxRate),
    maxInFlight,
    timeoutMs: timeout === undefined ? undefined : parseDurationMs(timeout),
    budget:
      budget &&
      defined<Budget>({
        requests: budget.requests,
        bytes: budget.bytes === undefined ? undefined : parseBytes(budget.bytes),
        durationMs: budget.duration === undefined ? undefined : parseDurationMs(budget.duration),
      }),
  });

const latencyOf = (text: string): LatencyLimit =>
  text.endsWith('x')
    ? { kind: 'relative', factor: Number(text.slice(0, -1)) }
    : { kind: 'absolute', ms: parseDurationMs(text) ?? 0 };

const shareOf = (percent: string): number => Number(percent.slice(0, -1)) / 100;

/** When a rule holds back; each key that is left out takes its default. */
export const backoffOf = (raw: RawBackoff = {}): Backoff => {
  if (raw === 'off') return { kind: 'off' };
  const { latency, errors, window } = raw;
  return {
    kind: 'on',
    latency: latency === undefined ? DEFAULT_BACKOFF.latency : latencyOf(latency),
    errorShare: errors === undefined ? DEFAULT_BACKOFF.errorShare : shareOf(errors),
    windowMs: (window === undefined ? undefined : parseDurationMs(window)) ?? DEFAULT_BACKOFF.windowMs,
  };
};

/** `errors > 50% for 60s`, of the form that the schema has accepted. */
export const abortOf = (when: string): AbortCondition => {
  const [, op = '', percent = '', , duration = ''] = when.split(' ');
  return {
    errorShare: shareOf(percent),
    orEqual: op === '>=',
    forMs: parseDurationMs(duration) ?? 0,
  };
};
