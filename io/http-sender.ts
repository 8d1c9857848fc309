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
}

/** Header block of an answer; beyond it the answer fails as `protocol`. Four times what Node's own client takes. */
const MAX_ANSWER_HEADER_BYTES = 65_536;

/** One target: its connections and what is in flight on them. */
interface Lane {
  readonly pool: Pool;
  readonly connector: Connector;
  readonly flights: FlightList;
  /** Same for every request, so that no Host header makes undici change the name that TLS asks for. */
  readonly servername: string;
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
  return { pool, connector, flights: new FlightList(target.timeoutMs, clock), servername };
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
export const createHttpSender = (options: HttpSenderOptions): Sender => {
  const lanes = new Map(options.targets.map((target) => [target.name, openLane(target, options)]));
  const writeHeaders = createHeaderWriter(options.env);
  const nowhere = new FlightList(0, options.clock);

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
    close: async () => {
      const open = [...lanes.values()];
      for (const { flights, connector } of open) {
        flights.abortAll();
        flights.close();
        connector.destroy();
      }
      await Promise.all(open.map(({ pool }) => pool.destroy()));
    },
  };
};
