/** Writes access logs for tests. */

/** First instant of these logs. */
export const LOG_START_MS = Date.UTC(2026, 10, 21, 11, 0, 0);

export interface LoggedRequest {
  /** Start, from `LOG_START_MS`. */
  readonly atMs: number;
  readonly path?: string;
  readonly method?: string;
  readonly host?: string;
  readonly status?: number;
  readonly durationMs?: number;
  readonly client?: string;
  /** Header fields as Traefik logs them: `request_<Name>`. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A line of Traefik's access log, without its newline. */
export const traefikLine = (request: LoggedRequest): string => {
  const { atMs, path = '/', method = 'GET', host = 'shop.example.com', status = 200 } = request;
  const { durationMs = 10, client = '192.0.2.7', headers = { 'User-Agent': 'Mozilla/5.0' } } = request;
  const startedAt = new Date(LOG_START_MS + atMs).toISOString();
  const durationNanos = durationMs * 1e6;
  return JSON.stringify({
    ClientHost: client,
    DownstreamStatus: status,
    Duration: durationNanos,
    OriginDuration: durationNanos,
    OriginStatus: status,
    RequestHost: host,
    RequestMethod: method,
    RequestPath: path,
    RequestProtocol: 'HTTP/1.1',
    RequestScheme: 'https',
    StartUTC: startedAt,
    time: startedAt,
    ...Object.fromEntries(Object.entries(headers).map(([name, value]) => [`request_${name}`, value])),
  });
};

/** A line of an nginx log whose clock ticks every ms, or every second with `msec: false`; without its newline. */
export const nginxLine = (request: LoggedRequest & { readonly msec?: boolean }): string => {
  const { atMs, path = '/', method = 'GET', host = 'shop.example.com', status = 200 } = request;
  const endMs = LOG_START_MS + atMs + (request.durationMs ?? 10);
  const whole = new Date(Math.floor(endMs / 1_000) * 1_000);
  return JSON.stringify({
    ...(request.msec === false
      ? { time_iso8601: whole.toISOString().replace('.000Z', '+00:00') }
      : { msec: (endMs / 1_000).toFixed(3), request_time: ((request.durationMs ?? 10) / 1_000).toFixed(3) }),
    remote_addr: request.client ?? '192.0.2.7',
    request: `${method} ${path} HTTP/1.1`,
    host,
    status: String(status),
    http_user_agent: request.headers?.['User-Agent'] ?? 'Mozilla/5.0',
  });
};

/** `count` Traefik requests, `everyMs` apart, each with a path of its own. */
export const steadyLog = (
  count: number,
  everyMs: number,
  changes: (index: number) => Partial<LoggedRequest> = () => ({}),
): string =>
  Array.from(
    { length: count },
    (_, i) => `${traefikLine({ atMs: i * everyMs, path: `/item/${i}`, ...changes(i) })}\n`,
  ).join('');
