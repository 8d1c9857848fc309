/** Sends planned requests over HTTP/1.1 with undici's pools: no redirects, no retries, nothing added, nothing rewritten. */

import { type Dispatcher, Pool } from 'undici';
import { RepriseError } from '../core/errors.ts';
import type { Clock, Sender } from '../core/ports.ts';
import type { Target } from '../core/rules/rule-set.ts';
import type { PlannedRequest } from '../core/types.ts';
import { type Connector, createConnector, type NetworkOptions } from './connector.ts';
import { CountingClient, Flight } from './flight.ts';
import { FlightList } from './flight-list.ts';
import { createHeaderWriter, type ReadEnv, toBodyBytes } from './sent-headers.ts';

/** What the sender needs of the world. */
export interface HttpSenderOptions {
  /** The allow-list: a request for any other target fails as `blocked`. */
  readonly targets: readonly Target[];
  readonly clock: Clock;
  /** Reads the variables that `{ fromEnv }` header values name. */
  readonly env: ReadEnv;
  readonly network?: NetworkOptions;
  /** Epoch ms, which go on while a process is frozen; without it no connection counts as lately used. */
  readonly wallClock?: (() => number) | undefined;
}

/** A sender that keeps connections between runs. */
export interface HttpSender extends Sender {
  /** Opens connections to a target ahead of their use, until `count` of them, or its `maxInFlight`, are open. */
  warm(target: string, count: number): void;
  /**
   * Replaces the connections of each target that was last sent to more than `MAX_IDLE_MS` ago. A process that was frozen meanwhile
   * has not seen its targets close them, and would find out by losing requests.
   */
  renewIdle(): void;
}

/** Idle time up to which a connection is trusted: the least that is common among servers is 5 s. */
export const MAX_IDLE_MS = 4_000;

/** Header block of an answer; beyond it the answer fails as `protocol`. Four times what Node's own client takes. */
const MAX_ANSWER_HEADER_BYTES = 65_536;

/** One target: its connections and what is in flight on them. */
interface Lane {
  readonly target: Target;
  readonly pool: Pool;
  readonly connector: Connector;
  readonly flights: FlightList;
  /** Same for every request, so that no Host header makes undici change the name that TLS asks for. */
  readonly servername: string;
  /** Epoch ms; undefined: it has no connections. */
  usedAtMs: number | undefined;
}

/** undici reads `servername`, its types do not name it. */
interface SendOptions extends Dispatcher.DispatchOptions {
  readonly servername: string;
}

const openLane = (target: Target, { clock, network }: HttpSenderOptions): Lane => {
  const connector = createConnector(target.timeoutMs, network);
  const pool = new Pool(target.origin, {
    connections: target.maxInFlight,
    pipelining: 1,
    allowH2: false,
    maxHeaderSize: MAX_ANSWER_HEADER_BYTES,
    // Ours bounds the whole request, to the millisecond; undici's have a resolution of half a second.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: connector.connect,
    factory: (origin, options) => new CountingClient(origin, options),
  });
  const servername = target.hostname.replace(/^\[|\]$/g, '');
  const flights = new FlightList(target.timeoutMs, clock);
  return { target, pool, connector, flights, servername, usedAtMs: undefined };
};

const closeLane = ({ flights, connector, pool }: Lane): Promise<void> => {
  flights.abortAll();
  flights.close();
  connector.destroy();
  return pool.destroy();
};

/**
 * Opens a pool of keep-alive connections for each target; they connect when first used. Each request may take `timeoutMs` of its
 * target from dispatch to last byte. An answer counts when it is complete; its body is drained and counted, never kept. Service time
 * runs from the hand-over to the socket to the last byte. Answers with a 1xx status are passed over, but `100` and `101`, which nobody
 * asked for, fail as `protocol`.
 *
 * On the wire: request line, `host` (the planned one, else the target's), `connection: keep-alive`, the planned headers in their order
 * and case, `content-length` where there is a body.
 */
export const createHttpSender = (options: HttpSenderOptions): HttpSender => {
  const lanes = new Map(options.targets.map((target) => [target.name, openLane(target, options)]));
  const writeHeaders = createHeaderWriter(options.env);
  const nowhere = new FlightList(0, options.clock);
  const wallClock = options.wallClock ?? (() => Number.NaN);
  /** Replaced lanes that are still closing. */
  const closing = new Set<Promise<void>>();

  const send = (request: PlannedRequest, lane: Lane, flight: Flight): void => {
    const sendOptions: SendOptions = {
      method: request.method,
      path: request.path,
      headers: writeHeaders(request),
      body: request.body === undefined ? null : toBodyBytes(request.body),
      servername: lane.servername,
      // Else undici closes the connection after each HEAD, and after a GET with a body.
      reset: false,
    };
    lane.pool.dispatch(sendOptions, flight);
    lane.usedAtMs = wallClock();
  };

  // No clock gives NaN, which no comparison holds for.
  const isFresh = ({ flights, usedAtMs }: Lane): boolean =>
    usedAtMs === undefined || !flights.isEmpty || wallClock() - usedAtMs <= MAX_IDLE_MS;

  const renew = (lane: Lane): void => {
    const closed = closeLane(lane).finally(() => closing.delete(closed));
    closing.add(closed);
    lanes.set(lane.target.name, openLane(lane.target, options));
  };

  return {
    dispatch: (request, done) => {
      const lane = lanes.get(request.target);
      const flights = lane?.flights ?? nowhere;
      const flight = new Flight(flights, options.clock, done);
      flights.add(flight);
      try {
        if (lane === undefined) throw new RepriseError('TARGET_UNKNOWN', 'not one of the targets');
        send(request, lane, flight);
      } catch (error) {
        flight.fail(error);
      }
      flight.leaveDispatch();
    },
    abortAll: () => {
      for (const { flights } of lanes.values()) flights.abortAll();
    },
    warm: (name, count) => {
      const lane = lanes.get(name);
      if (lane === undefined) return;
      const { target, pool, connector } = lane;
      const open = pool.stats.connected + connector.warmCount;
      connector.warm(target.origin, Math.min(count, target.maxInFlight) - open);
      lane.usedAtMs = wallClock();
    },
    renewIdle: () => {
      for (const lane of lanes.values()) {
        if (!isFresh(lane)) renew(lane);
      }
    },
    close: async () => {
      await Promise.all([...[...lanes.values()].map(closeLane), ...closing]);
    },
  };
};
