/** A raw TCP server on loopback that keeps what it receives byte for byte and answers as the test says. */

import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

/** One request as its bytes came in; texts hold one character a byte (latin1). */
export interface ReceivedRequest {
  readonly requestLine: string;
  /** Header fields in order, names and values as received. */
  readonly rawHeaders: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  /** `performance.now()` when its last byte had come. */
  readonly receivedAtMs: number;
  /** Counts connections from 0, and requests on one connection from 0. */
  readonly connection: number;
  readonly turn: number;
}

/** Bytes to write back (text as latin1); `undefined`: nothing is written, now or ever. */
export type Answer = string | Buffer | undefined;

export interface RecordingServerOptions {
  /** Default: `200` with an empty body. May write to, end or destroy the socket itself and return undefined. */
  readonly answer?: (request: ReceivedRequest, socket: Socket) => Answer | Promise<Answer>;
  /** Called for each new connection, before anything is read. */
  readonly onConnection?: (socket: Socket, connection: number) => void;
  readonly port?: number;
  readonly host?: string;
  readonly tls?: { readonly key: string; readonly cert: string };
  /** Keep no requests, for runs of many; default true. */
  readonly keep?: boolean;
}

export interface RecordingServer {
  readonly url: string;
  readonly port: number;
  /** In the order in which they were complete. */
  readonly requests: readonly ReceivedRequest[];
  /** Connections accepted so far. */
  readonly connections: number;
  /** Connections open now. */
  readonly open: number;
  close(): Promise<void>;
}

/** A complete answer with `body`, its length given. */
export const httpAnswer = (status: number, body = '', headers: readonly string[] = []): string =>
  [`HTTP/1.1 ${status} x`, ...headers, `content-length: ${body.length}`, '', body].join('\r\n');

const EMPTY_ANSWER = httpAnswer(200);
const HEAD_END = '\r\n\r\n';

interface Parsed {
  readonly request: Pick<ReceivedRequest, 'requestLine' | 'rawHeaders' | 'body'>;
  readonly rest: Buffer;
}

const parseHeader = (line: string): readonly [string, string] => {
  const colon = line.indexOf(':');
  return [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
};

/** The first request in `bytes`, once it is complete; bodies by content-length only. */
const parseRequest = (bytes: Buffer): Parsed | undefined => {
  const end = bytes.indexOf(HEAD_END);
  if (end < 0) return undefined;
  const [requestLine = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
  const rawHeaders = lines.map(parseHeader);
  const length = rawHeaders.find(([name]) => name.toLowerCase() === 'content-length')?.[1];
  const start = end + HEAD_END.length;
  const bodyEnd = start + Number(length ?? 0);
  if (bytes.length < bodyEnd) return undefined;
  const body = Buffer.from(bytes.subarray(start, bodyEnd));
  return { request: { requestLine, rawHeaders, body }, rest: bytes.subarray(bodyEnd) };
};

/** Starts the server on a free port of 127.0.0.1, unless told otherwise. */
export const startRecordingServer = async (
  options: RecordingServerOptions = {},
): Promise<RecordingServer> => {
  const { answer = () => EMPTY_ANSWER, host = '127.0.0.1', keep = true } = options;
  const requests: ReceivedRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;

  const respond = async (request: ReceivedRequest, socket: Socket): Promise<void> => {
    const bytes = await answer(request, socket);
    if (bytes !== undefined && socket.writable) socket.write(bytes as string, 'latin1');
  };
  const accept = (socket: Socket): void => {
    const connection = connections;
    connections += 1;
    let turn = 0;
    let waiting: Buffer = Buffer.alloc(0);
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => sockets.delete(socket));
    // Clients that go away are part of what is tested.
    socket.on('error', () => sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      waiting = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]);
      for (let parsed = parseRequest(waiting); parsed !== undefined; parsed = parseRequest(waiting)) {
        waiting = parsed.rest;
        const request = { ...parsed.request, receivedAtMs: performance.now(), connection, turn };
        turn += 1;
        if (keep) requests.push(request);
        void respond(request, socket);
      }
    });
    options.onConnection?.(socket, connection);
  };

  const server: Server =
    options.tls === undefined ? createTcpServer(accept) : createTlsServer(options.tls, accept);
  // A handshake that the client refuses is part of what is tested.
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://${name}:${port}`,
    port,
    requests,
    get connections() {
      return connections;
    },
    get open() {
      return sockets.size;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
};
