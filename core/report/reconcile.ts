/**
 * Brings together what the planner handed out and what senders report of it, so that every planned request of an object ends in one
 * count, whatever was lost on the way: an event, a header, results, a trailer, or the sender itself.
 */

import {
  type Accounting,
  findImbalances,
  newRuleCounts,
  type RuleCounts,
  sumOf,
} from '../measure/accounting.ts';
import type { EndCounts } from '../measure/slice-tally.ts';
import { NOT_AFTER_MS } from '../pace/slice.ts';
import {
  add,
  type Counts,
  createKnownSlices,
  newMapping,
  newRuleEnds,
  ownOf,
  type RuleEnds,
  type SliceEnds,
} from './known-slices.ts';
import type { Ledger } from './ledger.ts';
import type { SliceRecord } from './slice-records.ts';

/** From this long after the last instant at which anything may have been sent, nothing more of it is waited for. */
export const SETTLED_AFTER_MS = 15 * 60_000;

/**
 * Whether all that will ever be known of the object is there. Its ledger is closed once the last slice is handed over, before what is in
 * it is due: by the lead and one cell, 8 s, which the minutes of waiting hold many times.
 */
export const isSettled = ({ endedAt }: Ledger, nowMs: number): boolean =>
  nowMs >= Date.parse(endedAt) + NOT_AFTER_MS + SETTLED_AFTER_MS;

export interface Reconciled {
  readonly accounting: Accounting;
  /** Dispatched, but neither ended nor given up: always 0 once settled. */
  readonly open: number;
  /** Identities that do not hold, in words; what is open counts as a place of its own. */
  readonly imbalances: readonly string[];
  /** Slices heard of, and those of them whose sender was cut off. */
  readonly slices: { readonly started: number; readonly unfinished: number };
}

const startRules = (ledger: Ledger): Record<string, RuleCounts> => {
  const rules = newMapping<RuleCounts>();
  for (const [name, rule] of Object.entries(ledger.rules)) {
    const { dispatched: _, heldBack, notReplayable, ...counts } = rule;
    const fresh = newRuleCounts();
    rules[name] = {
      ...fresh,
      ...counts,
      notReplayable: { ...fresh.notReplayable, ...notReplayable },
      heldBack: { ...fresh.heldBack, ...heldBack },
    };
  }
  return rules;
};

const addEnds = (into: RuleEnds, ends: EndCounts): void => {
  into.sent += ends.sent;
  for (const part of ['answered', 'failed', 'heldBack'] as const)
    for (const [key, count] of Object.entries(ends[part])) add(into[part], key, count ?? 0);
};

const countEnds = (counts: RuleCounts, { sent, answered, failed, heldBack }: RuleEnds): void => {
  counts.sent += sent;
  for (const [status, count] of Object.entries(answered))
    counts.answered[Number(status)] = (counts.answered[Number(status)] ?? 0) + count;
  for (const [code, count] of Object.entries(failed)) add(counts.failed, code, count);
  for (const [reason, count] of Object.entries(heldBack)) add(counts.heldBack, reason, count);
};

/** What slices came to, in little memory: an hour may have thousands of objects, each with every rule. */
interface Tally {
  /** By rule. */
  readonly ends: Record<string, RuleEnds>;
  /** By rule: what reached a sender. */
  readonly delivered: Counts;
  /** By rule: what a sender that was cut off took with it. */
  readonly lost: Counts;
}

const countSlice = (
  { ends: all, delivered, lost }: Tally,
  { ends, delivered: reached, hasTrailer }: SliceEnds,
): void => {
  for (const rule of new Set([...Object.keys(reached), ...Object.keys(ends)])) {
    const known = all[rule] ?? newRuleEnds();
    all[rule] = known;
    const ended = ownOf(ends, rule);
    if (ended !== undefined) addEnds(known, ended);
    const arrived = ownOf(reached, rule) ?? 0;
    add(delivered, rule, arrived);
    const told = ended === undefined ? 0 : ended.sent + sumOf(ended.heldBack);
    if (!hasTrailer) add(lost, rule, Math.max(0, arrived - told));
  }
};

const rulesOf = (ledger: Ledger, { ends }: Tally): Record<string, RuleCounts> => {
  const rules = startRules(ledger);
  for (const [rule, ended] of Object.entries(ends)) {
    const counts = rules[rule] ?? newRuleCounts();
    rules[rule] = counts;
    countEnds(counts, ended);
  }
  return rules;
};

/** Gives up on what no one will tell of any more. */
const settle = (counts: RuleCounts, lost: number, undelivered: number): void => {
  counts.sent += lost;
  counts.failed.unknown += lost;
  counts.heldBack.undelivered += undelivered;
};

/** The accounting of one object in the making. */
export interface Reconciler {
  /**
   * Takes a record of the results stream, in any order, repeats among them; those of other objects are passed over.
   *
   * @returns whether it is a result that was not seen before
   */
  take(record: SliceRecord): boolean;
  /**
   * The whole accounting; nothing may be taken after it.
   *
   * @param options - `isSettled`: whether nothing more will come (see `isSettled`): what no header tells of is then held back as
   *   `undelivered`, and what a sender began and did not end has failed as `unknown`; before that it is `open`
   */
  end(options: { readonly isSettled: boolean }): Reconciled;
}

const endOf = (
  ledger: Ledger,
  tally: Tally,
  isSettled: boolean,
): Pick<Reconciled, 'accounting' | 'open' | 'imbalances'> => {
  const { delivered, lost } = tally;
  const { lines } = ledger;
  const rules = rulesOf(ledger, tally);
  let open = 0;
  const told = newMapping<RuleCounts>();
  for (const [rule, counts] of Object.entries(rules)) {
    const undelivered = Math.max(0, (ownOf(ledger.rules, rule)?.dispatched ?? 0) - (delivered[rule] ?? 0));
    const cutOff = lost[rule] ?? 0;
    if (isSettled) settle(counts, cutOff, undelivered);
    const openOfRule = isSettled ? 0 : cutOff + undelivered;
    open += openOfRule;
    told[rule] = { ...counts, planned: counts.planned - openOfRule };
  }
  return { accounting: { lines, rules }, open, imbalances: findImbalances({ lines, rules: told }) };
};

/** Makes the accounting of one object record by record, in memory that grows with its slices, not with its requests. */
export const createReconciler = (ledger: Ledger): Reconciler => {
  const tally: Tally = { ends: newMapping(), delivered: newMapping(), lost: newMapping() };
  const slices = createKnownSlices((ends) => countSlice(tally, ends));
  return {
    take: (record) => record.object === ledger.run && slices.take(record),
    end: ({ isSettled }) => {
      const rest = slices.rest();
      for (const ends of rest) countSlice(tally, ends);
      const unfinished = rest.filter(({ hasTrailer }) => !hasTrailer).length;
      return {
        ...endOf(ledger, tally, isSettled),
        slices: { started: slices.count(), unfinished },
      };
    },
  };
};
