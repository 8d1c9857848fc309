import { describe, expect, it } from 'vitest';
import type { RecordedRequest } from '../../../core/types.ts';
import { decodeBytes, requestOf } from '../../support/decode.ts';

const AT = Date.UTC(2026, 10, 21, 11, 18, 1);
type Line = Readonly<Record<string, unknown>>;
const UA = (value: string) => ({ headers: [['user-agent', value]], markVisible: true }) as const;

describe('the log formats of others', () => {
  it.each<[string, Line, object]>([
    [
      'the elastic examples',
      {
        time: '17/May/2015:08:05:32 +0000',
        remote_ip: '93.180.71.3',
        remote_user: '-',
        request: 'GET /downloads/product_1 HTTP/1.1',
        response: 304,
        bytes: 0,
        referrer: '-',
        agent: 'Debian APT-HTTP/1.3 (0.8.16~exp12ubuntu10.21)',
      },
      {
        atMs: Date.UTC(2015, 4, 17, 8, 5, 32),
        tickMs: 1_000,
        client: '93.180.71.3',
        method: 'GET',
        target: '/downloads/product_1',
        recorded: { status: 304, bytes: 0 },
        ...UA('Debian APT-HTTP/1.3 (0.8.16~exp12ubuntu10.21)'),
      },
    ],
    [
      'the ingress-nginx guide',
      {
        time: '2026-11-21T11:18:01+00:00',
        remote_addr: '10.0.0.1',
        x_forwarded_for: '192.0.2.1',
        request_id: 'x',
        remote_user: '',
        bytes_sent: 500,
        request_time: 0.006,
        status: 200,
        vhost: 'shop.example.com',
        request_proto: 'HTTP/1.1',
        path: '/a',
        request_query: 'b=1',
        request_length: 9,
        duration: 0.006,
        method: 'GET',
        http_referrer: 'r',
        http_user_agent: 'x',
      },
      {
        target: '/a?b=1',
        host: 'shop.example.com',
        protocol: 'HTTP/1.1',
        atMs: AT - 6,
        recorded: { status: 200, durationMs: 6, bytes: 500 },
        headers: [
          ['x-forwarded-for', '192.0.2.1'],
          ['referer', 'r'],
          ['user-agent', 'x'],
        ],
      },
    ],
    [
      'Datadog',
      {
        time_local: '21/Nov/2026:11:18:01 +0000',
        remote_addr: '192.0.2.1',
        'http.url': '/a?b=1',
        'http.version': 'HTTP/1.1',
        'http.status_code': 200,
        'http.method': 'GET',
        'http.referer': '',
        'http.useragent': 'x',
        body_bytes_sent: 4,
        request_time: 0.006,
      },
      { target: '/a?b=1', protocol: 'HTTP/1.1', recorded: { status: 200, durationMs: 6 }, ...UA('x') },
    ],
    [
      'Datadog, nested',
      {
        date: '2026-11-21T11:18:01.406Z',
        duration: 6_000_000,
        network: { client: { ip: '192.0.2.1' }, bytes_written: 4 },
        http: {
          method: 'GET',
          status_code: '200',
          url_details: { path: '/a', host: 'h.example' },
          useragent: 'x',
        },
      },
      {
        target: '/a',
        host: 'h.example',
        client: '192.0.2.1',
        recorded: { status: 200, durationMs: 6, bytes: 4 },
        ...UA('x'),
      },
    ],
    [
      'Google Cloud',
      {
        timestamp: '2026-11-21T11:18:01.406Z',
        httpRequest: {
          requestMethod: 'GET',
          requestUrl: 'https://h.example/a?b=1',
          status: 200,
          responseSize: '412',
          userAgent: 'x',
          remoteIp: '192.0.2.1',
          latency: '0.006s',
          protocol: 'HTTP/1.1',
        },
      },
      {
        target: '/a?b=1',
        host: 'h.example',
        scheme: 'https',
        client: '192.0.2.1',
        recorded: { status: 200, durationMs: 6, bytes: 412 },
        ...UA('x'),
      },
    ],
    [
      'ECS',
      {
        '@timestamp': '2026-11-21T11:18:01.406Z',
        client: { ip: '192.0.2.1' },
        http: {
          version: '1.1',
          request: { method: 'GET', referrer: '' },
          response: { status_code: 200, body: { bytes: 4 } },
        },
        url: { original: '/a?b=1', domain: 'h.example', scheme: 'https', path: '/no' },
        user_agent: { original: 'x' },
        event: { duration: 6_000_000 },
        host: { name: 'n' },
      },
      {
        target: '/a?b=1',
        host: 'h.example',
        scheme: 'https',
        protocol: 'HTTP/1.1',
        client: '192.0.2.1',
        recorded: { status: 200, durationMs: 6, bytes: 4 },
        ...UA('x'),
      },
    ],
    [
      'ECS, flat',
      {
        '@timestamp': '2026-11-21T11:18:01.406Z',
        'source.ip': '192.0.2.1',
        'http.request.method': 'GET',
        'http.response.status_code': 200,
        'url.path': '/a',
        'url.query': 'b=1',
        'user_agent.original': 'x',
      },
      { target: '/a?b=1', client: '192.0.2.1', recorded: { status: 200 }, ...UA('x') },
    ],
    [
      "Filebeat's nginx module of old",
      {
        '@timestamp': '2026-11-21T11:18:01.000Z',
        nginx: {
          access: {
            method: 'GET',
            url: '/a',
            response_code: '200',
            remote_ip: '192.0.2.1',
            body_sent: { bytes: '4' },
            agent: 'x',
          },
        },
      },
      { target: '/a', client: '192.0.2.1', recorded: { status: 200, bytes: 4 }, ...UA('x') },
    ],
    [
      'the Grafana Loki dashboard',
      {
        msec: '1795259881.406',
        connection: '1',
        pid: '2',
        request_id: 'x',
        request_length: '3',
        remote_addr: '192.0.2.1',
        remote_user: '',
        remote_port: '5',
        time_local: '21/Nov/2026:11:18:01 +0000',
        time_iso8601: '2026-11-21T11:18:01+00:00',
        request: 'GET /a?b=1 HTTP/1.1',
        request_uri: '/a?b=1',
        args: 'b=1',
        status: '200',
        body_bytes_sent: '4',
        bytes_sent: '5',
        http_referer: '',
        http_user_agent: 'x',
        http_x_forwarded_for: '',
        http_host: 'h.example',
        server_name: '_',
        request_time: '0.006',
        upstream: '10.0.0.1:80',
        upstream_connect_time: '0.000',
        upstream_response_time: '0.005',
        upstream_status: '200',
        ssl_protocol: 'TLSv1.3',
        scheme: 'https',
        request_method: 'GET',
        server_protocol: 'HTTP/1.1',
        pipe: '.',
        gzip_ratio: '',
        geoip_country_code: '',
      },
      {
        target: '/a?b=1',
        host: 'h.example',
        atMs: AT + 400,
        recorded: { durationMs: 6, originMs: 5, originStatus: 200, bytes: 4 },
        ...UA('x'),
      },
    ],
    [
      'camel case',
      {
        timestamp: 1795259881406,
        remoteAddr: '192.0.2.1',
        requestMethod: 'GET',
        requestUri: '/a',
        statusCode: 200,
        bytesSent: 4,
        requestTime: 0.006,
        userAgent: 'x',
        httpVersion: '1.1',
      },
      {
        target: '/a',
        protocol: 'HTTP/1.1',
        client: '192.0.2.1',
        recorded: { status: 200, durationMs: 6, bytes: 4 },
        ...UA('x'),
      },
    ],
    [
      'a request of its own object',
      {
        ts: 1795259881.406,
        request: {
          method: 'GET',
          uri: '/a?b=1',
          host: 'h.example',
          proto: 'HTTP/2.0',
          remote_ip: '192.0.2.1',
          headers: { 'X-A': 'b' },
        },
        duration: 0.006,
        size: 4,
        status: 200,
      },
      {
        target: '/a?b=1',
        host: 'h.example',
        protocol: 'HTTP/2.0',
        client: '192.0.2.1',
        headers: [['X-A', 'b']],
        recorded: { status: 200, durationMs: 6, bytes: 4 },
      },
    ],
    [
      'the shortest',
      {
        date: '2026-11-21 11:18:01',
        ip: '192.0.2.1',
        verb: 'GET',
        url: '/a',
        code: '200',
        size: '4',
        rt: '0.006',
        ua: 'x',
      },
      { target: '/a', client: '192.0.2.1', recorded: { status: 200, durationMs: 6, bytes: 4 }, ...UA('x') },
    ],
  ])('are read without configuration: %s', (_, line, want) => {
    const { recorded, ...rest } = want as Partial<RecordedRequest>;
    const request = requestOf(line);
    expect(request).toMatchObject(rest);
    expect(request.recorded).toMatchObject(recorded ?? {});
  });

  it('are read 51,000 lines long', () => {
    const lines = Array.from(
      { length: 51_000 },
      (_, i) =>
        `{"time": "17/May/2015:08:05:${String(i % 60).padStart(2, '0')} +0000", "remote_ip": "93.180.71.${i % 250}", "remote_user": "-", "request": "GET /downloads/product_${i % 3} HTTP/1.1", "response": ${i % 2 === 0 ? 304 : 200}, "bytes": ${i}, "referrer": "-", "agent": "Debian APT-HTTP/1.3 (0.8.16~exp12ubuntu10.21)"}`,
    );
    const { requests, counts } = decodeBytes(`${lines.join('\n')}\n`, { chunkBytes: 65_536 });
    expect(counts).toMatchObject({ lines: 51_000, parsed: 51_000, repaired: 0 });
    expect(new Set(requests.map(({ id }) => id)).size).toBe(51_000);
  });
});
