/** Names of the sender's environment variables. */

export const SENDER_ENV = {
  /** Name of the stack: dimension of its metrics. */
  stack: 'REPRISE_STACK',
  stateTable: 'REPRISE_STATE_TABLE',
  resultsStream: 'REPRISE_RESULTS_STREAM',
  /** JSON object: name that a rule's `fromEnv` uses → name of the SSM SecureString that holds the value. */
  secrets: 'REPRISE_SECRETS',
  /** `1` lets targets on loopback be reached: the emulator profile alone sets it. */
  allowLoopback: 'REPRISE_ALLOW_LOOPBACK',
} as const;
