/**
 * Traefik's JSON access log, v1.7 to v3.7: fields of github.com/traefik/traefik, pkg/middlewares/accesslog. Any of them may have
 * been dropped by the configuration, durations are nanoseconds, and the line is written when the request ends.
 */

import type { RejectReason } from '../types.ts';
import { VALUE } from './json-fields.ts';
import { NGINX, OWN, TRAEFIK } from './keys.ts';
import {
  fieldByteText,
  fieldNumber,
  fieldText,
  firstText,
  hasField,
  type LineFields,
  lineHeaders,
  showsUserAgent,
} from './line-fields.ts';
import { type LineTime, parseLineTime, utcFromBytes } from './line-time.ts';
import { answeredStatus, type Draft } from './record.ts';
import { parseRequestLine } from './request-target.ts';

const NANOS_PER_MS = 1e6;
/** Where the line's end stands; one's own nginx format may have claimed the key. */
const TIMES = [...NGINX.time.slice(0, 1), OWN.at];

/** Whether a line is Traefik's, by the fields that no one else writes. */
export const isTraefik = (line: LineFields): boolean =>
  hasField(line, TRAEFIK.RequestMethod) ||
  hasField(line, TRAEFIK.RequestPath) ||
  hasField(line, TRAEFIK.DownstreamStatus) ||
  hasField(line, TRAEFIK.RequestLine) ||
  hasField(line, TRAEFIK.StartUTC);

const nanosToMs = (nanos: number | undefined): number | undefined =>
  nanos === undefined ? undefined : nanos / NANOS_PER_MS;

/** 0 where Traefik answered by itself. */
const originMsOf = (line: LineFields, originStatus: number | undefined): number | undefined => {
  const nanos = originStatus === undefined ? undefined : fieldNumber(line, TRAEFIK.OriginDuration);
  return nanos !== undefined && nanos > 0 ? nanos / NANOS_PER_MS : undefined;
};

/** Port of `192.0.2.1:5000` or `[2001:db8::1]:5000` taken off. */
const withoutPort = (address: string): string => address.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');

const startTime = (line: LineFields, durationMs: number | undefined): LineTime | 'no_time' | 'bad_time' => {
  const { fields, minute } = line;
  const utc = TRAEFIK.StartUTC;
  if (hasField(line, utc) && fields.kind[utc] === VALUE.ascii) {
    const atMs = utcFromBytes(minute, fields.bytes, fields.start[utc] as number, fields.end[utc] as number);
    if (atMs >= 0) return { atMs, tickMs: 0 };
  }
  const start = fieldText(line, utc) ?? fieldText(line, TRAEFIK.StartLocal);
  // Go drops trailing zeros, so a start without a fraction is still exact to the nanosecond.
  if (start !== undefined) return shifted(parseLineTime(start), 0, 0);
  const end = firstText(line, TIMES);
  return end === undefined ? 'no_time' : shifted(parseLineTime(end), durationMs ?? 0, undefined);
};

const shifted = (
  time: LineTime | undefined,
  backMs: number,
  tickMs: number | undefined,
): LineTime | 'bad_time' =>
  time === undefined ? 'bad_time' : { atMs: time.atMs - backMs, tickMs: tickMs ?? time.tickMs };

/** Traefik logs no header unless told to: a line with none at all may hide our own mark, and so may a redacted user agent. */
const showsMark = (line: LineFields): boolean => {
  const list = line.fields.traefikHeaders;
  return list.count > 0 && (list.userAgentIndex < 0 || showsUserAgent(line, list));
};

/** v2 logs an absolute URI without a path as "", which is the root. */
const targetOf = (line: LineFields): string | undefined =>
  fieldByteText(line, TRAEFIK.RequestPath) ?? (hasField(line, TRAEFIK.RequestPath) ? '/' : undefined);

/** v1.7 has the request line besides; it serves where a configuration dropped the rest. */
const requestLineOf = (line: LineFields) => {
  if (!hasField(line, TRAEFIK.RequestLine)) return undefined;
  const parsed = parseRequestLine(fieldByteText(line, TRAEFIK.RequestLine) ?? '');
  return typeof parsed === 'string' ? undefined : parsed;
};

const clientOf = (line: LineFields): string | undefined => {
  const host = fieldText(line, TRAEFIK.ClientHost);
  if (host !== undefined) return host;
  const address = fieldText(line, TRAEFIK.ClientAddr);
  return address === undefined ? undefined : withoutPort(address);
};

/** Reads a Traefik line. */
export const readTraefik = (line: LineFields): Draft | RejectReason => {
  const requestLine = requestLineOf(line);
  const durationMs = nanosToMs(fieldNumber(line, TRAEFIK.Duration));
  const originStatus = answeredStatus(fieldNumber(line, TRAEFIK.OriginStatus));
  const address = fieldText(line, TRAEFIK.RequestAddr);
  return {
    format: 'traefik',
    method: fieldText(line, TRAEFIK.RequestMethod) ?? requestLine?.method,
    target: targetOf(line) ?? requestLine?.target,
    time: startTime(line, durationMs),
    scheme:
      fieldText(line, TRAEFIK.RequestScheme) ?? (hasField(line, TRAEFIK.TLSVersion) ? 'https' : undefined),
    host: address ?? fieldText(line, TRAEFIK.RequestHost),
    protocol: fieldText(line, TRAEFIK.RequestProtocol) ?? requestLine?.protocol,
    headers: lineHeaders(line, line.fields.traefikHeaders),
    body: undefined,
    bodyBytes: fieldNumber(line, TRAEFIK.RequestContentSize),
    client: clientOf(line),
    recorded: {
      status: answeredStatus(fieldNumber(line, TRAEFIK.DownstreamStatus)),
      durationMs,
      originStatus,
      originMs: originMsOf(line, originStatus),
      bytes: fieldNumber(line, TRAEFIK.DownstreamContentSize),
    },
    markVisible: showsMark(line),
    hostSlot: address === undefined ? -1 : TRAEFIK.RequestAddr,
    targetSlot: TRAEFIK.RequestPath,
    clientSlot: TRAEFIK.ClientHost,
  };
};
