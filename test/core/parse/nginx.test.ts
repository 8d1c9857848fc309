import { describe, expect, it } from 'vitest';
import type { RecordedRequest } from '../../../core/types.ts';
import { decodeBytes, decodeLine, requestOf } from '../../support/decode.ts';

const AT = Date.UTC(2026, 10, 21, 11, 18, 1);
const LINE = {
  time_iso8601: '2026-11-21T11:18:01+00:00',
  msec: '1795259881.406',
  remote_addr: '192.0.2.1',
  scheme: 'https',
  host: 'shop.example.com',
  http_host: 'Shop.example.com:8443',
  server_protocol: 'HTTP/2.0',
  request_method: 'GET',
  request_uri: '/a?b=1',
  uri: '/a',
  args: 'b=1',
  request: 'GET /a?b=1 HTTP/2.0',
  status: '200',
  body_bytes_sent: '412',
  request_time: '0.006',
  upstream_response_time: '0.004',
  upstream_status: '200',
  http_user_agent: 'curl/8',
  http_referer: '',
  http_x_seq: '7',
  request_body: '',
  request_id: 'abc',
  request_length: '100',
};
type Line = Readonly<Record<string, unknown>>;
const only = (...keys: readonly (keyof typeof LINE)[]): Line =>
  Object.fromEntries(keys.map((key) => [key, LINE[key]]));
const core = only('msec', 'request_method', 'request_uri', 'status');
const UA = (value: string) => ({ headers: [['user-agent', value]], markVisible: true }) as const;

describe("nginx's line", () => {
  it('gives every field of the recorded request', () => {
    expect(requestOf(LINE)).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{16}$/),
      atMs: AT + 400,
      method: 'GET',
      scheme: 'https',
      host: 'Shop.example.com:8443',
      target: '/a?b=1',
      protocol: 'HTTP/2.0',
      headers: [
        ['user-agent', 'curl/8'],
        ['x-seq', '7'],
      ],
      body: undefined,
      client: '192.0.2.1',
      bodyBytes: undefined,
      recorded: { status: 200, durationMs: 6, originStatus: 200, originMs: 4, bytes: 412 },
      source: { name: 'log', line: 1, format: 'nginx' },
      tickMs: 0,
      markVisible: true,
    });
  });

  it.each<[string, Line, object]>([
    [
      'the request line alone',
      { ...only('msec', 'status'), request: 'POST /x?y=z HTTP/1.1' },
      { method: 'POST', target: '/x?y=z', protocol: 'HTTP/1.1' },
    ],
    [
      'a request line with spaces in its target',
      { ...only('msec'), request: 'GET /a b HTTP/1.1' },
      { target: '/a%20b' },
    ],
    ['method and path with args', { ...only('msec', 'request_method', 'uri', 'args') }, { target: '/a?b=1' }],
    [
      'a path that has its query',
      { ...only('msec', 'request_method', 'args'), uri: '/q?x' },
      { target: '/q?x' },
    ],
    ['a bare time', { ...core, msec: 1795259881.406 }, { atMs: AT + 406, tickMs: 0 }],
    [
      '$time_iso8601',
      { ...core, msec: undefined, time_iso8601: '2026-11-21T13:18:01+02:00' },
      { atMs: AT, tickMs: 1_000 },
    ],
    [
      '$time_local',
      { ...core, msec: undefined, time_local: '21/Nov/2026:13:18:01 +0200' },
      { atMs: AT, tickMs: 1_000 },
    ],
    [
      '@timestamp',
      { ...core, msec: undefined, '@timestamp': '2026-11-21T11:18:01.406Z' },
      { atMs: AT + 406, tickMs: 0 },
    ],
    [
      'the finest of several times',
      { ...core, time: '2026-11-21T11:18:01Z', '@timestamp': '2026-11-21T11:18:02Z' },
      { atMs: AT + 406 },
    ],
    [
      'a good time beside a bad one',
      { ...core, msec: 'x', time_local: '21/Nov/2026:11:18:01 +0000' },
      { atMs: AT },
    ],
    ['ms', { ...core, msec: undefined, ts: 1795259881406 }, { atMs: AT + 406 }],
    ['µs as text', { ...core, msec: undefined, timestamp: '1795259881406000' }, { atMs: AT + 406 }],
    ['ns', { ...core, msec: undefined, time: 1795259881406000000 }, { tickMs: 0 }],
    [
      'a retry',
      { ...core, upstream_response_time: '0.000, 0.004', upstream_status: '502, 204' },
      { recorded: { status: 200, originStatus: 204, originMs: 4 } },
    ],
    [
      'an internal redirect',
      { ...core, upstream_response_time: '0.001 : 0.007', upstream_status: '502 : 204' },
      { recorded: { originStatus: 204, originMs: 7 } },
    ],
    [
      'a last try that failed',
      { ...core, upstream_response_time: '0.001, -', upstream_status: '200, -' },
      { recorded: { status: 200 } },
    ],
    [
      'dashes',
      {
        ...core,
        request_time: '-',
        upstream_status: '-',
        http_user_agent: '-',
        http_referer: '-',
        body_bytes_sent: '-',
      },
      { recorded: { status: 200 }, headers: [], markVisible: true },
    ],
    [
      'nulls',
      { ...core, request_time: null, http_user_agent: null, remote_addr: null, http_cookie: null },
      { client: undefined, headers: [] },
    ],
    ['status 000', { ...core, status: '000' }, { recorded: { status: undefined } }],
    ['status of a dash', { ...core, status: '-' }, { recorded: { status: undefined } }],
    ['status with its words', { ...core, status: '404 Not Found' }, { recorded: { status: 404 } }],
    [
      'a level called status beside the code',
      { ...core, status: 'info', status_code: 204 },
      { recorded: { status: 204 } },
    ],
    [
      'the duration in another unit',
      { ...core, request_time: undefined, duration_ms: 12.5 },
      { recorded: { durationMs: 12.5 }, atMs: AT + 393.5 },
    ],
    ['a duration with its unit', { ...core, latency: '12.5ms' }, { recorded: { durationMs: 12.5 } }],
    ["Google's latency", { ...core, latency: '0.0125s' }, { recorded: { durationMs: 12.5 } }],
    ["Go's micros", { ...core, duration: '350µs' }, { recorded: { durationMs: 0.35 } }],
    ['a duration of seconds by its looks', { ...core, duration: 0.125 }, { recorded: { durationMs: 125 } }],
    ['a duration of ms by its looks', { ...core, duration: 125 }, { recorded: { durationMs: 125 } }],
    ['a duration of ns by its looks', { ...core, duration: 125_000_000 }, { recorded: { durationMs: 125 } }],
    ['whole seconds of $request_time', { ...core, request_time: 2 }, { recorded: { durationMs: 2_000 } }],
    [
      'a negative duration',
      { ...core, request_time: -1 },
      { recorded: { durationMs: undefined }, atMs: AT + 406 },
    ],
    ['a duration of years', { ...core, request_time: 1e9 }, { recorded: { durationMs: undefined } }],
    ['a hex number', { ...core, status: '0xc8' }, { recorded: { status: undefined } }],
    ['no server name', { ...core, host: '_', http_host: '' }, { host: undefined }],
    ['the server name, where there is no host', { ...core, server_name: 'x.example' }, { host: 'x.example' }],
    ['a machine name last', { ...core, hostname: 'web-01', server_name: 'x.example' }, { host: 'x.example' }],
    [
      'an object called host',
      { ...core, host: { name: 'node' }, http_host: 'a.example' },
      { host: 'a.example' },
    ],
    ['HTTP/2 by its number', { ...core, protocol: '2.0' }, { protocol: 'HTTP/2.0' }],
    ['https on', { ...core, https: 'on' }, { scheme: 'https' }],
    [
      'a body',
      { ...core, request_method: 'POST', request_body: 'a=1', content_length: '3' },
      { body: 'a=1', bodyBytes: 3 },
    ],
    [
      'an absolute target',
      { ...core, request_uri: 'http://Abs.example:81/x?y', http_host: 'h' },
      { target: '/x?y', host: 'Abs.example:81' },
    ],
    [
      'an absolute target with no path',
      { ...core, request_uri: 'https://abs.example?y' },
      { target: '/?y', host: 'abs.example', scheme: 'https' },
    ],
    [
      'a whole URL',
      { ...only('msec', 'request_method'), url: 'https://u:p@abs.example/x' },
      { target: '/x', host: 'abs.example', scheme: 'https' },
    ],
    [
      'headers in an object',
      { ...core, headers: { Host: 'h.example', 'User-Agent': 'x', x_a: 'b', 'X-List': ['c'] } },
      {
        host: 'h.example',
        headers: [
          ['User-Agent', 'x'],
          ['x-a', 'b'],
        ],
        markVisible: true,
      },
    ],
    ['one header under several names', { ...core, http_user_agent: 'x', agent: 'x', ua: '-' }, UA('x')],
    ['a redacted user agent', { ...core, http_user_agent: '***' }, { headers: [], markVisible: false }],
    ['no user agent', core, { headers: [], markVisible: false }],
    [
      'names that only look like headers',
      { ...core, http_response_time: '1', request_port: '80', request_size: 4, request_foo: 'x' },
      { headers: [] },
    ],
  ])('reads %s', (_, line, want) => {
    const { recorded, ...rest } = want as Partial<RecordedRequest>;
    const request = requestOf(line);
    expect(request).toMatchObject(rest);
    if (recorded !== undefined) expect(request.recorded).toMatchObject(recorded);
  });

  it.each<[string, string | Line]>([
    ['no_method', { msec: LINE.msec, request_uri: '/a' }],
    ['no_method', { ...core, request_method: 'G T' }],
    ['no_method', { msec: LINE.msec, request: '\u0016\u0003\u0001\u0002', status: '400', request_uri: '' }],
    ['no_method', String.raw`{"msec":"1795259881.406","request":"\x16\x03\x01\x00\xEE","status":"400"}`],
    ['no_target', { msec: LINE.msec, request_method: 'GET', status: 200 }],
    ['no_target', { msec: LINE.msec, request: 'QUIT', status: '400' }],
    ['no_time', { ...core, msec: undefined }],
    ['bad_time', { ...core, msec: '12' }],
    ['bad_target', { ...core, request_uri: '*', request_method: 'OPTIONS' }],
    ['bad_target', { ...core, request_uri: 'a.example' }],
    ['bad_target', { ...LINE, request_uri: '', uri: '', status: '400' }],
    ['connect', { ...core, request_uri: 'a.example:443', request_method: 'CONNECT' }],
    [
      'connect',
      {
        msec: LINE.msec,
        request: 'CONNECT a.example:443 HTTP/1.1',
        request_uri: '',
        request_method: '',
        status: '400',
      },
    ],
    ['connect', { msec: LINE.msec, request_method: 'CONNECT', request_uri: '', status: '400' }],
    ['http09', { ...core, server_protocol: '' }],
    ['http09', { msec: LINE.msec, request: 'GET /x', status: 200 }],
    ['empty_request', { msec: LINE.msec, request: '', status: '408' }],
    ['empty_request', { msec: LINE.msec, request: '-', status: '400' }],
    ['empty_request', { ...core, request_uri: '', request_method: '', status: '400' }],
    ['not_access_log', { level: 'error', msg: 'open failed', path: '/etc/x', time: 1795259881 }],
    ['not_access_log', { path: { a: 1 }, time: 1795259881 }],
  ])('is rejected with %s', (reason, line) => {
    expect(decodeLine(line)).toBe(reason);
  });

  it('keeps bytes that are not UTF-8 and mends what nginx broke', () => {
    const text = String.raw`{"msec":1795259881.406,"request":"GET /\xE9?\x22 HTTP/1.1","status":,"rt":0.000, 0.004,"http_user_agent":"\xE9"}`;
    const { requests, counts } = decodeBytes(text);
    expect(requests[0]).toMatchObject({ target: '/%E9?"', headers: [['user-agent', '\udce9']] });
    expect(counts.repaired).toBe(1);
    const raw = Buffer.from('{"msec":1795259881,"request":"GET /\xe9?x=\xff HTTP/1.1"}', 'latin1');
    expect(decodeBytes(raw).requests[0]?.target).toBe('/%E9?x=%FF');
  });
});
