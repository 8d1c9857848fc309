/** One connection slot of a pool: an undici client for HTTP/1.1 that knows more of its socket than undici tells. */

import type { Socket } from 'node:net';
import type { URL } from 'node:url';
import type { Dispatcher } from 'undici';
import type { StoppableConnect } from './connector.ts';
import { Flight } from './flight.ts';
import { Client } from './undici.ts';

/** What the name and the value of a header count each, beside their bytes: about what undici's object for it takes. */
const HEADER_PART_BYTES = 64;

/** Thrown where undici has ended the connection with an error of its own. */
const ENDED = new Error('ended by undici');

/**
 * Has the limit of an answer's headers count what they take in memory. undici counts bytes alone: 64 KiB of names of one letter take
 * 20 MB, and beyond the limit it goes on through what it has received, with an error for each part. A target may do that to us on
 * every connection. The parser is not public: where it cannot be found, undici's own limit holds.
 */
const countHeaderParts = (socket: Socket): void => {
  const symbol = Object.getOwnPropertySymbols(socket).find(({ description }) => description === 'parser');
  const parser: unknown = symbol === undefined ? undefined : Reflect.get(socket, symbol);
  if (typeof parser !== 'object' || parser === null) return;
  const track: unknown = Reflect.get(parser, 'trackHeader');
  if (typeof track !== 'function') return;
  Reflect.set(parser, 'trackHeader', (bytes: number) => {
    track.call(parser, bytes + HEADER_PART_BYTES);
    if (socket.destroyed) throw ENDED;
  });
};

/** How far the client's connection has got. */
interface Connection {
  /** Ends the attempt that is under way. */
  stop: (() => void) | undefined;
  socket: Socket | null;
}

const begin = (
  connection: Connection,
  connect: StoppableConnect,
  ...[to, tell]: Parameters<typeof connect>
): void => {
  connection.stop = connect(to, (...outcome) => {
    connection.stop = undefined;
    connection.socket = outcome[1];
    tell(...outcome);
  });
};

/**
 * Counts the answers that its present socket has brought: a reset means something else on one that has served before. And it can give
 * up connecting, which undici goes on with for requests that nobody waits for any more: with a target that drops packets they would
 * take all its slots.
 */
export class CountingClient extends Client {
  answers = 0;
  readonly #connection: Connection;

  constructor(origin: URL, options: Client.Options, connect: StoppableConnect) {
    const connection: Connection = { stop: undefined, socket: null };
    super(origin, { ...options, connect: (to, tell) => begin(connection, connect, to, tell) });
    this.#connection = connection;
    this.on('connect', () => {
      this.answers = 0;
      if (connection.socket !== null) countHeaderParts(connection.socket);
    });
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    if (handler instanceof Flight) {
      // Its time was up while the pool had no slot for it.
      if (handler.isSettled) return true;
      handler.client = this;
    }
    return super.dispatch(options, handler);
  }

  /** What has broken its socket; null while nothing has. */
  get socketFault(): Error | null | undefined {
    return this.#connection.socket?.errored;
  }

  /** Ends an attempt to connect that is under way. */
  stopConnecting(): void {
    this.#connection.stop?.();
  }
}
