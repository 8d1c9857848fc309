/** Reads back what `resultLine` wrote, so that a report can be made of results alone. */

import { isRecord } from '../is-record.ts';
import { parseFields } from '../pace/slice-line.ts';
import type { SliceResult } from '../report/slice-records.ts';
import {
  FAILURE_CODES,
  type FailureCode,
  HELD_BACK_REASONS,
  type HeldBackReason,
  type PlannedRequest,
  type RecordedAnswer,
  type Result,
} from '../types.ts';
import { isStatus } from './accounting.ts';

type Fields = Readonly<Record<string, unknown>>;
type Ends = Pick<Result, 'status' | 'failed' | 'heldBack'>;

const isText = (value: unknown): value is string => typeof value === 'string';
/** JSON has `null` where a number was none. */
const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);
/** Some 3,000 years: the sum of a few is still an instant that a date can hold. What is beyond is no time of ours. */
const MAX_MS = 1e14;
const timeOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Math.abs(value) <= MAX_MS ? value : undefined;
const durationOf = (value: unknown): number | undefined => {
  const ms = timeOf(value);
  return ms !== undefined && ms >= 0 ? ms : undefined;
};

/** Exactly one of the three, or undefined. */
const endsOf = ({ status, failed, heldBack }: Fields): Ends | undefined => {
  if ([status, failed, heldBack].filter((end) => end !== undefined).length !== 1) return undefined;
  if (isStatus(status)) return { status };
  if (FAILURE_CODES.includes(failed as FailureCode)) return { failed: failed as FailureCode };
  return HELD_BACK_REASONS.includes(heldBack as HeldBackReason)
    ? { heldBack: heldBack as HeldBackReason }
    : undefined;
};

const answerOf = (recorded: unknown): RecordedAnswer => {
  const fields = isRecord(recorded) ? recorded : {};
  return {
    status: numberOf(fields.status),
    durationMs: durationOf(fields.durationMs),
    originStatus: numberOf(fields.originStatus),
    originMs: durationOf(fields.originMs),
    bytes: numberOf(fields.bytes),
  };
};

/** Method, host and path, where the line tells them; of the others the method stands in the route, and the path is empty. */
const shownOf = (request: unknown, route: string): Pick<PlannedRequest, 'method' | 'host' | 'path'> => {
  if (!isRecord(request) || !isText(request.method) || !isText(request.path))
    return { method: route.split(' ', 1)[0] ?? '', path: '' };
  const host = isText(request.host) ? { host: request.host } : {};
  return { method: request.method, ...host, path: request.path };
};

/** Of a line of the results stream of AWS: from what is asked for to where its own instants count from; 0 where they stay as they are. */
const shiftOf = ({ startAtMs }: Fields, fromMs: number | undefined): number =>
  fromMs === undefined ? 0 : (timeOf(startAtMs) ?? fromMs) - fromMs;

const requestOf = (fields: Fields, shiftMs: number): PlannedRequest | undefined => {
  const { id, rule, target, route, logAtMs } = fields;
  const [recordedAtMs, dueMs] = [timeOf(fields.recordedAtMs), timeOf(fields.dueMs)];
  const texts = [id, rule, target, route];
  if (!texts.every(isText) || dueMs === undefined || recordedAtMs === undefined) return undefined;
  return {
    id: id as string,
    rule: rule as string,
    target: target as string,
    route: route as string,
    ...shownOf(fields.request, route as string),
    headers: [],
    recordedAtMs,
    logAtMs: timeOf(logAtMs) ?? recordedAtMs,
    dueMs: dueMs + shiftMs,
    recorded: answerOf(fields.recorded),
  };
};

const defined = <T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;

/**
 * The result that a line of results.ndjson, or a record of the results stream of AWS, tells of. Its request has what was written of it:
 * no headers, no body, and method, host and path only where it stands out; `path` is empty elsewhere.
 *
 * @param fromMs - instant (epoch ms) that times shall count from, for what came in slices; without it they count as they stand
 * @returns undefined for what is no result: half a line, a header or trailer, an end that none has
 */
export const resultOf = (given: string | Fields | SliceResult, fromMs?: number): Result | undefined => {
  const fields = isText(given) ? parseFields(given) : (given as Fields);
  if (fields === undefined || (fields.type !== undefined && fields.type !== 'result')) return undefined;
  const ends = endsOf(fields);
  const shiftMs = shiftOf(fields, fromMs);
  const request = requestOf(fields, shiftMs);
  if (ends === undefined || request === undefined) return undefined;
  const { sentMs, serviceMs, fromDueMs, bytes, detail } = fields;
  const sent = timeOf(sentMs);
  return {
    request,
    ...ends,
    ...defined({
      sentMs: sent === undefined ? undefined : sent + shiftMs,
      serviceMs: durationOf(serviceMs),
      fromDueMs: durationOf(fromDueMs),
      bytes: numberOf(bytes),
      detail: isText(detail) ? detail : undefined,
    }),
  };
};
