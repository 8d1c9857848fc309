/** One request on its way, as undici's handler: counts the answer's bytes, keeps none, and tells its end exactly once. */

import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import type { SendOutcome } from '../core/ports.ts';
import { parseRetryAfterMs } from '../core/send/retry-after.ts';
import type { FailureCode } from '../core/types.ts';
import type { CountingClient } from './counting-client.ts';
import { failureOf } from './failure-code.ts';
import type { FlightList } from './flight-list.ts';

/** Given to undici when we end a request ourselves; its words reach nobody. */
const ENDED = new Error('ended by the sender');

/** 1xx answers that one request may bring: early hints are one or two, a sign of life every few seconds stays below for minutes. */
const MAX_INTERIM_ANSWERS = 100;

/** The header may have come more than once, and then the longest wait is the one that respects them all. */
const longestRetryAfterMs = (
  value: string | string[] | undefined,
  nowEpochMs: number,
): number | undefined => {
  let longestMs: number | undefined;
  for (const text of typeof value === 'string' ? [value] : (value ?? [])) {
    const ms = parseRetryAfterMs(text, nowEpochMs);
    if (ms !== undefined && ms >= (longestMs ?? 0)) longestMs = ms;
  }
  return longestMs;
};

/** See the head of this file. Neighbours are those of `FlightList`. */
export class Flight implements Dispatcher.DispatchHandler {
  previous: Flight | undefined = undefined;
  next: Flight | undefined = undefined;
  client: CountingClient | undefined = undefined;
  readonly dispatchedMs: number;
  readonly #list: FlightList;
  readonly #done: (outcome: SendOutcome) => void;
  readonly #onRetryAfter: ((ms: number) => void) | undefined;
  #controller: Dispatcher.DispatchController | undefined = undefined;
  #startedMs = Number.NaN;
  #status = 0;
  #bytes = 0;
  #interimAnswers = 0;
  #retryAfterMs: number | undefined = undefined;
  #askedMs = 0;
  #isAnswerSeen = false;
  #isSettled = false;
  #isDispatching = true;
  #early: SendOutcome | undefined = undefined;

  constructor(
    list: FlightList,
    done: (outcome: SendOutcome) => void,
    onRetryAfter: ((ms: number) => void) | undefined = undefined,
  ) {
    this.#list = list;
    this.#done = done;
    this.#onRetryAfter = onRetryAfter;
    this.dispatchedMs = list.clocks.clock();
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Given up while its connection was still being made: undici then writes nothing.
    if (this.#isSettled) return controller.abort(ENDED);
    this.#controller = controller;
    this.#startedMs = this.#nowMs();
  }

  onResponseStarted(): void {
    this.#isAnswerSeen = true;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (status < 200) return this.#passOver(status);
    this.#status = status;
    if (status !== 429 && status !== 503) return;
    const ms = longestRetryAfterMs(headers['retry-after'], this.#list.clocks.wallClock());
    this.#retryAfterMs = ms;
    this.#askedMs = this.#nowMs();
    if (ms !== undefined && !this.#isSettled) this.#onRetryAfter?.(ms);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
  }

  onResponseEnd(): void {
    if (this.client !== undefined) this.client.answers += 1;
    if (this.#isSettled) return;
    // undici takes a reset for the end of a body without a length, though nobody knows what was lost with it.
    const fault = this.client?.socketFault;
    if (fault) return this.fail(fault);
    const endMs = this.#nowMs();
    const serviceMs = endMs - this.#startedMs;
    this.#settle({ kind: 'answered', status: this.#status, serviceMs, endMs, bytes: this.#bytes });
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    this.fail(error);
  }

  /** Ends the request with what `error` means. */
  fail(error: unknown): void {
    if (this.#isSettled) return;
    const { code, detail } = failureOf(error, { isHeadComplete: this.#status !== 0 });
    const wasReused = this.client !== undefined && this.client.answers > 0;
    const isWritten = !Number.isNaN(this.#startedMs);
    const isReset = code === 'reset' && isWritten && wasReused && !this.#isAnswerSeen;
    this.#settleFailed(isReset ? 'reset_reused' : code, detail);
  }

  /** Ends the request because its time is up. */
  expire(): void {
    if (this.#isSettled) return;
    let missing = 'not connected';
    if (!Number.isNaN(this.#startedMs)) missing = this.#status === 0 ? 'no answer' : 'answer not complete';
    this.#giveUp('timeout', `${missing} after ${this.#list.timeoutMs} ms`);
  }

  /** Ends the request because the run ends. */
  abort(): void {
    if (this.#isSettled) return;
    this.#giveUp('aborted', 'the run was stopped');
  }

  /** From now on outcomes are told at once; what came before, from inside the dispatch, is told after it. */
  leaveDispatch(): void {
    this.#isDispatching = false;
    const early = this.#early;
    if (early !== undefined) queueMicrotask(() => this.#done(early));
  }

  #nowMs(): number {
    return this.#list.clocks.clock();
  }

  /** 1xx answers come before the answer. */
  #passOver(status: number): void {
    this.#interimAnswers += 1;
    if (this.#isSettled) return;
    if (status < 100) this.#giveUp('protocol', 'bad status');
    else if (status === 101) this.#giveUp('protocol', 'bad upgrade');
    else if (this.#interimAnswers > MAX_INTERIM_ANSWERS) this.#giveUp('protocol', 'too many 1xx answers');
  }

  /** Ends the request, and what undici still does for it. */
  #giveUp(code: FailureCode, detail: string): void {
    this.#settleFailed(code, detail);
    if (this.#controller === undefined) this.client?.stopConnecting();
    else this.#controller.abort(ENDED);
  }

  #settleFailed(code: FailureCode, detail: string): void {
    const endMs = this.#nowMs();
    const failed = { kind: 'failed', code, detail, endMs } as const;
    const isWritten = !Number.isNaN(this.#startedMs);
    this.#settle(isWritten ? { ...failed, serviceMs: endMs - this.#startedMs } : failed);
  }

  /** What is left at the end of an answer of what its head has asked for. */
  #leftToWaitMs({ endMs }: SendOutcome): number {
    return Math.max(0, Math.round((this.#retryAfterMs ?? 0) - (endMs - this.#askedMs)));
  }

  #settle(end: SendOutcome): void {
    const outcome =
      this.#retryAfterMs === undefined ? end : { ...end, retryAfterMs: this.#leftToWaitMs(end) };
    this.#isSettled = true;
    this.#list.remove(this);
    if (this.#isDispatching) this.#early = outcome;
    else this.#done(outcome);
  }
}
