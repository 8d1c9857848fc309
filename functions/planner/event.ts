/** What wakes the planner, read as jobs: nothing in an event can make this throw. */

import { RepriseError } from '../../core/errors.ts';

/** `live`: due = recorded start + delay. `arrival`: counted from the moment at which the object is first planned. */
export type Timing = 'live' | 'arrival';

/** An object to plan. */
export interface ObjectRef {
  readonly bucket: string;
  /** As it is stored: not URL-encoded. */
  readonly key: string;
  readonly versionId?: string;
  /** Without quotes. */
  readonly etag?: string;
}

/** Where a hand-over left off. */
export interface Cursor {
  readonly object: ObjectRef;
  readonly rulesHash: string;
  /** Epoch instant that due offsets count from: the delay where the timing is live. */
  readonly startAtMs: number;
  readonly nextSlice: number;
  /** Invocations that went before. */
  readonly hop: number;
}

export type Job =
  | { readonly kind: 'object'; readonly object: ObjectRef; readonly timing?: Timing }
  | { readonly kind: 'continuation'; readonly cursor: Cursor };

/** One message of the queue, or one direct invocation. */
export interface PlannerMessage {
  /** Absent for a direct invocation. */
  readonly id?: string;
  readonly receiptHandle?: string;
  readonly jobs: readonly Job[];
  /** Events that ask for nothing: test events, removals. */
  readonly ignored: number;
  /** Events that are none we know; retrying them would not help. */
  readonly faults: readonly RepriseError[];
}

type Json = Readonly<Record<string, unknown>>;
type Read = Pick<PlannerMessage, 'jobs' | 'ignored' | 'faults'>;

const NOTHING: Read = { jobs: [], ignored: 0, faults: [] };
const IGNORED: Read = { ...NOTHING, ignored: 1 };
const MAX_SHOWN = 200;

const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const partOf = (value: unknown, name: string): Json => {
  const part = isJson(value) ? value[name] : undefined;
  return isJson(part) ? part : {};
};

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

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

const unknown = (what: string, value: unknown): Read => ({
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

const readNotification = (record: unknown): Read => {
  if (!isJson(record) || record.eventSource !== 'aws:s3' || !isText(record.eventName))
    return unknown('an event record that is not of S3', record);
  if (!record.eventName.startsWith('ObjectCreated:')) return IGNORED;
  const s3 = record.s3;
  const bucket = partOf(s3, 'bucket').name;
  const { key, versionId, eTag } = partOf(s3, 'object');
  const decoded = isText(key) ? decodeKey(key) : undefined;
  if (!isText(bucket) || !isText(decoded)) return unknown('an S3 event without a readable object', record);
  return { ...NOTHING, jobs: [{ kind: 'object', object: objectRef(bucket, decoded, versionId, eTag) }] };
};

const readEventBridge = (event: Json): Read => {
  const { detail } = event;
  if (event['detail-type'] !== 'Object Created') return IGNORED;
  const bucket = partOf(detail, 'bucket').name;
  const object = partOf(detail, 'object');
  // Unlike in S3's own notifications, the key is not encoded here.
  const { key } = object;
  if (!isText(bucket) || !isText(key)) return unknown('an EventBridge event without an object', event);
  const ref = objectRef(bucket, key, object['version-id'], object.etag);
  return { ...NOTHING, jobs: [{ kind: 'object', object: ref }] };
};

const readDirect = (event: Json): Read => {
  const { bucket, key, versionId, etag, timing } = event;
  if (!isText(bucket) || !isText(key)) return unknown('a bucket and a key must be given as text', event);
  if (timing !== undefined && timing !== 'live' && timing !== 'arrival')
    return unknown('the timing must be live or arrival', event);
  const object = objectRef(bucket, key, versionId, etag);
  return { ...NOTHING, jobs: [{ kind: 'object', object, ...(timing !== undefined && { timing }) }] };
};

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

const readContinuation = (event: Json): Read => {
  const cursor = event.continuation;
  const { bucket, key, versionId, etag, rulesHash, startAtMs, nextSlice, hop } = isJson(cursor) ? cursor : {};
  if (!isText(bucket) || !isText(key) || !isText(rulesHash)) return unknown('a broken continuation', event);
  if (!isCount(nextSlice) || !isCount(hop)) return unknown('a broken continuation', event);
  if (typeof startAtMs !== 'number' || !Number.isFinite(startAtMs))
    return unknown('a broken continuation', event);
  const object = objectRef(bucket, key, versionId, etag);
  return {
    ...NOTHING,
    jobs: [{ kind: 'continuation', cursor: { object, rulesHash, startAtMs, nextSlice, hop } }],
  };
};

const joined = (reads: readonly Read[]): Read => ({
  jobs: reads.flatMap(({ jobs }) => jobs),
  ignored: reads.reduce((sum, { ignored }) => sum + ignored, 0),
  faults: reads.flatMap(({ faults }) => faults),
});

/** What one event asks for, whichever way it came. */
const readEvent = (event: unknown): Read => {
  if (!isJson(event)) return unknown('not an event', event);
  if (event.Event === 's3:TestEvent') return IGNORED;
  if ('continuation' in event) return readContinuation(event);
  if (Array.isArray(event.Records)) return joined(event.Records.map(readNotification));
  if (event.source === 'aws.s3') return readEventBridge(event);
  if ('bucket' in event || 'key' in event) return readDirect(event);
  return unknown('not an event of S3', event);
};

const readBody = (body: unknown): Read => {
  if (typeof body !== 'string') return unknown('a message without a body', body);
  let event: unknown;
  try {
    event = JSON.parse(body);
  } catch {
    return unknown('a message that is not JSON', body);
  }
  // What continues a run comes from the planner itself, and it invokes itself.
  if (isJson(event) && 'continuation' in event) return unknown('a continuation in a message', event);
  return readEvent(event);
};

const isQueueRecord = (record: unknown): record is Json => isJson(record) && record.eventSource === 'aws:sqs';

const readMessage = (record: Json): PlannerMessage => {
  const { messageId, receiptHandle, body } = record;
  return {
    ...readBody(body),
    ...(isText(messageId) && { id: messageId }),
    ...(isText(receiptHandle) && { receiptHandle }),
  };
};

const atArrival = (job: Job): Job => (job.kind === 'object' ? { timing: 'arrival', ...job } : job);

/** An event read. */
export interface PlannerEvent {
  readonly source: 'queue' | 'direct';
  readonly messages: readonly PlannerMessage[];
}

/**
 * Reads what Lambda hands in: a batch of SQS messages that hold S3 notifications, EventBridge events or `{bucket, key}`; or one of
 * these itself; or `{continuation}`. Never throws: what is none of these comes back as a fault EVENT_UNKNOWN.
 */
export const readPlannerEvent = (event: unknown): PlannerEvent => {
  const records = isJson(event) ? event.Records : undefined;
  if (Array.isArray(records) && records.some(isQueueRecord)) {
    return {
      source: 'queue',
      messages: records.map((record: unknown) =>
        isQueueRecord(record) ? readMessage(record) : unknown('an event record that is not of SQS', record),
      ),
    };
  }
  const read = readEvent(event);
  // Who names an object by hand means now.
  const jobs = isJson(event) && 'bucket' in event ? read.jobs.map(atArrival) : read.jobs;
  return { source: 'direct', messages: [{ ...read, jobs }] };
};

/** The event by which the planner goes on with an object in a new invocation. */
export const continuationEvent = ({ object, ...rest }: Cursor): string =>
  JSON.stringify({ continuation: { ...object, ...rest } });

/** The event that has an object planned by an invocation of its own. */
export const objectEvent = (object: ObjectRef, timing: Timing): string =>
  JSON.stringify({ ...object, timing });
