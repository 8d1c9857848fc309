import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { continuationEvent, objectEvent, readPlannerEvent } from '../../../functions/planner/event.ts';
import type { Job } from '../../../functions/planner/job.ts';
import { queueEvent, s3Record } from '../../support/planner-world.ts';

const jobsOf = (event: unknown): readonly Job[] =>
  readPlannerEvent(event).messages.flatMap(({ jobs }) => jobs);
const objectsOf = (event: unknown): readonly unknown[] =>
  jobsOf(event).map((job) => (job.kind === 'object' ? job.object : job.cursor));
const faultsOf = (event: unknown): readonly string[] =>
  readPlannerEvent(event).messages.flatMap(({ faults }) =>
    faults.map(({ code, message }) => `${code}: ${message}`),
  );

const TEST_EVENT = {
  Service: 'Amazon S3',
  Event: 's3:TestEvent',
  Time: '2026-11-21T11:00:00.000Z',
  Bucket: 'logs',
  RequestId: 'X',
  HostId: 'Y',
};

const eventBridge = (changes: Record<string, unknown> = {}): unknown => ({
  version: '0',
  id: '17793124-05d4-b198-2fde-7ededc63b103',
  'detail-type': 'Object Created',
  source: 'aws.s3',
  account: '111122223333',
  region: 'us-east-1',
  resources: ['arn:aws:s3:::logs'],
  detail: {
    version: '0',
    bucket: { name: 'logs' },
    object: { key: 'a+b%20c.log', size: 5, etag: 'b1946ac9', 'version-id': 'V1', sequencer: '0A' },
    reason: 'PutObject',
  },
  ...changes,
});

const CURSOR = {
  object: { bucket: 'logs', key: 'a b+c%.gz', versionId: 'v', etag: 'e' },
  rulesHash: 'h',
  startAtMs: 180_000,
  nextSlice: 17,
  hop: 3,
};

describe('reading an event', () => {
  it('finds the object of an S3 notification in a message, with its ids', () => {
    const event = queueEvent({ Records: [s3Record({ key: 'k', etag: 'e', versionId: 'v' })] });
    expect(readPlannerEvent(event)).toEqual({
      source: 'queue',
      messages: [
        {
          id: 'm-1',
          receiptHandle: 'r-1',
          jobs: [{ kind: 'object', object: { bucket: 'logs', key: 'k', versionId: 'v', etag: 'e' } }],
          ignored: 0,
          faults: [],
        },
      ],
    });
  });

  it.each([
    'a b.gz',
    'a+b.gz',
    'a%2Fb',
    'ä/日本/😀',
    "it's (1)!*.log",
    '2026/11/21/11/x-1-2026-11-21-11-00-00',
  ])('decodes the key %j of a notification', (key) => {
    expect(objectsOf(queueEvent({ Records: [s3Record({ key })] }))).toEqual([{ bucket: 'logs', key }]);
  });

  it('finds every object of a message with several records', () => {
    const event = queueEvent({
      Records: [s3Record({ key: 'a' }), s3Record({ key: 'b' }), s3Record({ key: 'a' })],
    });
    expect(objectsOf(event).map((object) => (object as { key: string }).key)).toEqual(['a', 'b', 'a']);
  });

  it('takes the key of an EventBridge event as it is', () => {
    const object = { bucket: 'logs', key: 'a+b%20c.log', versionId: 'V1', etag: 'b1946ac9' };
    expect(objectsOf(queueEvent(eventBridge()))).toEqual([object]);
    expect(objectsOf(eventBridge())).toEqual([object]);
  });

  it('takes no version where the bucket keeps none', () => {
    expect(objectsOf(queueEvent({ Records: [s3Record({ key: 'k', versionId: 'null' })] }))).toEqual([
      { bucket: 'logs', key: 'k' },
    ]);
  });

  it('strips the quotes of an etag', () => {
    expect(objectsOf({ bucket: 'b', key: 'k', etag: '"abc"' })).toEqual([
      { bucket: 'b', key: 'k', etag: 'abc' },
    ]);
  });

  it.each([
    ['a test event', TEST_EVENT],
    ['a removal', { Records: [{ eventSource: 'aws:s3', eventName: 'ObjectRemoved:Delete', s3: {} }] }],
    ['a deletion told by EventBridge', eventBridge({ 'detail-type': 'Object Deleted' })],
  ])('ignores %s', (_, body) => {
    const [message] = readPlannerEvent(queueEvent(body)).messages;
    expect(message).toMatchObject({ jobs: [], ignored: 1, faults: [] });
  });

  it('plans at arrival what is named by hand, and as deployed what comes by the queue', () => {
    expect(jobsOf({ bucket: 'b', key: 'k' })).toEqual([
      { kind: 'object', object: { bucket: 'b', key: 'k' }, timing: 'arrival' },
    ]);
    expect(jobsOf({ bucket: 'b', key: 'k', timing: 'live' })).toMatchObject([{ timing: 'live' }]);
    expect(jobsOf(queueEvent({ bucket: 'b', key: 'k' }))).toEqual([
      { kind: 'object', object: { bucket: 'b', key: 'k' } },
    ]);
  });

  it('reads what the planner sends to itself', () => {
    expect(jobsOf(JSON.parse(continuationEvent(CURSOR)))).toEqual([{ kind: 'continuation', cursor: CURSOR }]);
    expect(jobsOf(JSON.parse(objectEvent(CURSOR.object, 'live')))).toEqual([
      { kind: 'object', object: CURSOR.object, timing: 'live' },
    ]);
  });

  it('finds in the account of an invocation that Lambda gave up what it was invoked with', () => {
    const givenUp = (requestPayload: unknown): unknown => ({
      version: '1.0',
      timestamp: '2026-11-21T11:00:00.000Z',
      requestContext: {
        requestId: 'e4b46cbf-b738-xmpl-8880-a18cdf61200e',
        functionArn: 'arn:aws:lambda:us-east-1:111122223333:function:planner:$LATEST',
        condition: 'RetriesExhausted',
        approximateInvokeCount: 3,
      },
      requestPayload,
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      responsePayload: { errorMessage: 'cannot read' },
    });
    const continuation = { kind: 'continuation', cursor: CURSOR };
    const payload: unknown = JSON.parse(continuationEvent(CURSOR));
    for (const event of [givenUp(payload), givenUp(givenUp(payload))]) {
      expect(jobsOf(queueEvent(event))).toEqual([continuation]);
      expect(jobsOf(event)).toEqual([continuation]);
    }
    const object = { bucket: 'b', key: 'k' };
    expect(jobsOf(queueEvent(givenUp({ ...object, timing: 'live' })))).toEqual([
      { kind: 'object', object, timing: 'live' },
    ]);
    // It was named by hand.
    expect(jobsOf(queueEvent(givenUp(object)))).toEqual([{ kind: 'object', object, timing: 'arrival' }]);
    expect(faultsOf(queueEvent(givenUp('hello')))).toEqual(['EVENT_UNKNOWN: not an event: hello']);
    expect(faultsOf(queueEvent({ requestPayload: payload }))).toHaveLength(1);
  });

  it.each([
    ['no JSON', queueEvent('{"Records": ['), 'a message that is not JSON: {"Records": ['],
    ['a body that is no event', queueEvent('"hello"'), 'not an event: hello'],
    ['an object without meaning', queueEvent({ hello: 1 }), 'not an event of S3: {"hello":1}'],
    [
      'a key that is not encoded',
      queueEvent({
        Records: [
          {
            eventSource: 'aws:s3',
            eventName: 'ObjectCreated:Put',
            s3: { bucket: { name: 'b' }, object: { key: '%zz' } },
          },
        ],
      }),
      'an S3 event without a readable object: {"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"%zz"}}}',
    ],
    [
      'a record of SNS',
      queueEvent({ Records: [{ EventSource: 'aws:sns' }] }),
      'an event record that is not of S3: {"EventSource":"aws:sns"}',
    ],
    [
      'a message without a body',
      { Records: [{ eventSource: 'aws:sqs', messageId: 'm' }] },
      'a message without a body: nothing',
    ],
    [
      'a continuation in a message',
      queueEvent(continuationEvent(CURSOR)),
      `a continuation in a message: ${continuationEvent(CURSOR)}`,
    ],
    [
      'a broken continuation',
      { continuation: { bucket: 'b' } },
      'a broken continuation: {"continuation":{"bucket":"b"}}',
    ],
    [
      'a continuation with a wrong hop',
      { continuation: { ...CURSOR.object, rulesHash: 'h', startAtMs: 0, nextSlice: 0, hop: -1 } },
      'a broken continuation: {"continuation":{"bucket":"logs","key":"a b+c%.gz","versionId":"v","etag":"e","rulesHash":"h","startAtMs":0,"nextSlice":0,"hop":-1}}',
    ],
    ['a key alone', { key: 'k' }, 'a bucket and a key must be given as text: {"key":"k"}'],
    [
      'a wrong timing',
      { bucket: 'b', key: 'k', timing: 'later' },
      'the timing must be live or arrival: {"bucket":"b","key":"k","timing":"later"}',
    ],
    ['an event of EventBridge without an object', eventBridge({ detail: {} }), ''],
  ])('names the fault of %s', (_, event, message) => {
    expect(jobsOf(event)).toEqual([]);
    expect(faultsOf(event)).toHaveLength(1);
    expect(faultsOf(event)[0]).toContain(
      message === '' ? 'EVENT_UNKNOWN: an EventBridge event' : `EVENT_UNKNOWN: ${message}`,
    );
  });

  it('shows no more of an event than its beginning', () => {
    expect(faultsOf(queueEvent('x'.repeat(100_000)))[0]).toBe(
      `EVENT_UNKNOWN: a message that is not JSON: ${'x'.repeat(200)}…`,
    );
  });

  it('keeps good records beside bad ones', () => {
    const event = queueEvent({ Records: [s3Record({ key: 'a' }), 7, s3Record({ key: 'b' })] });
    expect(objectsOf(event)).toHaveLength(2);
    expect(faultsOf(event)).toHaveLength(1);
  });

  it('survives any event and any message', () => {
    const bodies = fc.oneof(
      fc.string(),
      fc.json(),
      fc.jsonValue().map((value) => JSON.stringify(value)),
    );
    const records = fc.array(
      fc.record(
        { eventSource: fc.constantFrom('aws:sqs', 'aws:s3', 7), body: bodies, s3: fc.anything() },
        { requiredKeys: [] },
      ),
    );
    const mangled = fc
      .tuple(
        fc.constantFrom(
          'bucket',
          'key',
          'Records',
          'detail',
          'source',
          'continuation',
          'Event',
          'requestPayload',
        ),
        fc.anything(),
      )
      .map(([name, value]) => ({ ...(eventBridge() as object), [name]: value }));
    const event = fc.oneof(
      fc.anything({ withBigInt: true, withNullPrototype: true }),
      mangled,
      fc.record({ Records: records }),
    );
    fc.assert(
      fc.property(event, (value) => {
        for (const message of readPlannerEvent(value).messages)
          expect(message.jobs.length + message.ignored + message.faults.length).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 2_000 },
    );
  });
});
