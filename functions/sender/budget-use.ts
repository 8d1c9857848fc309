/** What a slice has used of the budgets of its target and rules. Room for its requests was taken by the planner. */

import type { PlacedRequest } from '../../core/pace/slice-line.ts';
import type { Budget, Target } from '../../core/rules/rule-set.ts';
import type { Result } from '../../core/types.ts';
import { errorText, type WriteLog } from '../log.ts';
import type { OpenSlice } from './open-slice.ts';
import type { RuleBook } from './rule-book.ts';

/** Tells a budget what was used, and gives back the room of what was not sent. */
export type AddBudgetUse = (use: {
  /** Of a target, or of a rule as `rule:<name>`. */
  readonly name: string;
  readonly rulesHash: string;
  readonly bytes: number;
  readonly unsent: number;
  readonly nowMs: number;
}) => Promise<void>;

export interface BudgetUseOptions {
  readonly slice: OpenSlice;
  readonly target: Target;
  readonly book: RuleBook;
  readonly addBudgetUse: AddBudgetUse;
  readonly wallClock: () => number;
  readonly log: WriteLog;
}

export interface BudgetUse {
  /** Counts the end of a request. */
  count(result: Result): void;
  /** Counts all requests of the slice as not sent. */
  countUnsent(): void;
  /** Tells of all that was counted, once. Never throws. */
  tell(): Promise<void>;
}

interface Account {
  readonly name: string;
  readonly budget: Budget;
  unsent: number;
  bytes: number;
}

const accountsOf = ({ slice, target, book }: BudgetUseOptions) => {
  const open = (name: string, budget: Budget | undefined): Account[] =>
    budget === undefined ? [] : [{ name, budget, unsent: 0, bytes: 0 }];
  const rules = new Set(slice.requests.map(({ request }: PlacedRequest) => request.rule));
  const ofRules = [...rules].flatMap((rule) =>
    open(`rule:${rule}`, book.ruleOf(rule)?.budget).map((account) => [rule, account] as const),
  );
  return { ofTarget: open(target.name, target.budget), ofRules: new Map(ofRules) };
};

/** Opens the accounts of a slice; without budgets it does nothing. */
export const openBudgetUse = (options: BudgetUseOptions): BudgetUse => {
  const { slice, addBudgetUse, wallClock, log } = options;
  const { ofTarget, ofRules } = accountsOf(options);
  const all: readonly Account[] = [...ofTarget, ...ofRules.values()];

  const enter = (account: Account, { sentMs, bytes = 0 }: Result): void => {
    if (sentMs === undefined) account.unsent += 1;
    account.bytes += bytes;
  };

  const tellOne = async ({ name, budget, unsent, bytes }: Account): Promise<void> => {
    const back = budget.requests === undefined ? 0 : unsent;
    const told = budget.bytes === undefined ? 0 : bytes;
    if (back === 0 && told === 0) return;
    const { rulesHash } = slice.event;
    try {
      await addBudgetUse({ name, rulesHash, bytes: told, unsent: back, nowMs: wallClock() });
    } catch (error) {
      const message = `${told} bytes were not told to the budget ${name}: ${errorText(error)}`;
      log({ level: 'ERROR', code: 'BUDGET_UNTOLD', message });
    }
  };

  const count = (result: Result): void => {
    for (const account of ofTarget) enter(account, result);
    const ofRule = ofRules.get(result.request.rule);
    if (ofRule !== undefined) enter(ofRule, result);
  };

  return {
    count,
    countUnsent: () => {
      for (const { request } of slice.requests) count({ request });
    },
    tell: async () => {
      await Promise.all(all.map(tellOne));
    },
  };
};
