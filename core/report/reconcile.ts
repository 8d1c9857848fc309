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
import type { Ledger } from './ledger.ts';
import type { SliceHeader, SliceRecord, SliceResult, SliceTrailer } from './slice-records.ts';

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

/** What is known of one slice. */
interface Known {
  header?: SliceHeader;
  trailer?: SliceTrailer;
  /** By place; the first counts. */
  readonly results: Map<number, SliceResult>;
}

type Counts = Record<string, number>;

const add = (counts: Counts, key: string, by: number): void => {
  if (by !== 0) counts[key] = (counts[key] ?? 0) + by;
};

const keep = (known: Known, record: SliceRecord): void => {
  if (record.type === 'header') known.header ??= record;
  else if (record.type === 'trailer') known.trailer ??= record;
  else if (!known.results.has(record.n)) known.results.set(record.n, record);
};

const collect = (run: string, records: Iterable<SliceRecord>): ReadonlyMap<number, Known> => {
  const slices = new Map<number, Known>();
  for (const record of records) {
    if (record.object !== run) continue;
    const known: Known = slices.get(record.slice) ?? { results: new Map() };
    slices.set(record.slice, known);
    keep(known, record);
    // A trailer says it all: results need be kept only where there is none.
    if (known.trailer !== undefined) known.results.clear();
  }
  return slices;
};

const endsOf = (results: Iterable<SliceResult>): Readonly<Record<string, EndCounts>> => {
  const rules: Record<string, { sent: number; answered: Counts; failed: Counts; heldBack: Counts }> = {};
  for (const { rule, status, failed, heldBack } of results) {
    const ends = rules[rule] ?? { sent: 0, answered: {}, failed: {}, heldBack: {} };
    rules[rule] = ends;
    if (heldBack !== undefined) {
      add(ends.heldBack, heldBack, 1);
      continue;
    }
    ends.sent += 1;
    if (failed !== undefined) add(ends.failed, failed, 1);
    else add(ends.answered, String(status), 1);
  }
  return rules;
};

const startRules = (ledger: Ledger): Record<string, RuleCounts> =>
  Object.fromEntries(
    Object.entries(ledger.rules).map(([name, rule]) => {
      const { dispatched: _, heldBack, notReplayable, ...counts } = rule;
      const fresh = newRuleCounts();
      return [
        name,
        {
          ...fresh,
          ...counts,
          notReplayable: { ...fresh.notReplayable, ...notReplayable },
          heldBack: { ...fresh.heldBack, ...heldBack },
        },
      ];
    }),
  );

const addEnds = (counts: RuleCounts, ends: EndCounts): void => {
  counts.sent += ends.sent;
  for (const [status, count] of Object.entries(ends.answered))
    counts.answered[Number(status)] = (counts.answered[Number(status)] ?? 0) + count;
  for (const [code, count] of Object.entries(ends.failed)) add(counts.failed, code, count ?? 0);
  for (const [reason, count] of Object.entries(ends.heldBack)) add(counts.heldBack, reason, count ?? 0);
};

/** Requests by rule that reached a sender, as far as is known of a slice. */
const deliveredOf = (known: Known, ends: Readonly<Record<string, EndCounts>>): Readonly<Counts> =>
  known.header?.rules ??
  Object.fromEntries(
    Object.entries(ends).map(([rule, { sent, heldBack }]) => [rule, sent + sumOf(heldBack)]),
  );

interface Tally {
  readonly rules: Record<string, RuleCounts>;
  /** By rule: what reached a sender. */
  readonly delivered: Counts;
  /** By rule: what a sender that was cut off took with it. */
  readonly lost: Counts;
}

const countSlice = ({ rules, delivered, lost }: Tally, known: Known): void => {
  const ends = known.trailer?.rules ?? endsOf(known.results.values());
  const reached = deliveredOf(known, ends);
  for (const rule of new Set([...Object.keys(reached), ...Object.keys(ends)])) {
    const counts = rules[rule] ?? newRuleCounts();
    rules[rule] = counts;
    const ended = ends[rule];
    if (ended !== undefined) addEnds(counts, ended);
    add(delivered, rule, reached[rule] ?? 0);
    const told = ended === undefined ? 0 : ended.sent + sumOf(ended.heldBack);
    if (known.trailer === undefined) add(lost, rule, Math.max(0, (reached[rule] ?? 0) - told));
  }
};

/** Gives up on what no one will tell of any more. */
const settle = (counts: RuleCounts, lost: number, undelivered: number): void => {
  counts.sent += lost;
  counts.failed.unknown += lost;
  counts.heldBack.undelivered += undelivered;
};

/**
 * The whole accounting of one object.
 *
 * @param records - of the results stream, in any order, repeats and those of other objects among them
 * @param isSettled - whether nothing more will come (see `isSettled`): what no header tells of is then held back as `undelivered`, and
 *   what a sender began and did not end has failed as `unknown`; before that it is `open`
 */
export const reconcile = (
  ledger: Ledger,
  records: Iterable<SliceRecord>,
  options: { readonly isSettled: boolean },
): Reconciled => {
  const slices = collect(ledger.run, records);
  const rules = startRules(ledger);
  const delivered: Counts = {};
  const lost: Counts = {};
  for (const known of slices.values()) countSlice({ rules, delivered, lost }, known);
  let open = 0;
  const told: Record<string, RuleCounts> = {};
  for (const [rule, counts] of Object.entries(rules)) {
    const undelivered = Math.max(0, (ledger.rules[rule]?.dispatched ?? 0) - (delivered[rule] ?? 0));
    const cutOff = lost[rule] ?? 0;
    if (options.isSettled) settle(counts, cutOff, undelivered);
    const openOfRule = options.isSettled ? 0 : cutOff + undelivered;
    open += openOfRule;
    told[rule] = { ...counts, planned: counts.planned - openOfRule };
  }
  const unfinished = [...slices.values()].filter(({ trailer }) => trailer === undefined).length;
  return {
    accounting: { lines: ledger.lines, rules },
    open,
    imbalances: findImbalances({ lines: ledger.lines, rules: told }),
    slices: { started: slices.size, unfinished },
  };
};
