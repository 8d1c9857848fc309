/** What the report is asked for: by the clock each hour, or by a person. */

import { RepriseError } from '../../core/errors.ts';
import { isRecord } from '../../core/is-record.ts';
import { REPORTS_PREFIX } from '../../io/aws/reports.ts';
import { HOUR_MS, hourFolder, type Span } from '../../io/aws/span.ts';

/** One report that is to be made. */
export interface ReportRequest {
  readonly span: Span;
  /** Of a whole hour, rather than of any stretch of time. */
  readonly isHour: boolean;
  /** By the clock: what cannot be done now is tried again. */
  readonly isScheduled: boolean;
  /** In words that name it: `2026-11-21T10`. */
  readonly name: string;
  /** Where it is stored, without the extension. */
  readonly key: string;
}

const FORMS = '{"hour":"2026-11-21T10"} or {"from":"2026-11-21T08:00Z","to":"2026-11-21T12:30Z"}';

const invalid = (message: string): RepriseError =>
  new RepriseError('EVENT_INVALID', message, { hint: `ask with ${FORMS}; times are in UTC` });

const INSTANT = /^(\d{4}-\d\d-\d\d)T(\d\d)(?::(\d\d)(?::(\d\d))?)?Z?$/;

/** Epoch ms; undefined for what is no date, such as the 30th of February. */
const instantOf = (text: unknown): number | undefined => {
  // Nothing else is turned into a text: `{"toString":{}}` has none.
  const [, day, hour = '', minute = '00', second = '00'] =
    typeof text === 'string' ? (INSTANT.exec(text) ?? []) : [];
  if (day === undefined) return undefined;
  const written = `${day}T${hour}:${minute}:${second}.000Z`;
  const atMs = Date.parse(written);
  return Number.isFinite(atMs) && new Date(atMs).toISOString() === written ? atMs : undefined;
};

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 80);
const isoOf = (atMs: number): string => `${new Date(atMs).toISOString().slice(0, 19)}Z`;
const basicOf = (atMs: number): string => isoOf(atMs).replace(/[-:]/g, '');

const hourRequest = (fromMs: number, isScheduled: boolean): ReportRequest => ({
  span: { fromMs, toMs: fromMs + HOUR_MS },
  isHour: true,
  isScheduled,
  name: isoOf(fromMs).slice(0, 13),
  key: `${REPORTS_PREFIX}${hourFolder(fromMs).slice(0, -1)}`,
});

const readHour = (hour: unknown): ReportRequest => {
  const fromMs = typeof hour === 'string' && hour.length === 13 ? instantOf(hour) : undefined;
  if (fromMs === undefined) throw invalid(`hour must be an hour such as 2026-11-21T10, got ${shown(hour)}`);
  return hourRequest(fromMs, false);
};

const readInstant = (name: string, value: unknown): number => {
  const atMs = instantOf(value);
  if (atMs !== undefined) return atMs;
  throw invalid(`${name} must be an instant such as 2026-11-21T08:00Z, got ${shown(value)}`);
};

const readRange = (from: unknown, to: unknown): ReportRequest => {
  const span = { fromMs: readInstant('from', from), toMs: readInstant('to', to) };
  if (span.fromMs >= span.toMs) throw invalid(`from must lie before to, got ${shown(from)} and ${shown(to)}`);
  return {
    span,
    isHour: false,
    isScheduled: false,
    name: `${isoOf(span.fromMs)} to ${isoOf(span.toMs)}`,
    key: `${REPORTS_PREFIX}ranges/${basicOf(span.fromMs)}-${basicOf(span.toMs)}`,
  };
};

/** Of the rule that calls each hour: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-run-lambda-schedule.html */
const readScheduled = (time: unknown): ReportRequest => {
  const atMs = instantOf(time);
  if (atMs === undefined)
    throw invalid(`the time of a scheduled event must be an instant, got ${shown(time)}`);
  return hourRequest((Math.floor(atMs / HOUR_MS) - 1) * HOUR_MS, true);
};

const readAsked = (event: Readonly<Record<string, unknown>>): ReportRequest => {
  const keys = Object.keys(event);
  const unknown = keys.find((key) => !['hour', 'from', 'to'].includes(key));
  if (unknown !== undefined) throw invalid(`an event has hour, or from and to, got ${shown(unknown)}`);
  if (keys.length === 1 && 'hour' in event) return readHour(event.hour);
  if (keys.length === 2 && 'from' in event && 'to' in event) return readRange(event.from, event.to);
  throw invalid(
    `an event has hour, or from and to, got ${keys.length === 0 ? 'neither' : keys.join(' and ')}`,
  );
};

/**
 * Reads the event of an invocation.
 *
 * @param nowMs - epoch ms: what is not over yet is refused, since its report would not be the last word
 * @throws RepriseError EVENT_INVALID
 */
export const readReportEvent = (event: unknown, nowMs: number): ReportRequest => {
  if (!isRecord(event)) throw invalid(`an event must be a mapping, got ${shown(event)}`);
  const request = event.source === 'aws.events' ? readScheduled(event.time) : readAsked(event);
  if (request.span.toMs > nowMs)
    throw invalid(`${request.name} is not over before ${isoOf(request.span.toMs)}, it is ${isoOf(nowMs)}`);
  return request;
};
