/** Sends planned requests over HTTP/1.1 with undici's pools: no redirects, no retries, nothing added, nothing rewritten. */

import type { Dispatcher } from 'undici';
import { RepriseError } from '../core/errors.ts';
import type { Clock, Sender } from '../core/ports.ts';
import { SAFE_METHODS, type Target } from '../core/rules/rule-set.ts';
import type { PlannedRequest } from '../core/types.ts';
import { type Connector, createConnector, type NetworkOptions } from './connector.ts';
import { CountingClient } from './counting-client.ts';
import { Flight } from './flight.ts';
import { type FlightClocks, FlightList, FlightLists } from './flight-list.ts';
import { createHeaderWriter, type ReadEnv, toBodyBytes } from './sent-headers.ts';
import { Pool } from './undici.ts';

/** What the sender needs of the world. */
export interface HttpSenderOptions {
  /** The allow-list: a request for any other target fails as `blocked`. */
  readonly targets: readonly Target[];
  readonly clock: Clock;
  /** Reads the variables that `{ fromEnv }` header values name. */
  readonly env: ReadEnv;
  readonly network?: NetworkOptions;
  /** Epoch ms, which go on while a process is frozen; default: the system's. */
  readonly wallClock?: (() => number) | undefined;
  /**
   * Time limit of a request that has one of its own; that of its target holds where it is shorter, or undefined. Called for each, so it
   * must be quick.
   */
  readonly timeoutMsOf?: ((request: PlannedRequest) => number | undefined) | undefined;
  /**
   * Told at the head of a 429 or 503 how long its target asks to be left alone; the outcome says so as well, but the body may dribble
   * until its time is up.
   */
  readonly onRetryAfter?: ((request: PlannedRequest, retryAfterMs: number) => void) | undefined;
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
  readonly flights: FlightLists;
  /** Same for every request, so that no Host header makes undici change the name that TLS asks for. */
  readonly servername: string;
  /** Epoch ms; undefined: it has no connections. */
  usedAtMs: number | undefined;
}

/** undici reads `servername`, its types do not name it. */
interface SendOptions extends Dispatcher.DispatchOptions {
  readonly servername: string;
}

const openLane = (target: Target, network: NetworkOptions | undefined, clocks: FlightClocks): Lane => {
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
    factory: (origin, options) => new CountingClient(origin, options, connector.connect),
  });
  const servername = target.hostname.replace(/^\[|\]$/g, '');
  const flights = new FlightLists(target.timeoutMs, clocks);
  return { target, pool, connector, flights, servername, usedAtMs: undefined };
};

const closeLane = ({ flights, connector, pool }: Lane): Promise<void> => {
  flights.abortAll();
  flights.close();
  connector.destroy();
  return pool.destroy();
};

const SAFE = new Set(SAFE_METHODS);

/** Planning has seen to it; whoever forges a request, or a slice, is held to it, too. */
const checkMethod = ({ method }: PlannedRequest, { allowUnsafeMethods }: Target): void => {
  if (SAFE.has(method) || allowUnsafeMethods) return;
  throw new RepriseError('METHOD_UNSAFE', 'a method that the target does not allow');
};

/**
 * Opens a pool of keep-alive connections for each target; they connect when first used. Each request may take its time limit from
 * dispatch to last byte; a connection may take that of the target to be made. An answer counts when it is complete; its body is
 * drained and counted, never kept. Service time runs from the hand-over to the socket to the last byte. Answers with a 1xx status are
 * passed over, but `100` and `101`, which nobody asked for, fail as `protocol`.
 *
 * On the wire: request line, `host` (the planned one, else the target's), `connection: keep-alive`, the planned headers in their order
 * and case, `content-length` where there is a body.
 */
export const createHttpSender = (options: HttpSenderOptions): HttpSender => {
  const { clock, network, wallClock = Date.now, timeoutMsOf, onRetryAfter } = options;
  const clocks: FlightClocks = { clock, wallClock };
  const lanes = new Map(options.targets.map((target) => [target.name, openLane(target, network, clocks)]));
  const writeHeaders = createHeaderWriter(options.env);
  const nowhere = new FlightList(0, clocks);
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

  const isFresh = ({ flights, usedAtMs }: Lane): boolean =>
    usedAtMs === undefined || !flights.isEmpty || wallClock() - usedAtMs <= MAX_IDLE_MS;

  const renew = (lane: Lane): void => {
    const closed = closeLane(lane).finally(() => closing.delete(closed));
    closing.add(closed);
    lanes.set(lane.target.name, openLane(lane.target, network, clocks));
  };

  return {
    dispatch: (request, done) => {
      const lane = lanes.get(request.target);
      const flights = lane?.flights.of(timeoutMsOf?.(request)) ?? nowhere;
      const flight = new Flight(flights, done, onRetryAfter && ((ms) => onRetryAfter(request, ms)));
      flights.add(flight);
      try {
        if (lane === undefined) throw new RepriseError('TARGET_UNKNOWN', 'not one of the targets');
        checkMethod(request, lane.target);
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
