/** Requests in flight to one target, oldest first, and the one timer that ends those whose time is up. */

import type { Clock } from '../core/ports.ts';
import type { Flight } from './flight.ts';

/**
 * All requests to a target have the same limit, so the oldest always ends first and one timer, set for it, serves all: it fires about
 * once a time limit while requests are answered in time, and to the millisecond when they are not.
 */
export class FlightList {
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  #oldest: Flight | undefined = undefined;
  #newest: Flight | undefined = undefined;
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(timeoutMs: number, clock: Clock) {
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
  }

  get isEmpty(): boolean {
    return this.#oldest === undefined;
  }

  add(flight: Flight): void {
    flight.previous = this.#newest;
    if (this.#newest === undefined) this.#oldest = flight;
    else this.#newest.next = flight;
    this.#newest = flight;
    if (this.#timer === undefined) this.#setTimer(this.#timeoutMs);
  }

  remove(flight: Flight): void {
    const { previous, next } = flight;
    if (previous === undefined) this.#oldest = next;
    else previous.next = next;
    if (next === undefined) this.#newest = previous;
    else next.previous = previous;
    // Else an ended request would keep its neighbours in memory.
    flight.previous = undefined;
    flight.next = undefined;
  }

  /** Ends all that are in flight now; what their callers send meanwhile stays. */
  abortAll(): void {
    const flights: Flight[] = [];
    for (let flight = this.#oldest; flight !== undefined; flight = flight.next) flights.push(flight);
    for (const flight of flights) flight.abort();
  }

  /** Stops the timer, which is set again by the next request. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #leftMs(flight: Flight): number {
    return flight.dispatchedMs + this.#timeoutMs - this.#clock();
  }

  #setTimer(leftMs: number): void {
    this.#timer = setTimeout(() => this.#endOverdue(), Math.max(1, Math.ceil(leftMs)));
    // What is in flight keeps the process alive by its sockets.
    this.#timer.unref();
  }

  #endOverdue(): void {
    let oldest = this.#oldest;
    while (oldest !== undefined && this.#leftMs(oldest) <= 0) {
      oldest.expire(this.#timeoutMs);
      oldest = this.#oldest;
    }
    // Only now: what was sent meanwhile is younger than the oldest, and must not set the timer for itself.
    if (oldest === undefined) this.#timer = undefined;
    else this.#setTimer(this.#leftMs(oldest));
  }
}
