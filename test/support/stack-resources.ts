/** The resources that a stack would list. */

import type { StackResources } from '../../io/aws/resources.ts';

/** Those of a live stack with a delay of three minutes. */
export const stackResources = (
  stack: string,
  {
    targets = ['staging'],
    endpoint = 'http://127.0.0.1:1',
  }: { targets?: readonly string[]; endpoint?: string } = {},
): StackResources => ({
  version: 1,
  stack,
  switchParameter: `/reprise/${stack}/switch`,
  table: 'reprise-state',
  captureStream: `${stack}-capture`,
  captureBucket: `${stack}-captured`,
  resultsStream: `${stack}-results`,
  resultsBucket: `${stack}-results`,
  queueUrl: `${endpoint}/123456789012/queue`,
  dlqUrl: `${endpoint}/123456789012/dlq`,
  failureQueueUrl: `${endpoint}/123456789012/failures`,
  plannerFunction: `${stack}-planner`,
  senderFunction: `${stack}-sender`,
  targets,
  timing: 'live',
  delaySeconds: 180,
});
