/** What a slice has used of the budgets of its target and rules. Room for its requests was taken by the planner. */

import type { PlacedRequest } from '../../core/pace/slice-line.ts';
import type { Budget, Target } from '../../core/rules/rule-set.ts';
import type { PlannedRequest, Result } from '../../core/types.ts';
import { errorText, type WriteLog } from '../log.ts';
import type { OpenSlice } from './open-slice.ts';
import { type Polling, startPolling } from './polling.ts';
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

/** Tells a budget how many bytes have come; resolves with how many all senders have told. */
export type TellBudgetBytes = (use: {
  readonly name: string;
  readonly rulesHash: string;
  readonly bytes: number;
  readonly nowMs: number;
}) => Promise<number>;

export interface BudgetUseOptions {
  readonly slice: OpenSlice;
  readonly target: Target;
  readonly book: RuleBook;
  readonly addBudgetUse: AddBudgetUse;
  readonly tellBudgetBytes: TellBudgetBytes;
  readonly wallClock: () => number;
  readonly log: WriteLog;
}

export interface BudgetUse {
  /** Counts the end of a request. */
  count(result: Result): void;
  /** Counts all requests of the slice as not sent. */
  countUnsent(): void;
  /** Tells from now on each second how many bytes have come, if a budget has a limit of them, and hears how many it is in all. */
  begin(): void;
  /** Whether the bytes of its target or rule are used up, as far as is known. */
  isSpent(request: PlannedRequest): boolean;
  /** Tells of the rest of what was counted, once. Never throws. */
  end(): Promise<void>;
}

/** What comes in between is gone beyond the budget. */
const TELL_EVERY_MS = 1_000;

interface Account {
  readonly name: string;
  readonly budget: Budget;
  unsent: number;
  /** Not known to be told. */
  bytes: number;
  /** Bytes that all senders have told. */
  toldByAll: number;
}

const accountsOf = ({ slice, target, book }: BudgetUseOptions) => {
  const open = (name: string, budget: Budget | undefined): Account[] =>
    budget === undefined ? [] : [{ name, budget, unsent: 0, bytes: 0, toldByAll: 0 }];
  const rules = new Set(slice.requests.map(({ request }: PlacedRequest) => request.rule));
  const ofRules = [...rules].flatMap((rule) =>
    open(`rule:${rule}`, book.ruleOf(rule)?.budget).map((account) => [rule, account] as const),
  );
  return { ofTarget: open(target.name, target.budget), ofRules: new Map(ofRules) };
};

const isUsedUp = ({ budget, bytes, toldByAll }: Account): boolean =>
  budget.bytes !== undefined && bytes + toldByAll >= budget.bytes;

/** Opens the accounts of a slice; without budgets it does nothing. */
export const openBudgetUse = (options: BudgetUseOptions): BudgetUse => {
  const { slice, addBudgetUse, tellBudgetBytes, wallClock, log } = options;
  const { rulesHash } = slice.event;
  const { ofTarget, ofRules } = accountsOf(options);
  const all: readonly Account[] = [...ofTarget, ...ofRules.values()];
  let pollings: readonly Polling[] = [];
  let ending: Promise<void> | undefined;

  const of = ({ rule }: PlannedRequest): readonly Account[] => {
    const ofRule = ofRules.get(rule);
    return ofRule === undefined ? ofTarget : [...ofTarget, ofRule];
  };

  const enter = (account: Account, { sentMs, bytes = 0 }: Result): void => {
    if (sentMs === undefined) account.unsent += 1;
    account.bytes += bytes;
  };

  /** What cannot be told is told again later: it may count twice, and never less than once. */
  const tellBytes = async (account: Account): Promise<void> => {
    const { name, bytes } = account;
    try {
      account.toldByAll = await tellBudgetBytes({ name, rulesHash, bytes, nowMs: wallClock() });
      account.bytes -= bytes;
    } catch {
      // The end of the slice says what was not told.
    }
  };

  const tellRest = async ({ name, budget, unsent, bytes }: Account): Promise<void> => {
    const back = budget.requests === undefined ? 0 : unsent;
    const told = budget.bytes === undefined ? 0 : bytes;
    if (back === 0 && told === 0) return;
    try {
      await addBudgetUse({ name, rulesHash, bytes: told, unsent: back, nowMs: wallClock() });
    } catch (error) {
      const message = `${told} bytes and ${back} requests that were not sent were not told to the budget ${name}: ${errorText(error)}`;
      log({ level: 'ERROR', code: 'BUDGET_UNTOLD', message });
    }
  };

  const count = (result: Result): void => {
    for (const account of of(result.request)) enter(account, result);
  };

  const tellAll = async (): Promise<void> => {
    await Promise.all(pollings.map((polling) => polling.stop()));
    await Promise.all(all.map(tellRest));
  };

  return {
    count,
    countUnsent: () => {
      for (const { request } of slice.requests) count({ request });
    },
    begin: () => {
      const limited = all.filter(({ budget }) => budget.bytes !== undefined);
      pollings = limited.map((account) => startPolling(() => tellBytes(account), TELL_EVERY_MS, 0));
    },
    isSpent: (request) => of(request).some(isUsedUp),
    end: () => {
      ending ??= tellAll();
      return ending;
    },
  };
};
