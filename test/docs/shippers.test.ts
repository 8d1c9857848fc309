import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { TRAEFIK_KEYS } from '../../core/parse/key-names.ts';
import { requestOf } from '../support/decode.ts';
import { readProjectFile } from '../support/project-files.ts';

const doc = readProjectFile('docs/shippers.md');

const nginxBlock = (text: string): string => /^```nginx\n([\s\S]*?)^```/m.exec(text)?.[1] ?? '';

/** The texts of a log_format, joined as nginx joins them. */
const formatOf = (block: string): string => {
  const body = /^log_format replay escape=json([\s\S]*?);$/m.exec(block)?.[1] ?? '';
  return [...body.matchAll(/'([^']*)'/g)].map(([, text = '']) => text).join('');
};

const VARIABLES: Readonly<Record<string, string>> = {
  msec: '1795259881.406',
  remote_addr: '203.0.113.9',
  scheme: 'https',
  http_host: 'shop.example.com:8443',
  request_method: 'POST',
  request_uri: '/search?q=caf%C3%A9&page=2',
  server_protocol: 'HTTP/2.0',
  status: '201',
  body_bytes_sent: '1234',
  request_time: '0.250',
  upstream_status: '502, 200',
  upstream_response_time: '0.004, 0.200',
  http_user_agent: 'Mozilla/5.0 \\"quoted\\"',
  http_accept: 'text/html',
  http_accept_language: 'cs, en;q=0.8',
  http_accept_encoding: 'gzip, br',
  http_referer: 'https://shop.example.com/',
  http_if_none_match: 'W/\\"5d8c\\"',
  http_if_modified_since: 'Sat, 21 Nov 2026 10:00:00 GMT',
  content_type: 'application/json',
  content_length: '42',
};

describe('the nginx format of docs/shippers.md', () => {
  const block = nginxBlock(doc);

  it('is that of docs/logs.md, which a real nginx is tested with', () => {
    expect(block).toBe(nginxBlock(readProjectFile('docs/logs.md')));
  });

  it('writes lines that are read completely', () => {
    const line = formatOf(block).replace(/\$(\w+)/g, (_, name: string) => {
      const value = VARIABLES[name];
      if (value === undefined) throw new Error(`no value for $${name}`);
      return value;
    });
    const { id: _id, source: _source, ...request } = requestOf(line);
    expect(request).toEqual({
      atMs: 1_795_259_881_156,
      method: 'POST',
      scheme: 'https',
      host: 'shop.example.com:8443',
      target: '/search?q=caf%C3%A9&page=2',
      protocol: 'HTTP/2.0',
      headers: [
        ['user-agent', 'Mozilla/5.0 "quoted"'],
        ['accept', 'text/html'],
        ['accept-language', 'cs, en;q=0.8'],
        ['accept-encoding', 'gzip, br'],
        ['referer', 'https://shop.example.com/'],
        ['if-none-match', 'W/"5d8c"'],
        ['if-modified-since', 'Sat, 21 Nov 2026 10:00:00 GMT'],
        ['content-type', 'application/json'],
      ],
      body: undefined,
      client: '203.0.113.9',
      bodyBytes: 42,
      recorded: { status: 201, durationMs: 250, originStatus: 200, originMs: 200, bytes: 1234 },
      tickMs: 0,
      markVisible: true,
    });
  });
});

interface AccessLog {
  readonly format: string;
  readonly fields: {
    readonly defaultMode: string;
    readonly names: Readonly<Record<string, string>>;
    readonly headers: { readonly defaultMode: string; readonly names: Readonly<Record<string, string>> };
  };
}

describe('the Traefik settings of docs/shippers.md', () => {
  const text = /^```yaml fragment\n(accessLog:[\s\S]*?)^```/m.exec(doc)?.[1] ?? '';
  const { accessLog } = parse(text) as { accessLog: AccessLog };
  const { fields } = accessLog;

  /** Every field that Traefik has to write, but those of TLS. */
  const WRITTEN: Readonly<Record<string, unknown>> = {
    ClientAddr: '10.0.0.7:41156',
    ClientHost: '203.0.113.9',
    ClientPort: '41156',
    ClientUsername: '-',
    DownstreamContentSize: 1234,
    DownstreamStatus: 201,
    Duration: 250_000_000,
    OriginContentSize: 1234,
    OriginDuration: 200_000_000,
    OriginStatus: 200,
    Overhead: 50_000_000,
    RequestAddr: 'shop.example.com:8443',
    RequestContentSize: 42,
    RequestCount: 7,
    RequestHost: 'shop.example.com',
    RequestMethod: 'POST',
    RequestPath: '/search?q=caf%C3%A9&page=2',
    RequestPort: '8443',
    RequestProtocol: 'HTTP/2.0',
    RequestScheme: 'https',
    RetryAttempts: 0,
    RouterName: 'web@docker',
    StartLocal: '2026-11-21T12:18:01.156+01:00',
    StartUTC: '2026-11-21T11:18:01.156Z',
  };
  const HEADERS = [
    'User-Agent',
    'Accept',
    'Accept-Language',
    'Authorization',
    'Cookie',
    'Referer',
    'If-None-Match',
  ];

  it('name fields that are read, and keep all that a replay needs', () => {
    expect([accessLog.format, fields.defaultMode, fields.headers.defaultMode]).toEqual([
      'json',
      'drop',
      'drop',
    ]);
    const known: readonly string[] = TRAEFIK_KEYS;
    expect(Object.keys(fields.names).filter((name) => !known.includes(name))).toEqual([]);
    expect(
      Object.values({ ...fields.names, ...fields.headers.names }).filter((mode) => mode !== 'keep'),
    ).toEqual([]);
  });

  it('let Traefik write lines that are read completely', () => {
    const kept = Object.entries(WRITTEN).filter(([name]) => fields.names[name] === 'keep');
    const headers = HEADERS.filter((name) => fields.headers.names[name] === 'keep');
    const line = {
      ...Object.fromEntries(kept),
      level: 'info',
      msg: '',
      ...Object.fromEntries(headers.map((name) => [`request_${name}`, `value of ${name}`])),
      time: '2026-11-21T11:18:01Z',
    };
    const { id: _id, source: _source, ...request } = requestOf(line);
    expect(request).toEqual({
      atMs: Date.parse('2026-11-21T11:18:01.156Z'),
      method: 'POST',
      scheme: 'https',
      host: 'shop.example.com:8443',
      target: '/search?q=caf%C3%A9&page=2',
      protocol: 'HTTP/2.0',
      headers: ['User-Agent', 'Accept', 'Accept-Language', 'Referer', 'If-None-Match'].map((name) => [
        name,
        `value of ${name}`,
      ]),
      body: undefined,
      client: '203.0.113.9',
      bodyBytes: 42,
      recorded: { status: 201, durationMs: 250, originStatus: 200, originMs: 200, bytes: 1234 },
      tickMs: 0,
      markVisible: true,
    });
  });
});

describe('the shippers of docs/shippers.md', () => {
  const yaml = [...doc.matchAll(/^```yaml fragment\n([\s\S]*?)^```/gm)].map(([, text = '']) => text);

  it('are written in YAML and JSON that can be read', () => {
    for (const text of yaml) expect(() => parse(text)).not.toThrow();
    expect(yaml).toHaveLength(2);
  });

  it('all ship to the stream that the policy allows', () => {
    const streams = [
      ...doc.matchAll(
        /(?:delivery_stream +|stream_name: |delivery_stream_name |"deliveryStream": "|deliverystream\/)([\w-]+)/g,
      ),
    ].map(([, name]) => name);
    expect(streams).toEqual(Array.from({ length: 5 }, () => 'prod-capture'));
  });
});
