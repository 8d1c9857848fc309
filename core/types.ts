/**
 * The nouns of the project, in the order in which data flows: recorded request → planned request → result. Times are milliseconds;
 * an `…AtMs` is an epoch instant on the log's clock, a `dueMs`/`sentMs` counts from the start instant of the run.
 */

export const LOG_FORMATS = ['traefik', 'nginx'] as const;
/** Log formats that a line can be read as. */
export type LogFormat = (typeof LOG_FORMATS)[number];

/** Header fields in the order in which they were logged, repeats kept. */
export type HeaderPairs = readonly (readonly [name: string, value: string])[];

/** How the log says that a request was answered. `origin…` is what the service behind the proxy did, where the proxy logs it. */
export interface RecordedAnswer {
  readonly status?: number | undefined;
  /** Whole request as the proxy saw it, with the client's slow download. */
  readonly durationMs?: number | undefined;
  readonly originStatus?: number | undefined;
  readonly originMs?: number | undefined;
  /** Body bytes sent to the client. */
  readonly bytes?: number | undefined;
}

/** Where a recorded request stands: `line` is counted from 1, one for each newline and for each record joined without one. */
export interface Source {
  readonly name: string;
  readonly line: number;
  readonly format: LogFormat;
}

/**
 * What a log line says a client sent, and how it was answered. Text that is not valid UTF-8 in the log holds each stray byte 0xNN
 * as the lone surrogate U+DCNN (as Python's surrogateescape does), so that it can be sent as it was; `target` is always ASCII.
 * Optional fields may hold `undefined`: one object shape for every line is what keeps decoding fast.
 */
export interface RecordedRequest {
  /** 64-bit hash, in hex, of what the log says of the request; the same wherever and however often the log is read. */
  readonly id: string;
  /** Start of the request (end − duration), epoch ms, with fractions where the log has them. */
  readonly atMs: number;
  readonly method: string;
  readonly scheme?: string | undefined;
  /** The Host header as logged, with its port. */
  readonly host?: string | undefined;
  /** Path with query in origin form, as recorded, with bytes outside visible ASCII as `%XX`. */
  readonly target: string;
  readonly protocol?: string | undefined;
  readonly headers: HeaderPairs;
  readonly body?: string | undefined;
  readonly client?: string | undefined;
  /** Bytes that the client's body had, where the log says so. Not printed by `decode`. */
  readonly bodyBytes?: number | undefined;
  readonly recorded: RecordedAnswer;
  readonly source: Source;
  /** Resolution of the log's clock for this line: 0 where it is 1 ms or finer. Not printed by `decode`. */
  readonly tickMs: number;
  /** Whether the line would show the mark, had our own traffic caused it. Not printed by `decode`. */
  readonly markVisible: boolean;
}

export const REJECT_REASONS = [
  'not_json',
  'too_long',
  'truncated',
  'not_access_log',
  'no_method',
  'no_target',
  'no_time',
  'bad_time',
  'bad_target',
  'connect',
  'http09',
  'empty_request',
] as const;
/** Why a line could not become a recorded request. */
export type RejectReason = (typeof REJECT_REASONS)[number];

/** A line that could not be used. `text` is the line itself, cut at 64 KiB. */
export interface Rejected {
  readonly reason: RejectReason;
  readonly source: { readonly name: string; readonly line: number };
  readonly text: string;
}

export const NOT_REPLAYABLE_REASONS = [
  'unsafe_method',
  'loop_unsafe',
  'no_body',
  'no_host',
  'too_large',
] as const;
/** Why a matched request cannot be replayed by a rule. */
export type NotReplayableReason = (typeof NOT_REPLAYABLE_REASONS)[number];

export const HELD_BACK_REASONS = [
  'kill_switch',
  'backoff',
  'late',
  'in_flight',
  'max_rate',
  'budget',
  'throttled',
  'undelivered',
  'rules_changed',
  'stopped',
] as const;
/** Why a planned request was deliberately not sent. */
export type HeldBackReason = (typeof HELD_BACK_REASONS)[number];

export const FAILURE_CODES = [
  'dns',
  'refused',
  'reset',
  'reset_reused',
  'timeout',
  'tls',
  'protocol',
  'blocked',
  'aborted',
  'unknown',
] as const;
/** What went wrong with a request that was sent. */
export type FailureCode = (typeof FAILURE_CODES)[number];

/** A header value: text, or the name of an environment variable that the sender alone resolves, and what follows its value. */
export type HeaderValue = string | { readonly fromEnv: string; readonly suffix?: string };

/** A recorded request that a rule chose, rewritten for its target, with a due time. */
export interface PlannedRequest {
  /** `<key>.<rule>.<copy>`. */
  readonly id: string;
  readonly rule: string;
  /** Name of the target, never its URL. */
  readonly target: string;
  readonly method: string;
  /** Path with query, as sent. */
  readonly path: string;
  /** Host header; absent: that of the target. */
  readonly host?: string | undefined;
  readonly headers: readonly (readonly [name: string, value: HeaderValue])[];
  readonly body?: string | undefined;
  /** Recorded start, epoch ms. */
  readonly recordedAtMs: number;
  /** Instant on the log's clock at which this copy belongs: recorded start plus the hashed offsets of coarse clocks and copies. */
  readonly logAtMs: number;
  /** Due instant, from the start of the run. */
  readonly dueMs: number;
  /** Recorded host, without port: with method and path it names the route. */
  readonly recordedHost?: string | undefined;
  /** True where host and headers are known to be ASCII, so that the sender need not look. */
  readonly isAscii?: boolean | undefined;
  /** Route that the request is measured under, where the plan has named it already. */
  readonly route?: string | undefined;
  /** Client as logged. Requests of one client stay together where many are shared out among senders; never sent, nor stored. */
  readonly client?: string | undefined;
  /** Place of the request among those its rule chose: u ÷ percent, from 0 to below 1. Sent while it is below switch × backoff level. */
  readonly share?: number | undefined;
  /** Sent although backoff would hold it back, so that a recovery of the target is seen. */
  readonly isProbe?: boolean | undefined;
  readonly recorded: RecordedAnswer;
}

/** What came back for one planned request: exactly one of `status`, `failed` and `heldBack`. */
export interface Result {
  readonly request: PlannedRequest;
  /** Instant of dispatch; absent when held back. */
  readonly sentMs?: number;
  readonly status?: number;
  readonly failed?: FailureCode;
  /** Words of the cause of a failure, for people. */
  readonly detail?: string;
  readonly heldBack?: HeldBackReason;
  /** Socket write to last byte. */
  readonly serviceMs?: number;
  /** Due instant to last byte: free of coordinated omission. */
  readonly fromDueMs?: number;
  /** Body bytes received. */
  readonly bytes?: number;
  /** Of a 429 or 503: how long the target asks to be left alone, from the answer on. */
  readonly retryAfterMs?: number;
}
