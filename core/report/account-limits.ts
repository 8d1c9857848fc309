/** What `reprise plan --aws` adds to a plan: the senders that the plan needs on AWS, beside what the account allows. */

import { type SenderLoad, sendersNeeded } from '../pace/senders-needed.ts';
import { formatCount, formatRate, visibleText } from './format.ts';
import { type Cell, renderTable, wrap } from './table.ts';
import { createView, type TextOptions } from './view.ts';

/** How many functions may run at once in an account and region. */
export interface AccountConcurrency {
  readonly region: string;
  readonly concurrentExecutions: number;
  /** Of these, those that no function has reserved. */
  readonly unreservedConcurrentExecutions: number;
}

/** Of an account's concurrency Lambda lets nobody reserve the last: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html */
const KEPT_UNRESERVED = 100;

/** Name and code of the quota, by which Service Quotas knows it. */
const QUOTA = 'the quota "Concurrent executions" of Lambda (L-B99A9384 in Service Quotas)';

/** `reservable`: the senders can have their own; `unreserved`: they fit among all others only; `short`: they do not. */
export type Fit =
  | { readonly kind: 'reservable' }
  | { readonly kind: 'unreserved'; readonly raiseTo: number }
  | { readonly kind: 'short'; readonly missing: number; readonly raiseTo: number };

/** What the plan needs, as `--json` prints it beside the plan. */
export interface AccountLimits {
  /** Senders at work at once when every target answers at its timeout. */
  readonly sendersNeeded: number;
  readonly targets: readonly (SenderLoad & { readonly senders: number })[];
  /** Null where it could not be read. */
  readonly account: AccountConcurrency | null;
  readonly fit: Fit | null;
}

const fitOf = (needed: number, account: AccountConcurrency): Fit => {
  const { concurrentExecutions: all, unreservedConcurrentExecutions: free } = account;
  const missing = needed + KEPT_UNRESERVED - free;
  if (missing <= 0) return { kind: 'reservable' };
  const raiseTo = all + missing;
  return needed <= free
    ? { kind: 'unreserved', raiseTo }
    : { kind: 'short', missing: needed - free, raiseTo };
};

/** Compares what targets ask for with what there is; `account` is undefined where it could not be read. */
export const accountLimitsOf = (
  loads: readonly SenderLoad[],
  account: AccountConcurrency | undefined,
): AccountLimits => {
  const needed = sendersNeeded(loads);
  return {
    sendersNeeded: needed,
    targets: loads.map((load) => ({ ...load, senders: sendersNeeded([load]) })),
    account: account ?? null,
    fit: account === undefined ? null : fitOf(needed, account),
  };
};

const countOf = (count: number, one: string, many: string): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`;

const accountText = (account: AccountConcurrency | null): string => {
  if (account === null) return 'what the account allows could not be read';
  const { region, concurrentExecutions, unreservedConcurrentExecutions } = account;
  return `the account allows ${countOf(concurrentExecutions, 'function', 'functions')} at once in ${region}, ${formatCount(unreservedConcurrentExecutions)} of them reserved by none`;
};

const fitText = (fit: Fit): readonly [string, 'green' | 'yellow' | 'red'] => {
  switch (fit.kind) {
    case 'reservable':
      return ['it fits', 'green'];
    case 'unreserved':
      return [
        `it fits, but not to be reserved, as ${KEPT_UNRESERVED} must stay free: deploy with -c sender.reservedConcurrency=none, or raise ${QUOTA} to ${formatCount(fit.raiseTo)} or more`,
        'yellow',
      ];
    case 'short':
      return [
        `it does not fit: ${countOf(fit.missing, 'sender', 'senders')} too many; raise ${QUOTA} to ${formatCount(fit.raiseTo)} or more, or lower maxRate or timeout`,
        'red',
      ];
    default:
      return fit satisfies never;
  }
};

const rowOf = (load: AccountLimits['targets'][number]): readonly Cell[] => [
  visibleText(load.target),
  formatRate(load.ratePerSecond ?? null),
  `${load.timeoutMs / 1_000} s`,
  formatCount(load.senders),
];

/** The comparison as text that follows a plan, with a newline at its end. */
export const renderAccountLimits = (limits: AccountLimits, options: TextOptions): string => {
  const view = createView(options);
  const { account, fit } = limits;
  const needed = `needs ${countOf(limits.sendersNeeded, 'sender', 'senders')} at once when every target answers at its timeout`;
  const [verdict, tone] = fit === null ? (['', 'red'] as const) : fitText(fit);
  const lines = [
    '',
    `  ${view.paint('on AWS', 'cyan')}`,
    ...renderTable(
      { head: ['target', 'at most', 'timeout', 'senders'], rows: limits.targets.map(rowOf) },
      view,
    ),
    ...wrap(needed, view.width),
    ...wrap(accountText(account), view.width),
    ...(verdict === '' ? [] : wrap(verdict, view.width).map((line) => view.paint(line, tone))),
  ];
  return `${lines.join('\n')}\n`;
};
