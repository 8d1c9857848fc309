/** One event of S3, of EventBridge, of a person or of the planner itself, read as jobs. */

import { RepriseError } from '../../core/errors.ts';
import { isRecord } from '../../core/is-record.ts';
import type { Job, ObjectRef } from './job.ts';

/** An object of JSON. */
export type Json = Readonly<Record<string, unknown>>;
/** What an event asks for. */
export interface ReadEvent {
  readonly jobs: readonly Job[];
  /** Events that ask for nothing: test events, removals. */
  readonly ignored: number;
  /** Events that are none we know; retrying them would not help. */
  readonly faults: readonly RepriseError[];
}

const NOTHING: ReadEvent = { jobs: [], ignored: 0, faults: [] };
const IGNORED: ReadEvent = { ...NOTHING, ignored: 1 };
const MAX_SHOWN = 200;

/** An object inside of an object; an empty one where there is none. */
export const partOf = (value: unknown, name: string): Json => {
  const part = isRecord(value) ? value[name] : undefined;
  return isRecord(part) ? part : {};
};

/** Whether it is a text that says something. */
export const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

const textOf = (value: unknown): string => {
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value) ?? 'nothing';
  } catch {
    // Nested too deep for it.
    return Object.prototype.toString.call(value);
  }
};

const show = (value: unknown): string => {
  const text = textOf(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
};

/** Nothing but a fault EVENT_UNKNOWN. */
export const unknownEvent = (what: string, value: unknown): ReadEvent => ({
  ...NOTHING,
  faults: [
    new RepriseError('EVENT_UNKNOWN', `${what}: ${show(value)}`, {
      hint: 'the planner takes S3 events (also in SQS messages or from EventBridge) and {"bucket": …, "key": …}',
    }),
  ],
});

/** S3 quotes etags in answers but not in events. */
const bareEtag = (etag: string): string => etag.replaceAll('"', '');

const objectRef = (bucket: string, key: string, versionId: unknown, etag: unknown): ObjectRef => ({
  bucket,
  key,
  // What a bucket without versions, or with versions no longer kept, says: it names none.
  ...(isText(versionId) && versionId !== 'null' && { versionId }),
  ...(isText(etag) && { etag: bareEtag(etag) }),
});

/** The key as stored, or undefined where it is no URL-encoded text. */
const decodeKey = (key: string): string | undefined => {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    // Told by the caller, with the event.
    return undefined;
  }
};

const readNotification = (record: unknown): ReadEvent => {
  if (!isRecord(record) || record.eventSource !== 'aws:s3' || !isText(record.eventName))
    return unknownEvent('an event record that is not of S3', record);
  if (!record.eventName.startsWith('ObjectCreated:')) return IGNORED;
  const s3 = record.s3;
  const bucket = partOf(s3, 'bucket').name;
  const { key, versionId, eTag } = partOf(s3, 'object');
  const decoded = isText(key) ? decodeKey(key) : undefined;
  if (!isText(bucket) || !isText(decoded))
    return unknownEvent('an S3 event without a readable object', record);
  return { ...NOTHING, jobs: [{ kind: 'object', object: objectRef(bucket, decoded, versionId, eTag) }] };
};

const readEventBridge = (event: Json): ReadEvent => {
  const { detail } = event;
  if (event['detail-type'] !== 'Object Created') return IGNORED;
  const bucket = partOf(detail, 'bucket').name;
  const object = partOf(detail, 'object');
  // Unlike in S3's own notifications, the key is not encoded here.
  const { key } = object;
  if (!isText(bucket) || !isText(key)) return unknownEvent('an EventBridge event without an object', event);
  const ref = objectRef(bucket, key, object['version-id'], object.etag);
  return { ...NOTHING, jobs: [{ kind: 'object', object: ref }] };
};

const readDirect = (event: Json): ReadEvent => {
  const { bucket, key, versionId, etag, timing } = event;
  if (!isText(bucket) || !isText(key)) return unknownEvent('a bucket and a key must be given as text', event);
  if (timing !== undefined && timing !== 'live' && timing !== 'arrival')
    return unknownEvent('the timing must be live or arrival', event);
  const object = objectRef(bucket, key, versionId, etag);
  return { ...NOTHING, jobs: [{ kind: 'object', object, ...(timing !== undefined && { timing }) }] };
};

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const readContinuation = (event: Json): ReadEvent => {
  const cursor = event.continuation;
  const { bucket, key, versionId, etag, rulesHash, startAtMs, nextSlice, hop } = isRecord(cursor)
    ? cursor
    : {};
  if (!isText(bucket) || !isText(key) || !isText(rulesHash))
    return unknownEvent('a broken continuation', event);
  if (!isCount(nextSlice) || !isCount(hop)) return unknownEvent('a broken continuation', event);
  if (typeof startAtMs !== 'number' || !Number.isFinite(startAtMs))
    return unknownEvent('a broken continuation', event);
  const object = objectRef(bucket, key, versionId, etag);
  return {
    ...NOTHING,
    jobs: [{ kind: 'continuation', cursor: { object, rulesHash, startAtMs, nextSlice, hop } }],
  };
};

const joined = (reads: readonly ReadEvent[]): ReadEvent => ({
  jobs: reads.flatMap(({ jobs }) => jobs),
  ignored: reads.reduce((sum, { ignored }) => sum + ignored, 0),
  faults: reads.flatMap(({ faults }) => faults),
});

/** What one event asks for, whichever way it came. Never throws. */
export const readEvent = (event: unknown): ReadEvent => {
  if (!isRecord(event)) return unknownEvent('not an event', event);
  if (event.Event === 's3:TestEvent') return IGNORED;
  if ('continuation' in event) return readContinuation(event);
  if (Array.isArray(event.Records)) return joined(event.Records.map(readNotification));
  if (event.source === 'aws.s3') return readEventBridge(event);
  if ('bucket' in event || 'key' in event) return readDirect(event);
  return unknownEvent('not an event of S3', event);
};
