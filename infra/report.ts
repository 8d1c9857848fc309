/** The report: what the results of an hour come to, judged by the gates of the rules, as a page and as data in the results bucket. */

import { Duration, Stack } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { REPORT_ENV } from '../functions/report/env.ts';
import { LEDGER_PREFIX } from '../io/aws/ledgers.ts';
import { REPORTS_PREFIX } from '../io/aws/reports.ts';
import { RESULTS_PREFIX } from '../io/aws/result-objects.ts';
import { consoleUrl } from './console.ts';
import { allow, createFunction } from './function.ts';
import type { Results } from './results.ts';
import type { Settings } from './settings.ts';

export interface ReportOptions {
  readonly settings: Settings;
  readonly asset: string;
  readonly results: Results;
  /** Name of the stack: dimension of its metrics. */
  readonly stack: string;
}

const MEMORY_MB = 1_024;
/** The longest that Lambda allows: https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html */
const TIMEOUT_SECONDS = 900;
/** Within the hour: the next one has a report of its own. */
const MAX_EVENT_AGE_SECONDS = 2_400;
/**
 * Of each hour. What was closed at the end of the hour before is settled a good 15 minutes later, and Firehose delivers its last results
 * within a minute or two.
 */
const MINUTE = 25;

/** Where ledgers and results are read, and reports are written. */
export const REPORT_READS = [LEDGER_PREFIX, RESULTS_PREFIX] as const;
export const REPORT_WRITES = REPORTS_PREFIX;
const NEWEST = `${REPORT_WRITES}latest.html`;

export class HourlyReport extends Construct {
  readonly function: LambdaFunction;
  /** Page of the console that opens the newest report. */
  readonly url: string;

  constructor(scope: Construct, id: string, { settings, asset, results, stack }: ReportOptions) {
    super(scope, id);
    const { bucket } = results;
    this.function = createFunction(this, {
      asset,
      description: 'judges what was replayed by the gates of the rules, and writes it down as a report',
      memorySize: MEMORY_MB,
      timeoutSeconds: TIMEOUT_SECONDS,
      maxEventAgeSeconds: MAX_EVENT_AGE_SECONDS,
      retryAttempts: 2,
      retentionDays: settings.retentionDays,
      environment: { [REPORT_ENV.stack]: stack, [REPORT_ENV.resultsBucket]: bucket.bucketName },
    });
    this.permit(results);
    new Rule(this, 'Hourly', {
      description: `${stack}: the report of the hour before`,
      schedule: Schedule.cron({ minute: String(MINUTE) }),
      targets: [
        new LambdaTarget(this.function, {
          retryAttempts: 2,
          maxEventAge: Duration.seconds(MAX_EVENT_AGE_SECONDS),
        }),
      ],
    });
    const { region } = Stack.of(this);
    this.url = consoleUrl(this, `s3/object/${bucket.bucketName}?region=${region}&prefix=${NEWEST}`);
  }

  private permit({ bucket }: Results): void {
    const folders = [...REPORT_READS, REPORT_WRITES].map((prefix) => `${prefix}*`);
    const statements = [
      allow(['s3:ListBucket'], [bucket.bucketArn], { StringLike: { 's3:prefix': folders } }),
      allow(
        ['s3:GetObject'],
        REPORT_READS.map((prefix) => bucket.arnForObjects(`${prefix}*`)),
      ),
      allow(['s3:PutObject'], [bucket.arnForObjects(`${REPORT_WRITES}*`)]),
    ];
    for (const statement of statements) this.function.addToRolePolicy(statement);
  }
}
