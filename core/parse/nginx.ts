/**
 * JSON that an nginx `log_format` writes. nginx leaves the names to its user, so the usual ones are known (keys.ts) and one's own
 * come from `logs.fields`; times are seconds, the line is written when the request ends, and `-` or empty means absent.
 */

import type { RejectReason } from '../types.ts';
import { VALUE } from './json-fields.ts';
import { NGINX, OWN } from './keys.ts';
import {
  fieldByteText,
  fieldDecimal,
  fieldText,
  fieldTime,
  firstFilled,
  firstNumber,
  firstPresent,
  firstText,
  hasField,
  isLone,
  isPresent,
  type LineFields,
  lineHeaders,
  numberOf,
  showsUserAgent,
} from './line-fields.ts';
import type { LineTime } from './line-time.ts';
import { answeredStatus, type Draft } from './record.ts';
import { parseRequestLine, type RequestLine } from './request-target.ts';
import { hasEnvelopeText } from './unwrap.ts';

type Slots = readonly number[];

const METHOD = [OWN.method, ...NGINX.method];
const REQUEST = [OWN.request, ...NGINX.request];
const STATUS = [OWN.status, ...NGINX.status];
const BYTES = [OWN.bytes, ...NGINX.bytes];
const CLIENT = [OWN.client, ...NGINX.client];
const PROTOCOL = [OWN.protocol, ...NGINX.protocol];
const SERVER_PROTOCOL = NGINX.protocol.slice(0, 1);
const SCHEME = [OWN.scheme, ...NGINX.scheme];
/** The header as sent first; nginx's own $host has lost its port and its case. */
const HOST = [OWN.host, ...NGINX.httpHost, ...NGINX.host, ...NGINX.serverName];
const BODY = [OWN.body, ...NGINX.body];
/** As sent; $uri, which nginx has decoded and normalised, is asked last. */
const RAW_URI = [OWN.uri, ...NGINX.requestUri];
const ANY_URI = [...RAW_URI, ...NGINX.uri];
/** A line may have both $msec and $time_iso8601: the finest clock wins, the first of equals. */
const TIMES = [NGINX.msec, NGINX.ts, NGINX.time, NGINX.timeIso, NGINX.timeLocal, NGINX.atTimestamp].flat();
const SIGNS = [...METHOD, ...REQUEST, ...RAW_URI];

const hasValue = (line: LineFields, slots: Slots): boolean => {
  for (let i = 0; i < slots.length; i += 1) {
    const slot = slots[i] as number;
    if (hasField(line, slot) && line.fields.kind[slot] !== VALUE.nested) return true;
  }
  return false;
};

/**
 * Whether a line says anything of a request. A program's message may have a `path` that is an object: only texts count; and
 * collectors write the `path` of a file beside the line that they read from it.
 */
export const isAccessLine = (line: LineFields): boolean =>
  hasValue(line, SIGNS) || (hasValue(line, NGINX.uri) && !hasEnvelopeText(line.fields));

/** The last value of a list that nginx wrote after a retry (`0.000, 0.004`) or an internal redirect (`502 : 204`). */
const lastOf = (text: string): string => {
  const last = text.includes(',') || text.includes(' : ') ? text.split(/,|\s:\s/).at(-1) : text;
  return (last ?? '').trim();
};

/** The last number that the first of the slots holds which holds one; `200 OK` is 200. */
const lastNumber = (line: LineFields, slots: Slots): number | undefined => {
  for (let i = 0; i < slots.length; i += 1) {
    const plain = fieldDecimal(line, slots[i] as number);
    if (plain >= 0) return plain;
    const text = fieldText(line, slots[i] as number);
    if (text === undefined) continue;
    const value =
      numberOf(text) ?? numberOf(lastOf(text)) ?? numberOf(/^\d{3}(?= [A-Z])/i.exec(text)?.[0] ?? '');
    if (value !== undefined) return value;
  }
  return undefined;
};

const [SECOND_MS, MICRO_MS, NANO_MS] = [1_000, 1e-3, 1e-6];
const UNIT_MS: Readonly<Record<string, number>> = {
  ns: NANO_MS,
  us: MICRO_MS,
  µs: MICRO_MS,
  ms: 1,
  s: SECOND_MS,
  m: 60_000,
};
const WITH_UNIT = /^([\d.]+)\s?(ns|us|µs|ms|s|m)$/;

/** Milliseconds without the noise of binary fractions, to the nanosecond; undefined where no request can take as long. */
const tidyMs = (value: number): number | undefined =>
  value >= 0 && value < MAX_DURATION_MS ? Math.round(value * 1e6) / 1e6 : undefined;

/** A month: connections of WebSockets may last, but what is longer is no duration. */
const MAX_DURATION_MS = 31 * 86_400_000;

const durationOfText = (text: string, unitMs: number | undefined): number | undefined => {
  const last = lastOf(text);
  const [, digits, unit = ''] = WITH_UNIT.exec(last) ?? [];
  const value = numberOf(digits ?? last);
  return value === undefined ? undefined : tidyMs(value * (UNIT_MS[unit] ?? unitMs ?? byLooks(last)));
};

/**
 * Duration in the first of the slots that holds one, the last of a list.
 *
 * @param unitMs - how long a plain number's unit is; undefined where its looks must tell
 */
const durationIn = (line: LineFields, slots: Slots, unitMs: number | undefined): number | undefined => {
  for (let i = 0; i < slots.length; i += 1) {
    const slot = slots[i] as number;
    const plain = unitMs === undefined ? Number.NaN : fieldDecimal(line, slot) * unitMs;
    const text = plain >= 0 ? undefined : fieldText(line, slot);
    const ms = text === undefined ? tidyMs(plain) : durationOfText(text, unitMs);
    if (ms !== undefined) return ms;
  }
  return undefined;
};

/**
 * Of a `duration` without a unit: $request_time always has its three decimals, so a number with a fraction is seconds; a whole one
 * was counted by someone else, in milliseconds, or from 100,000 on in nanoseconds.
 */
const byLooks = (text: string): number => (text.includes('.') ? 1_000 : Number(text) < 1e5 ? 1 : 1e-6);

const durationOf = (line: LineFields): number | undefined =>
  durationIn(line, OWN_SECONDS, SECOND_MS) ??
  durationIn(line, OWN_MILLIS, 1) ??
  durationIn(line, OWN_NANOS, NANO_MS) ??
  durationIn(line, NGINX.seconds, SECOND_MS) ??
  durationIn(line, NGINX.duration, undefined) ??
  durationIn(line, NGINX.millis, 1) ??
  durationIn(line, NGINX.micros, MICRO_MS) ??
  durationIn(line, NGINX.nanos, NANO_MS);

const OWN_SECONDS = [OWN.durationSeconds];
const OWN_MILLIS = [OWN.durationMs];
const OWN_NANOS = [OWN.durationNanos];

/** When the line was written. */
const endTime = (line: LineFields): LineTime | 'no_time' | 'bad_time' => {
  const own = fieldTime(line, OWN.at);
  if (own !== undefined) return own;
  let best: LineTime | undefined;
  let isBad = false;
  for (let i = 0; i < TIMES.length && best?.tickMs !== 0; i += 1) {
    const time = fieldTime(line, TIMES[i] as number);
    if (time === undefined) continue;
    if (time === 'bad_time') isBad = true;
    else if (best === undefined || time.tickMs < best.tickMs) best = time;
  }
  return best ?? (isBad ? 'bad_time' : 'no_time');
};

const startTime = (line: LineFields, durationMs: number | undefined): LineTime | 'no_time' | 'bad_time' => {
  const end = endTime(line);
  return typeof end === 'string' ? end : { atMs: end.atMs - (durationMs ?? 0), tickMs: end.tickMs };
};

const requestLineOf = (line: LineFields): RequestLine | RejectReason | undefined => {
  const slot = firstFilled(line, REQUEST);
  return slot === undefined || line.fields.kind[slot] === VALUE.nested
    ? undefined
    : parseRequestLine(fieldByteText(line, slot) ?? '');
};

const withArgs = (line: LineFields, uri: string): string => {
  const slot = uri.includes('?') ? undefined : firstFilled(line, NGINX.args);
  const args = slot === undefined ? undefined : fieldByteText(line, slot);
  return args === undefined ? uri : `${uri}?${args}`;
};

interface FoundTarget {
  readonly text: string | undefined;
  readonly slot: number;
}

const targetOf = (line: LineFields, requestLine: RequestLine | undefined): FoundTarget => {
  const raw = firstFilled(line, RAW_URI);
  if (raw !== undefined && line.fields.kind[raw] !== VALUE.nested)
    return { text: fieldByteText(line, raw), slot: raw };
  if (requestLine !== undefined) return { text: requestLine.target, slot: -1 };
  for (let i = 0; i < NGINX.uri.length; i += 1) {
    const uri = fieldByteText(line, NGINX.uri[i] as number);
    if (uri !== undefined) return { text: withArgs(line, uri), slot: -1 };
  }
  return { text: undefined, slot: -1 };
};

/** Why there is no target: nginx leaves $request_uri empty for a request that it could not read. */
const whyNoTarget = (line: LineFields, parsed: RequestLine | RejectReason | undefined): RejectReason => {
  if (firstText(line, METHOD) === 'CONNECT') return 'connect';
  if (typeof parsed === 'string') return parsed;
  if (parsed !== undefined) return parsed.method === 'CONNECT' ? 'connect' : 'bad_target';
  return firstFilled(line, ANY_URI) === undefined ? 'no_target' : 'empty_request';
};

const protocolOf = (line: LineFields, requestLine: RequestLine | undefined): string | undefined => {
  const protocol = firstText(line, PROTOCOL) ?? requestLine?.protocol;
  // $server_protocol is empty for HTTP/0.9 alone.
  if (protocol === undefined)
    return firstFilled(line, SERVER_PROTOCOL) === undefined ? undefined : 'HTTP/0.9';
  const first = protocol.charCodeAt(0);
  return first >= 0x30 && first <= 0x39 ? `HTTP/${protocol}` : protocol;
};

const UNDERSCORE = 0x5f;

/** `_` is the usual server_name of a server for requests without a host. */
const hostSlotOf = (line: LineFields): number => {
  for (let i = 0; i < HOST.length; i += 1) {
    const slot = HOST[i] as number;
    if (isPresent(line, slot) && !isLone(line, slot, UNDERSCORE)) return slot;
  }
  return -1;
};

/** Reads an nginx line. */
export const readNginx = (line: LineFields): Draft | RejectReason => {
  const parsed = requestLineOf(line);
  const requestLine = typeof parsed === 'object' ? parsed : undefined;
  const target = targetOf(line, requestLine);
  if (target.text === undefined) return whyNoTarget(line, parsed);
  const durationMs = durationOf(line);
  const hostSlot = hostSlotOf(line);
  const clientSlot = firstPresent(line, CLIENT);
  return {
    format: 'nginx',
    method: firstText(line, METHOD) ?? requestLine?.method,
    target: target.text,
    time: startTime(line, durationMs),
    scheme: firstText(line, SCHEME) ?? (firstText(line, NGINX.https) === 'on' ? 'https' : undefined),
    host: hostSlot < 0 ? undefined : fieldText(line, hostSlot),
    protocol: protocolOf(line, requestLine),
    headers: lineHeaders(line, line.fields.nginxHeaders),
    body: firstText(line, BODY),
    bodyBytes: firstNumber(line, NGINX.bodyBytes),
    client: clientSlot < 0 ? undefined : fieldText(line, clientSlot),
    recorded: {
      status: answeredStatus(lastNumber(line, STATUS)),
      durationMs,
      originStatus: answeredStatus(lastNumber(line, NGINX.originStatus)),
      originMs: durationIn(line, NGINX.originSeconds, SECOND_MS),
      bytes: firstNumber(line, BYTES),
    },
    markVisible: showsUserAgent(line, line.fields.nginxHeaders),
    hostSlot,
    targetSlot: target.slot,
    clientSlot,
  };
};
