/** One request on its way, as undici's handler: counts the answer's bytes, keeps none, and tells its end exactly once. */

import type { URL } from 'node:url';
import { Client, type Dispatcher } from 'undici';
import type { Clock, SendOutcome } from '../core/ports.ts';
import type { FailureCode } from '../core/types.ts';
import { failureOf } from './failure-code.ts';
import type { FlightList } from './flight-list.ts';

/**
 * A connection slot of a pool that counts the answers its present socket has brought. It extends undici's client, since undici tells
 * a handler nothing of the socket, and a reset means something else on a socket that has served before.
 */
export class CountingClient extends Client {
  answers = 0;

  constructor(origin: URL, options: Client.Options) {
    super(origin, options);
    this.on('connect', () => {
      this.answers = 0;
    });
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    if (handler instanceof Flight) handler.client = this;
    return super.dispatch(options, handler);
  }
}

/** Given to undici when we end a request ourselves; its words reach nobody. */
const ENDED = new Error('ended by the sender');

/** See the head of this file. Neighbours are those of `FlightList`. */
export class Flight implements Dispatcher.DispatchHandler {
  previous: Flight | undefined = undefined;
  next: Flight | undefined = undefined;
  client: CountingClient | undefined = undefined;
  readonly dispatchedMs: number;
  readonly #list: FlightList;
  readonly #clock: Clock;
  readonly #done: (outcome: SendOutcome) => void;
  #controller: Dispatcher.DispatchController | undefined = undefined;
  #startedMs = Number.NaN;
  #status = 0;
  #bytes = 0;
  #isAnswerSeen = false;
  #isSettled = false;
  #isDispatching = true;
  #early: SendOutcome | undefined = undefined;

  constructor(list: FlightList, clock: Clock, done: (outcome: SendOutcome) => void) {
    this.#list = list;
    this.#clock = clock;
    this.#done = done;
    this.dispatchedMs = clock();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Given up while its connection was still being made: undici then writes nothing.
    if (this.#isSettled) return controller.abort(ENDED);
    this.#controller = controller;
    this.#startedMs = this.#clock();
  }

  onResponseStarted(): void {
    this.#isAnswerSeen = true;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    // 1xx answers come before the answer.
    if (status >= 200) this.#status = status;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
  }

  onResponseEnd(): void {
    if (this.client !== undefined) this.client.answers += 1;
    if (this.#isSettled) return;
    const endMs = this.#clock();
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
  expire(timeoutMs: number): void {
    if (this.#isSettled) return;
    let missing = 'not connected';
    if (!Number.isNaN(this.#startedMs)) missing = this.#status === 0 ? 'no answer' : 'answer not complete';
    this.#settleFailed('timeout', `${missing} after ${timeoutMs} ms`);
    this.#controller?.abort(ENDED);
  }

  /** Ends the request because the run ends. */
  abort(): void {
    if (this.#isSettled) return;
    this.#settleFailed('aborted', 'the run was stopped');
    this.#controller?.abort(ENDED);
  }

  /** From now on outcomes are told at once; what came before, from inside the dispatch, is told after it. */
  leaveDispatch(): void {
    this.#isDispatching = false;
    const early = this.#early;
    if (early !== undefined) queueMicrotask(() => this.#done(early));
  }

  #settleFailed(code: FailureCode, detail: string): void {
    const endMs = this.#clock();
    const failed = { kind: 'failed', code, detail, endMs } as const;
    const isWritten = !Number.isNaN(this.#startedMs);
    this.#settle(isWritten ? { ...failed, serviceMs: endMs - this.#startedMs } : failed);
  }

  #settle(outcome: SendOutcome): void {
    this.#isSettled = true;
    this.#list.remove(this);
    if (this.#isDispatching) this.#early = outcome;
    else this.#done(outcome);
  }
}
