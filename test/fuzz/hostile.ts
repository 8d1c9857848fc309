/** What somebody might put into a log, a rule file or an event: the vocabulary of the fuzz tests. */

import fc from 'fast-check';

/** Host that nothing may ever be sent to. */
export const EVIL = 'evil.test';

/** Texts by which a request could be made to go, or to say, what it was not meant to. */
const NASTY = [
  `http://${EVIL}/`,
  `https://user:pw@${EVIL}:8443/x?y#z`,
  `//${EVIL}/x`,
  `///${EVIL}`,
  `/\\${EVIL}`,
  `\\\\${EVIL}\\x`,
  `@${EVIL}/`,
  `/@${EVIL}:80/`,
  `http:${EVIL}`,
  `HTTP://${EVIL}`,
  `javascript://${EVIL}`,
  'http://169.254.169.254/latest/meta-data/',
  'http://[fd00:ec2::254]/',
  'http://2852039166/',
  '*',
  `${EVIL}:80`,
  `/ HTTP/1.1\r\nHost: ${EVIL}\r\n\r\nGET /smuggled HTTP/1.1`,
  `x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  '\r\n',
  '\n',
  '\r',
  '\0',
  '\u007f',
  '\u0085\u2028',
  // Each would be CR and LF if its high byte were cut off.
  '\u010d\u010a',
  '\ud800',
  '\udc80\udcff',
  '\udc0d\udc0a',
  '\ufffd',
  'ⓔvil.test',
  '/%0d%0aHost:%20evil.test',
  '/..;/../%2e%2e/%00',
  '?',
  '#',
  '/a b\tc',
  'REDACTED',
  '***',
  '[redacted]',
  'chunked',
  'close, x-a',
  '0',
  '-1',
  '99999999999999999999',
  '1e999',
  'NaN',
  '\u001b]0;owned\u0007\u001b[2J',
  '__proto__',
  'constructor',
  '',
] as const;

/** Any UTF-16 text of up to `maxLength`, lone surrogates and control characters among it. */
export const anyText = (maxLength = 40): fc.Arbitrary<string> =>
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength }).map((units) => String.fromCharCode(...units));

/** A text that is meant to do harm, alone or between others. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...NASTY),
  fc.tuple(fc.constantFrom(...NASTY), fc.constantFrom(...NASTY)).map((two) => two.join('')),
  fc.tuple(anyText(8), fc.constantFrom(...NASTY), anyText(8)).map((parts) => parts.join('')),
  anyText(),
);

/** Headers that must not leave, that frame a message, or that say where a request is to go. */
const HEADERS = [
  'User-Agent',
  'Accept',
  'Host',
  'Content-Length',
  'Transfer-Encoding',
  'Connection',
  'Keep-Alive',
  'TE',
  'Trailer',
  'Upgrade',
  'HTTP2-Settings',
  'Expect',
  'Proxy-Connection',
  'Authorization',
  'Proxy-Authorization',
  'Cookie',
  'X-Api-Key',
  'X-Amz-Security-Token',
  'Forwarded',
  'X-Forwarded-Host',
  'X-Forwarded-For',
  'X-Real-Ip',
  'Via',
  'X-Reprise-Id',
  'X-Reprise-Run',
  'X-Original-URL',
  'X-A',
  'X A',
  'X:A',
  'Ä',
  '',
] as const;

export const hostileHeaders: fc.Arbitrary<readonly (readonly [string, string])[]> = fc.array(
  fc.tuple(
    fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...HEADERS) }, { weight: 1, arbitrary: hostileText }),
    hostileText,
  ),
  { maxLength: 6 },
);

const method = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('GET', 'HEAD', 'OPTIONS') },
  { weight: 2, arbitrary: fc.constantFrom('POST', 'DELETE', 'CONNECT', 'connect', 'PRI', 'get', 'TRACE') },
  { weight: 1, arbitrary: hostileText },
);
const target = fc.oneof(
  hostileText,
  hostileText.map((text) => `/${text}`),
  fc.constantFrom('/', '/search?q=1&token=x'),
);
const client = fc.oneof(fc.constantFrom('192.0.2.7', '2001:db8::1', 'unix:'), hostileText);

/** What is logged of one request, whoever writes it. */
const hostileRequest = fc.record({
  method,
  target,
  client,
  host: fc.oneof(fc.constantFrom('shop.example.com', 'shop.example.com:8443'), hostileText),
  headers: hostileHeaders,
  status: fc.constantFrom(200, 404, 503),
  body: fc.option(hostileText, { nil: undefined }),
});
export type HostileRequest = typeof hostileRequest extends fc.Arbitrary<infer T> ? T : never;

const START_MS = Date.UTC(2026, 10, 21, 11, 0, 0);

/** As Traefik logs it. */
const hostileTraefikLine = (request: HostileRequest, index: number): string =>
  JSON.stringify({
    ClientHost: request.client,
    DownstreamStatus: request.status,
    Duration: 1e6,
    RequestAddr: request.host,
    RequestMethod: request.method,
    RequestPath: request.target,
    RequestProtocol: 'HTTP/1.1',
    StartUTC: new Date(START_MS + index).toISOString(),
    ...Object.fromEntries(request.headers.map(([name, value]) => [`request_${name}`, value])),
  });

/** As nginx logs it, the request line whole or in parts. */
const hostileNginxLine = (request: HostileRequest, index: number): string =>
  JSON.stringify({
    msec: ((START_MS + index) / 1_000).toFixed(3),
    request_time: '0.001',
    remote_addr: request.client,
    http_host: request.host,
    status: String(request.status),
    ...(index % 2 === 0
      ? { request: `${request.method} ${request.target} HTTP/1.1` }
      : { request_method: request.method, request_uri: request.target }),
    ...(request.body === undefined ? {} : { request_body: request.body }),
    ...Object.fromEntries(
      request.headers.map(([name, value]) => [`http_${name.toLowerCase().replaceAll('-', '_')}`, value]),
    ),
  });

/** Lines of a log, of both formats in turn. */
export const hostileLog: fc.Arbitrary<string> = fc
  .array(hostileRequest, { minLength: 1, maxLength: 12 })
  .map((requests) =>
    requests
      .map((request, i) => (i % 3 === 2 ? hostileNginxLine(request, i) : hostileTraefikLine(request, i)))
      .join('\n'),
  );
