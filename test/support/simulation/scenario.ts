/** What a scenario file says: a target and its faults, the traffic, and the ranges that what is measured must lie in. */

import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Measures } from './measure.ts';

/** How long one server of a target takes for a request. */
export interface ServiceTime {
  readonly meanMs: number;
  /**
   * `lognormal`: deviation ÷ mean is `spread`. `bimodal`: `slowShare` of the requests take `slowMs`. `recorded`: each takes what was
   * recorded of it.
   */
  readonly kind: 'fixed' | 'exponential' | 'lognormal' | 'bimodal' | 'recorded';
  readonly spread?: number;
  readonly slowShare?: number;
  readonly slowMs?: number;
}

/** What befalls a target from `fromS` to `toS`. */
export type Fault = { readonly fromS: number; readonly toS: number } & (
  | { readonly kind: 'refuse' | 'hang' }
  /** That share of the requests is answered 503 at once. */
  | { readonly kind: 'errors'; readonly share: number }
  /** Requests take that many times as long at the end of it, growing evenly. */
  | { readonly kind: 'leak'; readonly factor: number }
  /** Requests, or those of that rule, take that many times as long throughout. */
  | { readonly kind: 'slow'; readonly factor: number; readonly rule?: string }
);

export interface TargetSpec {
  readonly servers: number;
  readonly service: ServiceTime;
  readonly maxInFlight: number;
  readonly timeoutMs: number;
  /** Above that rate it answers 429, with `Retry-After` where that is given. */
  readonly rateLimit?: { readonly perSecond: number; readonly retryAfterS?: number };
  readonly faults?: readonly Fault[];
}

/** A rule of a scenario that has several. */
export interface MixedRule {
  readonly name: string;
  /** Of all requests. */
  readonly share: number;
  /** What the log recorded of its latency, from each instant on. */
  readonly recorded: readonly { readonly fromS: number; readonly ms: number }[];
}

export interface TrafficSpec {
  readonly ratePerSecond: number;
  /** Of all requests, by which the only rule judges. */
  readonly recordedP95Ms?: number;
  /** In place of the only rule. */
  readonly rules?: readonly MixedRule[];
}

/** Least and greatest value; `.inf` where there is no bound. */
export type Range = readonly [number, number];

/** Who sends: the CLI's load control, or that many senders that share their state with delays and losses. */
export type Setup = 'one machine' | '1 sender' | '10 senders' | '200 senders';

export interface Scenario {
  readonly seconds: number;
  readonly seeds: readonly number[];
  readonly setups: readonly Setup[];
  readonly traffic: TrafficSpec;
  readonly target: TargetSpec;
  readonly backoff: {
    readonly latencyMs?: number;
    readonly latencyFactor?: number;
    readonly errorShare: number;
  };
  /** All calls to the shared state fail in this time. */
  readonly outage?: { readonly fromS: number; readonly toS: number };
  /** What is measured → where it must lie. */
  readonly expect: Readonly<Partial<Record<keyof Measures, Range>>>;
}

export const loadScenario = (path: string): Scenario => parse(readFileSync(path, 'utf8')) as Scenario;
