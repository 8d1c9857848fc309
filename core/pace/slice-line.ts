/** One planned request of a slice as a line of NDJSON: it crosses from the planner to the sender. */

import { RepriseError } from '../errors.ts';
import { isRecord } from '../is-record.ts';
import type { HeaderValue, PlannedRequest, RecordedAnswer } from '../types.ts';

/** A planned request and its place in the slice as it was cut, from 0. */
export interface PlacedRequest {
  readonly n: number;
  readonly request: PlannedRequest;
}

const toMicros = (ms: number): number => Math.round(ms * 1000) / 1000;

/** Digits of `share` that cross; cut, since what is rounded up to 1 would be held back even where all is sent. */
const SHARE_STEPS = 1e6;
const toSteps = (share: number): number => Math.floor(share * SHARE_STEPS) / SHARE_STEPS;

/**
 * The line of a planned request, without its newline. Client and route stay behind: the one must not spread, the other follows from
 * what is there. JSON.stringify writes lone surrogates as escapes, so that raw bytes of the log survive any transport of UTF-8.
 *
 * @param sliceStartMs - due instant, on the scale of `dueMs`, that the line's own `dueMs` counts from
 */
export const sliceLine = ({ n, request }: PlacedRequest, sliceStartMs: number): string => {
  const { recordedAtMs, logAtMs } = request;
  return JSON.stringify({
    n,
    id: request.id,
    rule: request.rule,
    target: request.target,
    method: request.method,
    path: request.path,
    host: request.host,
    headers: request.headers,
    body: request.body,
    recordedAtMs,
    logAtMs: logAtMs === recordedAtMs ? undefined : logAtMs,
    dueMs: toMicros(request.dueMs - sliceStartMs),
    recordedHost: request.recordedHost,
    isAscii: request.isAscii,
    share: request.share === undefined ? undefined : toSteps(request.share),
    isProbe: request.isProbe,
    recorded: request.recorded,
  });
};

type Fields = Readonly<Record<string, unknown>>;

/** The object that a line of JSON is, or undefined. */
export const parseFields = (text: string): Fields | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

const invalid = (what: string): RepriseError =>
  new RepriseError('SLICE_INVALID', `a line of a slice must be a planned request, but ${what}`);

const isOptional = (value: unknown, type: 'string' | 'number' | 'boolean'): boolean =>
  value === undefined || typeof value === type;

const isHeaderValue = (value: unknown): value is HeaderValue => {
  if (typeof value === 'string') return true;
  return isRecord(value) && typeof value.fromEnv === 'string' && isOptional(value.suffix, 'string');
};

const isHeaders = (value: unknown): value is PlannedRequest['headers'] =>
  Array.isArray(value) &&
  value.every(
    (pair) =>
      Array.isArray(pair) && pair.length === 2 && typeof pair[0] === 'string' && isHeaderValue(pair[1]),
  );

const ANSWER_FIELDS = ['status', 'durationMs', 'originStatus', 'originMs', 'bytes'];

const isAnswer = (value: unknown): value is RecordedAnswer =>
  isRecord(value) && ANSWER_FIELDS.every((field) => isOptional(value[field], 'number'));

const TYPES = {
  id: 'string',
  rule: 'string',
  target: 'string',
  method: 'string',
  path: 'string',
  recordedAtMs: 'number',
  dueMs: 'number',
} as const;

const OPTIONAL_TYPES = {
  host: 'string',
  body: 'string',
  recordedHost: 'string',
  isAscii: 'boolean',
  share: 'number',
  isProbe: 'boolean',
  logAtMs: 'number',
} as const;

/** Origin form, or that of `OPTIONS *`: all that planning gives. */
const LEADS_TO_TARGET = /^(?:\/|\*$)/;

const faultOf = (fields: Fields): string | undefined => {
  const { n } = fields;
  if (!Number.isSafeInteger(n) || (n as number) < 0) return 'n is no count';
  for (const [field, type] of Object.entries(TYPES))
    if (typeof fields[field] !== type) return `${field} is no ${type}`;
  for (const [field, type] of Object.entries(OPTIONAL_TYPES))
    if (!isOptional(fields[field], type)) return `${field} is no ${type}`;
  if (!LEADS_TO_TARGET.test(fields.path as string)) return 'path is none';
  if (fields.method === 'CONNECT') return 'method would open a tunnel';
  if (!isHeaders(fields.headers)) return 'headers are no pairs of name and value';
  return isAnswer(fields.recorded) ? undefined : 'recorded is no answer';
};

/**
 * The planned request of a line that `sliceLine` wrote; its `dueMs` counts from the start of the slice, which is exact to the µs.
 *
 * @throws RepriseError `SLICE_INVALID` for any other text
 */
export const parseSliceLine = (text: string): PlacedRequest => {
  const fields = parseFields(text);
  const fault = fields === undefined ? 'it is no JSON object' : faultOf(fields);
  if (fields === undefined || fault !== undefined) throw invalid(fault ?? '');
  const { n, ...rest } = fields as unknown as PlannedRequest & { readonly n: number };
  return { n, request: { ...rest, logAtMs: rest.logAtMs ?? rest.recordedAtMs } };
};
