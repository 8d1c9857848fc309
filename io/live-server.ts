/** The server of the live page: on loopback, behind an address that cannot be guessed, for the browser of whoever started the command. */

import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { RepriseError } from '../core/errors.ts';
import { type LiveCommand, liveCommandOf } from '../core/pages/live-state.ts';
import { admit, type LiveGuard } from './live-guards.ts';
import { createLiveReaders, type LiveFeed, type LiveReaders } from './live-readers.ts';
import { describeSystemError, systemErrorCode } from './system-error.ts';

/** A file of the page. */
export interface LiveFile {
  readonly type: string;
  readonly text: string;
}

export interface LiveServerOptions {
  /** 0: any that is free. */
  readonly port: number;
  /** By name; `''` is the page itself. */
  readonly files: Readonly<Record<string, LiveFile>>;
  readonly feed: LiveFeed;
  /** Does what the page asks for. A rejection is told to the page in its words. */
  readonly control: (command: LiveCommand) => Promise<void> | void;
}

export interface LiveServer {
  /** Address of the page, with its token: whoever knows it can turn the run down. */
  readonly url: string;
  /** Tells the pages at once, rather than with the next second. */
  push(): void;
  /** Tells the pages the last state, and closes. */
  end(): Promise<void>;
}

const EVERY_MS = 1_000;
const TOKEN_BYTES = 16;
/** A browser opens six connections to a server at most; this is a few browsers. */
const MAX_CONNECTIONS = 64;
const MAX_STREAMS = 20;
const MAX_COMMAND_BYTES = 1_024;
/** A head or a body that takes longer is no browser's. */
const REQUEST_TIMEOUT_MS = 5_000;
const TIMEOUTS = {
  headersTimeout: REQUEST_TIMEOUT_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  // Whoever opens all connections and says nothing must not keep the page out for long; by default that is looked for every 30 s.
  connectionsCheckingInterval: 1_000,
} as const;
/** Time for the last words to arrive. */
const FAREWELL_MS = 500;

const HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;

const answer = (response: ServerResponse, status: number, text = '', type = 'text/plain'): void => {
  response.writeHead(status, {
    ...HEADERS,
    'content-type': `${type}; charset=utf-8`,
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
};

/** The body as text; undefined where it is longer than a command can be. Then the rest of it is not read, and the connection is cut. */
const readBody = async (request: IncomingMessage): Promise<string | undefined> => {
  if (Number(request.headers['content-length'] ?? 0) > MAX_COMMAND_BYTES) return undefined;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_COMMAND_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const parseCommand = (text: string): LiveCommand | undefined => {
  try {
    return liveCommandOf(JSON.parse(text));
  } catch {
    // What is no JSON is no command either.
    return undefined;
  }
};

const obey = async (
  request: IncomingMessage,
  response: ServerResponse,
  { control, push }: Pick<LiveServerOptions, 'control'> & Pick<LiveServer, 'push'>,
): Promise<void> => {
  const text = await readBody(request);
  if (text === undefined) {
    response.setHeader('connection', 'close');
    return answer(response, 413);
  }
  const command = parseCommand(text);
  if (command === undefined) return answer(response, 400);
  try {
    await control(command);
  } catch (error) {
    if (!(error instanceof RepriseError)) throw error;
    return answer(response, 502, JSON.stringify({ message: error.message }), 'application/json');
  }
  push();
  answer(response, 200, '{}', 'application/json');
};

const openStream = (response: ServerResponse, readers: LiveReaders): void => {
  if (readers.count() >= MAX_STREAMS) return answer(response, 503);
  // Nothing follows a stream: its connection ends with it, so that the command need not wait for it.
  response.writeHead(200, {
    ...HEADERS,
    'content-type': 'text/event-stream; charset=utf-8',
    connection: 'close',
  });
  readers.add(response);
};

const portFault = (port: number, error: unknown): RepriseError => {
  const isTaken = systemErrorCode(error) === 'EADDRINUSE';
  const why = isTaken ? 'another process listens there' : describeSystemError(error);
  return new RepriseError('LIVE_PORT_UNUSABLE', `cannot show a page on port ${port}: ${why}`, {
    hint: 'give another with --ui=PORT; --ui alone takes one that is free',
    cause: error,
  });
};

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', (error) => reject(portFault(port, error)));
    server.listen(port, '127.0.0.1', () => {
      // A connection that cannot be accepted (too many files open) costs the page, never the run.
      server.removeAllListeners('error').on('error', () => undefined);
      resolve((server.address() as AddressInfo).port);
    });
  });

const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), FAREWELL_MS);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });

/**
 * Opens the page on 127.0.0.1 under a random address, and tells those who look at it once a second how things stand. Nothing of it
 * keeps the process alive.
 *
 * @throws RepriseError LIVE_PORT_UNUSABLE
 */
export const openLiveServer = async (options: LiveServerOptions): Promise<LiveServer> => {
  const { files, feed, control } = options;
  const readers = createLiveReaders(feed);
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  let guard: LiveGuard = { port: 0, token };

  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '', headers } = request;
    const admitted = admit({ method, url, headers }, guard);
    if (admitted.kind === 'refused') return answer(response, admitted.status);
    if (admitted.kind === 'control') return obey(request, response, { control, push: readers.push });
    if (admitted.name === 'events') return openStream(response, readers);
    const file = Object.hasOwn(files, admitted.name) ? files[admitted.name] : undefined;
    return file === undefined ? answer(response, 404) : answer(response, 200, file.text, file.type);
  };

  const server = createServer(TIMEOUTS, (request, response) => {
    // A browser that goes away is no fault; and whatever breaks here must not end the run: the page says that it has lost its server.
    response.on('error', () => undefined);
    respond(request, response).catch(() => response.destroy());
  });
  server.maxConnections = MAX_CONNECTIONS;
  guard = { port: await listen(server, options.port), token };
  server.unref();
  const timer = setInterval(readers.push, EVERY_MS);
  timer.unref();
  return {
    url: `http://127.0.0.1:${guard.port}/${token}/`,
    push: readers.push,
    end: () => {
      clearInterval(timer);
      readers.end();
      return closeServer(server);
    },
  };
};
