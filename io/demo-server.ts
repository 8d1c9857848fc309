/** The shop that `reprise demo` replays to: an HTTP server on loopback with realistic statuses and latencies, and no state. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answerDemo, type DemoAnswer } from './demo-answers.ts';

/** A running demo server. */
export interface DemoServer {
  readonly url: string;
  /** Cuts every connection and stops listening. */
  close(): Promise<void>;
}

/** Searches take this much longer than when the sample log was recorded: the regression for the demo to show. */
const SEARCH_SLOWNESS = 1.5;
const FILLER = Buffer.alloc(16_384, 'All of this is invented. ');

const answer = (response: ServerResponse, method: string, what: DemoAnswer): void => {
  const bodyless = method === 'HEAD' || what.status === 204 || what.status === 304;
  const headers: Record<string, string | number> = { 'content-type': what.contentType };
  if (what.location !== undefined) headers.location = what.location;
  if (!bodyless) headers['content-length'] = what.bodyBytes;
  response.writeHead(what.status, headers);
  response.end(bodyless ? undefined : FILLER.subarray(0, what.bodyBytes));
};

const headerText = (value: string | readonly string[] | undefined): string =>
  value === undefined ? '' : String(value);

/** Who asks: replayed requests have an id of their own, others are told apart by client and agent. */
const callerOf = ({ headers }: IncomingMessage): string =>
  headerText(headers['x-reprise-id']) ||
  `${headerText(headers['x-forwarded-for'])} ${headers['user-agent'] ?? ''}`;

/**
 * Starts the demo server on 127.0.0.1.
 *
 * @param options.port - 0 (default) for any free one
 * @param options.searchSlowness - factor on the latency of searches; default 1.5
 * @throws the error of `listen` when the port is taken
 */
export const startDemoServer = async (
  options: { port?: number; searchSlowness?: number } = {},
): Promise<DemoServer> => {
  const slowness = options.searchSlowness ?? SEARCH_SLOWNESS;
  const server = createServer((request, response) => {
    request.resume();
    const method = request.method ?? 'GET';
    const what = answerDemo(method, request.url ?? '/', { caller: callerOf(request), slowness });
    // Whole milliseconds, so that Node keeps the waiting answers in few timer lists.
    const waitMs = Math.round(what.latencyMs);
    if (waitMs < 1) answer(response, method, what);
    else setTimeout(answer, waitMs, response, method, what);
  });
  // Longer than any pause of a replay: else the server would cut idle connections under the next request.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
