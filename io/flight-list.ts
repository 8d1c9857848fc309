/** Requests in flight to one target, and the timers that end those whose time is up. */

import type { Clock } from '../core/ports.ts';
import type { Flight } from './flight.ts';

/** Both clocks of a sender. */
export interface FlightClocks {
  readonly clock: Clock;
  /** Epoch ms. */
  readonly wallClock: () => number;
}

/**
 * Requests with the same time limit, oldest first. The oldest always ends first, so one timer, set for it, serves all: it fires about
 * once a time limit while requests are answered in time, and to the millisecond when they are not.
 */
export class FlightList {
  readonly timeoutMs: number;
  readonly clocks: FlightClocks;
  #oldest: Flight | undefined = undefined;
  #newest: Flight | undefined = undefined;
  #timer: NodeJS.Timeout | undefined = undefined;

  constructor(timeoutMs: number, clocks: FlightClocks) {
    this.timeoutMs = timeoutMs;
    this.clocks = clocks;
  }

  get isEmpty(): boolean {
    return this.#oldest === undefined;
  }

  add(flight: Flight): void {
    flight.previous = this.#newest;
    if (this.#newest === undefined) this.#oldest = flight;
    else this.#newest.next = flight;
    this.#newest = flight;
    if (this.#timer === undefined) this.#setTimer(this.timeoutMs);
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

  /** Adds all that are in flight to `flights`. */
  collect(flights: Flight[]): void {
    for (let flight = this.#oldest; flight !== undefined; flight = flight.next) flights.push(flight);
  }

  /** Stops the timer, which is set again by the next request. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #leftMs(flight: Flight): number {
    return flight.dispatchedMs + this.timeoutMs - this.clocks.clock();
  }

  #setTimer(leftMs: number): void {
    this.#timer = setTimeout(() => this.#endOverdue(), Math.max(1, Math.ceil(leftMs)));
    // What is in flight keeps the process alive by its sockets.
    this.#timer.unref();
  }

  #endOverdue(): void {
    let oldest = this.#oldest;
    while (oldest !== undefined && this.#leftMs(oldest) <= 0) {
      oldest.expire();
      oldest = this.#oldest;
    }
    // Only now: what was sent meanwhile is younger than the oldest, and must not set the timer for itself.
    if (oldest === undefined) this.#timer = undefined;
    else this.#setTimer(this.#leftMs(oldest));
  }
}

/** All requests in flight to one target: a list for each time limit, of which there are no more than rules. */
export class FlightLists {
  readonly #clocks: FlightClocks;
  readonly #ofTarget: FlightList;
  readonly #lists: FlightList[];

  constructor(timeoutMs: number, clocks: FlightClocks) {
    this.#clocks = clocks;
    this.#ofTarget = new FlightList(timeoutMs, clocks);
    this.#lists = [this.#ofTarget];
  }

  get isEmpty(): boolean {
    return this.#lists.every(({ isEmpty }) => isEmpty);
  }

  /** The list for a time limit; undefined: that of the target. */
  of(timeoutMs: number | undefined): FlightList {
    if (timeoutMs === undefined || timeoutMs >= this.#ofTarget.timeoutMs) return this.#ofTarget;
    for (const list of this.#lists) if (list.timeoutMs === timeoutMs) return list;
    const list = new FlightList(timeoutMs, this.#clocks);
    this.#lists.push(list);
    return list;
  }

  /** Ends all that are in flight now; what their callers send meanwhile stays. */
  abortAll(): void {
    const flights: Flight[] = [];
    for (const list of this.#lists) list.collect(flights);
    for (const flight of flights) flight.abort();
  }

  /** Stops the timers, each of which is set again by the next request of its list. */
  close(): void {
    for (const list of this.#lists) list.close();
  }
}
