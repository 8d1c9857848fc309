/** Buckets and delivery streams, the same way for what is captured and for results. */

import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnDeliveryStream } from 'aws-cdk-lib/aws-kinesisfirehose';
import { LogGroup, LogStream } from 'aws-cdk-lib/aws-logs';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { allow, logRetention } from './function.ts';
import type { Settings } from './settings.ts';
import { CAPTURE_BUFFER_MIB, CAPTURE_BUFFER_SECONDS } from './settings-schema.ts';

/** A private bucket whose objects expire. It goes with its stack, and only when it is empty, unless it is to be retained. */
export const createBucket = (
  scope: Construct,
  id: string,
  { retentionDays, retain }: Pick<Settings, 'retentionDays' | 'retain'>,
): Bucket =>
  new Bucket(scope, id, {
    encryption: BucketEncryption.S3_MANAGED,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    lifecycleRules: [
      {
        id: 'expire',
        expiration: Duration.days(retentionDays),
        abortIncompleteMultipartUploadAfter: Duration.days(1),
      },
    ],
    removalPolicy: retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  });

/** Keys of what Firehose could not deliver as it should. */
export const UNDELIVERED_PREFIX = 'undelivered/';

export interface DeliveryOptions {
  readonly bucket: Bucket;
  /** Keys begin with it; objects of an hour stand together. */
  readonly prefix: string;
  /** Whether records are lines that lack their newline. */
  readonly addsNewlines: boolean;
  readonly settings: Pick<Settings, 'retentionDays' | 'profile'>;
}

/** A Firehose stream into a bucket, under a role that can write there and nowhere else. */
export class Delivery extends Construct {
  readonly stream: CfnDeliveryStream;
  readonly role: Role;

  constructor(scope: Construct, id: string, { bucket, prefix, addsNewlines, settings }: DeliveryOptions) {
    super(scope, id);
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('firehose.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    });
    // https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html, "Grant Firehose access to an Amazon S3 destination"
    this.role.addToPolicy(
      allow(['s3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketMultipartUploads'], [bucket.bucketArn]),
    );
    this.role.addToPolicy(
      allow(
        ['s3:AbortMultipartUpload', 's3:GetObject', 's3:PutObject'],
        [bucket.arnForObjects(`${prefix}*`), bucket.arnForObjects(`${UNDELIVERED_PREFIX}*`)],
      ),
    );
    const log = this.createLog(settings);
    this.stream = new CfnDeliveryStream(this, 'Stream', {
      deliveryStreamType: 'DirectPut',
      deliveryStreamEncryptionConfigurationInput: { keyType: 'AWS_OWNED_CMK' },
      extendedS3DestinationConfiguration: {
        bucketArn: bucket.bucketArn,
        roleArn: this.role.roleArn,
        prefix: `${prefix}!{timestamp:yyyy/MM/dd/HH}/`,
        errorOutputPrefix: `${UNDELIVERED_PREFIX}!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd/HH}/`,
        bufferingHints: { intervalInSeconds: CAPTURE_BUFFER_SECONDS, sizeInMBs: CAPTURE_BUFFER_MIB },
        compressionFormat: 'GZIP',
        fileExtension: '.log.gz',
        ...(log === undefined ? {} : { cloudWatchLoggingOptions: log }),
        ...(addsNewlines ? { processingConfiguration: APPEND_NEWLINE } : {}),
      },
    });
    // The stream is checked against its role when it is made.
    this.stream.node.addDependency(this.role);
  }

  private createLog({ retentionDays, profile }: DeliveryOptions['settings']) {
    if (profile === 'emulator') return undefined;
    const logGroup = new LogGroup(this, 'Log', {
      retention: logRetention(retentionDays),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const { logStreamName } = new LogStream(this, 'Errors', {
      logGroup,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.role.addToPolicy(allow(['logs:PutLogEvents'], [logGroup.logGroupArn]));
    return { enabled: true, logGroupName: logGroup.logGroupName, logStreamName };
  }
}

// Firehose joins records with nothing between them unless told otherwise.
const APPEND_NEWLINE: CfnDeliveryStream.ProcessingConfigurationProperty = {
  enabled: true,
  processors: [
    {
      type: 'AppendDelimiterToRecord',
      parameters: [{ parameterName: 'Delimiter', parameterValue: '\\n' }],
    },
  ],
};
