/**
 * What the keys of a log line mean: Traefik's own names (read from its access-log middleware, v1.7 to v3.7), the names that nginx
 * formats usually give to its variables (nginx leaves the choice to whoever writes the log_format), and one's own from `logs.fields`.
 */

import { LOG_FIELDS, type LogField, type LogOptions } from '../rules/rule-set.ts';
import { type KeyMeaning, type KeyTable, newKeyTable } from './json-scan.ts';

/** Slots of Traefik's fields, by the name that Traefik gives them. */
const TRAEFIK_KEYS = [
  'RequestMethod',
  'RequestPath',
  'RequestLine',
  'RequestHost',
  'RequestAddr',
  'RequestProtocol',
  'RequestScheme',
  'RequestContentSize',
  'DownstreamStatus',
  'DownstreamContentSize',
  'OriginStatus',
  'OriginDuration',
  'StartUTC',
  'StartLocal',
  'Duration',
  'ClientHost',
  'ClientAddr',
  'TLSVersion',
] as const;

/** Usual names of a meaning in nginx formats, best first; `a.b` stands inside an object. */
const NGINX_NAMES = {
  msec: ['msec', 'time_msec', 'unixtime', 'epoch'],
  ts: ['ts', 'timestamp', 'time_unix'],
  time: ['time', 'datetime', 'date_time', 'date'],
  timeIso: ['time_iso8601', 'iso8601', 'time_iso'],
  timeLocal: ['time_local', 'local_time'],
  atTimestamp: ['@timestamp'],
  request: ['request', 'request_line'],
  method: ['request_method', 'method', 'verb', 'http_method', 'req_method', 'http.request.method'],
  requestUri: ['request_uri', 'req_uri', 'url.original'],
  uri: ['uri', 'url', 'path', 'request_path', 'request_url', 'http_uri', 'url.path'],
  args: ['args', 'query_string', 'query', 'querystring', 'url.query'],
  protocol: ['server_protocol', 'protocol', 'proto', 'http_version', 'request_protocol', 'http.version'],
  scheme: ['scheme', 'request_scheme', 'url.scheme'],
  https: ['https'],
  httpHost: ['http_host'],
  host: ['host', 'vhost', 'domain', 'hostname', 'http_hostname', 'request_host', 'url.domain'],
  serverName: ['server_name', 'virtual_host'],
  status: [
    'status',
    'response',
    'status_code',
    'response_status',
    'response_code',
    'http_status',
    'code',
    'http.response.status_code',
  ],
  bytes: [
    'body_bytes_sent',
    'bytes',
    'body_bytes',
    'size',
    'bytes_sent',
    'response_size',
    'http.response.body.bytes',
  ],
  client: [
    'remote_addr',
    'remote_ip',
    'client_ip',
    'clientip',
    'remote_address',
    'client_addr',
    'client',
    'ip',
    'client.ip',
    'source.ip',
  ],
  seconds: [
    'request_time',
    'rt',
    'req_s',
    'request_duration',
    'duration',
    'duration_s',
    'requesttime',
    'response_time',
  ],
  millis: ['request_time_ms', 'duration_ms', 'rt_ms'],
  nanos: ['event.duration'],
  originSeconds: ['upstream_response_time', 'upstream_time', 'urt', 'up_s', 'upstream_duration'],
  originStatus: ['upstream_status', 'ust'],
  body: ['request_body', 'body', 'http.request.body.content'],
  bodyBytes: ['content_length', 'http_content_length'],
} as const;

/** Request headers under names that do not start with `http_`. */
const NGINX_HEADERS: Readonly<Record<string, string>> = {
  referer: 'referer',
  referrer: 'referer',
  http_referrer: 'referer',
  'http.request.referrer': 'referer',
  agent: 'user-agent',
  ua: 'user-agent',
  user_agent: 'user-agent',
  userAgent: 'user-agent',
  useragent: 'user-agent',
  'user-agent': 'user-agent',
  'user_agent.original': 'user-agent',
  cookie: 'cookie',
  authorization: 'authorization',
  accept: 'accept',
  origin: 'origin',
  content_type: 'content-type',
  xff: 'x-forwarded-for',
  x_forwarded_for: 'x-forwarded-for',
  forwarded_for: 'x-forwarded-for',
};

/** Objects whose every key is a request header. */
const HEADER_OBJECTS = ['headers', 'request_headers', 'req_headers', 'h'];

/** Names that look like a header (`http_…`) and are none. */
const NO_HEADERS = new Set([
  'http_code',
  'http_protocol',
  'http_request',
  'http_response',
  'http_path',
  'http_scheme',
  'http_url',
]);

/** Names that start with `request_` and are nginx variables, not Traefik's headers. */
const NO_TRAEFIK_HEADERS = new Set([
  'request_id',
  'request_length',
  'request_completion',
  'request_filename',
  'request_body_file',
]);

const ENVELOPE_NAMES = [
  'log',
  'message',
  'MESSAGE',
  'msg',
  'logEvents',
  'log_processed',
  'event',
  'line',
] as const;

const NGINX_SLOTS = Object.keys(NGINX_NAMES) as (keyof typeof NGINX_NAMES)[];

const names = [
  ...TRAEFIK_KEYS.map((key) => `traefik.${key}` as const),
  // A name of lesser rank has a slot of its own, so that it can stand beside a better one.
  ...NGINX_SLOTS.flatMap((slot) => NGINX_NAMES[slot].map((_, rank) => `nginx.${slot}.${rank}` as const)),
  ...ENVELOPE_NAMES.map((name) => `envelope.${name}` as const),
  ...LOG_FIELDS.map((field) => `own.${field}` as const),
];

const SLOT: ReadonlyMap<string, number> = new Map(names.map((name, slot) => [name, slot]));

const slotOf = (name: string): number => SLOT.get(name) ?? -1;

/** How many slots there are. */
export const SLOT_COUNT = names.length;

type TraefikKey = (typeof TRAEFIK_KEYS)[number];
export const TRAEFIK = Object.fromEntries(
  TRAEFIK_KEYS.map((key) => [key, slotOf(`traefik.${key}`)]),
) as Record<TraefikKey, number>;

/** Slots of each meaning, own name (`logs.fields`) apart, best first. */
export const NGINX = Object.fromEntries(
  NGINX_SLOTS.map((slot) => [slot, NGINX_NAMES[slot].map((_, rank) => slotOf(`nginx.${slot}.${rank}`))]),
) as unknown as Record<keyof typeof NGINX_NAMES, readonly number[]>;

export const OWN = Object.fromEntries(LOG_FIELDS.map((field) => [field, slotOf(`own.${field}`)])) as Record<
  LogField,
  number
>;

/** Slots of the keys that collectors put a line into, in the order in which they are tried. */
export const ENVELOPE = Object.fromEntries(
  ENVELOPE_NAMES.map((name) => [name, slotOf(`envelope.${name}`)]),
) as Record<(typeof ENVELOPE_NAMES)[number], number>;

type Meanings = Map<string, KeyMeaning>;

const put = (
  meanings: Meanings,
  key: string,
  meaning: { slot?: number; header?: string | undefined },
): void => {
  const before = meanings.get(key);
  meanings.set(key, {
    slot: meaning.slot ?? before?.slot ?? -1,
    header: meaning.header ?? before?.header,
    inside: before?.inside,
  });
};

const builtIn = (): Meanings => {
  const meanings: Meanings = new Map();
  for (const key of TRAEFIK_KEYS) put(meanings, key, { slot: TRAEFIK[key] });
  for (const slot of NGINX_SLOTS) {
    for (const [rank, name] of NGINX_NAMES[slot].entries())
      put(meanings, name, { slot: NGINX[slot][rank] ?? -1 });
  }
  for (const [key, header] of Object.entries(NGINX_HEADERS)) put(meanings, key, { header });
  for (const name of ENVELOPE_NAMES) put(meanings, name, { slot: ENVELOPE[name] });
  return meanings;
};

const withOwn = (meanings: Meanings, fields: LogOptions['fields']): Meanings => {
  for (const [meaning, path] of Object.entries(fields)) {
    if (path === undefined) continue;
    const header = meaning.startsWith('headers.')
      ? meaning.slice('headers.'.length)
      : ({ userAgent: 'user-agent', referer: 'referer' } as Record<string, string>)[meaning];
    if (header === undefined) put(meanings, path, { slot: OWN[meaning as LogField] });
    else put(meanings, path, { header });
  }
  return meanings;
};

/** A header named by convention: `http_x_seq` (nginx), `request_X-Seq` (Traefik, in any case). */
const headerByPrefix = (key: string): string | undefined => {
  if (/^http_[a-z0-9_]+$/.test(key) && !NO_HEADERS.has(key)) return key.slice(5).replaceAll('_', '-');
  if (/^request_./i.test(key) && !NO_TRAEFIK_HEADERS.has(key)) return key.slice('request_'.length);
  return undefined;
};

const headerTable = (): KeyTable =>
  newKeyTable((key) => ({ slot: -1, header: key.includes('-') ? key : key.replaceAll('_', '-') }));

/** The table of one level: the keys that start with `prefix`, and what stands inside of them. */
const tableAt = (meanings: Meanings, prefix: string): KeyTable => {
  const here: Meanings = new Map();
  for (const [path, meaning] of meanings) {
    if (!path.startsWith(prefix)) continue;
    const rest = path.slice(prefix.length);
    here.set(rest, { ...meaning, inside: here.get(rest)?.inside });
    const dot = rest.indexOf('.');
    const outer = rest.slice(0, dot);
    if (dot < 1 || here.get(outer)?.inside !== undefined) continue;
    const known = here.get(outer) ?? meanings.get(prefix + outer);
    here.set(outer, {
      slot: known?.slot ?? -1,
      header: known?.header,
      inside: tableAt(meanings, `${prefix}${outer}.`),
    });
  }
  if (prefix === '')
    for (const name of HEADER_OBJECTS) here.set(name, { slot: -1, ...here.get(name), inside: headerTable() });
  return newKeyTable((key) => {
    const known = here.get(key);
    if (known !== undefined) return known;
    const header = prefix === '' ? headerByPrefix(key) : undefined;
    return header === undefined ? undefined : { slot: -1, header };
  });
};

/** The keys of a log line, with one's own names on top of the usual ones. */
export const logKeys = (fields: LogOptions['fields']): KeyTable => tableAt(withOwn(builtIn(), fields), '');
