/** Names of the breaker's environment variables. */

export const BREAKER_ENV = {
  stack: 'REPRISE_STACK',
  switchParameter: 'REPRISE_SWITCH_PARAMETER',
} as const;
