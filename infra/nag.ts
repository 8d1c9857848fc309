/** Findings of cdk-nag that are meant to be as they are: each by its id, where it is found, with the reason. */

import { type CfnElement, Validations } from 'aws-cdk-lib';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { IConstruct } from 'constructs';
import type { Capture, LogBucket } from './capture.ts';
import type { Planner } from './planner.ts';
import { type HourlyReport, REPORT_READS, REPORT_WRITES } from './report.ts';
import type { Results } from './results.ts';
import type { Sender } from './sender.ts';
import { UNDELIVERED_PREFIX } from './storage.ts';

export interface NagParts {
  readonly capture: Capture;
  readonly results: Results;
  readonly planner: Planner;
  readonly sender: Sender;
  readonly report: HourlyReport | undefined;
  readonly failureQueue: Queue;
  readonly isInVpc: boolean;
  readonly hasSecrets: boolean;
}

interface Acknowledgement {
  readonly at: IConstruct;
  readonly finding: string;
  readonly reason: string;
}

/** How cdk-nag writes the ARN of a resource of the stack, or of one that it refers to. */
const arnText = (bucket: LogBucket): string => {
  const resource = bucket.node.defaultChild as CfnElement | undefined;
  return resource === undefined
    ? `arn:<AWS::Partition>:s3:::${bucket.bucketName}`
    : `<${bucket.stack.getLogicalId(resource)}.Arn>`;
};

const objectsOf = (bucket: LogBucket, prefix: string): string =>
  `IAM5[Resource::${arnText(bucket)}/${prefix}*]`;

const storageFindings = ({ capture, results }: NagParts): readonly Acknowledgement[] => {
  const deliveries = [
    { at: results, bucket: results.bucket, prefix: results.prefix },
    ...(capture.stream === undefined
      ? []
      : [{ at: capture, bucket: capture.bucket, prefix: capture.prefix }]),
  ];
  return deliveries.flatMap(({ at, bucket, prefix }) => [
    {
      at: bucket,
      finding: 'S1',
      reason:
        'a log of who reads logs for a few days would cost more than it tells; CloudTrail data events do it where asked for',
    },
    ...[prefix, UNDELIVERED_PREFIX].map((folder) => ({
      at,
      finding: objectsOf(bucket, folder),
      reason: 'Firehose names the objects that it writes by their time, below this prefix alone',
    })),
  ]);
};

const plannerFindings = ({ capture, results, planner }: NagParts): readonly Acknowledgement[] => [
  {
    at: planner,
    finding: objectsOf(capture.bucket, capture.prefix),
    reason: 'the planner reads every object of logs, which are named by their time, below this prefix alone',
  },
  ...['ledger/', 'rejected/'].map((prefix) => ({
    at: planner,
    finding: objectsOf(results.bucket, prefix),
    reason:
      'the planner writes one object for each object of logs, named by its run, below this prefix alone',
  })),
];

const reportFindings = ({ results, report }: NagParts): readonly Acknowledgement[] =>
  report === undefined
    ? []
    : [
        ...REPORT_READS.map((prefix) => ({
          at: report,
          finding: objectsOf(results.bucket, prefix),
          reason: 'the report reads every ledger and every object of results, below these prefixes alone',
        })),
        {
          at: report,
          finding: objectsOf(results.bucket, REPORT_WRITES),
          reason: 'reports are named by the hour that they are of, below this prefix alone',
        },
      ];

const vpcFinding = ({ sender }: NagParts): Acknowledgement => ({
  at: sender,
  finding: 'IAM5[Resource::*]',
  reason: 'network interfaces of a function in a VPC: these actions of EC2 take no resource',
});

const secretsFinding = ({ sender }: NagParts): Acknowledgement => ({
  at: sender,
  finding: 'IAM5[Resource::arn:<AWS::Partition>:kms:<AWS::Region>:<AWS::AccountId>:key/*]',
  reason:
    'any key, but only through Parameter Store and for the parameters named: conditions of the statement hold that',
});

/** Acknowledges them. Any other finding fails synth. */
export const acknowledgeFindings = (parts: NagParts): void => {
  const all: readonly Acknowledgement[] = [
    {
      at: parts.failureQueue,
      finding: 'SQS3',
      reason:
        'it is a dead-letter queue: where Lambda puts what it could not run, which cdk-nag does not see',
    },
    ...storageFindings(parts),
    ...plannerFindings(parts),
    ...reportFindings(parts),
    ...(parts.isInVpc ? [vpcFinding(parts)] : []),
    ...(parts.hasSecrets ? [secretsFinding(parts)] : []),
  ];
  for (const { at, finding, reason } of all)
    Validations.of(at).acknowledge({ id: `AwsSolutions::AwsSolutions-${finding}`, reason });
};
