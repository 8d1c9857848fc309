/** Connections opened ahead of the requests that will use them, so that no handshake is part of a request's latency. */

import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import { RepriseError } from '../core/errors.ts';

/** A connector that hands out what was opened ahead before it opens anew. */
export interface WarmSockets {
  readonly connect: buildConnector.connector;
  /** Opens `count` connections. One that fails, or is closed before its use, is forgotten: the request that needs one opens its own. */
  warm(count: number, options: buildConnector.Options): void;
  /** Opened ahead or being opened, and not yet handed out. */
  readonly size: number;
  /** Closes what was not handed out; nothing is kept from now on. */
  destroy(): void;
}

interface Waiter {
  readonly options: buildConnector.Options;
  readonly callback: buildConnector.Callback;
}

/** A target that says something before it is asked, or closes, has ended the connection for us. */
const isUsable = (socket: Socket): boolean =>
  !socket.destroyed && socket.writable && socket.readable && socket.readableLength === 0;

/** Makes a store of open connections in front of `open`. */
export const createWarmSockets = (open: buildConnector.connector): WarmSockets => {
  const ready = new Set<Socket>();
  /** Requests that came while connections were being opened: each has one of these for sure. */
  const waiters: Waiter[] = [];
  let opening = 0;
  let isDestroyed = false;

  const keep = (socket: Socket): void => {
    ready.add(socket);
    socket.once('close', () => ready.delete(socket));
  };

  const serve = (waiter: Waiter, socket: Socket | null): void => {
    if (socket !== null) waiter.callback(null, socket);
    else if (isDestroyed) waiter.callback(new RepriseError('SENDER_CLOSED', 'closed while connecting'), null);
    // What went wrong may be over; if not, the request learns it at first hand.
    else open(waiter.options, waiter.callback);
  };

  const onOpened: buildConnector.Callback = (...[, socket]) => {
    opening -= 1;
    const waiter = waiters.shift();
    if (waiter !== undefined) serve(waiter, socket);
    else if (isDestroyed) socket?.destroy();
    else if (socket !== null) keep(socket);
  };

  const take = (): Socket | undefined => {
    for (const socket of ready) {
      ready.delete(socket);
      if (isUsable(socket)) return socket;
      socket.destroy();
    }
    return undefined;
  };

  const connect: buildConnector.connector = (options, callback) => {
    const socket = take();
    if (socket !== undefined) {
      // undici must not be called back from inside its own call, and until then the socket may have been closed.
      queueMicrotask(() => {
        if (isUsable(socket)) callback(null, socket);
        else connect(options, callback);
      });
    } else if (opening > waiters.length) waiters.push({ options, callback });
    else open(options, callback);
  };

  return {
    connect,
    warm: (count, options) => {
      for (let i = 0; i < count && !isDestroyed; i += 1) {
        opening += 1;
        open(options, onOpened);
      }
    },
    get size() {
      return ready.size + opening - waiters.length;
    },
    destroy: () => {
      isDestroyed = true;
      for (const socket of ready) socket.destroy();
    },
  };
};
