/** Names of the report's environment variables. */

export const REPORT_ENV = {
  stack: 'REPRISE_STACK',
  resultsBucket: 'REPRISE_RESULTS_BUCKET',
} as const;
