/**
 * JSON that an nginx `log_format` writes. nginx leaves the names to its user, so the usual ones are known (keys.ts) and one's own
 * come from `logs.fields`; times are seconds, the line is written when the request ends, and `-` or empty means absent.
 */

import type { RejectReason } from '../types.ts';
import { VALUE } from './json-scan.ts';
import { NGINX, OWN } from './keys.ts';
import {
  fieldByteText,
  fieldNumber,
  fieldText,
  firstFilled,
  firstNumber,
  firstText,
  hasField,
  type LineFields,
  lineHeaders,
  showsUserAgent,
} from './line-fields.ts';
import { type LineTime, parseLineTime } from './line-time.ts';
import { answeredStatus, type Draft } from './record.ts';
import { parseRequestLine, type RequestLine } from './request-target.ts';

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
const SIGNS = [...METHOD, ...REQUEST, ...ANY_URI];

/** Whether a line says anything of a request. A program's message may have a `path` that is an object: only texts count. */
export const isAccessLine = (line: LineFields): boolean => {
  for (let i = 0; i < SIGNS.length; i += 1) {
    const slot = SIGNS[i] as number;
    if (hasField(line, slot) && line.fields.kind[slot] !== VALUE.nested) return true;
  }
  return false;
};

/** The last value of a list that nginx wrote after a retry (`0.000, 0.004`) or an internal redirect (`502 : 204`). */
const lastNumber = (line: LineFields, slots: Slots): number | undefined => {
  const text = firstText(line, slots);
  if (text === undefined) return undefined;
  const whole = Number(text);
  if (whole >= 0) return whole;
  const last =
    text
      .split(/,|\s:\s/)
      .at(-1)
      ?.trim() ?? '';
  const value = last === '' || last === '-' ? Number.NaN : Number(last);
  return Number.isFinite(value) ? value : undefined;
};

/** Seconds with 3 decimals as milliseconds, without the noise of binary fractions. */
const secondsToMs = (seconds: number | undefined): number | undefined =>
  seconds === undefined ? undefined : Math.round(seconds * 1e6) / 1_000;

const durationOf = (line: LineFields): number | undefined => {
  const seconds = fieldNumber(line, OWN.durationSeconds) ?? lastNumber(line, NGINX.seconds);
  if (seconds !== undefined) return secondsToMs(seconds);
  const millis = fieldNumber(line, OWN.durationMs) ?? firstNumber(line, NGINX.millis);
  if (millis !== undefined) return millis;
  const nanos = fieldNumber(line, OWN.durationNanos) ?? firstNumber(line, NGINX.nanos);
  return nanos === undefined ? undefined : nanos / 1e6;
};

/** When the line was written. */
const endTime = (line: LineFields): LineTime | 'no_time' | 'bad_time' => {
  const own = fieldText(line, OWN.at);
  if (own !== undefined) return parseLineTime(own) ?? 'bad_time';
  let best: LineTime | undefined;
  let isBad = false;
  for (let i = 0; i < TIMES.length && best?.tickMs !== 0; i += 1) {
    const text = fieldText(line, TIMES[i] as number);
    if (text === undefined) continue;
    const time = parseLineTime(text);
    if (time === undefined) isBad = true;
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
  return slot === undefined ? undefined : parseRequestLine(fieldByteText(line, slot) ?? '');
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
  if (raw !== undefined) return { text: fieldByteText(line, raw), slot: raw };
  if (requestLine !== undefined) return { text: requestLine.target, slot: -1 };
  const slot = firstFilled(line, NGINX.uri);
  const uri = slot === undefined ? undefined : fieldByteText(line, slot);
  return { text: uri === undefined ? undefined : withArgs(line, uri), slot: -1 };
};

/** Why there is no target: nginx leaves $request_uri empty for a request that it could not read. */
const whyNoTarget = (line: LineFields, parsed: RequestLine | RejectReason | undefined): RejectReason => {
  if (typeof parsed === 'string') return parsed;
  if (parsed !== undefined) return 'bad_target';
  return firstFilled(line, ANY_URI) === undefined ? 'no_target' : 'empty_request';
};

const protocolOf = (line: LineFields, requestLine: RequestLine | undefined): string | undefined => {
  const protocol = firstText(line, PROTOCOL) ?? requestLine?.protocol;
  // $server_protocol is empty for HTTP/0.9 alone.
  if (protocol === undefined)
    return firstFilled(line, SERVER_PROTOCOL) === undefined ? undefined : 'HTTP/0.9';
  return /^\d/.test(protocol) ? `HTTP/${protocol}` : protocol;
};

/** `_` is the usual server_name of a server for requests without a host. */
const hostSlotOf = (line: LineFields): number => {
  for (let i = 0; i < HOST.length; i += 1) {
    const slot = HOST[i] as number;
    const host = fieldText(line, slot);
    if (host !== undefined && host !== '_') return slot;
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
  return {
    format: 'nginx',
    method: firstText(line, METHOD) ?? requestLine?.method,
    target: target.text,
    time: startTime(line, durationMs),
    scheme: firstText(line, SCHEME) ?? (firstText(line, NGINX.https) === 'on' ? 'https' : undefined),
    host: hostSlot < 0 ? undefined : fieldText(line, hostSlot),
    protocol: protocolOf(line, requestLine),
    headers: lineHeaders(line),
    body: firstText(line, BODY),
    bodyBytes: firstNumber(line, NGINX.bodyBytes),
    client: firstText(line, CLIENT),
    recorded: {
      status: answeredStatus(lastNumber(line, STATUS)),
      durationMs,
      originStatus: answeredStatus(lastNumber(line, NGINX.originStatus)),
      originMs: secondsToMs(lastNumber(line, NGINX.originSeconds)),
      bytes: firstNumber(line, BYTES),
    },
    markVisible: showsUserAgent(line),
    hostSlot,
    targetSlot: target.slot,
    clientSlot: -1,
  };
};
