/** What became of a replay from one run to another. */

import type { Estimate } from './statistics/estimate.ts';

/**
 * `worse`, `better`: more than the tolerance, and no chance. `alike`: neither can be said. `too_few`: fewer than 50 requests in one of both.
 */
export type Outcome = 'worse' | 'better' | 'alike' | 'too_few';

/** Ms; `null` where nothing was answered. */
export interface LatencyFigures {
  readonly count: number;
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

/** Service times of the answered. */
export interface LatencyChange {
  readonly before: LatencyFigures;
  readonly after: LatencyFigures;
  /** Factor by which latencies are those before. */
  readonly shift: Estimate | null;
  readonly outcome: Outcome;
}

/** Requests of which something holds, and among how many. */
export interface Part {
  readonly count: number;
  readonly of: number;
}

/** How a share of requests changed. */
export interface ShareChange {
  readonly before: Part;
  readonly after: Part;
  /** Share after − share before. */
  readonly difference: Estimate | null;
  readonly outcome: Outcome;
}

/** The same group of requests in both runs: all of them, or those of a route. */
export interface GroupChange {
  /** Requests sent. */
  readonly sent: { readonly before: number; readonly after: number };
  readonly latency: LatencyChange;
  /** Failed and answered 5xx, of the sent. */
  readonly errors: ShareChange;
  /** Answered with the recorded status, of those that have one. */
  readonly statusMatch: ShareChange;
}

export interface RouteChange extends GroupChange {
  readonly route: string;
}

/** A run, as far as one must know it to read the comparison. */
export interface ComparedRun {
  readonly id: string;
  readonly startedAt: string;
  readonly rulesHash: string;
}

export interface Comparison {
  readonly before: ComparedRun;
  readonly after: ComparedRun;
  /** Share by which something may grow without being called worse. */
  readonly toleranceShare: number;
  /** That no interval of all misses the truth, from 0 to 1; `confidenceEach` is that of one, with `tests` of them. */
  readonly confidence: number;
  readonly confidenceEach: number;
  readonly tests: number;
  /** Why the two runs may differ although the target does not. */
  readonly warnings: readonly string[];
  /** How often something is `worse`, in total and over all routes. */
  readonly regressions: number;
  /** False where not even all requests together were enough to say anything. */
  readonly isJudged: boolean;
  readonly total: GroupChange;
  /** Routes of both reports, worst first; those with too few requests last. */
  readonly routes: readonly RouteChange[];
  /** Routes of one report only, with the requests sent to each. */
  readonly onlyBefore: readonly { readonly route: string; readonly sent: number }[];
  readonly onlyAfter: readonly { readonly route: string; readonly sent: number }[];
  /** Requests that a typical route needs in each run for a change of so much to be found; `null` where no route was judged. */
  readonly leastCount: { readonly factor: number; readonly power: number; readonly requests: number } | null;
}
