/** What wakes the planner, read as jobs: nothing in an event can make this throw. */

import { isRecord } from '../../core/is-record.ts';
import type { Cursor, Job, ObjectRef, Timing } from './job.ts';
import { isText, type Json, type ReadEvent, readEvent, unknownEvent } from './read-event.ts';

/** One message of the queue, or one direct invocation. */
export interface PlannerMessage extends ReadEvent {
  /** Absent for a direct invocation. */
  readonly id?: string;
  readonly receiptHandle?: string;
}

const atArrival = (job: Job): Job => (job.kind === 'object' ? { timing: 'arrival', ...job } : job);

/** What the function is invoked with by itself or by hand. */
const readInvocation = (event: unknown): ReadEvent => {
  const read = readEvent(event);
  // Who names an object by hand means now.
  return isRecord(event) && 'bucket' in event ? { ...read, jobs: read.jobs.map(atArrival) } : read;
};

/**
 * What an invocation that Lambda gave up was invoked with; undefined for what is no account of one. Such accounts come to the dead-letter
 * queue, and from there to the planner's own where somebody moves them back.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
 */
const givenUp = (event: unknown): { readonly payload: unknown } | undefined => {
  const { requestContext, requestPayload: payload } = isRecord(event) ? event : {};
  if (payload === undefined || !isRecord(requestContext) || !isText(requestContext.functionArn))
    return undefined;
  // It may have been moved back to where it is given up again.
  return givenUp(payload) ?? { payload };
};

const readBody = (body: unknown): ReadEvent => {
  if (typeof body !== 'string') return unknownEvent('a message without a body', body);
  let event: unknown;
  try {
    event = JSON.parse(body);
  } catch {
    return unknownEvent('a message that is not JSON', body);
  }
  const invocation = givenUp(event);
  if (invocation !== undefined) return readInvocation(invocation.payload);
  // What continues a run comes from the planner itself, and it invokes itself.
  if (isRecord(event) && 'continuation' in event) return unknownEvent('a continuation in a message', event);
  return readEvent(event);
};

const isQueueRecord = (record: unknown): record is Json =>
  isRecord(record) && record.eventSource === 'aws:sqs';

const readMessage = (record: Json): PlannerMessage => {
  const { messageId, receiptHandle, body } = record;
  return {
    ...readBody(body),
    ...(isText(messageId) && { id: messageId }),
    ...(isText(receiptHandle) && { receiptHandle }),
  };
};

/** An event read. */
export interface PlannerEvent {
  readonly source: 'queue' | 'direct';
  readonly messages: readonly PlannerMessage[];
}

/**
 * Reads what Lambda hands in: a batch of SQS messages that hold S3 notifications, EventBridge events or `{bucket, key}`; or one of
 * these itself; or `{continuation}`; or Lambda's account of such an invocation that it gave up. Never throws: what is none of these comes back as a fault EVENT_UNKNOWN.
 */
export const readPlannerEvent = (event: unknown): PlannerEvent => {
  const records = isRecord(event) ? event.Records : undefined;
  if (Array.isArray(records) && records.some(isQueueRecord)) {
    return {
      source: 'queue',
      messages: records.map((record: unknown) =>
        isQueueRecord(record)
          ? readMessage(record)
          : unknownEvent('an event record that is not of SQS', record),
      ),
    };
  }
  const invocation = givenUp(event) ?? { payload: event };
  return { source: 'direct', messages: [readInvocation(invocation.payload)] };
};

/** The event by which the planner goes on with an object in a new invocation. */
export const continuationEvent = ({ object, ...rest }: Cursor): string =>
  JSON.stringify({ continuation: { ...object, ...rest } });

/** The event that has an object planned by an invocation of its own. */
export const objectEvent = (object: ObjectRef, timing: Timing): string =>
  JSON.stringify({ ...object, timing });
