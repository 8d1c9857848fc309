/** What came of it: results through a stream; ledgers, samples of rejected lines and reports as objects; in a bucket that triggers nothing. */

import type { CfnDeliveryStream } from 'aws-cdk-lib/aws-kinesisfirehose';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { RESULTS_PREFIX } from '../io/aws/result-objects.ts';
import type { Settings } from './settings.ts';
import { createBucket, Delivery } from './storage.ts';

/** Ledgers lie under `ledger/`, samples of rejected lines under `rejected/`, reports under `reports/`. */

export class Results extends Construct {
  readonly bucket: Bucket;
  readonly prefix = RESULTS_PREFIX;
  readonly stream: CfnDeliveryStream;

  constructor(scope: Construct, id: string, settings: Settings) {
    super(scope, id);
    this.bucket = createBucket(this, 'Bucket', settings);
    this.stream = new Delivery(this, 'Delivery', {
      bucket: this.bucket,
      prefix: RESULTS_PREFIX,
      // Senders pack many lines into a record, each with its newline.
      addsNewlines: false,
      settings,
    }).stream;
  }
}
