/** Connections opened ahead of the requests that will use them, so that no handshake is part of a request's latency. */

import type { Socket } from 'node:net';
import type { buildConnector } from 'undici';
import { RepriseError } from '../core/errors.ts';
import type { StoppableConnect } from './connector.ts';

/** A connector that hands out what was opened ahead before it opens anew. */
export interface WarmSockets {
  readonly connect: StoppableConnect;
  /** Opens `count` connections. One that fails, or is closed before its use, is forgotten: the request that needs one opens its own. */
  warm(count: number, options: buildConnector.Options): void;
  /** Opened ahead or being opened, and not yet handed out. */
  readonly size: number;
  /** Closes what was not handed out; nothing is kept from now on. */
  destroy(): void;
}

/** One request's need of a connection. */
interface Attempt {
  readonly options: buildConnector.Options;
  readonly callback: buildConnector.Callback;
  /** Gives it up, as far as it has got. */
  stop: () => void;
}

/** A target that says something before it is asked, or closes, has ended the connection for us. */
const isUsable = (socket: Socket): boolean =>
  !socket.destroyed && socket.writable && socket.readable && socket.readableLength === 0;

const closed = (): RepriseError => new RepriseError('SENDER_CLOSED', 'closed while connecting');

/** Makes a store of open connections in front of `open`. */
export const createWarmSockets = (open: StoppableConnect): WarmSockets => {
  const ready = new Set<Socket>();
  /** Requests that came while connections were being opened: each has one of these for sure. */
  const waiters: Attempt[] = [];
  let opening = 0;
  let isDestroyed = false;

  const keep = (socket: Socket): void => {
    ready.add(socket);
    socket.once('close', () => ready.delete(socket));
  };

  const openFor = (attempt: Attempt): void => {
    attempt.stop = open(attempt.options, attempt.callback);
  };

  const serve = (attempt: Attempt, socket: Socket | null): void => {
    if (socket !== null) attempt.callback(null, socket);
    else if (isDestroyed) attempt.callback(closed(), null);
    // What went wrong may be over; if not, the request learns it at first hand.
    else openFor(attempt);
  };

  const onOpened: buildConnector.Callback = (...[, socket]) => {
    opening -= 1;
    const waiter = waiters.shift();
    if (waiter !== undefined) serve(waiter, socket);
    else if (isDestroyed) socket?.destroy();
    else if (socket !== null) keep(socket);
  };

  const wait = (attempt: Attempt): void => {
    waiters.push(attempt);
    attempt.stop = () => {
      const place = waiters.indexOf(attempt);
      if (place < 0) return;
      // What it waited for is kept for the next.
      waiters.splice(place, 1);
      queueMicrotask(() => attempt.callback(closed(), null));
    };
  };

  const take = (): Socket | undefined => {
    for (const socket of ready) {
      ready.delete(socket);
      if (isUsable(socket)) return socket;
      socket.destroy();
    }
    return undefined;
  };

  const begin = (attempt: Attempt): void => {
    const socket = take();
    if (socket !== undefined) {
      // undici must not be called back from inside its own call, and until then the socket may have been closed.
      queueMicrotask(() => {
        if (isUsable(socket)) attempt.callback(null, socket);
        else begin(attempt);
      });
    } else if (opening > waiters.length) wait(attempt);
    else openFor(attempt);
  };

  return {
    connect: (options, callback) => {
      const attempt: Attempt = { options, callback, stop: () => undefined };
      begin(attempt);
      return () => attempt.stop();
    },
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
