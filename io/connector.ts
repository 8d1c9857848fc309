/** Opens the connections of one target: which addresses may be reached, how long it may take, and TLS. */

import { lookup as systemLookup } from 'node:dns';
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { buildConnector } from 'undici';
import { RepriseError } from '../core/errors.ts';
import { blockedReason } from './blocked-addresses.ts';
import { createWarmSockets } from './warm-sockets.ts';

/** How connections are made; everything may be left out. */
export interface NetworkOptions {
  /** Resolves names instead of the system's resolver. */
  readonly lookup?: LookupFunction;
  /** Also refuse connections to this machine. */
  readonly refuseLoopback?: boolean;
  /** Certificates (PEM) to trust instead of the system's. */
  readonly ca?: string;
}

export interface Connector {
  readonly connect: buildConnector.connector;
  /** Opens `count` connections to `origin` ahead of their use; `connect` takes them over. */
  warm(origin: string, count: number): void;
  /** Opened ahead and not yet taken over. */
  readonly warmCount: number;
  /** Cuts what is still connecting, and what was opened ahead. */
  destroy(): void;
}

/** Idle time after which TCP itself probes a connection, so that a vanished peer is found. */
const TCP_PROBE_AFTER_MS = 60_000;

/** Refuses what `lookup` found and may not be connected to, so that the address judged is the address used. */
const guardLookup = ({ lookup, refuseLoopback = false }: NetworkOptions): LookupFunction => {
  const resolve = lookup ?? (systemLookup as LookupFunction);
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null || !Array.isArray(found)) return callback(error, found);
      const allowed = found.filter(({ address }) => blockedReason(address, { refuseLoopback }) === undefined);
      const [first] = allowed;
      if (first === undefined) return callback(refusal(hostname, found[0]?.address, refuseLoopback), []);
      if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
};

const refusal = (hostname: string, address: string | undefined, refuseLoopback: boolean): RepriseError => {
  const reason = address === undefined ? 'no address' : blockedReason(address, { refuseLoopback });
  return new RepriseError('ADDRESS_BLOCKED', `${hostname} is ${reason ?? 'refused'}`);
};

/**
 * A connector for undici. Names are resolved anew for each connection; TLS certificates are verified against the target's host name,
 * whatever the Host header says; sessions are resumed. HTTP/1.1 only.
 *
 * @param timeoutMs - limit on name resolution, TCP and TLS handshake together
 */
export const createConnector = (timeoutMs: number, network: NetworkOptions = {}): Connector => {
  const lookup = guardLookup(network);
  const connecting = new Set<Socket>();
  let session: Buffer | undefined;

  const open = ({ protocol, hostname, port }: buildConnector.Options): Socket => {
    if (protocol !== 'https:') return connectTcp({ host: hostname, port: Number(port || 80), lookup });
    const socket = connectTls({
      host: hostname,
      port: Number(port || 443),
      lookup,
      ALPNProtocols: ['http/1.1'],
      ...(isIP(hostname) === 0 ? { servername: hostname } : {}),
      ...(session === undefined ? {} : { session }),
      ...(network.ca === undefined ? {} : { ca: network.ca }),
    });
    return socket.on('session', (fresh) => {
      session = fresh;
    });
  };

  const connect: buildConnector.connector = (options, callback) => {
    const { hostname } = options;
    // A literal address is never looked up, so it is judged here.
    const refused = isIP(hostname) !== 0 && blockedReason(hostname, network) !== undefined;
    if (refused) {
      const error = refusal(hostname, hostname, network.refuseLoopback ?? false);
      queueMicrotask(() => callback(error, null));
      return;
    }
    const socket = open(options);
    connecting.add(socket);
    socket.setNoDelay(true).setKeepAlive(true, TCP_PROBE_AFTER_MS);
    // undici's own limit has a resolution of half a second, in which a target that drops packets would pile requests up.
    const timer = setTimeout(() => {
      socket.destroy(new RepriseError('CONNECT_TIMEOUT', `not connected after ${timeoutMs} ms`));
    }, timeoutMs);
    let isTold = false;
    const tell = (...outcome: Parameters<buildConnector.Callback>): void => {
      if (isTold) return;
      isTold = true;
      clearTimeout(timer);
      connecting.delete(socket);
      callback(...outcome);
    };
    socket.once(options.protocol === 'https:' ? 'secureConnect' : 'connect', () => tell(null, socket));
    // Stays for the life of the socket: undici does not listen at every moment, and an unheard error would end the process.
    socket.on('error', (error) => tell(error, null));
    socket.once('close', () => tell(new RepriseError('SENDER_CLOSED', 'closed while connecting'), null));
  };

  const sockets = createWarmSockets(connect);
  return {
    connect: sockets.connect,
    warm: (origin, count) => sockets.warm(count, connectOptionsOf(origin)),
    get warmCount() {
      return sockets.size;
    },
    destroy: () => {
      sockets.destroy();
      for (const socket of connecting) socket.destroy();
    },
  };
};

/** What undici would ask of a connector for `origin`. */
const connectOptionsOf = (origin: string): buildConnector.Options => {
  const { hostname, protocol, port } = new URL(origin);
  return { hostname: hostname.replace(/^\[|\]$/g, ''), protocol, port };
};
