/** Counts how the requests of one window ended, each held against the limits of its own rule. */

import { recordedMs } from '../measure/recorded-ms.ts';
import { NOT_THE_TARGETS } from '../measure/slice-tally.ts';
import type { Clock } from '../ports.ts';
import type { Backoff, LatencyLimit, Rule } from '../rules/rule-set.ts';
import type { PlannedRequest, Result } from '../types.ts';
import type { WindowCounts } from './backoff.ts';

/** Nothing sent to a target so soon after the first is counted: its connections, and often the target itself, are cold. */
export const COLD_MS = 1_000;
/** Least limit that a recorded latency gives: of a target that answers in 2 ms, the way there alone would go beyond three times that. */
const MIN_RELATIVE_LIMIT_MS = 50;

/**
 * The latency (ms) beyond which a request is too slow. A relative limit goes by what its rule recorded of late or, where that is more,
 * by what the request itself took then: else a target that answers as it was recorded were too slow whenever that changes. Infinity
 * where nothing was recorded.
 *
 * @param recordedP95Ms - of the rule, over the last minute of log time
 * @param ownMs - recorded of the request itself
 */
export const latencyLimitMs = (limit: LatencyLimit, recordedP95Ms?: number, ownMs?: number): number => {
  if (limit.kind === 'absolute') return limit.ms;
  if (recordedP95Ms === undefined && ownMs === undefined) return Number.POSITIVE_INFINITY;
  return Math.max(MIN_RELATIVE_LIMIT_MS, limit.factor * Math.max(recordedP95Ms ?? 0, ownMs ?? 0));
};

/** What one target is held to where several rules send there; undefined where the backoff of all of them is off. */
export const strictest = (
  rules: readonly Pick<Rule, 'backoff'>[],
): { readonly errorShare: number; readonly windowMs: number } | undefined => {
  const on = rules.flatMap(({ backoff }) => (backoff.kind === 'on' ? [backoff] : []));
  if (on.length === 0) return undefined;
  return {
    errorShare: Math.min(...on.map(({ errorShare }) => errorShare)),
    windowMs: Math.min(...on.map(({ windowMs }) => windowMs)),
  };
};

/** Whether a result says anything of its target: it was sent, and what went wrong was not ours. */
export const isTelling = ({ sentMs, failed }: Result): boolean =>
  sentMs !== undefined && (failed === undefined || !NOT_THE_TARGETS.has(failed));

/** Whether the target failed a request: no answer, 5xx or 429. */
export const isError = ({ failed, status = 0 }: Result): boolean =>
  failed !== undefined || status >= 500 || status === 429;

export interface WindowCounterOptions {
  /** Of the rule of that name; asked at each request and result, so cheap. */
  readonly backoffOf: (rule: string) => Backoff;
  /** p95 that the log recorded of a rule's requests over the last minute of log time. Asked at each result, so cheap. */
  readonly recordedP95Ms: (rule: string) => number | undefined;
  /** Clock of `sentMs`. */
  readonly clock: Clock;
}

export interface WindowCounter {
  /** A request is being sent. One that is not told of is counted when it ends. */
  sent(request: PlannedRequest): void;
  /** Counts the end of a request. Of no account: what was held back, what did not fail by the target, rules whose backoff is off. */
  add(result: Result): void;
  /**
   * What was counted since the last call. What is still under way and beyond its latency limit is counted now, and not again when it
   * ends: else a target that hangs would say nothing until its timeout.
   */
  take(): Pick<WindowCounts, 'n' | 'over' | 'failed'>;
  /**
   * Requests sent before that instant, on the clock of `sentMs`, are not counted; what was since the last `take` is forgotten. For an
   * instant that is now or later: the first second of a target, the change of its level.
   */
  forgetBefore(sentMs: number): void;
}

/** A request under way. */
interface Waiting {
  readonly request: PlannedRequest;
  readonly latency: LatencyLimit;
  readonly sentMs: number;
  isCounted: boolean;
}

/** Those under way, by id, each with all that have it: a log that is named twice gives each id twice. */
const createWaiting = () => {
  const byId = new Map<string, Waiting[]>();
  return {
    all: () => byId.values(),
    add: (one: Waiting): void => {
      const twins = byId.get(one.request.id);
      if (twins === undefined) byId.set(one.request.id, [one]);
      else twins.push(one);
    },
    /** Takes out the one that was sent at that instant, or just after, as its sender is told a little later. */
    take: (id: string, sentMs: number): Waiting | undefined => {
      const twins = byId.get(id);
      if (twins === undefined || twins.length === 1) {
        byId.delete(id);
        return twins?.[0];
      }
      return twins.splice(
        Math.max(
          0,
          twins.findIndex((one) => one.sentMs >= sentMs),
        ),
        1,
      )[0];
    },
  };
};

/** Makes an empty counter. */
export const createWindowCounter = (options: WindowCounterOptions): WindowCounter => {
  const { backoffOf, recordedP95Ms, clock } = options;
  const waiting = createWaiting();
  let n = 0;
  let over = 0;
  let failed = 0;
  let fromMs = Number.NEGATIVE_INFINITY;

  const limitMs = (latency: LatencyLimit, { rule, recorded }: PlannedRequest): number =>
    latency.kind === 'absolute'
      ? latency.ms
      : latencyLimitMs(latency, recordedP95Ms(rule), recordedMs(recorded));

  const countIfOverdue = (one: Waiting, nowMs: number): void => {
    if (one.isCounted || one.sentMs < fromMs || nowMs - one.sentMs <= limitMs(one.latency, one.request))
      return;
    one.isCounted = true;
    n += 1;
    over += 1;
  };

  const forget = (): void => {
    n = 0;
    over = 0;
    failed = 0;
  };

  return {
    sent: (request) => {
      const backoff = backoffOf(request.rule);
      if (backoff.kind === 'off') return;
      waiting.add({ request, latency: backoff.latency, sentMs: clock(), isCounted: false });
    },
    add: (result) => {
      const { request, sentMs, serviceMs = 0 } = result;
      if (sentMs === undefined) return;
      const isCounted = waiting.take(request.id, sentMs)?.isCounted === true;
      if (isCounted || sentMs < fromMs || !isTelling(result)) return;
      const backoff = backoffOf(request.rule);
      if (backoff.kind === 'off') return;
      n += 1;
      if (isError(result)) failed += 1;
      if (serviceMs > limitMs(backoff.latency, request)) over += 1;
    },
    take: () => {
      const nowMs = clock();
      for (const twins of waiting.all()) for (const one of twins) countIfOverdue(one, nowMs);
      const counts = { n, over, failed };
      forget();
      return counts;
    },
    forgetBefore: (sentMs) => {
      fromMs = Math.max(fromMs, sentMs);
      forget();
    },
  };
};
