/** The lines of the results stream: a header when a slice begins, a line for each planned request, a trailer when it is through. */

import { RepriseError } from '../errors.ts';
import { isRecord } from '../is-record.ts';
import { isStatus } from '../measure/accounting.ts';
import type { ShownRequest } from '../measure/example.ts';
import { routeOf } from '../measure/route.ts';
import type { EndCounts, SliceCounts } from '../measure/slice-tally.ts';
import type { SliceEvent } from '../pace/slice.ts';
import { parseFields } from '../pace/slice-line.ts';
import {
  FAILURE_CODES,
  type FailureCode,
  HELD_BACK_REASONS,
  type HeldBackReason,
  type PlannedRequest,
  type RecordedAnswer,
  type Result,
} from '../types.ts';
import { resultLine } from './result-line.ts';

/** First record of a slice: it has reached a sender, which says what it will account for. */
export interface SliceHeader {
  readonly type: 'header';
  /** Run of the log object. */
  readonly object: string;
  /** Index of the slice in the object. */
  readonly slice: number;
  readonly target: string;
  /** Of the rules by which the slice was cut. */
  readonly rulesHash: string;
  /** Of the rules that the sender was deployed with, where they are others. */
  readonly senderRulesHash?: string;
  readonly startAtMs: number;
  readonly notAfterMs: number;
  /** Requests that the sender was given. */
  readonly planned: number;
  /** The same by rule. */
  readonly rules: Readonly<Record<string, number>>;
}

/** How one planned request ended: the fields of results.ndjson, and its place. */
export interface SliceResult {
  readonly type: 'result';
  readonly object: string;
  readonly slice: number;
  /** Place in the slice as it was cut. */
  readonly n: number;
  /** Instant (epoch ms) that `dueMs` and `sentMs` count from. */
  readonly startAtMs: number;
  readonly id: string;
  readonly rule: string;
  readonly target: string;
  readonly route: string;
  readonly recordedAtMs: number;
  readonly logAtMs?: number;
  readonly dueMs: number;
  readonly sentMs?: number;
  readonly status?: number;
  readonly failed?: FailureCode;
  readonly detail?: string;
  readonly heldBack?: HeldBackReason;
  readonly serviceMs?: number;
  readonly fromDueMs?: number;
  readonly bytes?: number;
  readonly recorded: RecordedAnswer;
  /** Of one that failed, was answered otherwise than recorded, or was slow. */
  readonly request?: ShownRequest;
}

/** Last record of a slice: all of it is accounted for. */
export interface SliceTrailer extends SliceCounts {
  readonly type: 'trailer';
  readonly object: string;
  readonly slice: number;
  /** By how much all due instants were moved, since the slice began late. */
  readonly shiftMs: number;
}

export type SliceRecord = SliceHeader | SliceResult | SliceTrailer;

/**
 * The header of a slice, from its event and the requests in it.
 *
 * @param senderRulesHash - of the rules that the sender was deployed with; default: the same
 */
export const sliceHeaderLine = (
  event: SliceEvent,
  requests: readonly PlannedRequest[],
  senderRulesHash: string = event.rulesHash,
): string => {
  const rules: Record<string, number> = {};
  for (const { rule } of requests) rules[rule] = (rules[rule] ?? 0) + 1;
  const header: SliceHeader = {
    type: 'header',
    object: event.run,
    slice: event.index,
    target: event.target,
    rulesHash: event.rulesHash,
    ...(senderRulesHash === event.rulesHash ? {} : { senderRulesHash }),
    startAtMs: event.startAtMs,
    notAfterMs: event.notAfterMs,
    planned: requests.length,
    rules,
  };
  return JSON.stringify(header);
};

/** The line of one result. */
export const sliceResultLine = (
  { run, index, startAtMs }: Pick<SliceEvent, 'run' | 'index' | 'startAtMs'>,
  n: number,
  result: Result,
): string => {
  const { recordedHost, method, path, route } = result.request;
  const line = resultLine(result, route ?? routeOf(recordedHost, method, path));
  const place = JSON.stringify({ type: 'result', object: run, slice: index, n, startAtMs });
  return `${place.slice(0, -1)},${line.slice(1)}`;
};

/** The trailer of a slice. */
export const sliceTrailerLine = (
  { run, index }: Pick<SliceEvent, 'run' | 'index'>,
  counts: SliceCounts,
  shiftMs: number,
): string => {
  const { planned, sent, answered, failed, heldBack, rules } = counts;
  const trailer: SliceTrailer = {
    type: 'trailer',
    object: run,
    slice: index,
    ...{ planned, sent, answered, failed, heldBack },
    shiftMs,
    rules,
  };
  return JSON.stringify(trailer);
};

type Fields = Readonly<Record<string, unknown>>;

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isCounts = (value: unknown, keys?: readonly string[]): boolean =>
  isRecord(value) &&
  Object.values(value).every(isCount) &&
  (keys === undefined || Object.keys(value).every((key) => keys.includes(key)));

const isEnds = (value: unknown): value is EndCounts =>
  isRecord(value) &&
  isCount(value.sent) &&
  isCounts(value.answered) &&
  Object.keys(value.answered as object).every((status) => isStatus(Number(status))) &&
  isCounts(value.failed, FAILURE_CODES) &&
  isCounts(value.heldBack, HELD_BACK_REASONS);

const isHeader = ({ planned, rules, target, notAfterMs, senderRulesHash }: Fields): boolean =>
  isCount(planned) &&
  isCounts(rules) &&
  typeof target === 'string' &&
  typeof notAfterMs === 'number' &&
  (senderRulesHash === undefined || typeof senderRulesHash === 'string');

const isResult = ({ n, rule, status, failed, heldBack }: Fields): boolean => {
  const ends = [status, failed, heldBack].filter((end) => end !== undefined);
  return (
    isCount(n) &&
    typeof rule === 'string' &&
    ends.length === 1 &&
    (status === undefined || isStatus(status)) &&
    (failed === undefined || FAILURE_CODES.includes(failed as FailureCode)) &&
    (heldBack === undefined || HELD_BACK_REASONS.includes(heldBack as HeldBackReason))
  );
};

const isTrailer = (fields: Fields): boolean =>
  isCount(fields.planned) &&
  isEnds(fields) &&
  isRecord(fields.rules) &&
  Object.values(fields.rules).every(isEnds);

const isSliceRecord = (fields: Fields): boolean => {
  if (typeof fields.object !== 'string' || !isCount(fields.slice)) return false;
  if (fields.type === 'header') return isHeader(fields);
  if (fields.type === 'result') return isResult(fields);
  return fields.type === 'trailer' && isTrailer(fields);
};

/**
 * The record of one line of the results stream. What accounting needs of it is checked, the rest is taken as it stands.
 *
 * @throws RepriseError `RECORD_INVALID` for a line that is no such record
 */
export const parseSliceRecord = (text: string): SliceRecord => {
  const fields = parseFields(text);
  if (fields !== undefined && isSliceRecord(fields)) return fields as unknown as SliceRecord;
  const given = JSON.stringify(text.slice(0, 80));
  throw new RepriseError(
    'RECORD_INVALID',
    `a line of results must be a header, result or trailer, got ${given}`,
  );
};
