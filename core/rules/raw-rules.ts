/** A rule file as data, once the schema has accepted it: what is written, nothing filled in. */

import type { HeaderValue } from '../types.ts';

export type OneOrList<T> = T | readonly T[];

/** Keys `host`, `method`, `path`, `status`, `client`, `header.<name>`, `query.<name>`; `not` aside. */
export type RawMatch = Readonly<Record<string, OneOrList<string | number>>> & { readonly not?: RawMatch };

/** Limits that targets and rules both may have. */
export interface RawLimits {
  readonly maxRate?: string;
  readonly maxInFlight?: number;
  readonly timeout?: string;
  readonly budget?: { readonly requests?: number; readonly bytes?: string; readonly duration?: string };
}

export interface RawTarget extends RawLimits {
  readonly url: string;
  readonly allowUnsafeMethods?: boolean;
  readonly allowProduction?: boolean;
}

export interface RawPacing {
  readonly mode?: 'recorded' | 'even' | 'constant';
  readonly speed?: number;
  readonly rate?: string;
  readonly ramp?: string;
}

export type RawBackoff =
  | 'off'
  | { readonly latency?: string; readonly errors?: string; readonly window?: string };

export interface RawRule extends RawLimits {
  readonly name: string;
  readonly match?: RawMatch;
  readonly percent?: number;
  readonly sampleBy?: string;
  readonly multiply?: number;
  readonly target: string;
  readonly host?: string;
  readonly headers?: {
    readonly strip?: OneOrList<string>;
    readonly keep?: OneOrList<string>;
    readonly set?: Readonly<Record<string, HeaderValue>>;
  };
  readonly query?: { readonly strip?: OneOrList<string> };
  readonly pacing?: RawPacing;
  readonly backoff?: RawBackoff;
  readonly body?: { readonly template: string };
  readonly abort?: { readonly when: string };
  readonly gates?: OneOrList<string>;
  readonly statusMap?: Readonly<Record<string, number | string>>;
  readonly sizeTolerance?: string;
}

export interface RawLogs {
  readonly format?: string;
  readonly fields?: Readonly<Record<string, string>>;
}

/** A list in any case; empty for what is absent. */
export const listOf = <T extends string | number>(value: OneOrList<T> | undefined): readonly T[] =>
  value === undefined ? [] : ((Array.isArray(value) ? value : [value]) as readonly T[]);
