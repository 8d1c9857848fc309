/**
 * Lambda function that makes the report of the hour before, or of what it is asked for. Errors: whatever keeps it from making the report
 * is thrown, so that Lambda tries again and the alarm on its errors rings; who asks for what cannot be made gets the reason as the answer.
 */

import { readFileSync } from 'node:fs';
import { S3Client } from '@aws-sdk/client-s3';
import type { Context } from 'aws-lambda';
import { readBucketReport } from '../../io/aws/bucket-report.ts';
import { hasLaterReport } from '../../io/aws/reports.ts';
import { putText } from '../../io/aws/s3.ts';
import { logLine } from '../log.ts';
import { requiredEnv } from '../required-env.ts';
import { parseReportRules } from './config.ts';
import { REPORT_ENV } from './env.ts';
import { createReporter, type ReportAnswer } from './report.ts';

/** Ranges of 8 MiB have a limit of their own. */
const s3 = new S3Client({
  maxAttempts: 5,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 30_000, throwOnRequestTimeout: true },
});
const bucket = requiredEnv(process.env, REPORT_ENV.resultsBucket);
const rules = parseReportRules(readFileSync(new URL('./report-rules.json', import.meta.url), 'utf8'));
// Not console.log: the runtime would wrap what CloudWatch is to read as metrics.
const writeLine = (line: string): void => void process.stdout.write(`${line}\n`);

const report = createReporter({
  stack: requiredEnv(process.env, REPORT_ENV.stack),
  bucket,
  readReport: (options) => readBucketReport(s3, { ...options, bucket, rules }),
  putText: (key, text, contentType) => putText(s3, bucket, key, text, { contentType }),
  hasLater: (key) => hasLaterReport(s3, bucket, key),
  wallClock: Date.now,
  writeLine,
  log: (entry) => writeLine(logLine(entry)),
});

export const handler = (event: unknown, context: Context): Promise<ReportAnswer> =>
  report(event, context.getRemainingTimeInMillis());
