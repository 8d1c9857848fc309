/** What a rule file means once it is checked: every value parsed, in the units that its name says, every default filled in. */

import type { HeaderValue, LogFormat } from '../types.ts';

/** Patterns of which any may match; `*` and `**` as docs/rules.md says. */
export type Patterns = readonly string[];

/** What a request must be for a rule to take it; every key given must hold. */
export interface Match {
  readonly host?: Patterns;
  readonly method?: Patterns;
  readonly path?: Patterns;
  /** `404` or `4xx`. */
  readonly status?: Patterns;
  /** Addresses or CIDR ranges. */
  readonly client?: Patterns;
  /** Lower-case header name → patterns of its value. */
  readonly header?: Readonly<Record<string, Patterns>>;
  readonly query?: Readonly<Record<string, Patterns>>;
  readonly not?: Match;
}

/** What the sampling hash is taken of. */
export type SampleBy =
  | { readonly kind: 'request' }
  | { readonly kind: 'client' }
  | { readonly kind: 'header' | 'cookie' | 'query'; readonly name: string };

export type Pacing =
  | { readonly mode: 'recorded'; readonly speed: number }
  | { readonly mode: 'even'; readonly speed: number }
  | { readonly mode: 'constant'; readonly ratePerSecond: number };

/** Host header sent: the target's, the recorded one, or a literal. */
export type HostPolicy =
  | { readonly kind: 'target' }
  | { readonly kind: 'recorded' }
  | { readonly kind: 'literal'; readonly value: string };

/** The origin that replayed requests go to. */
export interface Target {
  readonly name: string;
  /** `https://host:port`, no path. */
  readonly origin: string;
  readonly hostname: string;
  readonly maxRatePerSecond?: number;
  readonly maxInFlight: number;
  readonly timeoutMs: number;
  readonly allowUnsafeMethods: boolean;
  readonly allowProduction: boolean;
  /** Checked now, held from the safety issue on. */
  readonly budget?: { readonly requests?: number; readonly bytes?: number; readonly durationMs?: number };
}

/** One independent replay. */
export interface Rule {
  readonly name: string;
  readonly match: Match;
  /** Above 0, at most 100. */
  readonly percent: number;
  readonly sampleBy: SampleBy;
  /** Above 0 … copies of each chosen request. */
  readonly multiply: number;
  /** Name of a target. */
  readonly target: string;
  readonly host: HostPolicy;
  readonly headers: {
    readonly strip: Patterns;
    readonly keep: Patterns;
    readonly set: readonly (readonly [name: string, value: HeaderValue])[];
  };
  readonly query: { readonly strip: Patterns };
  readonly pacing: Pacing;
  /** Parsed and checked now, in force from later issues on. */
  readonly later: {
    readonly gates: readonly string[];
    readonly backoff?: unknown;
    readonly body?: unknown;
    readonly abort?: unknown;
  };
}

/** Meanings that `logs.fields` can give to a JSON key of one's own. */
export const LOG_FIELDS = [
  'at',
  'request',
  'method',
  'uri',
  'scheme',
  'host',
  'protocol',
  'status',
  'bytes',
  'client',
  'userAgent',
  'referer',
  'body',
  'durationSeconds',
  'durationMs',
  'durationNanos',
] as const;
export type LogField = (typeof LOG_FIELDS)[number];

export interface LogOptions {
  /** `auto` finds the format line by line. */
  readonly format: 'auto' | LogFormat;
  /** Meaning (or `headers.<name>`) → own key, a dotted path reaching inside. */
  readonly fields: Readonly<Partial<Record<LogField | `headers.${string}`, string>>>;
}

export interface RuleSet {
  readonly mark: string;
  readonly logs: LogOptions;
  readonly targets: Readonly<Record<string, Target>>;
  readonly rules: readonly Rule[];
  /** Hash, in hex, of the meaning of the rule files. */
  readonly hash: string;
}

export const DEFAULT_MARK = 'reprise';
export const DEFAULT_MAX_IN_FLIGHT = 100;
export const DEFAULT_TIMEOUT_MS = 10_000;
export const DEFAULT_SEED = 'reprise';
