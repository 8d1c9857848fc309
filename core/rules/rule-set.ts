/** What a rule file means once it is checked: every value parsed, in the units that its name says, every default filled in. */

import type { HeaderValue, LogFormat } from '../types.ts';
import type { Gate } from './gates.ts';

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
  | { readonly mode: 'recorded' | 'even'; readonly speed: number; readonly rampMs: number }
  | { readonly mode: 'constant'; readonly ratePerSecond: number };

/** Limits of a whole run. Bytes are those of answers' bodies. */
export interface Budget {
  readonly requests?: number;
  readonly bytes?: number;
  readonly durationMs?: number;
}

/** What p95 is held against: a duration, or a multiple of the p95 that was recorded of the same requests. */
export type LatencyLimit =
  | { readonly kind: 'absolute'; readonly ms: number }
  | { readonly kind: 'relative'; readonly factor: number };

/** When requests of a rule are held back for the sake of its target. */
export type Backoff =
  | { readonly kind: 'off' }
  | {
      readonly kind: 'on';
      readonly latency: LatencyLimit;
      /** Share (0–1) of failures, 5xx and 429. */
      readonly errorShare: number;
      /** Length of the windows that are judged; the same for all rules of a target. */
      readonly windowMs: number;
    };

/** When a run is given up: errors of a rule above (or at) a share (0–1) for so long. */
export interface AbortCondition {
  readonly errorShare: number;
  readonly orEqual: boolean;
  readonly forMs: number;
}

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
  readonly budget?: Budget;
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
  /** Limits of this rule alone, inside those of its target. */
  readonly maxRatePerSecond?: number;
  readonly maxInFlight?: number;
  /** In place of that of the target. */
  readonly timeoutMs?: number;
  readonly budget?: Budget;
  readonly backoff: Backoff;
  readonly abort?: AbortCondition;
  /** Body for requests that had one which the log does not hold. */
  readonly body?: { readonly template: string };
  /** Limits on what this rule's replay comes to. */
  readonly gates: readonly Gate[];
  /** Recorded status → the replayed one that is as good; `any`: whatever comes. */
  readonly statusMap: StatusMap;
  /** Share (0–1) by which the size of an answer may differ from the recorded one and count as the same. */
  readonly sizeTolerance: number;
}

/** Recorded status → replayed status that counts as the same. */
export type StatusMap = Readonly<Record<string, number | 'any'>>;

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

/** Methods that are replayed without being named (RFC 9110, 9.2.1). */
export const SAFE_METHODS: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

export const DEFAULT_MARK = 'reprise';
export const DEFAULT_MAX_IN_FLIGHT = 100;
export const DEFAULT_TIMEOUT_MS = 10_000;
export const DEFAULT_SEED = 'reprise';
/** Length of a ramp where the rules ask for more than was recorded. */
export const DEFAULT_RAMP_MS = 10_000;
/** Sizes differ by a compression level or a date; a missing part of a page is more. */
export const DEFAULT_SIZE_TOLERANCE = 0.1;
export const DEFAULT_BACKOFF: Extract<Backoff, { kind: 'on' }> = {
  kind: 'on',
  latency: { kind: 'relative', factor: 3 },
  errorShare: 0.1,
  windowMs: 5_000,
};
