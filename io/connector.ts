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

/** A connector for undici whose attempts can be given up: the function returned ends one that is still under way. */
export type StoppableConnect = (
  options: buildConnector.Options,
  callback: buildConnector.Callback,
) => () => void;

export interface Connector {
  readonly connect: StoppableConnect;
  /** Opens `count` connections to `origin` ahead of their use; `connect` takes them over. */
  warm(origin: string, count: number): void;
  /** Opened ahead and not yet taken over. */
  readonly warmCount: number;
  /** Cuts what is still connecting, and what was opened ahead. */
  destroy(): void;
}

/** Idle time after which TCP itself probes a connection, so that a vanished peer is found. */
const TCP_PROBE_AFTER_MS = 60_000;

const refusal = (hostname: string, reason: string): RepriseError =>
  new RepriseError('ADDRESS_BLOCKED', `${hostname} is ${reason}`);

/** Hands on what `lookup` found and may be connected to, and nothing else, so that the address judged is the address used. */
const guardLookup = (network: NetworkOptions): LookupFunction => {
  const resolve = network.lookup ?? (systemLookup as LookupFunction);
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, found, family) => {
      if (error) return callback(error, []);
      const all = Array.isArray(found) ? found : [{ address: found, family: family ?? 0 }];
      const judged = all.map((one) => ({ one, reason: blockedReason(one.address, network) }));
      const allowed = judged.filter(({ reason }) => reason === undefined).map(({ one }) => one);
      const [first] = allowed;
      if (first === undefined) return callback(noAddress(hostname, judged[0]?.reason), []);
      if (options.all === true) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
};

const noAddress = (hostname: string, reason: string | undefined): RepriseError =>
  reason === undefined
    ? new RepriseError('NO_ADDRESS', `${hostname} has no address`)
    : refusal(hostname, reason);

/**
 * Why a socket that has just connected must not be used. What it was told to connect to has been judged before: this is for what might
 * have come between.
 */
const peerFault = (socket: Socket, hostname: string, network: NetworkOptions): Error | undefined => {
  const { remoteAddress } = socket;
  if (remoteAddress === undefined) return new RepriseError('PEER_GONE', 'closed as soon as it was open');
  const reason = blockedReason(remoteAddress, network);
  return reason === undefined ? undefined : refusal(hostname, reason);
};

/**
 * A connector for undici. Names are resolved anew for each connection; addresses are judged before connecting, and once more before
 * the first byte. TLS certificates are verified against the target's host name, whatever the Host header and the environment say;
 * sessions are resumed. HTTP/1.1 only.
 *
 * @param timeoutMs - limit on name resolution, TCP and TLS handshake together
 */
export const createConnector = (timeoutMs: number, network: NetworkOptions = {}): Connector => {
  const lookup = guardLookup(network);
  const connecting = new Set<Socket>();
  let session: Buffer | undefined;

  const open = ({ protocol, hostname, port }: buildConnector.Options): Socket => {
    if (protocol === 'http:') return connectTcp({ host: hostname, port: Number(port || 80), lookup });
    const socket = connectTls({
      host: hostname,
      port: Number(port || 443),
      lookup,
      ALPNProtocols: ['http/1.1'],
      // Written out: its default is a variable of the environment.
      rejectUnauthorized: true,
      ...(isIP(hostname) === 0 ? { servername: hostname } : {}),
      ...(session === undefined ? {} : { session }),
      ...(network.ca === undefined ? {} : { ca: network.ca }),
    });
    return socket.on('session', (fresh) => {
      session = fresh;
    });
  };

  const connect: StoppableConnect = (options, callback) => {
    const { hostname, protocol } = options;
    // A literal address is never looked up, so it is judged here.
    const reason = isIP(hostname) === 0 ? undefined : blockedReason(hostname, network);
    if (reason !== undefined) {
      queueMicrotask(() => callback(refusal(hostname, reason), null));
      return () => undefined;
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
    // First of all that listen: TLS would write.
    socket.prependOnceListener('connect', () => {
      const fault = peerFault(socket, hostname, network);
      if (fault !== undefined) socket.destroy(fault);
      else if (protocol === 'http:') tell(null, socket);
    });
    socket.once('secureConnect', () => tell(null, socket));
    // Stays for the life of the socket: undici does not listen at every moment, and an unheard error would end the process.
    socket.on('error', (error) => tell(error, null));
    socket.once('close', () => tell(new RepriseError('SENDER_CLOSED', 'closed while connecting'), null));
    return () => {
      if (!isTold) socket.destroy(new RepriseError('SENDER_CLOSED', 'given up while connecting'));
    };
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
