/** Events as Lambda hands them to the functions. */

/** One message of SQS with one S3 event in it. */
export const sqsEvent = (messageId: string, body: unknown): unknown => ({
  Records: [
    {
      messageId,
      receiptHandle: `handle-of-${messageId}`,
      body: JSON.stringify(body),
      attributes: { ApproximateReceiveCount: '1', SentTimestamp: '1795278097995' },
      messageAttributes: {},
      md5OfBody: '00000000000000000000000000000000',
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:us-east-1:123456789012:objects',
      awsRegion: 'us-east-1',
    },
  ],
});

/** What S3 tells of an object that was created; the key is encoded as S3 does it. */
export const objectCreated = (bucket: string, key: string, etag: string): unknown => ({
  Records: [
    {
      eventVersion: '2.6',
      eventSource: 'aws:s3',
      awsRegion: 'us-east-1',
      eventTime: '2026-11-21T11:00:00.000Z',
      eventName: 'ObjectCreated:Put',
      s3: {
        s3SchemaVersion: '1.0',
        bucket: { name: bucket, arn: `arn:aws:s3:::${bucket}` },
        object: {
          key: encodeURIComponent(key).replaceAll('%20', '+'),
          eTag: etag.replaceAll('"', ''),
          size: 1,
        },
      },
    },
  ],
});

/** What S3 sends when a notification is set up. */
export const testEvent = (bucket: string): unknown => ({
  Service: 'Amazon S3',
  Event: 's3:TestEvent',
  Time: '2026-11-21T11:00:00.000Z',
  Bucket: bucket,
});
