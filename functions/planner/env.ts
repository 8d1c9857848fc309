/** Names of the planner's environment variables. */

export const PLANNER_ENV = {
  /** Name of the stack: dimension of its metrics, part of each run id. */
  stack: 'REPRISE_STACK',
  stateTable: 'REPRISE_STATE_TABLE',
  senderFunction: 'REPRISE_SENDER_FUNCTION',
  resultsBucket: 'REPRISE_RESULTS_BUCKET',
  switchParameter: 'REPRISE_SWITCH_PARAMETER',
  /** URL of the queue of S3 events, to have a failed one back soon. */
  queueUrl: 'REPRISE_QUEUE_URL',
  /** `live` or `arrival`. */
  timing: 'REPRISE_TIMING',
  /** Live: recorded start to due instant. */
  delaySeconds: 'REPRISE_DELAY_SECONDS',
} as const;
