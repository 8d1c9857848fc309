/**
 * Says when each planned request is due. It never sleeps and reads no clock: due times are numbers, absolute from one start instant,
 * so nothing drifts.
 */

import type { UnpacedRequest } from '../plan/plan.ts';
import type { Pacing, Rule } from '../rules/rule-set.ts';
import { type Course, courseOf, type Pace } from './course.ts';
import { createFifo } from './fifo.ts';
import { createHeap } from './heap.ts';

/** `even` spreads the requests inside each stretch of this much log time. */
export const EVEN_STRETCH_MS = 10_000;

/**
 * Spreads `count` sends evenly over a window.
 *
 * @param windowMs - length of the window
 * @returns due times in ms from the window's start, ascending, all below `windowMs`
 */
export const spreadEvenly = (count: number, windowMs: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => (i * windowMs) / count);

/** Takes requests in the order of their log time, gives them out in the order of their due time. */
export interface Pacer {
  add(request: UnpacedRequest): void;
  /** The next request whose due time is settled. */
  take(): UnpacedRequest | undefined;
  /** No more requests come: all due times are settled. */
  flush(): void;
}

/** Where log time 0 of a run lies; live runs have it fixed, others take it from their first request. */
export interface Origin {
  /** Log instant (epoch ms) that is due at 0. */
  logAtMs: number | undefined;
}

const createRecordedPacer = (dueAfter: Course, origin: Origin): Pacer => {
  const settled = createFifo<UnpacedRequest>();
  return {
    add: (request) => {
      origin.logAtMs ??= request.logAtMs;
      request.dueMs = dueAfter(request.logAtMs - origin.logAtMs);
      settled.push(request);
    },
    take: settled.pop,
    flush: () => undefined,
  };
};

const createConstantPacer = (ratePerSecond: number): Pacer => {
  const settled = createFifo<UnpacedRequest>();
  let count = 0;
  return {
    add: (request) => {
      // From the count, not by adding up: at 3/s a sum would drift.
      request.dueMs = (count * 1_000) / ratePerSecond;
      count += 1;
      settled.push(request);
    },
    take: settled.pop,
    flush: () => undefined,
  };
};

const createEvenPacer = (dueAfter: Course, origin: Origin): Pacer => {
  const byRule = new Map<string, UnpacedRequest[]>();
  const settled = createHeap<UnpacedRequest>();
  let stretch = Number.NEGATIVE_INFINITY;

  const put = (request: UnpacedRequest, logAtMs: number, offsetMs: number): void => {
    origin.logAtMs ??= logAtMs;
    // Whole epoch milliseconds first: next to them a fraction would lose its digits.
    request.dueMs = dueAfter(logAtMs - origin.logAtMs + offsetMs);
    settled.push(request.dueMs, request);
  };

  const settle = (): void => {
    const startMs = stretch * EVEN_STRETCH_MS;
    for (const requests of byRule.values()) {
      const offsetsMs = spreadEvenly(requests.length, EVEN_STRETCH_MS);
      for (const [i, request] of requests.entries()) put(request, startMs, offsetsMs[i] ?? 0);
    }
    byRule.clear();
  };

  return {
    add: (request) => {
      const own = Math.floor(request.logAtMs / EVEN_STRETCH_MS);
      // Only live, where there is no window, does one come after its stretch was spread: it keeps its own instant.
      if (own < stretch) return put(request, request.logAtMs, 0);
      if (own > stretch) settle();
      stretch = own;
      const requests = byRule.get(request.rule);
      if (requests === undefined) byRule.set(request.rule, [request]);
      else requests.push(request);
    },
    take: () => settled.pop()?.item,
    flush: settle,
  };
};

/** Makes the pacer of rules that share a pacing. */
export const createPacer = (options: Pace, origin: Origin): Pacer => {
  const { pacing } = options;
  switch (pacing.mode) {
    case 'recorded':
      return createRecordedPacer(courseOf(options), origin);
    case 'even':
      return createEvenPacer(courseOf(options), origin);
    case 'constant':
      return createConstantPacer(pacing.ratePerSecond);
    default:
      return pacing satisfies never;
  }
};

/** Rules that go through a log at the same pace, and so can share one reading of it. */
export interface PacingGroup {
  readonly pacing: Pacing;
  /** Largest of speed × multiply of the rules. */
  readonly loadFactor: number;
  readonly rules: readonly Rule[];
}

const groupKey = (rule: Rule): string =>
  // Each constant rule counts its own requests, at its own place in the log.
  rule.pacing.mode === 'constant'
    ? `constant ${rule.name}`
    : `${rule.pacing.mode} ${rule.pacing.speed} ${rule.pacing.rampMs}`;

/** Parts rules by pace, in the order in which they stand. */
export const pacingGroups = (rules: readonly Rule[]): readonly PacingGroup[] => {
  const groups = new Map<string, Rule[]>();
  for (const rule of rules) groups.set(groupKey(rule), [...(groups.get(groupKey(rule)) ?? []), rule]);
  return [...groups.values()].flatMap((members) => {
    const [first] = members;
    if (first === undefined) return [];
    const { pacing } = first;
    const speed = pacing.mode === 'constant' ? 1 : pacing.speed;
    const loadFactor = Math.max(...members.map(({ multiply }) => speed * multiply));
    return [{ pacing, loadFactor, rules: members }];
  });
};
