/** How a stack stands, as JSON. */

import { parseSwitch } from '../../core/send/kill-switch.ts';
import type { QueueDepth } from '../../io/aws/sqs.ts';
import { type Part, type StackStatus, statusErrors, type TargetStatus } from './read-status.ts';

const instant = (atMs: number | undefined): string | null =>
  atMs === undefined ? null : new Date(atMs).toISOString();

const depth = ({ value }: Part<QueueDepth>): QueueDepth | null => value ?? null;

const targetOf = ({ name, value }: TargetStatus): Record<string, unknown> => ({
  name,
  ...(value === undefined
    ? { state: null }
    : {
        state: {
          level: value.level,
          open: value.isOpen,
          ceiling: value.backoff.ceiling,
          retryAt: instant(value.retryAtMs),
          switch: value.switchText ?? null,
          switchReadAt: instant(value.switchReadAtMs),
          inFlight: value.inFlight,
          lagP99Ms: value.lagP99Ms ?? null,
          lagAt: instant(value.lagAtMs),
          currentWindow: value.current ?? null,
          lastWindow: value.last ?? null,
        },
      }),
});

/** An object for `JSON.stringify`; what is not there yet, or could not be read, is null, and `errors` says why. */
export const statusJson = (status: StackStatus): Record<string, unknown> => {
  const { value: found } = status.switch;
  return {
    stack: status.stack,
    region: status.region,
    at: instant(status.atMs),
    switch:
      found === undefined
        ? null
        : {
            value: found.value,
            share: parseSwitch(found.value)?.share ?? null,
            since: instant(found.lastModifiedMs),
            by: found.lastModifiedBy ?? null,
            description: found.description ?? null,
          },
    targets: status.targets.map(targetOf),
    lastLog: status.last.value ?? null,
    queue: depth(status.queue),
    deadLetterQueue: depth(status.dlq),
    failureQueue: depth(status.failureQueue),
    dashboardUrl: status.resources.dashboardUrl ?? null,
    errors: statusErrors(status).map(({ code, message }) => ({ code, message })),
  };
};
