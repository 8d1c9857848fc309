/** Keeps account of what a run has used of the budgets of its targets and rules: requests sent, bytes of answers, due time. */

import type { Budget, Rule, Target } from '../rules/rule-set.ts';
import type { PlannedRequest, Result } from '../types.ts';

/** What was used of a budget. */
export interface BudgetUse {
  readonly requests: number;
  /** Of the bodies of answers that have come. */
  readonly bytes: number;
  /** Due instant of the last request that was sent, from the start of the run. */
  readonly durationMs: number;
}

/** A budget and what was used of it. */
export interface BudgetAccount {
  readonly kind: 'target' | 'rule';
  readonly name: string;
  readonly limit: Budget;
  readonly used: BudgetUse;
}

export interface Budgets {
  /** Whether a budget of the request's target or rule is used up. Bytes are known once answers are there: overshoot is what is in flight. */
  isSpent(request: PlannedRequest): boolean;
  /** The request is being sent. */
  sent(request: PlannedRequest): void;
  /** A request that was sent has ended. */
  ended(result: Result): void;
  /** All accounts, those of targets first. */
  describe(): readonly BudgetAccount[];
}

interface Account {
  readonly limit: Budget;
  readonly most: Required<Budget>;
  requests: number;
  bytes: number;
  durationMs: number;
}

type Budgeted = Readonly<Record<string, { readonly budget?: Budget | undefined }>>;

const UNLIMITED: Required<Budget> = {
  requests: Number.POSITIVE_INFINITY,
  bytes: Number.POSITIVE_INFINITY,
  durationMs: Number.POSITIVE_INFINITY,
};

const openAccounts = (all: Budgeted): ReadonlyMap<string, Account> =>
  new Map(
    Object.entries(all).flatMap(([name, { budget }]) =>
      budget === undefined
        ? []
        : [
            [
              name,
              { limit: budget, most: { ...UNLIMITED, ...budget }, requests: 0, bytes: 0, durationMs: 0 },
            ],
          ],
    ),
  );

const isUsedUp = ({ most, requests, bytes }: Account, dueMs: number): boolean =>
  requests >= most.requests || bytes >= most.bytes || dueMs >= most.durationMs;

const countSent = (account: Account, dueMs: number): void => {
  account.requests += 1;
  account.durationMs = Math.max(account.durationMs, dueMs);
};

const describe = (kind: BudgetAccount['kind'], accounts: ReadonlyMap<string, Account>): BudgetAccount[] =>
  Array.from(accounts, ([name, { limit, requests, bytes, durationMs }]) => ({
    kind,
    name,
    limit,
    used: { requests, bytes, durationMs },
  }));

/** Opens the accounts of a run, both given by name. What has no budget costs nothing. */
export const createBudgets = ({
  targets,
  rules,
}: {
  readonly targets: Readonly<Record<string, Pick<Target, 'budget'>>>;
  readonly rules: Readonly<Record<string, Pick<Rule, 'budget'>>>;
}): Budgets => {
  const ofTargets = openAccounts(targets);
  const ofRules = openAccounts(rules);
  const every = (request: PlannedRequest, act: (account: Account) => void): void => {
    const ofTarget = ofTargets.get(request.target);
    if (ofTarget !== undefined) act(ofTarget);
    const ofRule = ofRules.get(request.rule);
    if (ofRule !== undefined) act(ofRule);
  };
  const accounts = { describe: () => [...describe('target', ofTargets), ...describe('rule', ofRules)] };
  if (ofTargets.size + ofRules.size === 0)
    return { ...accounts, isSpent: () => false, sent: () => undefined, ended: () => undefined };
  return {
    ...accounts,
    isSpent: ({ target, rule, dueMs }) => {
      const [ofTarget, ofRule] = [ofTargets.get(target), ofRules.get(rule)];
      if (ofTarget !== undefined && isUsedUp(ofTarget, dueMs)) return true;
      return ofRule !== undefined && isUsedUp(ofRule, dueMs);
    },
    sent: (request) => every(request, (account) => countSent(account, request.dueMs)),
    ended: ({ request, bytes = 0 }) => {
      if (bytes > 0) every(request, (account) => (account.bytes += bytes));
    },
  };
};
