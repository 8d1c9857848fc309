import { describe, expect, it } from 'vitest';
import type { RecordedRequest } from '../../../core/types.ts';
import { decodeLine, requestOf } from '../../support/decode.ts';

const AT = Date.UTC(2026, 10, 21, 11, 18, 1);
const FULL = {
  ClientAddr: '192.0.2.1:5000',
  ClientHost: '192.0.2.1',
  DownstreamContentSize: 412,
  DownstreamStatus: 200,
  Duration: 6_455_444,
  OriginDuration: 6_433_572,
  OriginStatus: 200,
  RequestAddr: 'api.example.com:8080',
  RequestContentSize: 7,
  RequestHost: 'api.example.com',
  RequestMethod: 'GET',
  RequestPath: '/a?b=1',
  RequestProtocol: 'HTTP/1.1',
  RequestScheme: 'https',
  StartLocal: '2026-11-21T12:18:01.406+01:00',
  StartUTC: '2026-11-21T11:18:01.406Z',
  level: 'info',
  msg: '',
  'request_User-Agent': 'curl/8',
  time: '2026-11-21T11:18:01Z',
};
const without = (...keys: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(FULL).filter(([key]) => !keys.includes(key)));

describe("Traefik's line", () => {
  it('gives every field of the recorded request', () => {
    expect(requestOf(FULL)).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{16}$/),
      atMs: AT + 406,
      method: 'GET',
      scheme: 'https',
      host: 'api.example.com:8080',
      target: '/a?b=1',
      protocol: 'HTTP/1.1',
      headers: [['User-Agent', 'curl/8']],
      body: undefined,
      client: '192.0.2.1',
      bodyBytes: 7,
      recorded: { status: 200, durationMs: 6.455444, originStatus: 200, originMs: 6.433572, bytes: 412 },
      source: { name: 'log', line: 1, format: 'traefik' },
      tickMs: 0,
      markVisible: true,
    });
  });

  it.each<[string, Record<string, unknown>, Partial<RecordedRequest> | { recorded: object }]>([
    [
      'v1.7',
      {
        ...without('RequestScheme', 'StartLocal', 'OriginStatus', 'OriginDuration'),
        FrontendName: 'f',
        BackendName: 'b',
        BackendURL: { Scheme: 'http', Host: 'x' },
        RequestLine: 'GET /a?b=1 HTTP/1.1',
        DownstreamStatusLine: '200 OK',
      },
      { target: '/a?b=1', scheme: undefined, recorded: { status: 200, durationMs: 6.455444, bytes: 412 } },
    ],
    [
      'v1.7 with the request line alone',
      { StartUTC: FULL.StartUTC, RequestLine: 'PUT /z HTTP/1.0', FrontendName: 'f' },
      { method: 'PUT', target: '/z', protocol: 'HTTP/1.0' },
    ],
    [
      'v2 with ServiceURL as an object',
      { ...FULL, ServiceURL: { Scheme: 'http', Path: '/no', Host: 'h', RequestPath: '/no' } },
      { target: '/a?b=1' },
    ],
    [
      'minimal',
      {
        ClientHost: '::1',
        DownstreamStatus: 201,
        Duration: 1_000_000,
        RequestMethod: 'POST',
        RequestPath: '/g',
        time: '2026-11-21T11:18:01Z',
      },
      { client: '::1', atMs: AT - 1, tickMs: 1_000, method: 'POST', host: undefined },
    ],
    ['local time alone', without('StartUTC'), { atMs: AT + 406, tickMs: 0 }],
    ['a start on a whole second', { ...FULL, StartUTC: '2026-11-21T11:18:01Z' }, { atMs: AT, tickMs: 0 }],
    [
      'the end alone, with no duration',
      without('StartUTC', 'StartLocal', 'Duration'),
      { atMs: AT, tickMs: 1_000 },
    ],
    ['no header', without('request_User-Agent'), { headers: [], markVisible: false }],
    [
      'a redacted user agent',
      { ...FULL, 'request_User-Agent': 'REDACTED', 'request_X-Seq': '1' },
      { headers: [['X-Seq', '1']], markVisible: false },
    ],
    [
      'headers but no user agent',
      { ...without('request_User-Agent'), 'request_X-Seq': '1' },
      { headers: [['X-Seq', '1']], markVisible: true },
    ],
    [
      'headers in any case',
      { ...without('request_User-Agent'), 'request_user-agent': 'a', 'REQUEST_X-A': 'b', 'Request_X-B': 'c' },
      {
        headers: [
          ['user-agent', 'a'],
          ['X-A', 'b'],
          ['X-B', 'c'],
        ],
        markVisible: true,
      },
    ],
    [
      'a redacted header in lower case',
      { ...without('request_User-Agent'), 'request_user-agent': 'REDACTED' },
      { headers: [], markVisible: false },
    ],
    [
      "Loki's underscores",
      { ...without('request_User-Agent'), request_User_Agent: 'a' },
      { headers: [['User-Agent', 'a']] },
    ],
    [
      'a user agent of one dash, as sent',
      { ...FULL, 'request_User-Agent': '-' },
      { headers: [['User-Agent', '-']] },
    ],
    [
      'headers of the answer',
      { ...FULL, 'downstream_Content-Type': 'a', 'origin_X-A': 'b' },
      { headers: [['User-Agent', 'curl/8']] },
    ],
    [
      'what a collector adds',
      { ...FULL, host: 'node-1', path: '/var/log/x', agent: 'beat', http_x: 'y', headers: { a: 'b' } },
      { host: 'api.example.com:8080', target: '/a?b=1', headers: [['User-Agent', 'curl/8']] },
    ],
    ['no Host', without('RequestAddr', 'RequestHost'), { host: undefined }],
    ['the host without its port alone', without('RequestAddr'), { host: 'api.example.com' }],
    ['the client address alone', without('ClientHost'), { client: '192.0.2.1' }],
    [
      'an IPv6 client address',
      { ...without('ClientHost'), ClientAddr: '[2001:db8::1]:443' },
      { client: '2001:db8::1' },
    ],
    [
      'forwarded clients',
      { ...FULL, ClientHost: '203.0.113.7, 10.0.0.1' },
      { client: '203.0.113.7, 10.0.0.1' },
    ],
    ['TLS without a scheme', { ...without('RequestScheme'), TLSVersion: '1.3' }, { scheme: 'https' }],
    [
      'an answer by Traefik itself',
      { ...FULL, OriginStatus: 0, OriginDuration: 0 },
      { recorded: { status: 200, durationMs: 6.455444, bytes: 412 } },
    ],
    [
      'no answer',
      { ...FULL, DownstreamStatus: 0 },
      { recorded: { durationMs: 6.455444, originStatus: 200, originMs: 6.433572, bytes: 412 } },
    ],
    [
      'numbers as strings',
      { ...FULL, Duration: '6455444', DownstreamStatus: '200', OriginStatus: '200' },
      {
        atMs: AT + 406,
        recorded: { status: 200, durationMs: 6.455444, originStatus: 200, originMs: 6.433572, bytes: 412 },
      },
    ],
    ['an empty path', { ...FULL, RequestPath: '' }, { target: '/' }],
    [
      'a query that is not ASCII',
      { ...FULL, RequestPath: '/q?q=ключ z' },
      { target: '/q?q=%D0%BA%D0%BB%D1%8E%D1%87%20z' },
    ],
    [
      'an absolute target',
      { ...FULL, RequestPath: 'http://other.example:81/x?y' },
      { target: '/x?y', host: 'other.example:81' },
    ],
    [
      'a path with escapes',
      { ...FULL, RequestPath: '/%2F//..;a=b|"?&<x>' },
      { target: '/%2F//..;a=b|"?&<x>' },
    ],
    ['a time claimed for nginx', { ...without('StartUTC', 'StartLocal') }, { atMs: AT - 6.455444 }],
  ])('reads %s', (_, line, want) => {
    expect(requestOf(line)).toMatchObject(want);
  });

  it('reads its time also where one’s own nginx format claimed the key', () => {
    const logs = { fields: { at: 'time' } };
    expect(requestOf(without('StartUTC', 'StartLocal', 'Duration'), logs)).toMatchObject({ atMs: AT });
  });

  it.each([
    ['no_time', without('StartUTC', 'StartLocal', 'time')],
    ['bad_time', { ...FULL, StartUTC: 'yesterday' }],
    ['bad_time', { ...FULL, StartUTC: '2026-02-31T00:00:00.000Z' }],
    ['bad_time', { ...without('StartUTC', 'StartLocal'), Duration: 1e25 }],
    ['no_method', without('RequestMethod')],
    ['no_method', { ...FULL, RequestMethod: 'GE T' }],
    ['no_target', without('RequestPath')],
    ['bad_target', { ...FULL, RequestPath: '*', RequestMethod: 'OPTIONS' }],
    ['bad_target', { ...FULL, RequestPath: 'ftp://x/y' }],
    ['connect', { ...FULL, RequestPath: 'example.com:443', RequestMethod: 'CONNECT' }],
    ['http09', { ...FULL, RequestProtocol: 'HTTP/0.9' }],
  ])('is rejected with %s', (reason, line) => {
    expect(decodeLine(line)).toBe(reason);
  });
});
