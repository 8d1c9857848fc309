/** The slice event: planned requests of one short stretch of due time on their way from the planner to a sender. */

import { RepriseError } from '../errors.ts';
import { isRecord } from '../is-record.ts';

/**
 * Most bytes of an event's JSON. Lambda takes 1 MB, but bills what is above 256 KB as further requests.
 * https://aws.amazon.com/lambda/pricing/
 */
export const MAX_SLICE_BYTES = 256 * 1024;
/** Most bytes of its `data`: what the rest of the event takes at worst, an object key of 1,024 escaped bytes included, is left free. */
export const MAX_DATA_BYTES = MAX_SLICE_BYTES - 12 * 1024;

export const SLICE_VERSION = 1;

/** Most rules that a slice tells the recorded p95 of: as many as there is room for beside the largest data. */
export const MAX_RULES_TOLD = 48;

/** A request this long past due is no longer worth sending; a slice ends as its last one is that late. */
export const NOT_AFTER_MS = 5_000;

/** The log object that the requests were recorded in. */
export interface SliceObject {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
  readonly etag?: string;
}

export interface SliceEvent {
  readonly version: typeof SLICE_VERSION;
  /** Hash of stack, bucket, key and version: names the object everywhere. */
  readonly run: string;
  readonly object: SliceObject;
  /** Order in the object, from 0. */
  readonly index: number;
  readonly rulesHash: string;
  /** Name of the target, never its URL. */
  readonly target: string;
  /** Instant (epoch ms) that the requests' `dueMs` count from. */
  readonly startAtMs: number;
  /** Instant (epoch ms) after which nothing of it may be sent: the last due instant and 5 s. */
  readonly notAfterMs: number;
  /** Requests in it, at least 1. */
  readonly requests: number;
  /** Requests of the slice as it was cut, before any was held back. */
  readonly planned: number;
  /** Switch × backoff level (0–1) by which the planner thinned it. */
  readonly share: number;
  /** p95 of what the log recorded of the target in the 60 s before. */
  readonly recordedP95Ms?: number;
  /** The same of single rules to that target, by name: limits of backoff are per rule. Of rules that have requests in the slice. */
  readonly recordedP95MsOf?: Readonly<Record<string, number>>;
  /** base64 of gzip of NDJSON, a line a request. */
  readonly data: string;
}

const isName = (value: unknown): value is string => typeof value === 'string' && value !== '';
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const isObject = (value: unknown): value is SliceObject =>
  isRecord(value) &&
  isName(value.bucket) &&
  isName(value.key) &&
  [value.versionId, value.etag].every((text) => text === undefined || typeof text === 'string');

const isNumbers = (value: unknown): value is Readonly<Record<string, number>> =>
  isRecord(value) && Object.values(value).every(isNumber);

const orNothing =
  (isValid: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === undefined || isValid(value);

const CHECKS: Readonly<Record<keyof SliceEvent, [(value: unknown) => boolean, string]>> = {
  version: [(value) => value === SLICE_VERSION, `${SLICE_VERSION}`],
  run: [isName, 'a text'],
  object: [isObject, 'bucket and key of an object'],
  index: [isCount, 'a count'],
  rulesHash: [isName, 'a text'],
  target: [isName, 'the name of a target'],
  startAtMs: [isNumber, 'a number'],
  notAfterMs: [isNumber, 'a number'],
  requests: [isCount, 'a count'],
  planned: [isCount, 'a count'],
  share: [(value) => isNumber(value) && value >= 0 && value <= 1, 'a number from 0 to 1'],
  recordedP95Ms: [orNothing(isNumber), 'a number'],
  recordedP95MsOf: [orNothing(isNumbers), 'numbers by rule'],
  data: [(value) => typeof value === 'string', 'a text'],
};

/** Of a value that is wrong, what a message shows. */
const MAX_SHOWN = 40;

const shown = (value: unknown): string => {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, MAX_SHOWN));
  if (Array.isArray(value)) return 'a list';
  return isRecord(value) ? 'an object' : String(value).slice(0, MAX_SHOWN);
};

const objectOf = ({ bucket, key, versionId, etag }: SliceObject): SliceObject => ({
  bucket,
  key,
  ...(versionId === undefined ? {} : { versionId }),
  ...(etag === undefined ? {} : { etag }),
});

/** Nothing inherited: a rule may be called as what every object has. */
const withoutPrototype = (numbers: Readonly<Record<string, number>>): Readonly<Record<string, number>> =>
  Object.assign(Object.create(null), numbers);

/**
 * The slice event that a sender was invoked with.
 *
 * @throws RepriseError `SLICE_INVALID` for a value that is none, naming the first fault of it
 */
export const parseSliceEvent = (value: unknown): SliceEvent => {
  if (!isRecord(value))
    throw new RepriseError('SLICE_INVALID', `a slice must be an object, got ${shown(value)}`);
  for (const [field, [isValid, allowed]] of Object.entries(CHECKS)) {
    if (isValid(value[field])) continue;
    throw new RepriseError(
      'SLICE_INVALID',
      `${field} of a slice must be ${allowed}, got ${shown(value[field])}`,
    );
  }
  const event = value as unknown as SliceEvent;
  const { recordedP95Ms, recordedP95MsOf } = event;
  return {
    version: SLICE_VERSION,
    run: event.run,
    object: objectOf(event.object),
    index: event.index,
    rulesHash: event.rulesHash,
    target: event.target,
    startAtMs: event.startAtMs,
    notAfterMs: event.notAfterMs,
    requests: event.requests,
    planned: event.planned,
    share: event.share,
    ...(recordedP95Ms === undefined ? {} : { recordedP95Ms }),
    ...(recordedP95MsOf === undefined ? {} : { recordedP95MsOf: withoutPrototype(recordedP95MsOf) }),
    data: event.data,
  };
};
