/** What `core/` asks of the world, as functions handed in by the edge. */

import type { FailureCode, PlannedRequest } from './types.ts';

/** Monotonic milliseconds from the start of the run, with fractions. */
export type Clock = () => number;

/** Bytes as text of one character a byte (U+0000–U+00FF); `end` is exclusive. */
export type ByteText = (bytes: Uint8Array, start: number, end: number) => string;

/** Place of the first `byte` at or behind `from`, or −1. The engine's own on a plain array is ten times slower than the edge's. */
export type FindByte = (bytes: Uint8Array, byte: number, from: number) => number;

/** How a sent request ended. Times are those of the run's clock. */
export type SendOutcome =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly serviceMs: number;
      readonly endMs: number;
      readonly bytes: number;
      /** Of a 429 or 503 with `Retry-After`: how long the target asks to be left alone, from `endMs` on. */
      readonly retryAfterMs?: number;
    }
  | {
      readonly kind: 'failed';
      readonly code: FailureCode;
      readonly detail: string;
      /** Absent when no byte of the request was written. */
      readonly serviceMs?: number;
      readonly endMs: number;
      /** The same of an answer whose body did not become complete. */
      readonly retryAfterMs?: number;
    };

/**
 * Sends one planned request at once and calls `done` exactly once, never from within `dispatch` itself. It never throws for what a
 * target does, follows no redirect and repeats nothing.
 */
export interface Sender {
  dispatch(request: PlannedRequest, done: (outcome: SendOutcome) => void): void;
  /** Ends what is in flight as `aborted`. */
  abortAll(): void;
  /** Closes every connection. */
  close(): Promise<void>;
}
